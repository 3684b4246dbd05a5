"""How many events may be sent: caps on keys, projects and the whole installation (spec/ingest.md 1.8, 6.9).

Windows are fixed: they begin at multiples of their length since 1970, so that processes agree on them without asking
each other. No window ever has more events than its cap; the last moments of one and the first of the next may together
have twice as many.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec

from tocsin.domain.outcome import Category

EVENT_CATEGORIES: Final = (Category.ERROR, Category.DEFAULT, Category.SECURITY)
"""What caps count: one each for what becomes an event. Sessions, check-ins, feedback and reports are free."""

RETRY_SECONDS_MAX: Final = 60
"""Longest time that an SDK is told to keep quiet, so that a cap that was raised is noticed soon."""

HOUR_SECONDS: Final = 3600
MONTH_SECONDS: Final = 30 * 24 * HOUR_SECONDS


class CapScope(StrEnum):
    """Whose events a cap counts, in the words of the header."""

    KEY = "key"
    PROJECT = "project"
    ORGANIZATION = "organization"
    """The whole installation."""


class Meter(NamedTuple):
    """What is counted together: the events of one subject in windows of one length."""

    scope: CapScope
    subject: str
    """Public key or project id, ``""`` for the installation."""
    window_seconds: int


class Cap(msgspec.Struct, frozen=True, kw_only=True):
    """The most events that a meter may have in one window."""

    meter: Meter
    events_max: int
    reason: str
    """As outcomes and headers name it."""


class Spent(NamedTuple):
    """How many events a meter has had in a window."""

    began_at: int
    """Seconds since 1970."""
    events: int


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """One limit that a client must respect (spec/ingest.md 1.8)."""

    retry_seconds: int
    categories: tuple[str, ...] = ()
    """Empty: all of them."""
    scope: str
    """``organization``, ``project`` or ``key``."""
    reason: str


class Caps(msgspec.Struct, frozen=True, kw_only=True):
    """The caps that hold for everybody, and for projects that set none of their own. 0 means none."""

    project_events_per_hour_max: int = 0
    project_events_per_month_max: int = 0
    events_per_hour_max: int = 0
    events_per_month_max: int = 0


NO_CAPS: Final = Caps()


def caps_of_project(caps: Caps, project_id: int, options: Mapping[str, Any]) -> tuple[Cap, ...]:
    """Return the caps on a project's events; its options ``eventsPerHourMax`` and ``eventsPerMonthMax`` come first."""
    project, installation = (CapScope.PROJECT, str(project_id)), (CapScope.ORGANIZATION, "")
    hourly = _number(options.get("eventsPerHourMax"), caps.project_events_per_hour_max)
    monthly = _number(options.get("eventsPerMonthMax"), caps.project_events_per_month_max)
    wanted = (
        Cap(meter=Meter(*project, HOUR_SECONDS), events_max=hourly, reason="project_hourly"),
        Cap(meter=Meter(*project, MONTH_SECONDS), events_max=monthly, reason="project_monthly"),
        Cap(meter=Meter(*installation, HOUR_SECONDS), events_max=caps.events_per_hour_max, reason="hourly"),
        Cap(meter=Meter(*installation, MONTH_SECONDS), events_max=caps.events_per_month_max, reason="monthly"),
    )
    return tuple(cap for cap in wanted if cap.events_max)


def caps_of_key(public_key: str, count: int | None, window_seconds: int | None) -> tuple[Cap, ...]:
    """Return the cap of a key's ``rateLimit``, none when it has none."""
    if not count or not window_seconds:
        return ()
    meter = Meter(CapScope.KEY, public_key, window_seconds)
    return (Cap(meter=meter, events_max=count, reason="key_quota"),)


def exhausted(caps: Sequence[Cap], spent: Mapping[Meter, Spent], now: float) -> tuple[Cap, ...]:
    """Return those of the caps that leave no room for another event at *now*, seconds since 1970."""
    closed: tuple[Cap, ...] = ()
    for cap in caps:
        had = spent.get(cap.meter)
        if had is not None and had.events >= cap.events_max and now < had.began_at + cap.meter.window_seconds:
            closed += (cap,)
    return closed


def one_more(meter: Meter, before: Spent | None, now: float) -> Spent:
    """Return what a meter has had after one more event; a clock that went back stays in the window it was in."""
    if before is not None and now < before.began_at + meter.window_seconds:
        return Spent(before.began_at, before.events + 1)
    return Spent(int(now) // meter.window_seconds * meter.window_seconds, 1)


def rate_limit(cap: Cap, now: float) -> RateLimit:
    """Return what a client is told of a cap that is exhausted."""
    seconds_left = cap.meter.window_seconds - int(now) % cap.meter.window_seconds
    return RateLimit(
        retry_seconds=min(seconds_left, RETRY_SECONDS_MAX),
        categories=EVENT_CATEGORIES,
        scope=cap.meter.scope,
        reason=cap.reason,
    )


def _number(own: Any, default: int) -> int:
    return own if isinstance(own, int) else default
