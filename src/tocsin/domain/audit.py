"""The audit log: who did what in an organization that cannot be seen, or undone, afterwards. Values only."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from tocsin.domain.issue.issue import UserId
from tocsin.domain.organization import OrganizationId


class AuditEvent(StrEnum):
    """What was done."""

    ISSUE_DELETE = "issue.delete"
    ORGANIZATION_CREATE = "org.create"
    ORGANIZATION_EDIT = "org.edit"
    TEAM_CREATE = "team.create"
    PROJECT_CREATE = "project.create"
    PROJECT_EDIT = "project.edit"
    MEMBER_ADD = "member.add"
    MEMBER_EDIT = "member.edit"
    TOKEN_CREATE = "token.create"  # noqa: S105 - the name of an event


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an organization's audit log."""

    organization_id: OrganizationId
    actor_id: UserId | None = None
    """None for the command line, and for keys that belong to no user."""
    event: AuditEvent
    target_id: int | None = None
    """Id of what it was done to."""
    data: dict[str, Any] = {}
    """What to remember of it, for it may be gone."""
    created_at: datetime
