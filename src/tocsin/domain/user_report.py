"""What people say about an event that they ran into (spec/search.md 5.15, spec/ingest.md 8.3)."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NewType
from uuid import UUID

import msgspec

from tocsin.domain.errors import Conflict
from tocsin.domain.event.envelope import canonical_event_id
from tocsin.domain.event.event import Event, EventId, GroupingHash
from tocsin.domain.issue.fields import Rejected, read_fields, text
from tocsin.domain.issue.issue import ProjectId

UserReportId = NewType("UserReportId", int)

NAME_CHARS_MAX = 128
EMAIL_CHARS_MAX = 75
COMMENTS_CHARS_MAX = 4096
OPEN_FOR = timedelta(minutes=5)
"""How long somebody may say it better."""

EVENT_AGE_MAX = timedelta(minutes=30)
"""How long after an event somebody may speak of it."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class UserReport(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said; there is one for each event at most."""

    id: UserReportId = UserReportId(0)
    """0 until it is stored."""
    project_id: ProjectId
    event_id: EventId
    primary_hash: GroupingHash | None = None
    """Of the event; None while the event has not come."""
    environment: str = ""
    name: str
    email: str
    comments: str
    created_at: datetime


class InvalidReport(Exception):  # noqa: N818 - the outcome is called "invalid", nobody made an error in our code
    """The payload says nothing about any event; ``reason`` is counted."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_decode = msgspec.json.Decoder().decode


def sent_user_report(payload: bytes | memoryview, project_id: int, event_id: str, received: datetime) -> UserReport:
    """Return the report that an SDK sent, its texts cut to what is kept. Raises InvalidReport.

    It is about the event that it names, else about *event_id*, that of its envelope.
    """
    try:
        sent = _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidReport("invalid_json") from None
    if not isinstance(sent, dict):
        raise InvalidReport("invalid_user_report")
    about = canonical_event_id(sent.get("event_id")) or event_id
    name, email, comments = (
        value.strip() if isinstance(value, str) else "" for value in map(sent.get, ("name", "email", "comments"))
    )
    if not about or not comments:
        raise InvalidReport("empty_user_report" if about else "no_event_id")
    return UserReport(
        project_id=ProjectId(project_id),
        event_id=EventId(about),
        name=name[:NAME_CHARS_MAX],
        email=email[:EMAIL_CHARS_MAX],
        comments=comments[:COMMENTS_CHARS_MAX],
        created_at=received,
    )


def feedback_report(event: Event) -> UserReport | None:
    """Return what feedback says about the event that it names; None for any other event, or when it names none."""
    said = event.metadata
    about = canonical_event_id(said.get("associated_event_id")) if event.type == "feedback" else ""
    if not about:
        return None
    return UserReport(
        project_id=ProjectId(event.project_id),
        event_id=EventId(about),
        name=str(said.get("name", ""))[:NAME_CHARS_MAX],
        email=str(said.get("contact_email", ""))[:EMAIL_CHARS_MAX],
        comments=str(said.get("value", ""))[:COMMENTS_CHARS_MAX],
        created_at=event.received,
    )


def is_too_late(report: UserReport, event_at: datetime) -> bool:
    """Say whether an event is too long ago to be spoken of (spec/ingest.md 8.3)."""
    return report.created_at - event_at > EVENT_AGE_MAX


def require_in_time(report: UserReport, event_at: datetime) -> None:
    """Raise Conflict if an event is too long ago to be spoken of."""
    if is_too_late(report, event_at):
        raise Conflict("Feedback for this event cannot be modified.")


def read_user_report(sent: Mapping[str, Any], project_id: ProjectId, now: datetime) -> UserReport:
    """Return the report of a body. Raises InvalidFields."""
    fields = read_fields(sent, _READERS, required=("event_id", "name", "email", "comments"))
    return UserReport(project_id=project_id, created_at=now, **fields)


def replacing(previous: UserReport | None, fresh: UserReport) -> UserReport:
    """Return *fresh* in the place of what was said about the event before. Raises Conflict when that is settled."""
    if previous is None:
        return fresh
    if fresh.created_at - previous.created_at > OPEN_FOR:
        raise Conflict("Feedback for this event cannot be modified.")
    return msgspec.structs.replace(fresh, id=previous.id, created_at=previous.created_at)


def _event_id(value: Any) -> EventId:
    try:
        return EventId(UUID(text(value)).hex)
    except ValueError:
        raise Rejected(["Event ID must be a valid UUID hex."]) from None


def _at_most(characters: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        found = text(value)
        if len(found) > characters:
            raise Rejected([f"Ensure this field has no more than {characters} characters."])
        return found

    return read


def _email(value: Any) -> str:
    found = _at_most(EMAIL_CHARS_MAX)(value)
    if not _EMAIL.fullmatch(found):
        raise Rejected(["Enter a valid email address."])
    return found


_READERS = {
    "event_id": _event_id,
    "name": _at_most(NAME_CHARS_MAX),
    "email": _email,
    "comments": _at_most(COMMENTS_CHARS_MAX),
}
