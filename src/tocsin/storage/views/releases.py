"""Releases for screens: each with what it means to its projects."""

from collections.abc import Collection, Sequence

import msgspec

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import OrganizationId, Project
from tocsin.domain.query.release_list import ReleaseQuery
from tocsin.domain.release.commit import Deploy
from tocsin.domain.release.release import Release, ReleaseId, ReleaseProject
from tocsin.storage.state import commits, deploys, projects, releases
from tocsin.storage.state.deploys import DeploySummary
from tocsin.storage.state.engine import Transaction
from tocsin.storage.views.commits import ShownCommit, Signature, shown_commits, signatures
from tocsin.storage.views.stores import Views

RELEASES_LOOKED_AT_MAX = 10_000

__all__ = [
    "ReleasePlace",
    "ReleaseQuestion",
    "ShownRelease",
    "deploys_of_release",
    "known_release",
    "previous_with_commits",
    "ranked_release_page",
    "release",
    "release_page",
    "shown_release",
    "shown_releases",
]


AUTHORS_MAX = 100
"""Authors shown of one release."""


class ReleasePlace(msgspec.Struct, frozen=True, kw_only=True):
    """A release in one of its projects."""

    project: Project
    seen: ReleaseProject


class ReleaseContents(msgspec.Struct, frozen=True, kw_only=True):
    """What the commits of a release amount to."""

    commit_count: int = 0
    last_commit: ShownCommit | None = None
    authors: tuple[Signature, ...] = ()


class ShownRelease(msgspec.Struct, frozen=True, kw_only=True):
    """A release, where it runs, what is in it, and how it was deployed."""

    release: Release
    places: tuple[ReleasePlace, ...]
    """By the ids of the projects."""
    contents: ReleaseContents = ReleaseContents()
    deploys: DeploySummary = DeploySummary()


class ReleaseQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Which releases of some projects are wanted, and in which order."""

    query: ReleaseQuery = ReleaseQuery()
    status: str = "open"
    """``open``, ``archived``, or ``""`` for all."""
    by_version: bool = False
    """Whether the greatest version comes first, instead of the newest release."""

    def admits(self, one: Release) -> bool:
        """Say whether the release is wanted."""
        has_text = self.query.contains.lower() in one.version.lower()
        return has_text and self.query.admits(one.version) and self.status in {"", one.status}


def release_page(
    views: Views, project_ids: Collection[ProjectId], question: ReleaseQuestion, *, limit: int, offset: int = 0
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


def ranked_release_page(
    views: Views,
    ranked: Sequence[tuple[ProjectId, str]],
    organization_id: OrganizationId,
    question: ReleaseQuestion,
    part: slice,
) -> list[ShownRelease]:
    """Return a part of the wanted ones of *ranked*, releases in projects, in that order, each with this one place."""
    with views.state.read() as connection:
        known = releases.by_keys(connection, {(organization_id, version) for _, version in ranked})
        wanted = [
            (project_id, known[organization_id, version])
            for project_id, version in ranked
            if (organization_id, version) in known and question.admits(known[organization_id, version])
        ]
        return [shown_releases(connection, [one], [project_id])[0] for project_id, one in wanted[part]]


def release(
    views: Views, organization_id: OrganizationId, version: str, project_ids: Collection[ProjectId]
) -> ShownRelease | None:
    """Return the organization's release of that version if one of the projects has it."""
    with views.state.read() as connection:
        known = _known(connection, organization_id, version, project_ids)
        return shown_releases(connection, [known], project_ids)[0] if known else None


def known_release(
    views: Views, organization_id: OrganizationId, version: str, project_ids: Collection[ProjectId]
) -> Release | None:
    """Return what :func:`release` does, the release alone."""
    with views.state.read() as connection:
        return _known(connection, organization_id, version, project_ids)


def previous_with_commits(views: Views, current: Release, project_ids: Collection[ProjectId]) -> ShownRelease | None:
    """Return the newest release of the projects that is older than *current* and has commits."""
    with views.state.read() as connection:
        previous = releases.previous_with_commits(connection, project_ids, current)
        return shown_releases(connection, [previous], project_ids)[0] if previous else None


def deploys_of_release(views: Views, deployed: Release, *, limit: int, offset: int = 0) -> list[Deploy]:
    """Return a page of the release's deploys, finished last first."""
    with views.state.read() as connection:
        return deploys.page(connection, deployed.id, limit=limit, offset=offset)


def shown_release(connection: Transaction, project_id: ProjectId, version: str) -> ShownRelease | None:
    """Return the project's release of that version."""
    known = releases.of_project(connection, project_id, [version]) if version else {}
    shown = shown_releases(connection, list(known.values()), [project_id])
    return shown[0] if shown else None


def shown_releases(
    connection: Transaction, found: Sequence[Release], project_ids: Collection[ProjectId]
) -> list[ShownRelease]:
    """Return *found* with their places among the projects given, which are those that the caller may see."""
    ids = [one.id for one in found]
    seen = releases.projects_of(connection, ids)
    named = {ProjectId(one.project_id) for places in seen.values() for one in places}
    known = projects.by_ids(connection, named & set(project_ids))
    contents = _contents(connection, found)
    deployed = deploys.summaries(connection, ids) if ids else {}
    return [
        ShownRelease(
            release=one,
            places=tuple(
                ReleasePlace(project=known[ProjectId(place.project_id)], seen=place)
                for place in seen[one.id]
                if place.project_id in known
            ),
            contents=contents.get(one.id, ReleaseContents()),
            deploys=deployed.get(one.id, DeploySummary()),
        )
        for one in found
    ]


def _known(
    connection: Transaction, organization_id: OrganizationId, version: str, project_ids: Collection[ProjectId]
) -> Release | None:
    for one in releases.by_keys(connection, [(organization_id, version)]).values():
        places = releases.projects_of(connection, [one.id])[one.id]
        if any(place.project_id in project_ids for place in places):
            return one
    return None


def _contents(connection: Transaction, found: Sequence[Release]) -> dict[ReleaseId, ReleaseContents]:
    """Return what is in each release, of one organization, that has commits."""
    summaries = commits.summaries(connection, [one.id for one in found], authors_max=AUTHORS_MAX)
    if not summaries:
        return {}
    last = {one.last.id: one.last for one in summaries.values() if one.last}
    shown = {one.commit.id: one for one in shown_commits(connection, list(last.values()))}
    authors = {author for one in summaries.values() for author in one.authors}
    signed = signatures(connection, OrganizationId(found[0].organization_id), authors)
    return {
        release_id: ReleaseContents(
            commit_count=one.count,
            last_commit=shown[one.last.id] if one.last else None,
            authors=tuple(signed[author] for author in one.authors),
        )
        for release_id, one in summaries.items()
    }
