"""The one table of history: an event a row, sorted so that the events of an issue lie side by side.

``docs/decisions/history-layout.md`` tells what was measured for each codec, index and setting below.
"""

from typing import NamedTuple


class Column(NamedTuple):
    """A column of the event table; *codec* is how its blocks are packed on disk."""

    name: str
    type: str
    codec: str = "ZSTD(1)"


EVENT_COLUMNS = (
    Column("project_id", "UInt64", "Delta, ZSTD(1)"),
    Column("primary_hash", "FixedString(16)"),
    Column("timestamp", "DateTime64(6, 'UTC')", "Delta, ZSTD(1)"),
    Column("event_id", "FixedString(16)", "NONE"),
    Column("received", "DateTime64(6, 'UTC')", "Delta, ZSTD(1)"),
    Column("digested_at", "DateTime64(6, 'UTC')", "Delta, ZSTD(1)"),
    Column("hashes", "Array(FixedString(16))"),
    Column("type", "LowCardinality(String)"),
    Column("level", "LowCardinality(String)"),
    Column("platform", "LowCardinality(String)"),
    Column("logger", "LowCardinality(String)"),
    Column("title", "String"),
    Column("culprit", "String"),
    Column("location", "String"),
    Column("message", "String"),
    Column("metadata", "String"),
    Column("transaction", "LowCardinality(String)"),
    Column("release", "LowCardinality(String)"),
    Column("dist", "LowCardinality(String)"),
    Column("environment", "LowCardinality(String)"),
    Column("user", "String"),
    Column("handled", "Bool"),
    Column("tags", "Map(LowCardinality(String), String)"),
    Column("error_types", "Array(String)"),
    Column("error_values", "Array(String)"),
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
    tuning = ", ".join(f"{name} = {value!r}" for name, value in settings.items())
    return (
        f"CREATE TABLE IF NOT EXISTS event (\n    {body}\n)\n"
        "ENGINE = MergeTree\n"
        "PARTITION BY toMonday(timestamp)\n"
        "ORDER BY (project_id, primary_hash, timestamp)\n"
        f"SETTINGS {tuning}"
    )
