"""What issues are sorted by when history has counted their events (spec/search.md 3.4)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np

from tocsin.domain.query.window import Window
from tocsin.flows.search.matches import Matches
from tocsin.flows.search.request import Sort
from tocsin.storage.history.instant import micros
from tocsin.storage.history.ranking import (
    EVENTS,
    FIRST,
    LAST,
    SEVEREST,
    USERS,
    CountSince,
    Decayed,
    Figures,
    Measure,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND, _SECOND = 10**3, 10**6
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_HOUR_MICROS = 3600 * _SECOND

DATE_GRAIN = timedelta(seconds=1)
NEW_GRAIN = timedelta(milliseconds=1)
"""Within one grain of time issues count as equally recent."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """How to score issues, and what has to be measured for it; greater scores come first."""

    score: Callable[[Matches], Figures]
    measures: tuple[Measure, ...] = ()

    @property
    def counts_users(self) -> bool:
        """Whether users matter. Then more users never make a score smaller."""
        return USERS in self.measures


def order(sort: Sort, window: Window, now: datetime) -> Order:
    """Return how *sort* scores issues; greater scores come first."""
    match sort:
        case Sort.DATE | Sort.INBOX:
            return Order(score=lambda found: found.figures[LAST] // _SECOND * 1000, measures=(LAST,))
        case Sort.NEW:
            return Order(score=lambda found: (found.first_seen // _MILLISECOND).astype(np.float64))
        case Sort.FREQ:
            return Order(score=lambda found: found.figures[EVENTS], measures=(EVENTS,))
        case Sort.USER:
            return Order(score=lambda found: found.figures[USERS], measures=(USERS,))
        case Sort.TRENDS:
            return _trends(window, now)
        case Sort.RECOMMENDED:
            return _recommended(now)


def millis(at: datetime, grain: timedelta = NEW_GRAIN) -> int:
    """Return *at*, rounded down to its grain, in milliseconds since 1970."""
    return (at - _EPOCH) // grain * (grain // NEW_GRAIN)


def moment(value: float, grain: timedelta) -> datetime:
    """Return the start of the grain that a score in milliseconds lies in, within the years that state knows."""
    milliseconds = min(max(value, 0), millis(datetime(9000, 1, 1, tzinfo=UTC)))
    return _EPOCH + timedelta(milliseconds=milliseconds) // grain * grain


def _trends(window: Window, now: datetime) -> Order:
    """Young issues, and those that come more often lately."""
    is_long = window.seconds >= timedelta(days=7).total_seconds()
    recent = _HOUR if is_long else timedelta(seconds=window.seconds / 100)
    overall = timedelta(days=7) if is_long else timedelta(seconds=window.seconds)
    heat, lately, all_along = Decayed(now, 4), CountSince(window.end - recent), CountSince(window.end - overall)

    def score(found: Matches) -> Figures:
        figures = found.figures
        youth = np.maximum(0.01, 0.5 ** np.minimum(16, _hours_before(now, figures[FIRST]) / 12))
        share = 0.1 * figures[lately] / (figures[all_along] + 1)
        return youth * np.maximum(0.01, np.log1p(figures[heat])) * np.maximum(0.01, share)

    return Order(score=score, measures=(FIRST, heat, lately, all_along))


def _recommended(now: datetime) -> Order:
    """Equal parts of how recent, sudden, severe, widespread and frequent the events are."""
    lately, all_along = CountSince(now - 6 * _HOUR), CountSince(now - 3 * _DAY)

    def score(found: Matches) -> Figures:
        figures = found.figures
        parts = (
            0.5 ** (_hours_before(now, figures[LAST]) / 24),
            np.minimum(1, figures[lately] / (figures[all_along] + 1)),
            figures[SEVEREST],
            np.minimum(1, np.log(figures[USERS] + 1) / np.log(1001)),
            np.minimum(1, np.log(figures[EVENTS] + 1) / np.log(10_001)),
        )
        return sum(parts, np.zeros(len(found))) / len(parts)

    return Order(score=score, measures=(EVENTS, USERS, LAST, SEVEREST, lately, all_along))


def _hours_before(now: datetime, at: Figures) -> Figures:
    return np.maximum((micros(now) - at) / _HOUR_MICROS, 0)
