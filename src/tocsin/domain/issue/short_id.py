"""Short ids: the names people say (spec/mutation.md 1.2, spec/ingest.md 6.2)."""

import re

import msgspec

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGIT_OF = {digit: value for value, digit in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_NUMBER_MAX = 2**63 - 1
_TEXT_CHARS_MAX = 200
_SHAPE = re.compile(r"(?:issue:)?\s*(?P<slug>[a-z0-9_-]+?)[-_\s](?P<number>[a-z0-9]{1,13})", re.ASCII | re.IGNORECASE)


class ShortId(msgspec.Struct, frozen=True):
    """An issue by its project's slug, in lower case, and its number within that project."""

    project_slug: str
    number: int

    def __str__(self) -> str:
        return encode(self.project_slug, self.number)


def encode(project_slug: str, number: int) -> str:
    """Return the short id of issue *number* (from 1) of a project: ``PUMP-STATION-1A``."""
    digits = ""
    while number:
        number, digit = divmod(number, 32)
        digits = _ALPHABET[digit] + digits
    return f"{project_slug.upper()}-{digits or '0'}"


def parse(text: str) -> ShortId | None:
    """Return what *text* names in any accepted spelling, or None when it cannot be a short id.

    Case does not matter, ``issue:`` may stand in front, ``-``, ``_`` or a blank before the number; ``O`` reads as 0,
    ``I`` and ``L`` as 1. Numbers beyond 63 bits are no numbers.
    """
    found = _SHAPE.fullmatch(text.strip()) if len(text) <= _TEXT_CHARS_MAX else None
    if found is None:
        return None
    number = 0
    for digit in found["number"].upper():
        if digit not in _DIGIT_OF:
            return None
        number = number * 32 + _DIGIT_OF[digit]
    return ShortId(found["slug"].lower(), number) if number <= _NUMBER_MAX else None
