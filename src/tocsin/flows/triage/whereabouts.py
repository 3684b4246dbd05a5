"""Where issues were met, as rows of state and as what events tell."""

from collections.abc import Collection

from tocsin.domain.issue.issue import IssueId
from tocsin.domain.issue.whereabouts import Met, Whereabouts
from tocsin.domain.organization import Project
from tocsin.domain.release.release import EnvironmentId
from tocsin.storage.history.accounts import Telling
from tocsin.storage.state import environments
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.environments import IssueEnvironment


def met(connection: Transaction, issue_ids: Collection[IssueId]) -> dict[IssueId, dict[EnvironmentId, Met]]:
    """Return where each of the issues was met, as state keeps it."""
    found: dict[IssueId, dict[EnvironmentId, Met]] = {issue_id: {} for issue_id in issue_ids}
    for one in environments.of_issues(connection, issue_ids):
        found[one.issue_id][one.environment_id] = Met(
            first_seen=one.first_seen, last_seen=one.last_seen, first_release=one.first_release
        )
    return found


def met_by(connection: Transaction, project: Project, tellings: Collection[Telling]) -> list[dict[EnvironmentId, Met]]:
    """Return where the events of each of *tellings* came from."""
    names = {(project.organization_id, project.id, name) for telling in tellings for name in telling.met}
    ids = environments.ensure(connection, names)
    return [{ids[project.organization_id, name]: one for name, one in telling.met.items()} for telling in tellings]


def rows(issue_id: IssueId, where: Whereabouts) -> list[IssueEnvironment]:
    """Return *where* as the rows of an issue."""
    return [
        IssueEnvironment(
            issue_id=issue_id,
            environment_id=environment_id,
            first_seen=one.first_seen,
            last_seen=one.last_seen,
            first_release=one.first_release,
        )
        for environment_id, one in where.items()
    ]
