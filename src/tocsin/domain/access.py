"""Who may do what: scopes, roles, and the scopes each role carries (spec/mutation.md 1.3, search.md 6)."""

from enum import StrEnum


class Scope(StrEnum):
    """What a credential may do; a route names the scopes of which any one suffices."""

    ORG_READ = "org:read"
    ORG_WRITE = "org:write"
    ORG_ADMIN = "org:admin"
    ORG_CI = "org:ci"
    ORG_INTEGRATIONS = "org:integrations"
    MEMBER_READ = "member:read"
    MEMBER_WRITE = "member:write"
    MEMBER_ADMIN = "member:admin"
    TEAM_READ = "team:read"
    TEAM_WRITE = "team:write"
    TEAM_ADMIN = "team:admin"
    PROJECT_READ = "project:read"
    PROJECT_WRITE = "project:write"
    PROJECT_ADMIN = "project:admin"
    PROJECT_RELEASES = "project:releases"
    EVENT_READ = "event:read"
    EVENT_WRITE = "event:write"
    EVENT_ADMIN = "event:admin"
    ALERTS_READ = "alerts:read"
    ALERTS_WRITE = "alerts:write"


class Role(StrEnum):
    """What a member is in an organization, in ascending order of power."""

    MEMBER = "member"
    ADMIN = "admin"
    MANAGER = "manager"
    OWNER = "owner"


ALL_SCOPES = frozenset(Scope)

_MEMBER = frozenset(
    {
        Scope.ORG_READ,
        Scope.MEMBER_READ,
        Scope.TEAM_READ,
        Scope.PROJECT_READ,
        Scope.PROJECT_RELEASES,
        Scope.EVENT_READ,
        Scope.EVENT_WRITE,
        Scope.EVENT_ADMIN,
        Scope.ALERTS_READ,
    }
)
_ADMIN = _MEMBER | {
    Scope.ORG_INTEGRATIONS,
    Scope.TEAM_WRITE,
    Scope.PROJECT_WRITE,
    Scope.PROJECT_ADMIN,
    Scope.ALERTS_WRITE,
}
_MANAGER = _ADMIN | {Scope.ORG_WRITE, Scope.MEMBER_WRITE, Scope.MEMBER_ADMIN, Scope.TEAM_ADMIN}

SCOPES_OF: dict[Role, frozenset[Scope]] = {
    Role.MEMBER: _MEMBER,
    Role.ADMIN: _ADMIN,
    Role.MANAGER: _MANAGER,
    Role.OWNER: ALL_SCOPES,
}


def effective_scopes(
    role: Role, granted: frozenset[Scope] | None = None, *, members_delete: bool = True
) -> frozenset[Scope]:
    """Return what a credential of a member with *role* may do.

    *granted* are a token's scopes (None for a browser session): a token never exceeds its owner's role.
    *members_delete* is the organization's ``eventsMemberAdmin`` option: without it plain members lose ``event:admin``.
    """
    scopes = SCOPES_OF[role]
    if role is Role.MEMBER and not members_delete:
        scopes -= {Scope.EVENT_ADMIN}
    return scopes if granted is None else scopes & granted
