"""What a job says of itself (spec/ingest.md 8.2)."""

from datetime import datetime
from enum import StrEnum
from math import isfinite
from typing import Any, NewType

import msgspec

from tocsin.domain.errors import InvalidFields
from tocsin.domain.event.envelope import canonical_event_id
from tocsin.domain.event.normalise.labels import clean_environment, clean_release
from tocsin.domain.event.normalise.remarks import Remarks
from tocsin.domain.monitor.config import MonitorConfig, read_config, slug_of

CheckInId = NewType("CheckInId", int)
MonitorEnvironmentId = NewType("MonitorEnvironmentId", int)

ENVIRONMENT_DEFAULT = "production"
DURATION_SECONDS_MAX = 10 * 365 * 86_400
_LATEST = "0" * 32


class CheckInStatus(StrEnum):
    """How a run of a job stands."""

    IN_PROGRESS = "in_progress"
    OK = "ok"
    ERROR = "error"
    MISSED = "missed"
    """It was expected and did not come."""
    TIMEOUT = "timeout"
    """It began and did not end in time."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more is to come of the run."""
        return self is not CheckInStatus.IN_PROGRESS


class CheckIn(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a job, or the one that did not come."""

    id: CheckInId = CheckInId(0)
    """0 until it is stored."""
    monitor_environment_id: MonitorEnvironmentId
    guid: str
    """32 hex digits, unique in the environment."""
    status: CheckInStatus
    started_at: datetime
    """When we heard of it first; of one that was missed, when it was due."""
    updated_at: datetime
    expected_at: datetime | None = None
    """When the job was due."""
    timeout_at: datetime | None = None
    """Until when it may be in progress; None once it is final."""
    duration_ms: int | None = None
    release: str = ""
    trace_id: str = ""


class SentCheckIn(msgspec.Struct, frozen=True, kw_only=True):
    """A check-in on its way to its monitor."""

    guid: str = ""
    """``""`` stands for the latest run in progress."""
    slug: str
    status: CheckInStatus
    duration_ms: int | None = None
    environment: str = ENVIRONMENT_DEFAULT
    release: str = ""
    trace_id: str = ""
    config: MonitorConfig | None = None
    """What is to be expected from now on; None when nothing, or nothing readable, was sent."""


class InvalidCheckIn(Exception):  # noqa: N818 - the outcome is called "invalid", nobody made an error in our code
    """The payload is no check-in; ``reason`` is counted."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_SENT_STATUS = {
    "in_progress": CheckInStatus.IN_PROGRESS,
    "ok": CheckInStatus.OK,
    "error": CheckInStatus.ERROR,
}
_decode = msgspec.json.Decoder().decode


def read_check_in(payload: bytes | memoryview) -> SentCheckIn:
    """Return the check-in of an item. Raises InvalidCheckIn; a config that cannot be read is left out."""
    try:
        sent = _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidCheckIn("invalid_json") from None
    if not isinstance(sent, dict):
        raise InvalidCheckIn("invalid_check_in")
    slug, status = sent.get("monitor_slug"), sent.get("status")
    if not isinstance(slug, str) or not slug_of(slug):
        raise InvalidCheckIn("invalid_monitor_slug")
    if not isinstance(status, str) or status not in _SENT_STATUS:
        raise InvalidCheckIn("invalid_status")
    return SentCheckIn(
        guid=_guid(sent.get("check_in_id")),
        slug=slug_of(slug),
        status=_SENT_STATUS[status],
        duration_ms=_milliseconds(sent.get("duration")),
        environment=_label(clean_environment, sent.get("environment")) or ENVIRONMENT_DEFAULT,
        release=_label(clean_release, sent.get("release")),
        trace_id=_trace_id(sent.get("contexts")),
        config=_config(sent.get("monitor_config")),
    )


def _guid(sent: Any) -> str:
    """Return the id, ``""`` for the latest: nothing, or nothing but zeros."""
    if sent in (None, ""):
        return ""
    guid = canonical_event_id(sent)
    if not guid:
        raise InvalidCheckIn("invalid_check_in_id")
    return "" if guid == _LATEST else guid


def _milliseconds(sent: Any) -> int | None:
    if isinstance(sent, bool) or not isinstance(sent, int | float) or not isfinite(sent):
        return None
    return round(sent * 1000) if 0 <= sent <= DURATION_SECONDS_MAX else None


def _label(clean: Any, sent: Any) -> str:
    return clean(sent, (), Remarks()) or "" if sent is not None else ""


def _trace_id(contexts: Any) -> str:
    trace = contexts.get("trace") if isinstance(contexts, dict) else None
    return canonical_event_id(trace.get("trace_id")) if isinstance(trace, dict) else ""


def _config(sent: Any) -> MonitorConfig | None:
    if sent is None:
        return None
    try:
        return read_config(sent)
    except InvalidFields:
        return None
