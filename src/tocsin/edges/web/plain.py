"""Values of events as lines of text, whatever their shape."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

FIELDS_MAX = 500
_TEXT_CHARS_MAX = 20_000


class Field(msgspec.Struct, frozen=True):
    """A name and what it stands for."""

    name: str
    text: str

    @property
    def is_long(self) -> bool:
        """Whether the text needs lines of its own."""
        return "\n" in self.text or len(self.text) > 120


def fields_of(value: Any) -> tuple[Field, ...]:
    """Return the members of an object, the pairs of a list of pairs, or one nameless field for anything else."""
    if value is None or value in ("", {}, []):
        return ()
    match value:
        case Mapping():
            pairs = list(value.items())
        case list() if all(isinstance(pair, Sequence) and len(pair) == 2 for pair in value):
            pairs = [(pair[0], pair[1]) for pair in value]
        case _:
            pairs = [("", value)]
    return tuple(Field(str(name or ""), text_of(item)) for name, item in pairs[:FIELDS_MAX])


def text_of(value: Any) -> str:
    """Return text as it is and anything else as JSON, long objects on several lines."""
    if isinstance(value, str):
        return value[:_TEXT_CHARS_MAX]
    encoded = msgspec.json.encode(value)
    if len(encoded) > 80:
        encoded = msgspec.json.format(encoded, indent=2)
    return encoded.decode()[:_TEXT_CHARS_MAX]
