"""The tables of history: events, sorted so that those of an issue lie side by side, and what was told of sessions.

``docs/decisions/history-layout.md`` and ``docs/decisions/session-counting.md`` tell what was measured for each engine,
codec, index and setting below.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Column(NamedTuple):
    """A column of a table; *codec* is how its blocks are packed on disk."""

    name: str
    type: str
    codec: str = "ZSTD(1)"


QUICK = "LZ4"
"""For what searches read of millions of events: unpacked twice as fast as ZSTD, and twice as large."""

QUICK_NUMBER = "Delta(8), LZ4"
"""The same for numbers that grow, as the engine spells it."""

EVENT_COLUMNS = (
    Column("project_id", "UInt64", "Delta, ZSTD(1)"),
    Column("primary_hash", "FixedString(16)", QUICK),
    Column("timestamp", "DateTime64(6, 'UTC')", QUICK_NUMBER),
    Column("event_id", "FixedString(16)", "NONE"),
    Column("received", "DateTime64(6, 'UTC')", "Delta, ZSTD(1)"),
    Column("digested_at", "DateTime64(6, 'UTC')", "Delta, ZSTD(1)"),
    Column("hashes", "Array(FixedString(16))"),
    Column("type", "LowCardinality(String)"),
    Column("level", "LowCardinality(String)"),
    Column("platform", "LowCardinality(String)"),
    Column("logger", "LowCardinality(String)"),
    Column("title", "String", QUICK),
    Column("culprit", "String"),
    Column("location", "String"),
    Column("message", "String", QUICK),
    Column("metadata", "String"),
    Column("transaction", "LowCardinality(String)"),
    Column("release", "LowCardinality(String)"),
    Column("dist", "LowCardinality(String)"),
    Column("environment", "LowCardinality(String)"),
    Column("user", "String", QUICK),
    Column("handled", "Bool"),
    Column("tags", "Map(LowCardinality(String), String)", QUICK),
    Column("error_types", "Array(String)", QUICK),
    Column("error_values", "Array(String)", QUICK),
    Column("error_mechanisms", "Array(LowCardinality(String))"),
    Column("stack_filenames", "Array(String)"),
    Column("stack_abs_paths", "Array(String)"),
    Column("stack_functions", "Array(String)"),
    Column("stack_modules", "Array(String)"),
    Column("sdk_name", "LowCardinality(String)"),
    Column("sdk_version", "LowCardinality(String)"),
    Column("payload", "String", "ZSTD(3)"),
)
"""Columns in the order in which batches are inserted."""

EVENT_COLUMN_NAMES = tuple(column.name for column in EVENT_COLUMNS)
EVENT_COLUMN_TYPES = tuple(column.type for column in EVENT_COLUMNS)

EVENT_INDEXES = ("event_id_index event_id TYPE bloom_filter(0.01) GRANULARITY 1",)

TAG_SETTINGS: dict[str, str | int] = {
    # Merged parts keep tags in groups by their keys: a search for one key reads an eighth of them.
    "map_serialization_version": "with_buckets",
    "map_buckets_strategy": "constant",
    "max_buckets_in_map": 8,
    "map_buckets_min_avg_size": 0,
}

EVENT_SETTINGS: dict[str, str | int] = {
    # What was acknowledged survives a power cut, and so does what it was merged into.
    "fsync_after_insert": 1,
    "fsync_part_directory": 1,
    "min_rows_to_fsync_after_merge": 1,
    # A batch is recognised among this many before it, also after a restart.
    "non_replicated_deduplication_window": 10_000,
    # Small events need small granules too; those of 27 KB have 400 rows anyway, by the engine's limit of 10 MB.
    "index_granularity": 1024,
    # A file for each column costs 35 ms a part: a batch, 14 MB when it is full of such events, goes into one file.
    "min_bytes_for_wide_part": 32 << 20,
    # Each merge of a payload costs as much as its insert: merge rarely, many parts at a time.
    "merge_selector_base": 20,
    "min_parts_to_merge_at_once": 20,
    "auto_statistics_types": "",
    **TAG_SETTINGS,
}


def event_table(
    *,
    columns: tuple[Column, ...] = EVENT_COLUMNS,
    indexes: tuple[str, ...] = EVENT_INDEXES,
    settings: dict[str, str | int] = EVENT_SETTINGS,
) -> str:
    """Return the statement that creates the event table unless it is there."""
    lines = [f"`{column.name}` {column.type} CODEC({column.codec})" for column in columns]
    lines += [f"INDEX {index}" for index in indexes]
    body = ",\n    ".join(lines)
    return (
        f"CREATE TABLE IF NOT EXISTS event (\n    {body}\n)\n"
        "ENGINE = MergeTree\n"
        "PARTITION BY toMonday(timestamp)\n"
        "ORDER BY (project_id, primary_hash, timestamp)\n"
        f"SETTINGS {_assigned(settings)}"
    )


KNOWN_LAYOUT = (
    "SELECT name, compression_codec FROM system.columns WHERE database = currentDatabase() AND table = 'event'"
    " UNION ALL SELECT '', engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'event'"
)
"""The query that tells how each column is packed, and, without a name, the engine's settings."""


def layout_changes(known: Mapping[str, str]) -> list[str]:
    """Return the statements that give a table of an earlier version today's layout, from the next merge on."""
    recoded = [
        f"ALTER TABLE event MODIFY COLUMN `{column.name}` CODEC({column.codec})"
        for column in EVENT_COLUMNS
        if column.codec in {QUICK, QUICK_NUMBER} and known[column.name] != f"CODEC({column.codec})"
    ]
    is_grouped = all(f"{name} = {value!r}" in known[""] for name, value in TAG_SETTINGS.items())
    return recoded if is_grouped else [*recoded, f"ALTER TABLE event MODIFY SETTING {_assigned(TAG_SETTINGS)}"]


def _assigned(settings: Mapping[str, str | int]) -> str:
    return ", ".join(f"{name} = {value!r}" for name, value in settings.items())


SESSION_COLUMNS = (
    Column("project_id", "UInt64", "Delta, ZSTD(1)"),
    Column("hour", "DateTime('UTC')", "Delta, ZSTD(1)"),
    Column("release", "LowCardinality(String)"),
    Column("environment", "LowCardinality(String)"),
    Column("session", "UInt64"),
    Column("user", "UInt64"),
    Column("severity", "SimpleAggregateFunction(max, UInt8)"),
    Column("is_first", "SimpleAggregateFunction(max, UInt8)"),
    Column("seconds", "SimpleAggregateFunction(max, Float32)"),
    *(
        Column(name, "SimpleAggregateFunction(sum, UInt64)")
        for name in ("healthy", "errored", "unhandled", "abnormal", "crashed")
    ),
)
"""What was told of a session (``session`` is not 0), or of the sessions of a minute by number (``session`` is 0).

``user`` 0 is nobody, ``seconds`` below 0 is not told. Rows with the same first six columns become one when their parts
are merged, and mean the same before and after.
"""

SESSION_COLUMN_NAMES = tuple(column.name for column in SESSION_COLUMNS)
SESSION_COLUMN_TYPES = tuple(column.type for column in SESSION_COLUMNS)

SESSION_SETTINGS: dict[str, str | int] = {
    "fsync_after_insert": 1,
    "fsync_part_directory": 1,
    "min_rows_to_fsync_after_merge": 1,
    "non_replicated_deduplication_window": 10_000,
    "auto_statistics_types": "",
}
"""As for events, apart from what their size asks for."""


def session_table(settings: dict[str, str | int] = SESSION_SETTINGS) -> str:
    """Return the statement that creates the table of sessions unless it is there."""
    body = ",\n    ".join(f"`{one.name}` {one.type} CODEC({one.codec})" for one in SESSION_COLUMNS)
    tuning = ", ".join(f"{name} = {value!r}" for name, value in settings.items())
    return (
        f"CREATE TABLE IF NOT EXISTS session (\n    {body}\n)\n"
        "ENGINE = AggregatingMergeTree\n"
        "PARTITION BY toMonday(hour)\n"
        "ORDER BY (project_id, hour, release, environment, session, user)\n"
        f"SETTINGS {tuning}"
    )
