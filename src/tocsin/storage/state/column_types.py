"""How values of ours look in a column: the same on every engine."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Id = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits; on SQLite it must be called INTEGER to be the row's own number."""


class Moment(TypeDecorator[datetime]):
    """An instant, as UTC microseconds since 1970 in a BIGINT; comes back aware."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Return the microseconds; a time without a zone is a mistake and raises TypeError."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """Return the aware time."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    """Any JSON value, as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str:
        """Return the text; None is JSON's ``null``, not SQL's."""
        return msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        """Return what the text says."""
        return None if value is None else msgspec.json.decode(value)


class Hex(TypeDecorator[str]):
    """Lowercase hex digits (event ids, grouping hashes, share ids, SHA-256), as half as many bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> bytes | None:
        """Return the bytes; anything but pairs of hex digits raises ValueError."""
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> str | None:
        """Return the digits."""
        return None if value is None else value.hex()


class Line(TypeDecorator[str]):
    """Text from strangers: NUL, which PostgreSQL cannot store, is dropped on both engines."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Return the text without NUL."""
        return None if value is None else value.replace("\0", "")


class Word(TypeDecorator[StrEnum]):
    """A member of one enumeration, as its text."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[StrEnum]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: StrEnum | None, _dialect: Dialect) -> str | None:
        """Return the text; a word that is not a member raises ValueError."""
        return None if value is None else self.members(value).value

    def process_result_value(self, value: str | None, _dialect: Dialect) -> StrEnum | None:
        """Return the member."""
        return None if value is None else self.members(value)
