"""From a ``session`` or ``sessions`` item to what is kept of it (spec/ingest.md 8.1)."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from tocsin.domain.event.arrival import Arrival
from tocsin.domain.event.normalise.clock import DRIFT_SECONDS_MIN, FUTURE_SECONDS_MAX, moment_of
from tocsin.domain.event.normalise.labels import clean_environment, clean_release
from tocsin.domain.event.normalise.remarks import Remarks
from tocsin.domain.event.normalise.texts import text_of
from tocsin.domain.session.session import SessionBucket, SessionUpdate, Severity, Told, pseudonym

BUCKETS_MAX = 100
"""Buckets of one ``sessions`` item that are looked at."""
AGE_MAX = timedelta(days=5)
"""How long after its start a session may be told of."""
_COUNT_MAX = 2**32 - 1
_SECONDS_MAX = 10 * 365 * 86_400
_FUTURE_MAX = timedelta(seconds=FUTURE_SECONDS_MAX)

_SEVERITIES = {
    "ok": Severity.HEALTHY,
    "exited": Severity.HEALTHY,
    "unhandled": Severity.UNHANDLED,
    "abnormal": Severity.ABNORMAL,
    "crashed": Severity.CRASHED,
}


class InvalidSession(Exception):  # noqa: N818 - the outcome is called "invalid", nobody made an error in our code
    """The item tells of no session; its outcome is ``invalid``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Attributes(msgspec.Struct, frozen=True, kw_only=True):
    """What the sessions of an item have in common. Address and browser serve to filter, and are never stored."""

    release: str
    environment: str
    ip_address: str
    user_agent: str


def read_attributes(sent: Mapping[str, Any], arrival: Arrival) -> Attributes:
    """Return the attributes of an item. Raises InvalidSession when it names no release."""
    named = sent.get("attrs")
    attributes = named if isinstance(named, dict) else {}
    release = _cleaned(clean_release, attributes.get("release"))
    if not release:
        raise InvalidSession("no_release")
    address = attributes.get("ip_address")
    return Attributes(
        release=release,
        environment=_cleaned(clean_environment, attributes.get("environment")),
        ip_address=address if isinstance(address, str) and address != "{{auto}}" else arrival.client_ip,
        user_agent=text_of(attributes.get("user_agent")) or arrival.user_agent,
    )


def read_session(sent: Mapping[str, Any], attributes: Attributes, arrival: Arrival) -> SessionUpdate:
    """Return what a ``session`` item says. Raises InvalidSession for no start, an unusable ``sid`` or a wrong time."""
    return SessionUpdate(
        project_id=arrival.project_id,
        release=attributes.release,
        environment=attributes.environment,
        started=_started(sent, arrival),
        session=pseudonym(arrival.project_id, _session_id(sent, arrival)),
        user=_user(sent, arrival),
        severity=_severity(sent),
        is_first=sent.get("init") is True,
        seconds=_seconds(sent.get("duration")),
    )


def read_buckets(sent: Mapping[str, Any], attributes: Attributes, arrival: Arrival) -> list[SessionBucket]:
    """Return what a ``sessions`` item says, unusable buckets left out. Raises InvalidSession when none is usable."""
    aggregates = sent.get("aggregates")
    if not isinstance(aggregates, list):
        raise InvalidSession("no_aggregates")
    found = list(_buckets(aggregates, attributes, arrival))
    if not found:
        raise InvalidSession("no_usable_aggregate")
    return found


def read_told(item_type: str, sent: Mapping[str, Any], attributes: Attributes, arrival: Arrival) -> list[Told]:
    """Return what an item of either type says. Raises InvalidSession."""
    if item_type == "session":
        return [read_session(sent, attributes, arrival)]
    return list(read_buckets(sent, attributes, arrival))


def _buckets(aggregates: list[Any], attributes: Attributes, arrival: Arrival) -> Iterator[SessionBucket]:
    for one in aggregates[:BUCKETS_MAX]:
        if not isinstance(one, dict):
            continue
        try:
            started = _started(one, arrival)
        except InvalidSession:
            continue
        bucket = SessionBucket(
            project_id=arrival.project_id,
            release=attributes.release,
            environment=attributes.environment,
            started=started,
            user=_user(one, arrival),
            healthy=_count(one.get("exited")),
            **{name: _count(one.get(name)) for name in ("errored", "unhandled", "abnormal", "crashed")},
        )
        if any(bucket.counts):
            yield bucket


def _cleaned(clean: Any, sent: Any) -> str:
    return (clean(sent, (), Remarks()) or "") if sent is not None else ""


def _severity(sent: Mapping[str, Any]) -> Severity:
    """Return how bad the session is; a status that nobody knows means that something went wrong."""
    status = sent.get("status")
    by_status = Severity.HEALTHY if status is None else Severity.ERRORED
    if isinstance(status, str):
        by_status = _SEVERITIES.get(status, Severity.ERRORED)
    return max(by_status, Severity.ERRORED if _count(sent.get("errors")) else Severity.HEALTHY)


def _started(sent: Mapping[str, Any], arrival: Arrival) -> datetime:
    """Return when the session began, by our clock. Raises InvalidSession when that cannot be, or is too long ago."""
    started = moment_of(sent.get("started"))
    if started is None:
        raise InvalidSession("no_start")
    shift = _drift(arrival)
    updated = moment_of(sent.get("timestamp")) or started
    try:
        begun, latest = started + shift, max(started, updated) + shift
    except OverflowError:
        raise InvalidSession("in_future") from None
    if latest > arrival.received + _FUTURE_MAX:
        raise InvalidSession("in_future")
    if begun < arrival.received - AGE_MAX:
        raise InvalidSession("too_old")
    return begun


def _drift(arrival: Arrival) -> timedelta:
    """Return by how much the sender's clock is wrong; little is no error (spec/ingest.md 3.4)."""
    drift = arrival.received - arrival.sent_at if arrival.sent_at else timedelta()
    return drift if abs(drift.total_seconds()) >= DRIFT_SECONDS_MIN else timedelta()


def _session_id(sent: Mapping[str, Any], arrival: Arrival) -> str:
    named = sent.get("sid")
    if named is None:
        # Nobody can tell of it again, so all that matters is that it is no other.
        return f"{arrival.received.isoformat()} {sent!r}"
    try:
        return UUID(named).hex if isinstance(named, str) else _no_session_id()
    except ValueError:
        return _no_session_id()


def _no_session_id() -> str:
    raise InvalidSession("invalid_sid")


def _user(sent: Mapping[str, Any], arrival: Arrival) -> int:
    name = (text_of(sent.get("did")) or "").strip()
    return pseudonym(arrival.project_id, name) if name else 0


def _count(value: Any) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return min(value, _COUNT_MAX) if is_count else 0


def _seconds(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= _SECONDS_MAX else None
