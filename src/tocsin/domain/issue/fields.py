"""Reading the fields of a body: lenient about spelling, strict about meaning (spec/mutation.md 3.0).

A reader turns one JSON value into what it means or raises :class:`Rejected`; readers of objects gather the faults of
all their fields, so that a person hears of every mistake at once.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from tocsin.domain.errors import InvalidFields

Reader = Callable[[Any], Any]

INTEGER_MAX: Final = 2**31 - 1

_TRUE = frozenset({1, "1", "t", "T", "true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE = frozenset({0, "0", "f", "F", "false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF"})
_INTEGER = re.compile(r"\s*([+-]?[0-9]{1,20})(?:\.0*)?\s*")


class Rejected(Exception):  # noqa: N818 - it never leaves the reading of one body
    """A value that a reader does not accept; ``faults`` is the JSON the field is answered with."""

    def __init__(self, faults: list[str] | dict[str, Any]) -> None:
        super().__init__(faults)
        self.faults = faults


def boolean(value: Any) -> bool:
    """Read a boolean in any of its usual spellings."""
    _require(value)
    if isinstance(value, str | int | float) and value in _TRUE:
        return True
    if isinstance(value, str | int | float) and value in _FALSE:
        return False
    raise Rejected(["Must be a valid boolean."])


def integer(value: Any, *, at_most: int = INTEGER_MAX) -> int:
    """Read an integer no greater than *at_most*; numeric text will do, fractions and booleans will not."""
    _require(value)
    found = None if isinstance(value, bool) else _INTEGER.fullmatch(str(value))
    if found is None:
        raise Rejected(["A valid integer is required."])
    number = int(found[1])
    if number > at_most:
        raise Rejected([f"Ensure this value is less than or equal to {at_most}."])
    return number


def text(value: Any) -> str:
    """Read a text that says something; blanks around it do not count, numbers are taken as written."""
    _require(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Rejected(["Not a valid string."])
    trimmed = str(value).strip()
    if not trimmed:
        raise Rejected(["This field may not be blank."])
    return trimmed


def text_up_to(chars_max: int) -> Callable[[Any], str]:
    """Return the reader of a text of at most that many characters."""

    def read(value: Any) -> str:
        trimmed = text(value)
        if len(trimmed) > chars_max:
            raise Rejected([f"Ensure this field has no more than {chars_max} characters."])
        return trimmed

    return read


def choice(allowed: frozenset[str]) -> Callable[[Any], str]:
    """Return the reader of one of the *allowed* words."""

    def read(value: Any) -> str:
        _require(value)
        if str(value) not in allowed:
            raise Rejected([f'"{value}" is not a valid choice.'])
        return str(value)

    return read


def nullable(reader: Reader) -> Reader:
    """Return *reader* accepting null too."""
    return lambda value: None if value is None else reader(value)


def fields(readers: Mapping[str, Reader]) -> Callable[[Any], dict[str, Any]]:
    """Return the reader of an object: its known fields in the order sent; others are ignored, none is required."""

    def read(value: Any) -> dict[str, Any]:
        _require(value)
        if not isinstance(value, Mapping):
            kind = type(value).__name__
            raise Rejected({"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]})
        return _read_each(value, readers)

    return read


def body(readers: Mapping[str, Reader]) -> Callable[[Any], dict[str, Any]]:
    """Return the reader of a whole body: it reads what :func:`fields` reads and raises InvalidFields."""
    read_fields = fields(readers)

    def read(value: Any) -> dict[str, Any]:
        try:
            return read_fields(value)
        except Rejected as rejected:
            faults = rejected.faults
            raise InvalidFields(faults if isinstance(faults, dict) else {"non_field_errors": faults}) from None

    return read


def read_fields(
    sent: Mapping[str, Any], readers: Mapping[str, Reader], *, required: Collection[str] = ()
) -> dict[str, Any]:
    """Return the known fields of a body. Raises InvalidFields with all that is wrong, missing *required* ones too."""
    values, faults = _told_apart(sent, readers)
    faults |= {name: ["This field is required."] for name in required if name not in sent}
    if faults:
        raise InvalidFields(faults)
    return values


def _read_each(sent: Mapping[str, Any], readers: Mapping[str, Reader]) -> dict[str, Any]:
    values, faults = _told_apart(sent, readers)
    if faults:
        raise Rejected(faults)
    return values


def _told_apart(sent: Mapping[str, Any], readers: Mapping[str, Reader]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the known fields mean, and what is wrong with the others of them."""
    values: dict[str, Any] = {}
    faults: dict[str, Any] = {}
    for name, value in sent.items():
        if name not in readers:
            continue
        try:
            values[name] = readers[name](value)
        except Rejected as rejected:
            faults[name] = rejected.faults
    return values, faults


def _require(value: Any) -> None:
    if value is None:
        raise Rejected(["This field may not be null."])
