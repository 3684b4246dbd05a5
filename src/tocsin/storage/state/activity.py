"""The stories of issues: what happened to them, newest first, comments included."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NewType

from msgspec import structs
from sqlalchemy import Connection, RowMapping, delete, func, insert, literal, or_, select, tuple_, update

from tocsin.domain.issue.issue import Activity, ActivityType, IssueId
from tocsin.storage.state.issue_merges import all_inside
from tocsin.storage.state.rows import portions
from tocsin.storage.state.tables import activity

ActivityId = NewType("ActivityId", int)


def add(connection: Connection, entries: Sequence[Activity]) -> list[ActivityId]:
    """Store the entries and return their ids in the same order."""
    if not entries:
        return []
    rows = [structs.asdict(one) for one in entries]
    statement = insert(activity).returning(activity.c.id, sort_by_parameter_order=True)
    return list(connection.execute(statement, rows).scalars())


def record(connection: Connection, entries: Sequence[Activity]) -> None:
    """Store the entries in one statement, where nobody needs their ids."""
    if entries:
        connection.execute(insert(activity), [structs.asdict(one) for one in entries])


def page(
    connection: Connection,
    issue_id: IssueId,
    *,
    with_merged: bool = False,
    types: Sequence[ActivityType] = (),
    before: tuple[datetime, ActivityId] | None = None,
    limit: int,
) -> list[tuple[ActivityId, Activity]]:
    """Return the issue's entries newest first, of all types or some, the next *limit* older than a position.

    *with_merged* adds those of the issues that were merged into it, which belong to its story.
    """
    own = activity.c.issue_id == issue_id
    query = select(activity).where(or_(own, activity.c.issue_id.in_(all_inside(issue_id))) if with_merged else own)
    if types:
        query = query.where(activity.c.type.in_(types))
    if before is not None:
        at = literal(before[0], activity.c.created_at.type)
        query = query.where(tuple_(activity.c.created_at, activity.c.id) < tuple_(at, literal(before[1])))
    query = query.order_by(activity.c.created_at.desc(), activity.c.id.desc()).limit(limit)
    return [(row["id"], _activity(row)) for row in connection.execute(query).mappings()]


def comment_counts(connection: Connection, issue_ids: Iterable[IssueId]) -> dict[IssueId, int]:
    """Return how many comments stand in the story of each of the issues, less those of issues merged into it."""
    wanted = list(issue_ids)
    found: dict[IssueId, int] = dict.fromkeys(wanted, 0)
    for some in portions(wanted):
        notes = (activity.c.issue_id.in_(some), activity.c.type == ActivityType.NOTE)
        counted = select(activity.c.issue_id, func.count()).where(*notes).group_by(activity.c.issue_id)
        found |= {issue_id: number for issue_id, number in connection.execute(counted)}  # noqa: C416 - rows are not pairs to mypy
    return found


def by_id(connection: Connection, activity_id: int) -> Activity | None:
    """Return one entry."""
    row = connection.execute(select(activity).where(activity.c.id == activity_id)).mappings().one_or_none()
    return None if row is None else _activity(row)


def set_data(connection: Connection, activity_id: ActivityId, data: dict[str, Any]) -> None:
    """Replace what an entry says: a comment edited, or a version known only later (spec/mutation.md 5.3)."""
    connection.execute(update(activity).where(activity.c.id == activity_id).values(data=data))


def remove(connection: Connection, activity_id: ActivityId) -> None:
    """Delete an entry."""
    connection.execute(delete(activity).where(activity.c.id == activity_id))


def _activity(row: RowMapping) -> Activity:
    return Activity(**{name: row[name] for name in Activity.__struct_fields__})
