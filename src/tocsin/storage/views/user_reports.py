"""What people said about events, for screens."""

from collections.abc import Collection, Sequence

import msgspec

from tocsin.domain.issue.issue import Issue, IssueId, Status
from tocsin.domain.issue.workflow import LEAVING
from tocsin.domain.organization import Project
from tocsin.domain.user_report import UserReport
from tocsin.storage.state import issue_hashes, issues, user_reports
from tocsin.storage.views.stores import Views

REPORTS_MAX = 1000


class ShownReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report and the issue that it is about, None while that is not known."""

    report: UserReport
    issue: Issue | None = None


def of_project(
    views: Views, project: Project, *, status: Status | None, environments: Collection[str]
) -> list[ShownReport]:
    """Return what was said in a project, newest first."""
    with views.state.read() as connection:
        found = user_reports.newest(connection, project.id, status=status, environments=environments, limit=REPORTS_MAX)
        known = issues.load(connection, {issue_id for _, issue_id in found if issue_id is not None})
    return [ShownReport(report=report, issue=_shown(known.get(issue_id or IssueId(0)))) for report, issue_id in found]


def of_issue(views: Views, issue: Issue) -> Sequence[ShownReport]:
    """Return what was said about the events of an issue, newest first."""
    with views.state.read() as connection:
        return [
            ShownReport(report=one, issue=issue) for one in user_reports.of_issue(connection, issue.id, REPORTS_MAX)
        ]


def of_report(views: Views, report: UserReport) -> ShownReport:
    """Return a report with the issue that its event belongs to."""
    if report.primary_hash is None:
        return ShownReport(report=report)
    with views.state.read() as connection:
        owner = issue_hashes.owners(connection, [(report.project_id, report.primary_hash)]).get(
            (report.project_id, report.primary_hash)
        )
        known = issues.load(connection, [owner.issue_id]) if owner and owner.issue_id else {}
    return ShownReport(report=report, issue=_shown(next(iter(known.values()), None)))


def _shown(issue: Issue | None) -> Issue | None:
    return None if issue is None or issue.status in LEAVING else issue
