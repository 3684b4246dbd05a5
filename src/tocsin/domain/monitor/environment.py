"""A monitor in one environment: what follows from check-ins, and from the clock (spec/ingest.md 8.2)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

import msgspec
from msgspec.structs import replace

from tocsin.domain.monitor.check_in import CheckIn, CheckInStatus, MonitorEnvironmentId, SentCheckIn
from tocsin.domain.monitor.config import MonitorConfig
from tocsin.domain.monitor.schedule import next_due

MonitorId = NewType("MonitorId", int)

PER_MINUTE_MAX = 6
"""Check-ins of one environment that are taken within a minute."""


class Health(StrEnum):
    """How an environment fares."""

    ACTIVE = "active"
    """Nothing has ended yet."""
    OK = "ok"
    ERROR = "error"
    """An incident lasts."""


class MonitorEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """A monitor in one environment, and how it fares."""

    id: MonitorEnvironmentId = MonitorEnvironmentId(0)
    """0 until it is stored."""
    monitor_id: MonitorId
    name: str
    health: Health = Health.ACTIVE
    is_muted: bool = False
    last_check_in_at: datetime | None = None
    """When the newest run began."""
    next_expected_at: datetime | None = None
    """None until the job has reported once."""
    missed_at: datetime | None = None
    """When the next run counts as missed, its margin included."""
    failures: int = 0
    """In a row."""
    successes: int = 0
    """In a row."""
    incident_at: datetime | None = None
    """Since when an incident lasts."""
    incident_event_id: str = ""
    """The event that told of it; ``""`` while muted."""
    minute: datetime | None = None
    """The minute that ``minute_count`` counts."""
    minute_count: int = 0
    created_at: datetime


class Fate(StrEnum):
    """What became of a check-in; as an outcome's reason where it was not taken."""

    TAKEN = "taken"
    TOO_MANY = "check_ins_per_minute"
    FINISHED = "check_in_finished"


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """An incident began: one event is to be made."""

    event_id: str
    check_in: CheckIn
    """The failure that was one too many."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """An incident is over: the issue of its event is to be resolved."""

    event_id: str


News = Opened | Ended


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What one check-in, or one look at the clock, comes to."""

    environment: MonitorEnvironment
    check_ins: tuple[CheckIn, ...] = ()
    """To be stored: new ones, and those that changed."""
    news: tuple[News, ...] = ()
    fate: Fate = Fate.TAKEN


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What a monitor's rules are at the moment."""

    config: MonitorConfig
    is_muted: bool = False


def take(
    environment: MonitorEnvironment,
    expectation: Expectation,
    sent: SentCheckIn,
    known: CheckIn | None,
    at: datetime,
    new_guid: str,
) -> Step:
    """Return what a check-in that arrived *at* comes to.

    *known* is the run of that id; of one without an id the latest in progress. A new run without an id gets *new_guid*.
    """
    minute = at.replace(second=0, microsecond=0)
    counted = environment.minute_count + 1 if environment.minute == minute else 1
    if counted > PER_MINUTE_MAX:
        return Step(environment=environment, fate=Fate.TOO_MANY)
    environment = replace(environment, minute=minute, minute_count=counted)
    if known is not None and known.status.is_final:
        return Step(environment=environment, fate=Fate.FINISHED)
    if known is None:
        known = _begun(environment, expectation, sent, at, new_guid)
        environment = _expecting(environment, expectation, known.started_at)
    check_in = _updated(known, sent, at)
    if not check_in.status.is_final:
        return Step(environment=environment, check_ins=(check_in,))
    return _judged(environment, expectation, check_in, at)


def look(
    environment: MonitorEnvironment, expectation: Expectation, in_progress: Sequence[CheckIn], now: datetime
) -> Step:
    """Return what the clock alone makes of an environment: runs that took too long, and one that did not come.

    However long nobody looked, what did not come meanwhile is one missed run, the first; then the next that can still
    come is expected.
    """
    step = Step(environment=environment)
    for one in in_progress:
        if one.timeout_at is not None and one.timeout_at <= now:
            late = replace(one, status=CheckInStatus.TIMEOUT, timeout_at=None, updated_at=now)
            step = _and(step, _judged(step.environment, expectation, late, now))
    if environment.missed_at is not None and environment.missed_at <= now:
        step = _and(step, _missed(step.environment, expectation, now))
    return step


def rescheduled(environment: MonitorEnvironment, config: MonitorConfig, now: datetime) -> MonitorEnvironment:
    """Return *environment* expecting its next run by a *config* that is new; one that never reported expects none."""
    if environment.last_check_in_at is None:
        return environment
    return _due_at(environment, config, next_due(config.schedule, config.timezone, now))


def _begun(
    environment: MonitorEnvironment, expectation: Expectation, sent: SentCheckIn, at: datetime, new_guid: str
) -> CheckIn:
    return CheckIn(
        monitor_environment_id=environment.id,
        guid=sent.guid or new_guid,
        status=CheckInStatus.IN_PROGRESS,
        started_at=at,
        updated_at=at,
        expected_at=environment.next_expected_at,
        timeout_at=at + timedelta(minutes=expectation.config.runtime_minutes),
    )


def _updated(check_in: CheckIn, sent: SentCheckIn, at: datetime) -> CheckIn:
    duration = check_in.duration_ms if sent.duration_ms is None else sent.duration_ms
    if sent.status.is_final and duration is None and check_in.started_at < at:
        duration = (at - check_in.started_at) // timedelta(milliseconds=1)
    return replace(
        check_in,
        status=sent.status,
        updated_at=max(at, check_in.updated_at),
        timeout_at=None if sent.status.is_final else check_in.timeout_at,
        duration_ms=duration,
        release=sent.release or check_in.release,
        trace_id=sent.trace_id or check_in.trace_id,
    )


def _expecting(environment: MonitorEnvironment, expectation: Expectation, started_at: datetime) -> MonitorEnvironment:
    """Return *environment* after a run began: the next is expected, and never one that was given up already."""
    last = max(started_at, environment.last_check_in_at or started_at)
    config = expectation.config
    due = next_due(config.schedule, config.timezone, last)
    seen = replace(environment, last_check_in_at=last)
    return _due_at(seen, config, max(due, environment.next_expected_at or due))


def _due_at(environment: MonitorEnvironment, config: MonitorConfig, due: datetime) -> MonitorEnvironment:
    return replace(environment, next_expected_at=due, missed_at=due + timedelta(minutes=config.margin_minutes))


def _missed(environment: MonitorEnvironment, expectation: Expectation, now: datetime) -> Step:
    config, due = expectation.config, environment.next_expected_at or now
    check_in = CheckIn(
        monitor_environment_id=environment.id,
        guid=_digest(environment, "missed", due),
        status=CheckInStatus.MISSED,
        started_at=due,
        updated_at=now,
        expected_at=due,
    )
    margin = timedelta(minutes=config.margin_minutes)
    following = next_due(config.schedule, config.timezone, max(due, now - margin))
    return _judged(_due_at(environment, config, following), expectation, check_in, now)


def _judged(environment: MonitorEnvironment, expectation: Expectation, check_in: CheckIn, at: datetime) -> Step:
    """Return what the end of a run means for the environment."""
    if check_in.status is CheckInStatus.OK:
        return _succeeded(environment, expectation, check_in)
    return _failed(environment, expectation, check_in, at)


def _succeeded(environment: MonitorEnvironment, expectation: Expectation, check_in: CheckIn) -> Step:
    environment = replace(environment, failures=0, successes=environment.successes + 1)
    if environment.incident_at is None:
        return Step(environment=replace(environment, health=Health.OK), check_ins=(check_in,))
    if environment.successes < expectation.config.recoveries:
        return Step(environment=environment, check_ins=(check_in,))
    told = environment.incident_event_id
    over = replace(environment, health=Health.OK, incident_at=None, incident_event_id="")
    return Step(environment=over, check_ins=(check_in,), news=(Ended(event_id=told),) if told else ())


def _failed(environment: MonitorEnvironment, expectation: Expectation, check_in: CheckIn, at: datetime) -> Step:
    environment = replace(environment, failures=environment.failures + 1, successes=0)
    if environment.incident_at is None and environment.failures >= expectation.config.failures:
        environment = replace(environment, health=Health.ERROR, incident_at=at)
    is_quiet = expectation.is_muted or environment.is_muted
    if environment.incident_at is None or environment.incident_event_id or is_quiet:
        return Step(environment=environment, check_ins=(check_in,))
    event_id = _digest(environment, "incident", environment.incident_at, check_in.guid)
    told = replace(environment, incident_event_id=event_id)
    return Step(environment=told, check_ins=(check_in,), news=(Opened(event_id=event_id, check_in=check_in),))


def _and(step: Step, then: Step) -> Step:
    return Step(
        environment=then.environment, check_ins=(*step.check_ins, *then.check_ins), news=(*step.news, *then.news)
    )


def _digest(environment: MonitorEnvironment, what: str, at: datetime, which: str = "") -> str:
    """Return the id of something that is made once, however often it is worked out."""
    text = f"{what} {environment.id} {at.isoformat()} {which}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
