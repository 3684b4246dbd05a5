"""What people say about an event that they ran into (spec/search.md 5.15, spec/ingest.md 8.3)."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NewType
from uuid import UUID

import msgspec

from tocsin.domain.errors import Conflict
from tocsin.domain.event.event import EventId, GroupingHash
from tocsin.domain.issue.fields import Rejected, read_fields, text
from tocsin.domain.issue.issue import ProjectId

UserReportId = NewType("UserReportId", int)

NAME_CHARS_MAX = 128
EMAIL_CHARS_MAX = 75
COMMENTS_CHARS_MAX = 4096
OPEN_FOR = timedelta(minutes=5)
"""How long somebody may say it better."""

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
