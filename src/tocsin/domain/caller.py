"""Who asks, and how far they reach: what every answer of the API depends on. Values only."""

import msgspec

from tocsin.domain.access import Role, Scope
from tocsin.domain.errors import Forbidden
from tocsin.domain.issue.issue import ProjectId, UserId
from tocsin.domain.organization import Organization, OrganizationId, Project, User


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who is behind a credential: a user, or an organization whose own token it is. Exactly one of the two."""

    user: User | None = None
    organization_id: OrganizationId | None = None
    """The organization whose token it is; such a caller reaches all of it, as far as the token's scopes go."""
    granted: frozenset[Scope] | None = None
    """The token's scopes; None for a browser session, which may do whatever its user's role may."""

    @property
    def user_id(self) -> UserId | None:
        """Id of the acting user."""
        return None if self.user is None else self.user.id

    def may_hold(self, wanted: frozenset[Scope]) -> bool:
        """Say whether the credential, whatever the organization, could carry one of the *wanted* scopes."""
        return self.granted is None or not wanted or bool(self.granted & wanted)


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How far a caller reaches in one organization."""

    organization: Organization
    role: Role | None
    """None for a token of the organization, which is no member."""
    scopes: frozenset[Scope]
    """What the caller may do here: the role's scopes, cut down to the token's."""
    projects: tuple[Project, ...]
    """The projects the caller may see, by slug."""

    @property
    def project_ids(self) -> frozenset[ProjectId]:
        """Ids of the projects the caller may see."""
        return frozenset(project.id for project in self.projects)

    def require(self, wanted: frozenset[Scope]) -> None:
        """Raise Forbidden unless the caller holds one of the *wanted* scopes here."""
        if wanted and not self.scopes & wanted:
            raise Forbidden

    def project(self, reference: str) -> Project | None:
        """Return the project by slug or numeric id, None unless the caller may see it."""
        return next((p for p in self.projects if p.slug == reference or str(p.id) == reference), None)
