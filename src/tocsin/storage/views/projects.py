"""Projects for screens, their environments and their keys."""

from collections.abc import Collection, Sequence

import msgspec

from tocsin.domain.issue.issue import UserId
from tocsin.domain.organization import ClientKey, OrganizationId, Project, Team
from tocsin.domain.release.release import Environment
from tocsin.storage.state import environments, project_keys, projects, releases, teams
from tocsin.storage.state.engine import Transaction
from tocsin.storage.views.stores import Views

ENVIRONMENTS_MAX = 1000


class ShownProject(msgspec.Struct, frozen=True, kw_only=True):
    """A project and what lists show beside it."""

    project: Project
    teams: tuple[Team, ...]
    environments: tuple[str, ...]
    latest_release: str
    """Its version, ``""`` when there is none."""
    is_member: bool
    """Whether the caller is in one of the project's teams."""


def shown_projects(views: Views, wanted: Sequence[Project], user_id: UserId | None) -> list[ShownProject]:
    """Return the *wanted* projects with their teams, environments and newest releases, as the user sees them."""
    with views.state.read() as connection:
        return shown(connection, wanted, user_id)


def shown(connection: Transaction, wanted: Sequence[Project], user_id: UserId | None) -> list[ShownProject]:
    """Return what :func:`shown_projects` does, within one snapshot."""
    ids = [project.id for project in wanted]
    owners = teams.of_projects(connection, ids)
    names = environments.shown_in_projects(connection, ids)
    newest = releases.newest_versions(connection, ids)
    own = projects.of_user(connection, user_id) if user_id is not None else set()
    return [
        ShownProject(
            project=project,
            teams=tuple(owners[project.id]),
            environments=tuple(filter(None, names.get(project.id, ()))),
            latest_release=newest.get(project.id, ""),
            is_member=project.id in own,
        )
        for project in wanted
    ]


def environments_of_organization(views: Views, organization_id: OrganizationId) -> list[Environment]:
    """Return the organization's environments that some project shows, by name (spec/search.md 5.17)."""
    with views.state.read() as connection:
        known = environments.in_organization(connection, organization_id, ENVIRONMENTS_MAX)
    return [environment for environment in known if environment.name]


def environments_of_project(views: Views, project: Project) -> list[tuple[Environment, bool]]:
    """Return the project's environments by name, each with whether it is hidden."""
    with views.state.read() as connection:
        known = environments.of_project(connection, project.id, ENVIRONMENTS_MAX)
    return [(environment, is_hidden) for environment, is_hidden in known if environment.name]


def knows_environments(views: Views, organization_id: OrganizationId, names: Collection[str]) -> bool:
    """Say whether the organization has met every one of these environments; that of events without one is ``""``."""
    if not set(names) - {""}:
        return True
    known = {environment.name for environment in environments_of_organization(views, organization_id)}
    return set(names) - {""} <= known


def keys_of_project(views: Views, project: Project) -> list[ClientKey]:
    """Return the project's keys, oldest first."""
    with views.state.read() as connection:
        return project_keys.of_project(connection, project.id)


def keys_of_projects(views: Views, organization_id: OrganizationId, shown: Collection[Project]) -> list[ClientKey]:
    """Return the keys of those of the organization's projects that are *shown*, oldest first."""
    ids = {project.id for project in shown}
    with views.state.read() as connection:
        return [key for key in project_keys.in_organization(connection, organization_id) if key.project_id in ids]
