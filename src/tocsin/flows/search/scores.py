"""What issues are sorted by when history has counted their events (spec/search.md 3.4)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from math import log

import msgspec

from tocsin.domain.query.window import Window
from tocsin.flows.search.request import Sort
from tocsin.storage.history.instant import micros
from tocsin.storage.history.ranking import CountSince, Decayed, Measure, Severest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND, _SECOND = 10**3, 10**6
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_HOUR_MICROS = 3600 * _SECOND

DATE_GRAIN = timedelta(seconds=1)
NEW_GRAIN = timedelta(milliseconds=1)
"""Within one grain of time issues count as equally recent."""


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What an order may depend on: an issue's matching events, and when it was first seen ever.

    Times are microseconds since 1970: a search may look at a million issues.
    """

    events: int
    users: int
    first: int
    last: int
    issue_first_seen: int
    measures: tuple[float, ...]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """How to score an issue, and what has to be measured for it."""

    score: Callable[[Facts], float]
    measures: tuple[Measure, ...] = ()
    counts_users: bool = False


def order(sort: Sort, window: Window, now: datetime) -> Order:
    """Return how *sort* scores issues; greater scores come first."""
    match sort:
        case Sort.DATE | Sort.INBOX:
            return Order(score=lambda facts: facts.last // _SECOND * 1000)
        case Sort.NEW:
            return Order(score=lambda facts: facts.issue_first_seen // _MILLISECOND)
        case Sort.FREQ:
            return Order(score=lambda facts: facts.events)
        case Sort.USER:
            return Order(score=lambda facts: facts.users, counts_users=True)
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
    at = micros(now)
    recent = _HOUR if is_long else timedelta(seconds=window.seconds / 100)
    overall = timedelta(days=7) if is_long else timedelta(seconds=window.seconds)

    def score(facts: Facts) -> float:
        heat, lately, all_along = facts.measures
        youth = max(0.01, 1 / 2 ** min(16, _hours(at - facts.first) / 12))
        return youth * max(0.01, log(1 + heat)) * max(0.01, 0.1 * lately / (all_along + 1))

    measures = (Decayed(now, 4), CountSince(window.end - recent), CountSince(window.end - overall))
    return Order(score=score, measures=measures)


def _recommended(now: datetime) -> Order:
    """Equal parts of how recent, sudden, severe, widespread and frequent the events are."""
    at = micros(now)

    def score(facts: Facts) -> float:
        lately, all_along, severity = facts.measures
        parts = (
            0.5 ** (_hours(at - facts.last) / 24),
            min(1.0, lately / (all_along + 1)),
            severity,
            min(1.0, log(facts.users + 1) / log(1001)),
            min(1.0, log(facts.events + 1) / log(10_001)),
        )
        return sum(parts) / len(parts)

    measures = (CountSince(now - 6 * _HOUR), CountSince(now - 3 * _DAY), Severest())
    return Order(score=score, measures=measures, counts_users=True)


def _hours(age: int) -> float:
    return max(age / _HOUR_MICROS, 0)


def joined(one: Facts, other: Facts, measures: Sequence[Measure]) -> Facts:
    """Return the facts about the events of two hashes of an issue together, their users simply added up."""
    return Facts(
        one.events + other.events,
        one.users + other.users,
        min(one.first, other.first),
        max(one.last, other.last),
        one.issue_first_seen,
        tuple(
            measure.joined(mine, theirs)
            for measure, mine, theirs in zip(measures, one.measures, other.measures, strict=True)
        ),
    )
