"""What upkeep reads and does: how weeks lie in parts, and which tags have a column of their own."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from tocsin.domain.upkeep.tag_columns import SAMPLE_EVENTS_MAX, TagColumn, TagCount
from tocsin.domain.upkeep.weeks import Part, Week
from tocsin.storage.history.filters import instant
from tocsin.storage.history.store import History
from tocsin.storage.history.tag_columns import PREFIX, column_name, key_of

_PARTS = "database = currentDatabase() AND table = 'event' AND active"
_DERIVED = (
    "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'event'"
    " AND default_kind = 'MATERIALIZED'"
)
_KEYS_MAX = 1000


class TagSample(msgspec.Struct, frozen=True):
    """What the newest events say about tags."""

    events: int
    tags: tuple[TagCount, ...]


def weeks(history: History) -> list[Week]:
    """Return every week that has events, oldest first, with its parts."""
    sql = (
        "SELECT partition_id, partition, groupArray((rows, toUnixTimestamp(modification_time)))"
        f" FROM system.parts WHERE {_PARTS} GROUP BY partition_id, partition ORDER BY partition"
    )
    return [
        Week(
            name,
            datetime.fromisoformat(f"{monday}T00:00:00+00:00"),
            tuple(Part(rows, datetime.fromtimestamp(made_at, UTC)) for rows, made_at in parts),
        )
        for name, monday, parts in history.rows(sql)
    ]


def merge_week(history: History, week: str) -> bool:
    """Make one part of a week, with every tag column in it; return whether it came to the end."""
    return history.long_command(f"OPTIMIZE TABLE event PARTITION ID '{week}' FINAL")


def sample_tags(history: History, known: Sequence[Week]) -> TagSample:
    """Return the counts of the most frequent keys among the newest events, given the weeks there are, oldest first."""
    if not known:
        return TagSample(0, ())
    newest = list(_newest(known))
    start = instant(newest[-1].start)
    times = f"SELECT timestamp FROM event WHERE timestamp >= {start.sql} ORDER BY timestamp DESC"
    sql = (
        "SELECT pair.1 AS key, count() AS events, uniqCombined(pair.2) FROM event ARRAY JOIN tags AS pair"
        f" WHERE timestamp >= (SELECT min(timestamp) FROM ({times} LIMIT {SAMPLE_EVENTS_MAX}))"
        f" GROUP BY key ORDER BY events DESC, key LIMIT {_KEYS_MAX}"
    )
    counts = (TagCount(*row) for row in history.rows(sql, start.parameters))
    return TagSample(min(sum(week.rows for week in newest), SAMPLE_EVENTS_MAX), tuple(counts))


def tag_column_keys(history: History) -> frozenset[str]:
    """Return the keys that have a column of their own, whether it can be read already or not."""
    return frozenset(key_of(name) for (name,) in history.rows(f"{_DERIVED} AND startsWith(name, '{PREFIX}')"))


def add_tag_columns(history: History, columns: Sequence[TagColumn]) -> None:
    """Make columns for these tags. A row gets them when it is written: when it comes, or when upkeep writes it anew."""
    if columns:
        history.command(f"ALTER TABLE event {', '.join(map(_added, columns))}")


def unwritten_columns(history: History) -> dict[str, list[str]]:
    """Return, for each week in which some rows lack columns that follow from others, oldest first, which these are."""
    sql = (
        "SELECT partition_id, column, sum(rows) FROM system.parts_columns"
        f" WHERE {_PARTS} GROUP BY partition_id, partition, column ORDER BY partition"
    )
    derived = [name for (name,) in history.rows(f"{_DERIVED} ORDER BY name")]
    written: dict[str, dict[str, int]] = {}
    for week, column, rows in history.rows(sql):
        written.setdefault(week, {})[column] = rows
    lacking = {
        week: [name for name in derived if rows.get(name, 0) < rows["event_id"]] for week, rows in written.items()
    }
    return {week: names for week, names in lacking.items() if names}


def write_columns(history: History, week: str, columns: Sequence[str]) -> bool:
    """Write these columns of a week, and no other column of it; return whether it came to the end."""
    written = ", ".join(f"MATERIALIZE COLUMN `{name}` IN PARTITION ID '{week}'" for name in columns)
    return history.long_command(f"ALTER TABLE event {written} SETTINGS mutations_sync = 1")


def _newest(known: Sequence[Week]) -> Iterator[Week]:
    """Yield weeks, newest first, until they have enough events for a sample."""
    rows = 0
    for week in reversed(known):
        yield week
        rows += week.rows
        if rows >= SAMPLE_EVENTS_MAX:
            return


def _added(column: TagColumn) -> str:
    type_ = "LowCardinality(String)" if column.has_few_values else "String"
    key = column.key
    return f"ADD COLUMN IF NOT EXISTS `{column_name(key)}` {type_} MATERIALIZED tags['{key}'] CODEC(LZ4)"
