"""Organizations for screens."""

from collections.abc import Collection, Sequence

import msgspec

from tocsin.domain.access import Role
from tocsin.domain.caller import Caller
from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import Organization, OrganizationId, Project, User
from tocsin.storage.history.volume import counts_by_project
from tocsin.storage.state import organizations, projects
from tocsin.storage.views import access
from tocsin.storage.views.stores import Views

ORGANIZATIONS_MAX = 1000


def organizations_of(views: Views, caller: Caller) -> Sequence[Organization]:
    """Return the organizations that the caller belongs to, newest first; an operator sees them all."""
    with views.state.read() as connection:
        if caller.user is None:
            own = organizations.by_id(connection, caller.organization_id) if caller.organization_id else None
            return [own] if own else []
        if caller.user.is_superuser:
            return organizations.newest(connection, ORGANIZATIONS_MAX)
        return organizations.of_user(connection, caller.user.id)[:ORGANIZATIONS_MAX]


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How large an organization is."""

    members: int
    projects: int
    events: int
    """Those that are kept of all its projects."""


def owned_by(views: Views, user: User) -> set[OrganizationId]:
    """Return the organizations that the user owns."""
    with views.state.read() as connection:
        return organizations.of_role(connection, user.id, Role.OWNER)


def sizes(views: Views, ids: Collection[OrganizationId]) -> dict[OrganizationId, Size]:
    """Return how large each of the organizations is."""
    with views.state.read() as connection:
        members = organizations.member_counts(connection, ids)
        known = projects.in_organizations(connection, ids)
    by_organization: dict[OrganizationId, list[ProjectId]] = {one: [] for one in ids}
    for project in known:
        by_organization[project.organization_id].append(project.id)
    events = counts_by_project(views.history, [project.id for project in known])
    return {
        one: Size(
            members=members.get(one, 0),
            projects=len(own),
            events=sum(events.get(project_id, 0) for project_id in own),
        )
        for one, own in by_organization.items()
    }


def projects_of(views: Views, caller: Caller) -> list[tuple[Organization, Project]]:
    """Return every project that the caller may see, of whatever organization, by slug."""
    found = [
        (organization, project)
        for organization in organizations_of(views, caller)
        for project in access.reach(views, caller, organization.slug).projects
    ]
    return sorted(found, key=lambda pair: (pair[1].slug, pair[1].id))
