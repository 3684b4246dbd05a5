"""Looking up what a search names: releases of the projects, people, teams, short ids."""

from collections.abc import Sequence

from tocsin.domain.issue import short_id
from tocsin.domain.issue.issue import IssueId, ProjectId, TeamId
from tocsin.domain.organization import OrganizationId, Project
from tocsin.domain.query.resolve import Names, needs_latest, needs_versions
from tocsin.domain.query.tree import Expression
from tocsin.domain.release.version import SEMVER_WINDOW, follows_semver
from tocsin.storage.state import issues, projects, releases, teams
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


def team_ids(connection: Transaction, slug: str, searched: Sequence[ProjectId]) -> tuple[TeamId, ...]:
    """Return the team with *slug*, in any letter case, if it looks after one of the projects *searched*."""
    known = teams.of_projects(connection, searched)
    found = {team.id for those in known.values() for team in those if team.slug.lower() == slug.lower()}
    return tuple(sorted(found))


def issue_ids(
    connection: Transaction, texts: Sequence[str], organization_id: OrganizationId
) -> dict[str, IssueId | None]:
    """Return the issue that each short id names in the organization, None where there is none."""
    slugs = {project.slug: project.id for project in projects.in_organizations(connection, [organization_id])}
    parsed = {text: short_id.parse(text) for text in texts}
    keys = {
        text: (slugs[name.project_slug], name.number)
        for text, name in parsed.items()
        if name and name.project_slug in slugs
    }
    found = issues.by_numbers(connection, keys.values())
    return {text: found.get(keys[text]) if text in keys else None for text in texts}
