"""Releases of an organization and what they mean to its projects (spec/ingest.md 6.6, spec/search.md 5.12)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from msgspec import structs
from sqlalchemy import ColumnElement, Connection, Select, case, delete, func, literal, select, tuple_, update

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import OrganizationId
from tocsin.domain.release.commit import CommitId
from tocsin.domain.release.release import Arrival, Release, ReleaseId, ReleaseProject
from tocsin.domain.release.semver_key import semver_key
from tocsin.domain.release.version import parse_release
from tocsin.storage.state.column_types import Moment
from tocsin.storage.state.rows import (
    all_as,
    among,
    insert_into,
    insert_missing,
    one_as,
    portions,
    select_as,
)
from tocsin.storage.state.tables import release, release_commit, release_project

ReleaseKey: TypeAlias = tuple[OrganizationId, str]

_KEY = (release.c.organization_id, release.c.version)
_ORDERED_AT = func.coalesce(release.c.released_at, release.c.added_at)


class Deployed(msgspec.Struct, frozen=True, kw_only=True):
    """A version that a project was seen to run, or was told of."""

    organization_id: OrganizationId
    project_id: ProjectId
    version: str
    at: datetime


class Ensured(msgspec.Struct, frozen=True, kw_only=True):
    """Releases that exist, and are their projects'."""

    known: dict[ReleaseKey, Release]
    arrivals: tuple[Arrival, ...]
    """Those that a project did not have before, in the order of their dates."""


def ensure(connection: Connection, deployed: Sequence[Deployed]) -> Ensured:
    """Return the releases of these versions, created and attached to their projects where they were not."""
    first: dict[ReleaseKey, datetime] = {}
    for one in sorted(deployed, key=lambda one: one.at, reverse=True):
        first[one.organization_id, one.version] = one.at
    known = by_keys(connection, first)
    missing = sorted(first.keys() - known.keys())
    if missing:
        insert_missing(connection, release, [_new(key, first[key]) for key in missing])
        known |= by_keys(connection, missing)
    wanted = {(known[one.organization_id, one.version].id, one.project_id) for one in deployed}
    attached = _attach(connection, wanted)
    ordered = sorted(known.values(), key=lambda one: (one.ordered_at, one.id))
    arrivals = [
        Arrival(release=one, project_id=project_id)
        for one in ordered
        for release_id, project_id in attached
        if release_id == one.id
    ]
    return Ensured(known=known, arrivals=tuple(arrivals))


def note_events(connection: Connection, noted: Sequence[ReleaseProject]) -> None:
    """Add what a batch saw of releases in projects: new issues are added up, first and last event drawn apart."""
    statement = insert_into(connection, release_project)
    fresh, stored = statement.excluded, release_project.c
    grown = {
        "new_issues": stored.new_issues + fresh.new_issues,
        "first_event_at": _chosen(fresh.first_event_at < stored.first_event_at, "first_event_at", fresh),
        "last_event_at": _chosen(fresh.last_event_at > stored.last_event_at, "last_event_at", fresh),
    }
    if noted:
        rows = [structs.asdict(one) for one in sorted(noted, key=lambda one: (one.release_id, one.project_id))]
        connection.execute(
            statement.on_conflict_do_update(index_elements=["release_id", "project_id"], set_=grown), rows
        )


def save(connection: Connection, changed: Release) -> None:
    """Write status, ref, URL, data and dates of a stored release."""
    names = ("status", "ref", "url", "data", "added_at", "started_at", "released_at")
    values = {name: getattr(changed, name) for name in names}
    connection.execute(update(release).where(release.c.id == changed.id).values(values))


def remove(connection: Connection, release_id: ReleaseId) -> None:
    """Delete a release; issues go on naming its version."""
    connection.execute(delete(release).where(release.c.id == release_id))


def by_keys(connection: Connection, keys: Iterable[ReleaseKey]) -> dict[ReleaseKey, Release]:
    """Return those of the releases that exist, by organization and version."""
    found: dict[ReleaseKey, Release] = {}
    for some in portions(keys):
        releases = all_as(Release, connection.execute(select_as(Release, release).where(among(_KEY, some))))
        found |= {(OrganizationId(one.organization_id), one.version): one for one in releases}
    return found


def locked(connection: Connection, release_id: ReleaseId) -> Release | None:
    """Return a release that nobody else can change until the transaction ends; events may go on naming it."""
    query = select_as(Release, release).where(release.c.id == release_id)
    return one_as(Release, connection.execute(query.with_for_update(key_share=True)))


def of_project(connection: Connection, project_id: ProjectId, versions: Collection[str]) -> dict[str, Release]:
    """Return those of the versions that are releases of the project."""
    found: dict[str, Release] = {}
    for some in portions(versions):
        query = _of_projects([project_id]).where(release.c.version.in_(some))
        found |= {one.version: one for one in all_as(Release, connection.execute(query))}
    return found


def newest_added(connection: Connection, project_id: ProjectId, limit: int) -> list[Release]:
    """Return the project's releases in the order they were added, newest first: what ``follows_semver`` looks at."""
    query = _of_projects([project_id]).order_by(release.c.added_at.desc(), release.c.id.desc()).limit(limit)
    return all_as(Release, connection.execute(query))


def newest(connection: Connection, project_id: ProjectId) -> Release | None:
    """Return the project's newest release by order date (spec/mutation.md 5.1)."""
    query = _of_projects([project_id]).order_by(_ORDERED_AT.desc(), release.c.id.desc()).limit(1)
    return one_as(Release, connection.execute(query))


def newest_versions(connection: Connection, project_ids: Collection[ProjectId]) -> dict[ProjectId, str]:
    """Return the version of each project's newest release by order date; a project without any has no entry."""
    project_id, ordered = release_project.c.project_id, (_ORDERED_AT.desc(), release.c.id.desc())
    place = func.row_number().over(partition_by=project_id, order_by=ordered).label("place")
    ranked = select(project_id, release.c.version, place).join_from(release, release_project)
    found: dict[ProjectId, str] = {}
    for some in portions(project_ids):
        of_some = ranked.where(project_id.in_(some)).subquery()
        rows = connection.execute(select(of_some.c.project_id, of_some.c.version).where(of_some.c.place == 1))
        found |= {one: version for one, version in rows}  # noqa: C416 - rows are not pairs to mypy
    return found


def greatest(connection: Connection, project_id: ProjectId) -> Release | None:
    """Return the project's greatest release by semantic version, None when none of them has one."""
    query = _of_projects([project_id]).where(release.c.semver_key.is_not(None))
    query = query.order_by(release.c.semver_key.desc(), release.c.id.desc()).limit(1)
    return one_as(Release, connection.execute(query))


def successor(connection: Connection, project_id: ProjectId, current: Release) -> Release | None:
    """Return the project's earliest release after *current* by order date, None when that is the newest."""
    position = tuple_(literal(current.ordered_at, Moment), literal(current.id))
    query = _of_projects([project_id]).where(tuple_(_ORDERED_AT, release.c.id) > position)
    query = query.order_by(_ORDERED_AT, release.c.id).limit(1)
    return one_as(Release, connection.execute(query))


def newest_with_commit(connection: Connection, project_id: ProjectId, commit_id: CommitId) -> Release | None:
    """Return the project's newest release by order date that has the commit."""
    having = select(release_commit.c.release_id).where(release_commit.c.commit_id == commit_id)
    query = _of_projects([project_id]).where(release.c.id.in_(having))
    return one_as(Release, connection.execute(query.order_by(_ORDERED_AT.desc(), release.c.id.desc()).limit(1)))


def previous_with_commits(
    connection: Connection, project_ids: Collection[ProjectId], current: Release
) -> Release | None:
    """Return the newest release of the projects, older than *current* by order date, that has commits."""
    position = tuple_(literal(current.ordered_at, Moment), literal(current.id))
    query = _of_projects(project_ids).where(tuple_(_ORDERED_AT, release.c.id) < position)
    query = query.where(release.c.id.in_(select(release_commit.c.release_id)))
    return one_as(Release, connection.execute(query.order_by(_ORDERED_AT.desc(), release.c.id.desc()).limit(1)))


def page(  # noqa: PLR0913 - the parameters of the list
    connection: Connection,
    project_ids: Collection[ProjectId],
    *,
    contains: str = "",
    status: str = "",
    by_version: bool = False,
    limit: int,
    offset: int = 0,
) -> list[Release]:
    """Return the releases of any of the projects, newest first, optionally of one status or with *contains* in them.

    *by_version* puts the greatest semantic version first, and releases without one last.
    """
    query = _of_projects(project_ids)
    if status:
        query = query.where(release.c.status == status)
    if contains:
        query = query.where(release.c.version.icontains(contains, autoescape=True))
    if by_version:
        query = query.order_by(release.c.semver_key.desc().nulls_last())
    query = query.order_by(_ORDERED_AT.desc(), release.c.id.desc()).limit(limit).offset(offset)
    return all_as(Release, connection.execute(query))


def projects_of(connection: Connection, ids: Iterable[ReleaseId]) -> dict[ReleaseId, list[ReleaseProject]]:
    """Return what each release means to each of its projects."""
    wanted = list(ids)
    found: dict[ReleaseId, list[ReleaseProject]] = {release_id: [] for release_id in wanted}
    for some in portions(wanted):
        query = select_as(ReleaseProject, release_project).where(release_project.c.release_id.in_(some))
        for one in all_as(ReleaseProject, connection.execute(query.order_by(release_project.c.project_id))):
            found[one.release_id].append(one)
    return found


def _new(key: ReleaseKey, at: datetime) -> dict[str, Any]:
    organization_id, version = key
    fresh = Release(
        id=ReleaseId(0),
        organization_id=organization_id,
        version=version,
        package=parse_release(version).package,
        semver_key=semver_key(version),
        added_at=at,
    )
    row = structs.asdict(fresh)
    del row["id"]
    return row


def _attach(
    connection: Connection, pairs: Collection[tuple[ReleaseId, ProjectId]]
) -> list[tuple[ReleaseId, ProjectId]]:
    """Make the releases those of the projects where they were not, and return for which that was so."""
    key = (release_project.c.release_id, release_project.c.project_id)
    missing = set(pairs)
    for some in portions(pairs):
        missing -= {
            (release_id, project_id)
            for release_id, project_id in connection.execute(select(*key).where(among(key, some)))
        }
    fresh = sorted(missing)
    rows = [{"release_id": release_id, "project_id": project_id, "new_issues": 0} for release_id, project_id in fresh]
    insert_missing(connection, release_project, rows)
    return fresh


def _of_projects(project_ids: Collection[ProjectId]) -> Select[*tuple[Any, ...]]:
    attached = select(release_project.c.release_id).where(release_project.c.project_id.in_(list(project_ids)))
    return select_as(Release, release).where(release.c.id.in_(attached))


def _chosen(is_better: ColumnElement[bool], name: str, fresh: Any) -> ColumnElement[Any]:
    """Return the fresh value where it is better, or the only one there is."""
    stored = release_project.c[name]
    return case((stored.is_(None) | is_better, func.coalesce(fresh[name], stored)), else_=stored)
