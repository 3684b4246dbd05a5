"""Which events are those of an issue: its hashes, read from state, as a question to history needs them."""

from collections.abc import Iterable

from tocsin.domain.issue.issue import Issue, IssueId
from tocsin.storage.history.scope import IssueScope
from tocsin.storage.state import issue_hashes
from tocsin.storage.state.engine import Transaction


def issue_scopes(connection: Transaction, issues: Iterable[Issue]) -> dict[IssueId, IssueScope]:
    """Return the events of each of the issues; those without any hash are missing."""
    projects = {issue.id: issue.project_id for issue in issues}
    return {
        issue_id: IssueScope.of(projects[issue_id], hashes)
        for issue_id, hashes in issue_hashes.by_issue(connection, projects).items()
        if hashes
    }
