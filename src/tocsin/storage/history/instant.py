"""Instants as ClickHouse keeps them: whole microseconds since 1970."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return the microseconds from the epoch to *moment*, which carries its zone."""
    return (moment - _EPOCH) // _MICROSECOND
