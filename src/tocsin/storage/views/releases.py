"""Releases for screens: each with what it means to its projects."""

from collections.abc import Collection, Sequence

import msgspec

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import OrganizationId, Project
from tocsin.domain.query.release_list import ReleaseQuery
from tocsin.domain.release.release import Release, ReleaseProject
from tocsin.storage.state import projects, releases
from tocsin.storage.state.engine import Transaction
from tocsin.storage.views.stores import Views

RELEASES_LOOKED_AT_MAX = 10_000

__all__ = [
    "ReleasePlace",
    "ReleaseQuestion",
    "ShownRelease",
    "release",
    "release_page",
    "shown_release",
    "shown_releases",
]


class ReleasePlace(msgspec.Struct, frozen=True, kw_only=True):
    """A release in one of its projects."""

    project: Project
    seen: ReleaseProject


class ShownRelease(msgspec.Struct, frozen=True, kw_only=True):
    """A release and where it runs, projects by id."""

    release: Release
    places: tuple[ReleasePlace, ...]


class ReleaseQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Which releases of some projects are wanted, and in which order."""

    query: ReleaseQuery = ReleaseQuery()
    status: str = "open"
    """``open``, ``archived``, or ``""`` for all."""
    by_version: bool = False
    """Whether the greatest version comes first, instead of the newest release."""


def release_page(
    views: Views, project_ids: Sequence[ProjectId], question: ReleaseQuestion, *, limit: int, offset: int = 0
) -> list[ShownRelease]:
    """Return the wanted releases of the projects (spec/search.md 5.12)."""
    query = question.query
    # What terms say of a version only we can tell: so the newest releases are looked at, and cut afterwards.
    part = (RELEASES_LOOKED_AT_MAX, 0) if query.terms else (limit, offset)
    with views.state.read() as connection:
        found = releases.page(
            connection,
            project_ids,
            contains=query.contains,
            status=question.status,
            by_version=question.by_version,
            limit=part[0],
            offset=part[1],
        )
        if query.terms:
            found = [one for one in found if query.admits(one.version)][offset : offset + limit]
        return shown_releases(connection, found, project_ids)


def release(
    views: Views, organization_id: OrganizationId, version: str, project_ids: Collection[ProjectId]
) -> ShownRelease | None:
    """Return the organization's release of that version if one of the projects has it."""
    with views.state.read() as connection:
        known = releases.by_keys(connection, [(organization_id, version)])
        shown = shown_releases(connection, list(known.values()), project_ids)
    return shown[0] if shown and shown[0].places else None


def shown_release(connection: Transaction, project_id: ProjectId, version: str) -> ShownRelease | None:
    """Return the project's release of that version."""
    known = releases.of_project(connection, project_id, [version]) if version else {}
    shown = shown_releases(connection, list(known.values()), [project_id])
    return shown[0] if shown else None


def shown_releases(
    connection: Transaction, found: Sequence[Release], project_ids: Collection[ProjectId]
) -> list[ShownRelease]:
    """Return *found* with their places among the projects given, which are those that the caller may see."""
    seen = releases.projects_of(connection, [one.id for one in found])
    named = {ProjectId(one.project_id) for places in seen.values() for one in places}
    known = projects.by_ids(connection, named & set(project_ids))
    return [
        ShownRelease(
            release=one,
            places=tuple(
                ReleasePlace(project=known[ProjectId(place.project_id)], seen=place)
                for place in seen[one.id]
                if place.project_id in known
            ),
        )
        for one in found
    ]
