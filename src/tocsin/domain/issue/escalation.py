"""Archived until escalating: how often an issue may occur before it comes back (spec/mutation.md 4.2, ingest.md 6.5).

The forecast is one number: twice as many events as the issue had in its busiest hour of the last week, and at least
``EVENTS_MIN``. The issue escalates when the last sixty minutes have more. Any sixty minutes lie in two hours of the
clock, so an issue that goes on as it did, bursts and all, never escalates, however the bursts fall across the hours.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from tocsin.domain.issue.counts import reaching
from tocsin.domain.issue.issue import Issue, Status, Substatus
from tocsin.domain.issue.sighting import Sighting

HOUR = timedelta(hours=1)
HOURS_BACK = 7 * 24
"""How many full hours a forecast looks back."""
FORECAST_AGE_MAX = timedelta(days=1)
"""After this a forecast is computed anew."""
EVENTS_MIN = 10
"""So many events within sixty minutes are no escalation, even of an issue that had none before."""

_PACE_MEASURED_MIN = timedelta(minutes=5)
"""What an issue did in less time says little about its pace."""
_PEAKS = 2


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What an issue may do without escalating."""

    expected: tuple[int, ...]
    """Events within sixty minutes; a list, as answers show it."""
    computed_at: datetime

    @property
    def events_max(self) -> int:
        """The most events that sixty minutes may have."""
        return max(self.expected)


def awaits_escalation(issue: Issue) -> bool:
    """Whether events must be compared with the forecast of *issue*."""
    return issue.status is Status.IGNORED and issue.substatus is Substatus.ARCHIVED_UNTIL_ESCALATING


def forecast(issue: Issue, hours: Sequence[int], now: datetime) -> Forecast:
    """Return what to expect of *issue*, which had so many events in each hour of the clock, the present one last.

    An issue younger than an hour is taken to go on at its pace.
    """
    peak = max(hours, default=0)
    age = max(now - issue.first_seen, _PACE_MEASURED_MIN)
    if age < HOUR:
        peak = -(-sum(hours) * HOUR // age)
    return Forecast(expected=(max(EVENTS_MIN, _PEAKS * peak),), computed_at=now)


def escalating(expected: Forecast, ordered: Sequence[Sighting], events_in_hour: int, now: datetime) -> Sighting | None:
    """Return the first of *ordered* sightings that is one too many, if there is one.

    *events_in_hour* is the number of events in the sixty minutes before *now* and since, the sightings included.
    """
    counted = [sighting.timestamp >= now - HOUR for sighting in ordered]
    position = reaching(counted, total=events_in_hour, wanted=expected.events_max + 1)
    return None if position is None else ordered[position]
