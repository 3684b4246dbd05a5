"""The time that a search looks at, and how it is cut into intervals (spec/search.md 3.2, 5.2)."""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from tocsin.domain.errors import InvalidQuery

DEFAULT_DAYS = 90
RETENTION_DAYS = 90
GRID_POINTS_MAX = 10_000
SECONDS_MAX = 100 * 365 * 86_400
"""Longer periods than a century mean a century."""

_HOUR = 3600
_DAY = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PERIOD = re.compile(r"([0-9]{1,18})([smhdw]?)", re.ASCII)
_UNIX_SECONDS = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,6})?", re.ASCII)
_SECONDS_OF = {"": 1, "s": 1, "m": 60, "h": _HOUR, "d": _DAY, "w": 7 * _DAY}


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The instants from *start* (inclusive) to *end* (exclusive)."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it is; never negative."""
        return max((self.end - self.start).total_seconds(), 0)

    def narrowed(self, start: datetime | None, end: datetime | None) -> "Window":
        """Return the part of the window between two bounds, of which either may be missing."""
        return Window(start=max(self.start, start or self.start), end=min(self.end, end or self.end))


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """Intervals of equal length, one beside the other, the first of them from *origin* on (epoch seconds)."""

    origin: int
    step_seconds: int
    points: int

    @property
    def starts(self) -> range:
        """When the intervals begin, in epoch seconds."""
        return range(self.origin, self.origin + self.step_seconds * self.points, self.step_seconds)


def read_window(  # noqa: PLR0913 - the parameters of the request
    stats_period: str | None,
    start: str | None,
    end: str | None,
    now: datetime,
    *,
    stats_period_start: str | None = None,
    stats_period_end: str | None = None,
    default: timedelta = timedelta(days=DEFAULT_DAYS),
    retention_days: int = RETENTION_DAYS,
) -> Window:
    """Return the window that these parameters mean; absent and empty parameters say nothing.

    ``statsPeriod`` wins over all others. The window never starts before what is kept, so one that lies wholly before
    that is empty. Raises InvalidQuery with the texts of spec/search.md 3.2.
    """
    if stats_period:
        window = Window(start=now - read_period(stats_period), end=now)
    elif stats_period_start or stats_period_end:
        window = _relative(stats_period_start, stats_period_end, now)
    elif start or end:
        window = _absolute(start, end)
    else:
        window = Window(start=now - default, end=now)
    return window.narrowed(now - timedelta(days=retention_days), None)


def aligned_grid(window: Window, step_seconds: int) -> Grid:
    """Return the intervals of *step_seconds*, full ones since 1970, that *window* touches.

    Raises InvalidQuery when these are more than ``GRID_POINTS_MAX``.
    """
    first = int((window.start - EPOCH).total_seconds()) // step_seconds
    last = int((window.end - EPOCH).total_seconds()) // step_seconds
    points = max(1, last - first + 1)
    if points > GRID_POINTS_MAX:
        raise InvalidQuery(
            "Your interval and date range would create too many results. "
            "Use a larger interval, or a smaller date range."
        )
    return Grid(origin=first * step_seconds, step_seconds=step_seconds, points=points)


def hourly_grid(now: datetime) -> Grid:
    """Return the 24 hours that end with the current one."""
    return _ending_at(now, _HOUR, 24)


def daily_grid(now: datetime, days: int) -> Grid:
    """Return the *days* days that end with the current one."""
    return _ending_at(now, _DAY, days)


def fitting_grid(window: Window) -> Grid:
    """Return about thirty intervals that cover *window* (``groupStatsPeriod=auto``)."""
    step = _fitting_step(window.seconds)
    # Short windows have intervals of their own; longer ones keep to full hours and days.
    start = int((window.start - EPOCH).total_seconds())
    origin = start if window.seconds < _DAY else start - start % step
    points = max(1, -int((origin - (window.end - EPOCH).total_seconds()) // step))
    return Grid(origin=origin, step_seconds=step, points=points)


_STEPS = ((1, 29), (2, 29), (3, 29), (6, 29), (12, 35), (24, 29))
"""Lengths of intervals in hours, each with the number of them that the window must stay below."""


def _fitting_step(seconds: float) -> int:
    if seconds < _DAY:
        return max(1, int(seconds / 29))
    fitting = (hours * _HOUR for hours, below in _STEPS if seconds < below * hours * _HOUR)
    return next(fitting, -int(-seconds // (29 * _DAY)) * _DAY)


def _ending_at(now: datetime, step: int, points: int) -> Grid:
    current = int(now.timestamp()) // step * step
    return Grid(origin=current - step * (points - 1), step_seconds=step, points=points)


def read_period(text: str) -> timedelta:
    """Return how long a period such as ``14d`` is. Raises InvalidQuery."""
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise InvalidQuery(f"Invalid statsPeriod: {text!r}")
    return timedelta(seconds=min(int(found[1]) * _SECONDS_OF[found[2]], SECONDS_MAX))


def _relative(start: str | None, end: str | None, now: datetime) -> Window:
    if not (start and end):
        raise InvalidQuery("statsPeriodStart and statsPeriodEnd are both required")
    return _in_order(now - read_period(start), now - read_period(end))


def _absolute(start: str | None, end: str | None) -> Window:
    if not (start and end):
        raise InvalidQuery("start and end are both required")
    return _in_order(_instant(start), _instant(end))


def _in_order(start: datetime, end: datetime) -> Window:
    if start >= end:
        raise InvalidQuery("start must be before end")
    return Window(start=start, end=end)


def _instant(text: str) -> datetime:
    try:
        if _UNIX_SECONDS.fullmatch(text):
            return EPOCH + timedelta(seconds=float(text))
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidQuery(f"{text} is not a valid ISO8601 date query") from None
