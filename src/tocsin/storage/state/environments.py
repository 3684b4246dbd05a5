"""Environments: known to an organization, used by projects, met by issues (spec/ingest.md 6.6)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec
from msgspec import structs
from sqlalchemy import Connection, case, delete, select, update

from tocsin.domain.issue.issue import IssueId, ProjectId
from tocsin.domain.organization import OrganizationId
from tocsin.domain.release.release import Environment, EnvironmentId
from tocsin.storage.state.rows import all_as, among, insert_into, insert_missing, portions, select_as
from tocsin.storage.state.tables import environment, issue_environment, project_environment

EnvironmentKey: TypeAlias = tuple[OrganizationId, str]

_KEY = (environment.c.organization_id, environment.c.name)


class IssueEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """When an issue was first and last met in an environment."""

    issue_id: IssueId
    environment_id: EnvironmentId
    first_seen: datetime
    last_seen: datetime
    first_release: str = ""
    """Version of the release it was first met in there."""


def ensure(
    connection: Connection, used: Iterable[tuple[OrganizationId, ProjectId, str]]
) -> dict[EnvironmentKey, EnvironmentId]:
    """Return the ids of environments used by projects, created and attached to the projects where they were not."""
    wanted = set(used)
    keys = {(organization_id, name) for organization_id, _, name in wanted}
    known = _ids(connection, keys)
    missing = sorted(keys - known.keys())
    if missing:
        rows = [{"organization_id": organization_id, "name": name} for organization_id, name in missing]
        insert_missing(connection, environment, rows)
        known |= _ids(connection, missing)
    _attach(connection, {(project_id, known[organization_id, name]) for organization_id, project_id, name in wanted})
    return known


def note_issues(connection: Connection, met: Sequence[IssueEnvironment]) -> None:
    """Add where a batch met issues: first and last times are drawn apart, the release follows the first."""
    statement = insert_into(connection, issue_environment)
    fresh, stored = statement.excluded, issue_environment.c
    is_earlier = fresh.first_seen < stored.first_seen
    grown = {
        "first_seen": case((is_earlier, fresh.first_seen), else_=stored.first_seen),
        "first_release": case((is_earlier, fresh.first_release), else_=stored.first_release),
        "last_seen": case((fresh.last_seen > stored.last_seen, fresh.last_seen), else_=stored.last_seen),
    }
    if met:
        rows = [structs.asdict(one) for one in sorted(met, key=lambda one: (one.issue_id, one.environment_id))]
        connection.execute(
            statement.on_conflict_do_update(index_elements=["issue_id", "environment_id"], set_=grown), rows
        )


def restate_issue(connection: Connection, issue_id: IssueId, met: Sequence[IssueEnvironment]) -> None:
    """Replace all that is kept of where an issue was met."""
    connection.execute(delete(issue_environment).where(issue_environment.c.issue_id == issue_id))
    insert_missing(connection, issue_environment, [structs.asdict(one) for one in met])


def of_issues(connection: Connection, issue_ids: Iterable[IssueId]) -> list[IssueEnvironment]:
    """Return where the issues were met."""
    found: list[IssueEnvironment] = []
    for some in portions(issue_ids):
        query = select_as(IssueEnvironment, issue_environment).where(issue_environment.c.issue_id.in_(some))
        found += all_as(IssueEnvironment, connection.execute(query))
    return found


def in_organization(connection: Connection, organization_id: OrganizationId, limit: int) -> list[Environment]:
    """Return the organization's environments by name, those excepted that every project of theirs hides."""
    shown = select(project_environment.c.environment_id).where(~project_environment.c.is_hidden)
    query = select_as(Environment, environment).where(
        environment.c.organization_id == organization_id, environment.c.id.in_(shown)
    )
    return all_as(Environment, connection.execute(query.order_by(environment.c.name).limit(limit)))


def known(connection: Connection, organization_id: OrganizationId, names: Collection[str]) -> set[str]:
    """Return those of *names* that are environments of the organization."""
    return {name for _, name in _ids(connection, {(organization_id, name) for name in names})}


def of_project(connection: Connection, project_id: ProjectId, limit: int) -> list[tuple[Environment, bool]]:
    """Return the project's environments by name, each with whether the project hides it."""
    columns = [environment.c[name] for name in Environment.__struct_fields__]
    query = select(project_environment.c.is_hidden, *columns).join_from(environment, project_environment)
    query = query.where(project_environment.c.project_id == project_id).order_by(environment.c.name).limit(limit)
    rows = connection.execute(query).mappings().all()
    return [(Environment(**{c.name: row[c.name] for c in columns}), row["is_hidden"]) for row in rows]


def shown_in_projects(connection: Connection, project_ids: Collection[ProjectId]) -> dict[ProjectId, list[str]]:
    """Return the names of the environments that each project shows, in order; a project without any has no entry."""
    found: dict[ProjectId, list[str]] = {}
    for some in portions(project_ids):
        query = select(project_environment.c.project_id, environment.c.name).join_from(environment, project_environment)
        shown = (project_environment.c.project_id.in_(some), ~project_environment.c.is_hidden)
        for project_id, name in connection.execute(query.where(*shown).order_by(environment.c.name)):
            found.setdefault(project_id, []).append(name)
    return found


def set_hidden(
    connection: Connection, project_id: ProjectId, environment_id: EnvironmentId, *, is_hidden: bool
) -> None:
    """Hide an environment from the project's lists, or show it again."""
    pair = (project_environment.c.project_id == project_id, project_environment.c.environment_id == environment_id)
    connection.execute(update(project_environment).where(*pair).values(is_hidden=is_hidden))


def _ids(connection: Connection, keys: Iterable[EnvironmentKey]) -> dict[EnvironmentKey, EnvironmentId]:
    found: dict[EnvironmentKey, EnvironmentId] = {}
    for some in portions(keys):
        rows = connection.execute(select(*_KEY, environment.c.id).where(among(_KEY, some)))
        found |= {(organization_id, name): environment_id for organization_id, name, environment_id in rows}
    return found


def _attach(connection: Connection, pairs: Collection[tuple[ProjectId, EnvironmentId]]) -> None:
    key = (project_environment.c.project_id, project_environment.c.environment_id)
    missing = set(pairs)
    for some in portions(pairs):
        rows = connection.execute(select(*key).where(among(key, some)))
        missing -= {(project_id, environment_id) for project_id, environment_id in rows}
    fresh = [
        {"project_id": project_id, "environment_id": environment_id, "is_hidden": False}
        for project_id, environment_id in sorted(missing)
    ]
    insert_missing(connection, project_environment, fresh)
