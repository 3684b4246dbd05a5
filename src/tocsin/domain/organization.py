"""Who owns what: organizations, their people and teams, their projects and the keys SDKs send with. Values only."""

from datetime import datetime
from typing import Any, NewType

import msgspec

from tocsin.domain.access import Role
from tocsin.domain.issue.issue import ProjectId, TeamId, UserId

OrganizationId = NewType("OrganizationId", int)
MemberId = NewType("MemberId", int)


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """The outermost fence: nothing of one organization is ever visible in another."""

    id: OrganizationId
    slug: str
    name: str
    options: dict[str, Any] = {}
    """Settings somebody changed, by their API name (``openMembership``, ``eventsMemberAdmin`` …)."""
    created_at: datetime


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person with an account. The password's hash is never part of the value."""

    id: UserId
    username: str
    email: str
    name: str = ""
    is_active: bool = True
    is_superuser: bool = False
    options: dict[str, Any] = {}
    created_at: datetime
    last_login_at: datetime | None = None


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A user's place in an organization."""

    id: MemberId
    organization_id: OrganizationId
    user: User
    role: Role
    created_at: datetime


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """People who look after the same projects."""

    id: TeamId
    organization_id: OrganizationId
    slug: str
    name: str
    created_at: datetime


_LEAVING = "isLeaving"


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """Where events are sent to and issues are numbered."""

    id: ProjectId
    organization_id: OrganizationId
    slug: str
    name: str
    platform: str = ""
    options: dict[str, Any] = {}
    """Settings somebody changed, by their API name (``resolveAge``, ``allowedDomains`` …)."""
    created_at: datetime
    first_event_at: datetime | None = None

    @property
    def is_leaving(self) -> bool:
        """Whether it is being deleted: nobody sees it any more, and what is sent to it is dropped."""
        return bool(self.options.get(_LEAVING))

    def leaving(self) -> "Project":
        """Return the project on its way out, its slug free for another."""
        options = self.options | {_LEAVING: True}
        # No project that somebody made has a slug in capital letters.
        return msgspec.structs.replace(self, slug=f"DELETED-{self.id}", options=options)


class ClientKey(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of one DSN, as settings show them (spec/search.md 5.13)."""

    project_id: ProjectId
    public_key: str
    """32 lowercase hex digits; also the key's id."""
    secret_key: str
    label: str
    is_active: bool = True
    rate_limit_count: int | None = None
    rate_limit_window_seconds: int | None = None
    options: dict[str, Any] = {}
    created_at: datetime
