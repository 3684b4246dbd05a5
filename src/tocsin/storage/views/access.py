"""What a caller can reach: organizations, and the projects in them."""

from tocsin.domain.access import Role, effective_scopes
from tocsin.domain.caller import Caller, Reach
from tocsin.domain.errors import Forbidden, NotFound
from tocsin.domain.organization import Organization, Project
from tocsin.storage.state import organizations, projects
from tocsin.storage.state.engine import Transaction
from tocsin.storage.views.stores import Views

_SEES_EVERYTHING = frozenset({Role.MANAGER, Role.OWNER})


def reach(views: Views, caller: Caller, reference: str) -> Reach:
    """Return how far *caller* reaches in the organization named by slug or id.

    Raises NotFound for an organization nobody knows and Forbidden for one the caller is no member of.
    """
    with views.state.read() as connection:
        organization = _organization(connection, reference)
        role = _role(connection, caller, organization)
        return Reach(
            organization=organization,
            role=role,
            scopes=effective_scopes(
                role, caller.granted, members_delete=bool(organization.options.get("eventsMemberAdmin", True))
            ),
            projects=tuple(_visible(connection, caller, organization, role)),
        )


def project_exists(views: Views, organization: Organization, reference: str) -> bool:
    """Say whether the organization has the project, whoever may see it."""
    with views.state.read() as connection:
        known = projects.in_organizations(connection, [organization.id])
    return any(reference in {project.slug, str(project.id)} for project in known)


def _organization(connection: Transaction, reference: str) -> Organization:
    organization = organizations.by_slug(connection, reference)
    if organization is None and reference.isascii() and reference.isdigit() and len(reference) < 19:
        organization = organizations.by_id(connection, int(reference))
    if organization is None:
        raise NotFound
    return organization


def _role(connection: Transaction, caller: Caller, organization: Organization) -> Role:
    if caller.user.is_superuser:
        return Role.OWNER
    member = organizations.member(connection, organization.id, caller.user.id)
    if member is None:
        raise Forbidden
    return member.role


def _visible(connection: Transaction, caller: Caller, organization: Organization, role: Role) -> list[Project]:
    """Return the projects the caller may see: all of them with open membership, else those of the caller's teams."""
    known = projects.in_organizations(connection, [organization.id])
    if role in _SEES_EVERYTHING or organization.options.get("openMembership", True):
        return known
    own = projects.of_user(connection, caller.user.id)
    return [project for project in known if project.id in own]
