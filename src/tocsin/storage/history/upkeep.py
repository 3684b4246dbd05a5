"""What keeps history quick to ask: columns of their own for frequent tags, and weeks in one part."""

from collections.abc import Mapping

from tocsin.storage.history.store import History
from tocsin.storage.history.tag_columns import column_name


def add_tag_columns(history: History, types: Mapping[str, str]) -> None:
    """Give each of these tags a column of the type named, which rows get as they are written, now or later."""
    added = ", ".join(
        f"ADD COLUMN IF NOT EXISTS {column_name(key)} {type_} MATERIALIZED tags['{key}'] CODEC(LZ4)"
        for key, type_ in types.items()
    )
    history.command(f"ALTER TABLE event {added}")
