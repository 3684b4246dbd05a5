"""Counts that only history knows, and which sighting it was that made one as high as it had to be."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import accumulate, islice

import msgspec


class CountsQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What to count of an issue's events; what has no time is not asked for and counts 0.

    Times are those of the events. No window has an end, as the clocks of senders are not quite ours.
    """

    events_since: datetime | None = None
    recent_since: datetime | None = None
    users_since: datetime | None = None
    digested_before: datetime | None = None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """History's answer to a :class:`CountsQuestion`, the sightings that are judged included."""

    events: int = 0
    recent_events: int = 0
    users: int = 0
    """Distinct user tags; events without one do not count."""
    users_before: int = 0
    """Distinct users of the events digested before the time asked for, whenever they happened."""
    events_of_user: Mapping[str, int] = {}
    """Of the events whose users are counted, how many each sighted user has."""


def reaching(counted: Sequence[bool], *, total: int, wanted: int) -> int | None:
    """Return the position of the first sighting at which a count was *wanted* or more; None when it never was.

    *counted* says of each sighting, in order, whether it raised the count, which stands at *total* after the last. A
    count that was high enough before is noticed at the first sighting, whether that counted or not.
    """
    counts = islice(accumulate(counted, initial=total - sum(counted)), 1, None)
    return next((position for position, count in enumerate(counts) if count >= wanted), None)
