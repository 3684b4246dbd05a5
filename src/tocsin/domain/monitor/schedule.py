"""When a job is expected: by a crontab or every so often, by the clocks of its time zone."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from tocsin.domain.monitor.crontab import Crontab, read_crontab


class Unit(StrEnum):
    """What an interval is measured in."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_MINUTES = {
    Unit.MINUTE: 1,
    Unit.HOUR: 60,
    Unit.DAY: 1440,
    Unit.WEEK: 10_080,
    Unit.MONTH: 43_800,
    Unit.YEAR: 525_600,
}
INTERVAL_MINUTES_MAX = 10 * 525_600
"""Ten years."""
_MONTHS_OF = {Unit.MONTH: 1, Unit.YEAR: 12}
_DAYS_OF = {Unit.DAY: 1, Unit.WEEK: 7}


class Interval(msgspec.Struct, frozen=True):
    """So many units after the last time."""

    value: int
    unit: Unit

    @property
    def minutes(self) -> int:
        """About how long it is."""
        return self.value * _MINUTES[self.unit]

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return the time one interval after *moment*, UTC.

        Minutes and hours are exact; days and more keep the time of day, and a month ends no later than it has days.
        """
        if self.unit in _MONTHS_OF:
            local = _months_later(moment.astimezone(zone), self.value * _MONTHS_OF[self.unit])
            return local.astimezone(UTC)
        if self.unit in _DAYS_OF:
            return (moment.astimezone(zone) + timedelta(days=self.value * _DAYS_OF[self.unit])).astimezone(UTC)
        return moment + timedelta(minutes=self.minutes)


Schedule: TypeAlias = str | Interval
"""A crontab as it was written, or an interval."""


def next_due(schedule: Schedule, timezone: str, moment: datetime) -> datetime:
    """Return the first time after *moment* at which a job of this *schedule* is expected, UTC.

    Raises UnreadableCrontab; a *timezone* that is known no longer counts as UTC.
    """
    zone = zone_of(timezone) or ZoneInfo("UTC")
    rule = schedule if isinstance(schedule, Interval) else _crontab(schedule)
    return rule.next_after(moment, zone)


def zone_of(name: str) -> ZoneInfo | None:
    """Return the time zone of an IANA name, None when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@lru_cache(maxsize=1024)
def _crontab(text: str) -> Crontab:
    return read_crontab(text)


def _months_later(moment: datetime, months: int) -> datetime:
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
