"""Which releases were met where: what ``release:latest`` means in some environments."""

from collections.abc import Sequence

from tocsin.domain.issue.issue import ProjectId
from tocsin.storage.history.filters import in_environments, in_projects
from tocsin.storage.history.store import History

RELEASES_MAX = 100_000
"""Releases that one question looks at."""


def releases_met(
    history: History, project_ids: Sequence[ProjectId], environments: Sequence[str]
) -> dict[ProjectId, set[str]]:
    """Return the releases that events of each project in *environments* name."""
    chosen = in_projects(project_ids) & in_environments(environments)
    sql = f"SELECT DISTINCT project_id, release FROM event WHERE {chosen.sql} AND release != '' LIMIT {RELEASES_MAX}"
    found: dict[ProjectId, set[str]] = {}
    for project_id, release in history.rows(sql, chosen.parameters):
        found.setdefault(project_id, set()).add(release)
    return found
