"""The releases that a query means by ``latest`` or by a part of a version (spec/search.md 2.3)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import Project
from tocsin.domain.query.resolve import Names, needs_latest, needs_versions
from tocsin.domain.query.tree import Expression
from tocsin.domain.release.release import Release
from tocsin.domain.release.version import SEMVER_WINDOW, follows_semver
from tocsin.storage.history.met import releases_met
from tocsin.storage.history.store import History
from tocsin.storage.state import releases
from tocsin.storage.state.engine import Transaction

Met = Mapping[ProjectId, Collection[str]]
"""The releases that projects were seen to run somewhere."""

VERSIONS_MAX = 10_000
"""Releases, newest first, that a condition on a part of a release's name looks at."""


def met_for(
    history: History, expression: Expression, project_ids: Sequence[ProjectId], environments: Sequence[str] | None
) -> Met | None:
    """Return which releases ran in *environments*, if *expression* means the latest of these; None for any release."""
    if not environments or not needs_latest(expression):
        return None
    return releases_met(history, project_ids, environments)


def names(
    connection: Transaction, expression: Expression, searched: Sequence[Project], met: Met | None = None
) -> Names:
    """Return what *expression* needs to know of the projects *searched*; the latest release is one of those *met*."""
    ids = [project.id for project in searched]
    versions: tuple[str, ...] = ()
    if needs_versions(expression):
        versions = tuple(release.version for release in releases.page(connection, ids, limit=VERSIONS_MAX))
    return Names(
        projects={project.slug: project.id for project in searched},
        latest=latest_versions(connection, ids, met) if needs_latest(expression) else (),
        versions=versions,
    )


def latest_versions(
    connection: Transaction, project_ids: Sequence[ProjectId], met: Met | None = None
) -> tuple[str, ...]:
    """Return the newest release of each project that has one; ``""`` alone where none has (spec/search.md 2.3).

    With *met* only those releases count.
    """
    newest = (
        _latest_version(connection, project_id) if met is None else _latest_of(connection, project_id, met)
        for project_id in project_ids
    )
    return tuple(dict.fromkeys(version for version in newest if version is not None)) or ("",)


def _latest_version(connection: Transaction, project_id: ProjectId) -> str | None:
    find = releases.greatest if _follows_semver(connection, project_id) else releases.newest
    release = find(connection, project_id)
    return None if release is None else release.version


def _latest_of(connection: Transaction, project_id: ProjectId, met: Met) -> str | None:
    known = releases.of_project(connection, project_id, met.get(project_id, ())).values()
    if not known:
        return None
    rank = _by_version if _follows_semver(connection, project_id) else _by_date
    return max(known, key=rank).version


def _follows_semver(connection: Transaction, project_id: ProjectId) -> bool:
    added = releases.newest_added(connection, project_id, SEMVER_WINDOW)
    return follows_semver([one.version for one in added])


def _by_version(release: Release) -> tuple[bytes, int]:
    return release.semver_key or b"", release.id


def _by_date(release: Release) -> tuple[datetime, int]:
    return release.ordered_at, release.id
