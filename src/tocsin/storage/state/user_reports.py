"""What people said about events."""

from collections.abc import Collection, Iterable, Sequence

from msgspec import structs
from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, update

from tocsin.domain.event.event import Event, EventId
from tocsin.domain.issue.issue import IssueId, ProjectId, Status
from tocsin.domain.user_report import UserReport
from tocsin.storage.state.rows import insert_into, one_as, portions, select_as
from tocsin.storage.state.tables import issue, issue_hash, user_report

_OF_HASH = and_(issue_hash.c.project_id == user_report.c.project_id, issue_hash.c.hash == user_report.c.primary_hash)


def save(connection: Connection, report: UserReport) -> UserReport:
    """Write what somebody said about an event, in place of what was said before, and return it with its id."""
    values = structs.asdict(report)
    del values["id"]
    fresh = {name: value for name, value in values.items() if name not in {"project_id", "event_id", "created_at"}}
    statement = insert_into(connection, user_report).values(values)
    updating = statement.on_conflict_do_update(index_elements=["project_id", "event_id"], set_=fresh)
    connection.execute(updating)
    stored = of_event(connection, report.project_id, report.event_id)
    return report if stored is None else stored


def of_event(connection: Connection, project_id: ProjectId, event_id: EventId) -> UserReport | None:
    """Return what was said about an event."""
    place = (user_report.c.project_id == project_id, user_report.c.event_id == event_id)
    return one_as(UserReport, connection.execute(select_as(UserReport, user_report).where(*place)))


def attach(connection: Connection, events: Iterable[Event]) -> None:
    """Tell reports that came before their events which these are."""
    by_project: dict[int, dict[EventId, Event]] = {}
    for event in events:
        by_project.setdefault(event.project_id, {})[event.event_id] = event
    for project_id, known in by_project.items():
        for some in portions(known):
            place = (user_report.c.project_id == project_id, user_report.c.event_id.in_(some))
            waiting = select(user_report.c.event_id).where(*place, user_report.c.primary_hash.is_(None))
            for event_id in connection.execute(waiting).scalars().all():
                _attach_one(connection, known[event_id])


def _attach_one(connection: Connection, event: Event) -> None:
    place = (user_report.c.project_id == event.project_id, user_report.c.event_id == event.event_id)
    known = {"primary_hash": event.primary_hash, "environment": event.environment}
    connection.execute(update(user_report).where(*place).values(known))


def newest(
    connection: Connection,
    project_id: ProjectId,
    *,
    status: Status | None,
    environments: Collection[str] = (),
    limit: int,
) -> list[tuple[UserReport, IssueId | None]]:
    """Return what was said in a project, newest first, each with the issue it is about, as far as that is known.

    With a *status* only what is about issues of that status; what is about none counts as unresolved.
    """
    query = _with_issues().where(user_report.c.project_id == project_id)
    if status is not None:
        query = query.where(_is_of(status))
    if environments:
        query = query.where(user_report.c.environment.in_(list(environments)))
    return _rows(connection, query, limit)


def of_issue(connection: Connection, issue_id: IssueId, limit: int) -> list[UserReport]:
    """Return what was said about the events of an issue, newest first."""
    return [report for report, _ in _rows(connection, _with_issues().where(issue.c.id == issue_id), limit)]


def count_of_issue(connection: Connection, issue_id: IssueId) -> int:
    """Return how much was said about the events of an issue."""
    query = select(func.count()).select_from(user_report).join(issue_hash, _OF_HASH)
    return int(connection.execute(query.where(issue_hash.c.issue_id == issue_id)).scalar_one())


def _with_issues() -> Select[*tuple[object, ...]]:
    query = select_as(UserReport, user_report).add_columns(issue.c.id.label("issue_id"))
    owned = user_report.outerjoin(issue_hash, _OF_HASH).outerjoin(issue, issue.c.id == issue_hash.c.issue_id)
    return query.select_from(owned)


def _is_of(status: Status) -> ColumnElement[bool]:
    if status is Status.UNRESOLVED:
        return or_(issue.c.status == status, issue.c.id.is_(None))
    return issue.c.status == status


def _rows(
    connection: Connection, query: Select[*tuple[object, ...]], limit: int
) -> list[tuple[UserReport, IssueId | None]]:
    ordered = query.order_by(user_report.c.created_at.desc(), user_report.c.id.desc()).limit(limit)
    rows: Sequence[dict[str, object]] = [dict(row) for row in connection.execute(ordered).mappings()]
    issue_ids = [row.pop("issue_id") for row in rows]
    return [(UserReport(**row), issue_id) for row, issue_id in zip(rows, issue_ids, strict=True)]  # type: ignore[arg-type,misc]  # rows have the columns of the value
