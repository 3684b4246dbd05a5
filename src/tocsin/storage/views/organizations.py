"""Organizations for screens."""

from collections.abc import Sequence

from tocsin.domain.caller import Caller
from tocsin.domain.organization import Organization, Project
from tocsin.storage.state import organizations
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


def projects_of(views: Views, caller: Caller) -> list[tuple[Organization, Project]]:
    """Return every project that the caller may see, of whatever organization, by slug."""
    found = [
        (organization, project)
        for organization in organizations_of(views, caller)
        for project in access.reach(views, caller, organization.slug).projects
    ]
    return sorted(found, key=lambda pair: (pair[1].slug, pair[1].id))
