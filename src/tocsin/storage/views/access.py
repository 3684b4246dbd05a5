"""What a caller can reach: organizations, and the projects in them."""

from tocsin.domain.access import Role, Scope, effective_scopes
from tocsin.domain.caller import Caller, Reach
from tocsin.domain.errors import Forbidden, NotAuthenticated, NotFound
from tocsin.domain.organization import Organization, Project, User
from tocsin.storage.state import organizations, project_keys, projects
from tocsin.storage.state.engine import Transaction
from tocsin.storage.views.stores import Views

_BAD_DSN = "The DSN is of another project, unknown or disabled; copy it from the project's settings."
_SEES_EVERYTHING = frozenset({Role.MANAGER, Role.OWNER})


def reach(views: Views, caller: Caller, reference: str) -> Reach:
    """Return how far *caller* reaches in the organization named by slug or id.

    Raises NotFound for an organization nobody knows and Forbidden for one the caller is no member of.
    """
    with views.state.read() as connection:
        organization = _organization(connection, reference)
        if caller.user is not None:
            return _reach_of_user(connection, caller.user, caller.granted, organization)
        if caller.organization_id != organization.id:
            raise Forbidden
        return Reach(
            organization=organization,
            role=None,
            scopes=caller.granted or frozenset(),
            projects=tuple(projects.in_organizations(connection, [organization.id])),
        )


def project_exists(views: Views, organization: Organization, reference: str) -> bool:
    """Say whether the organization has the project, whoever may see it."""
    with views.state.read() as connection:
        known = projects.in_organizations(connection, [organization.id])
    return any(reference in {project.slug, str(project.id)} for project in known)


def project_of_key(views: Views, public_key: str, organization: str, project: str) -> Project:
    """Return the project that a path names, for whoever holds one of its keys. Raises NotAuthenticated."""
    with views.state.read() as connection:
        key = project_keys.by_public_key(connection, public_key)
        known = projects.by_ids(connection, [key.project_id]).get(key.project_id) if key and key.is_active else None
        owner = organizations.by_id(connection, known.organization_id) if known else None
    if known is None or owner is None or known.is_leaving:
        raise NotAuthenticated(_BAD_DSN)
    if organization not in {owner.slug, str(owner.id)} or project not in {known.slug, str(known.id)}:
        raise NotAuthenticated(_BAD_DSN)
    return known


def _organization(connection: Transaction, reference: str) -> Organization:
    organization = organizations.by_slug(connection, reference)
    if organization is None and reference.isascii() and reference.isdigit() and len(reference) < 19:
        organization = organizations.by_id(connection, int(reference))
    if organization is None:
        raise NotFound
    return organization


def _reach_of_user(
    connection: Transaction, user: User, granted: frozenset[Scope] | None, organization: Organization
) -> Reach:
    role = _role(connection, user, organization)
    members_delete = bool(organization.options.get("eventsMemberAdmin", True))
    return Reach(
        organization=organization,
        role=role,
        scopes=effective_scopes(role, granted, members_delete=members_delete),
        projects=tuple(_visible(connection, user, organization, role)),
    )


def _role(connection: Transaction, user: User, organization: Organization) -> Role:
    if user.is_superuser:
        return Role.OWNER
    member = organizations.member(connection, organization.id, user.id)
    if member is None:
        raise Forbidden
    return member.role


def _visible(connection: Transaction, user: User, organization: Organization, role: Role) -> list[Project]:
    """Return the projects the user may see: all of them with open membership, else those of the user's teams."""
    known = projects.in_organizations(connection, [organization.id])
    if role in _SEES_EVERYTHING or organization.options.get("openMembership", True):
        return known
    own = projects.of_user(connection, user.id)
    return [project for project in known if project.id in own]
