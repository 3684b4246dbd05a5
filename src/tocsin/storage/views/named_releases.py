"""The releases that a query means by ``latest`` or by a part of a version (spec/search.md 2.3)."""

from collections.abc import Sequence

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import Project
from tocsin.domain.query.resolve import Names, needs_latest, needs_versions
from tocsin.domain.query.tree import Expression
from tocsin.domain.release.version import SEMVER_WINDOW, follows_semver
from tocsin.storage.state import releases
from tocsin.storage.state.engine import Transaction

VERSIONS_MAX = 10_000
"""Releases, newest first, that a condition on a part of a release's name looks at."""


def names(connection: Transaction, expression: Expression, searched: Sequence[Project]) -> Names:
    """Return what *expression* needs to know of the projects *searched*."""
    ids = [project.id for project in searched]
    versions: tuple[str, ...] = ()
    if needs_versions(expression):
        versions = tuple(release.version for release in releases.page(connection, ids, limit=VERSIONS_MAX))
    return Names(
        projects={project.slug: project.id for project in searched},
        latest=latest_versions(connection, ids) if needs_latest(expression) else (),
        versions=versions,
    )


def latest_versions(connection: Transaction, project_ids: Sequence[ProjectId]) -> tuple[str, ...]:
    """Return the newest release of each project that has one; ``""`` alone where none has (spec/search.md 2.3)."""
    newest = (_latest_version(connection, project_id) for project_id in project_ids)
    return tuple(dict.fromkeys(version for version in newest if version is not None)) or ("",)


def _latest_version(connection: Transaction, project_id: ProjectId) -> str | None:
    added = releases.newest_added(connection, project_id, SEMVER_WINDOW)
    find = releases.greatest if follows_semver([one.version for one in added]) else releases.newest
    release = find(connection, project_id)
    return None if release is None else release.version
