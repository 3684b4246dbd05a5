"""Dates in queries: what ``-24h``, ``+30d``, ``2026-01-31`` and an instant each mean (spec/search.md 1.6)."""

import re
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Literal

import msgspec

BEFORE_INSTANT = timedelta(minutes=5)
AFTER_INSTANT = timedelta(minutes=6)
"""A plain instant means a window around it: from five minutes before, to just under six minutes after."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_RELATIVE = re.compile(r"([+-])([0-9]{1,8})([mhdw])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    rf"{_DAY.pattern}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]{{1,6}})?(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?"
)
_YEARS = range(1900, 9000)


class DateRange(msgspec.Struct, frozen=True, kw_only=True):
    """The instants between two bounds, of which either may be missing; ``outside`` turns it inside out."""

    low: datetime | None = None
    high: datetime | None = None
    low_inclusive: bool = True
    high_inclusive: bool = False
    outside: bool = False

    def contains(self, at: datetime) -> bool:
        """Return whether *at* is one of the instants meant."""
        above = self.low is None or at > self.low or (self.low_inclusive and at == self.low)
        below = self.high is None or at < self.high or (self.high_inclusive and at == self.high)
        return (above and below) is not self.outside


class RelativeDate(msgspec.Struct, frozen=True, kw_only=True):
    """``-24h``, within the last 24 hours, or ``+24h``, at least 24 hours ago. Neither ever means the future."""

    amount: int
    unit: Literal["m", "h", "d", "w"]
    is_within: bool

    def __str__(self) -> str:
        return f"{'-' if self.is_within else '+'}{self.amount}{self.unit}"

    def bounds(self, now: datetime) -> DateRange:
        """Return the instants meant at *now*."""
        ago = timedelta(**{_UNITS[self.unit]: self.amount})
        # Nothing was seen before 1970, and datetime ends in the year 1.
        edge = now - min(ago, now - _EPOCH)
        return DateRange(low=edge) if self.is_within else DateRange(high=edge, high_inclusive=True)


class Span(Enum):
    """How much time around its instant a written date covers."""

    DAY = "day"
    """A plain ``2026-01-31``: the whole day."""
    AROUND = "around"
    """A plain ``2026-01-31T10:00:00``: a few minutes on both sides."""
    EXACT = "exact"
    """After an operator: that very instant."""


class AbsoluteDate(msgspec.Struct, frozen=True, kw_only=True):
    """A day or an instant, in UTC."""

    at: datetime
    span: Span

    def __str__(self) -> str:
        if self.span is Span.DAY:
            return self.at.date().isoformat()
        return self.at.replace(tzinfo=None).isoformat() + "Z"

    def bounds(self, now: datetime) -> DateRange:  # noqa: ARG002 - both kinds of date are asked alike
        """Return the instants meant, whatever *now* is."""
        match self.span:
            case Span.DAY:
                return DateRange(low=self.at, high=self.at + timedelta(days=1))
            case Span.AROUND:
                return DateRange(low=self.at - BEFORE_INSTANT, high=self.at + AFTER_INSTANT)
            case Span.EXACT:
                return DateRange(low=self.at, high=self.at, high_inclusive=True)


def parse_relative(text: str) -> RelativeDate | None:
    """Return the relative date that *text* spells (``-Nu`` or ``+Nu`` with u in m, h, d, w), or None."""
    found = _RELATIVE.fullmatch(text)
    if found is None:
        return None
    unit: Literal["m", "h", "d", "w"] = found[3]  # type: ignore[assignment]  # the expression admits these four
    return RelativeDate(amount=int(found[2]), unit=unit, is_within=found[1] == "-")


def parse_absolute(text: str) -> AbsoluteDate | None:
    """Return the day or the instant that *text* spells, or None; without a zone it is UTC."""
    is_day = _DAY.fullmatch(text) is not None
    if not is_day and _INSTANT.fullmatch(text) is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.year not in _YEARS:
        return None
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return AbsoluteDate(at=at, span=Span.DAY if is_day else Span.AROUND)
