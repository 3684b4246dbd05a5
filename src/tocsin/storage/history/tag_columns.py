"""Tags with a column of their own, which is read many times faster than the map of all tags."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

PREFIX = "tag:"
"""What the names of such columns begin with; the key follows."""

WRITTEN = (
    f"SELECT column, sum(rows) FROM system.parts_columns WHERE database = currentDatabase() AND table = 'event'"
    f" AND active AND (startsWith(column, '{PREFIX}') OR column = 'event_id') GROUP BY column"
)
"""The query that tells in how many rows each of these columns is written, and of how many: all have an event id."""

_WRITTEN_PERCENT_MIN = 99
_TAG = re.compile(r"\btag\(\{(\w+):String\}\)")


def column_name(key: str) -> str:
    """Return what the column of the tag *key* is called. A key has letters, digits, and ``_.:-`` only.

    To the engine a dot means that a column is a part of another: there could not be both ``os`` and ``os.name``.
    """
    return PREFIX + key.replace(".", "/")


def key_of(column: str) -> str:
    """Return the key of the tag that *column* belongs to."""
    return column.removeprefix(PREFIX).replace("/", ".")


def readable(written: Sequence[Sequence[Any]]) -> frozenset[str]:
    """Return the keys to read from their columns, given the answer to ``WRITTEN``.

    Where a column is not written yet, the engine makes it of the whole map at each question, which takes many times as
    long as to look into the map; so it waits until nearly all rows have it.
    """
    rows: dict[str, int] = {column: count for column, count in written}  # noqa: C416 - rows are sequences, not pairs
    needed = rows.pop("event_id", 0) * _WRITTEN_PERCENT_MIN
    return frozenset(key_of(column) for column, count in rows.items() if count * 100 >= needed)


def with_columns(sql: str, parameters: Mapping[str, Any], keys: Collection[str]) -> str:
    """Return *sql* with a column, or else a look into the map, for each ``tag({name:String})`` in it.

    *name* is the parameter whose value is the key of the tag; *keys* are those that have a column to read.
    """

    def read(found: re.Match[str]) -> str:
        key = parameters[found[1]]
        return f"`{column_name(key)}`" if key in keys else f"tags[{{{found[1]}:String}}]"

    return _TAG.sub(read, sql)
