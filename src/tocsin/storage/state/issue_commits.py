"""Which commits are said to resolve which issues (spec/mutation.md 3.2.1 and 5.3)."""

from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, exists, select

from tocsin.domain.issue.issue import IssueId, ProjectId, Status
from tocsin.domain.release.commit import CommitId
from tocsin.domain.release.release import ReleaseId
from tocsin.storage.state.rows import all_as, among, insert_into, portions
from tocsin.storage.state.tables import commit, issue, issue_commit, release_commit, release_project, resolution

Link = tuple[IssueId, CommitId]

_KEY = (issue_commit.c.issue_id, issue_commit.c.commit_id)


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """A commit of a release that is said to resolve an issue of a project."""

    issue_id: IssueId
    commit_id: CommitId
    author_email: str
    is_first: bool
    """No other release of the project has the commit."""


def link(connection: Connection, links: Collection[Link], now: datetime) -> None:
    """Note that commits resolve issues, as of now. Lock the issues first."""
    statement = insert_into(connection, issue_commit)
    rows = [{"issue_id": issue_id, "commit_id": commit_id, "created_at": now} for issue_id, commit_id in sorted(links)]
    if rows:
        fresh = {"created_at": statement.excluded.created_at}
        connection.execute(statement.on_conflict_do_update(index_elements=["issue_id", "commit_id"], set_=fresh), rows)


def known(connection: Connection, links: Collection[Link]) -> set[Link]:
    """Return those of the links that somebody noted already."""
    found: set[Link] = set()
    for some in portions(links):
        rows = connection.execute(select(*_KEY).where(among(_KEY, some)))
        found |= {(issue_id, commit_id) for issue_id, commit_id in rows}
    return found


def pending(connection: Connection, issue_ids: Iterable[IssueId]) -> dict[IssueId, CommitId]:
    """Return, for those of the issues that a commit alone resolves, which one: no release of the project has it yet.

    A commit named before the issue was last resolved is not what it is resolved by.
    """
    is_resolved = (
        issue.c.status == Status.RESOLVED,
        issue_commit.c.created_at >= issue.c.resolved_at,
        ~exists().where(resolution.c.issue_id == issue.c.id),
        ~_in_a_release_of(issue.c.project_id),
    )
    query = select(*_KEY).join_from(issue_commit, issue).where(*is_resolved)
    query = query.order_by(issue_commit.c.created_at, issue_commit.c.commit_id)
    found: dict[IssueId, CommitId] = {}
    for some in portions(issue_ids):
        rows = connection.execute(query.where(issue_commit.c.issue_id.in_(some)))
        found |= {issue_id: commit_id for issue_id, commit_id in rows}  # noqa: C416 - rows are not pairs to mypy
    return found


def brought(connection: Connection, release_id: ReleaseId, project_id: ProjectId) -> list[Brought]:
    """Return which issues of the project commits of the release resolve, the newest commits first."""
    elsewhere = _in_a_release_of(issue.c.project_id, but=release_id)
    columns = (*_KEY, commit.c.author_email, (~elsewhere).label("is_first"))
    query = select(*columns).join_from(issue_commit, issue).join(commit, commit.c.id == issue_commit.c.commit_id)
    query = query.join(release_commit, release_commit.c.commit_id == commit.c.id)
    query = query.where(release_commit.c.release_id == release_id, issue.c.project_id == project_id)
    return all_as(Brought, connection.execute(query.order_by(release_commit.c.position, *_KEY)))


def _in_a_release_of(project_id: ColumnElement[int], *, but: ReleaseId | None = None) -> ColumnElement[bool]:
    """Return the condition that a release of the project, *but* one perhaps, has the commit of the link."""
    bringing = release_commit.alias()
    condition = (
        exists()
        .where(bringing.c.commit_id == issue_commit.c.commit_id, release_project.c.project_id == project_id)
        .where(bringing.c.release_id == release_project.c.release_id)
    )
    return condition if but is None else condition.where(bringing.c.release_id != but)
