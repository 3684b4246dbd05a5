"""The stories of issues: what happened to them, newest first, comments included."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NewType

from msgspec import structs
from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, literal, or_, select, tuple_, update

from tocsin.domain.issue.issue import Activity, ActivityType, IssueId, UserId
from tocsin.storage.state.issue_merges import all_inside
from tocsin.storage.state.mutations import MutationId
from tocsin.storage.state.rows import id_rows, one_of, portions
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


def tell(
    connection: Connection, issue_ids: Collection[IssueId], entry: Activity, mutation_id: MutationId | None
) -> None:
    """Store the same entry for many issues, as told by a mutation if by any; whose *entry* is does not matter."""
    told = structs.asdict(entry) | {"mutation_id": mutation_id}
    del told["issue_id"]
    rows = id_rows(connection, issue_ids)
    values = [bindparam(None, value, type_=activity.c[name].type) for name, value in told.items()]
    chosen = select(rows.c.value, *values).order_by(rows.c.value)
    connection.execute(insert(activity).from_select(["issue_id", *told], chosen))


def untell(connection: Connection, issue_ids: Collection[IssueId], mutation_id: MutationId) -> None:
    """Delete what a mutation told of these issues."""
    told = (one_of(connection, activity.c.issue_id, issue_ids), activity.c.mutation_id == mutation_id)
    connection.execute(delete(activity).where(*told))


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


def times(
    connection: Connection, issue_id: IssueId, types: Sequence[ActivityType], limit: int
) -> list[tuple[ActivityId, datetime]]:
    """Return when the issue's entries of these types were made, newest first, at most *limit*."""
    query = select(activity.c.id, activity.c.created_at).where(activity.c.issue_id == issue_id)
    query = query.where(activity.c.type.in_(types)).order_by(activity.c.created_at.desc(), activity.c.id.desc())
    return [(activity_id, at) for activity_id, at in connection.execute(query.limit(limit))]


def notes_of(
    connection: Connection, issue_id: IssueId, user_id: UserId, *, since: datetime | None = None, limit: int
) -> list[Activity]:
    """Return the user's comments on the issue, newest first, those made at or after *since* if it is given."""
    own = (activity.c.issue_id == issue_id, activity.c.type == ActivityType.NOTE, activity.c.user_id == user_id)
    query = select(activity).where(*own)
    if since is not None:
        query = query.where(activity.c.created_at >= since)
    query = query.order_by(activity.c.created_at.desc(), activity.c.id.desc()).limit(limit)
    return [_activity(row) for row in connection.execute(query).mappings()]


def by_ids(connection: Connection, activity_ids: Collection[ActivityId]) -> dict[ActivityId, Activity]:
    """Return those of the entries that exist."""
    found: dict[ActivityId, Activity] = {}
    for some in portions(activity_ids):
        query = select(activity).where(activity.c.id.in_(some))
        found |= {row["id"]: _activity(row) for row in connection.execute(query).mappings()}
    return found


def latest(
    connection: Connection, issue_ids: Iterable[IssueId], types: Sequence[ActivityType]
) -> dict[IssueId, datetime]:
    """Return when each of the issues was last told one of *types*; those never told are missing."""
    found: dict[IssueId, datetime] = {}
    for some in portions(issue_ids):
        told = (activity.c.issue_id.in_(some), activity.c.type.in_(types))
        query = select(activity.c.issue_id, func.max(activity.c.created_at)).where(*told)
        rows = connection.execute(query.group_by(activity.c.issue_id))
        found |= {issue_id: moment for issue_id, moment in rows}  # noqa: C416 - rows are not pairs to mypy
    return found


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


def fill_in_versions(connection: Connection, versions: Mapping[IssueId, str]) -> None:
    """Let the newest "resolved in release" of each issue name the release, if it names none yet."""
    order = (activity.c.created_at.desc(), activity.c.id.desc())
    place = func.row_number().over(partition_by=activity.c.issue_id, order_by=order).label("place")
    told = select(activity, place).where(activity.c.type == ActivityType.SET_RESOLVED_IN_RELEASE)
    filled: list[dict[str, Any]] = []
    for some in portions(versions):
        of_some = told.where(activity.c.issue_id.in_(some)).subquery()
        newest = connection.execute(select(of_some).where(of_some.c.place == 1)).mappings()
        filled += [
            {"stored_id": row["id"], "data": row["data"] | {"version": versions[row["issue_id"]]}}
            for row in newest
            if not row["data"].get("version")
        ]
    if filled:
        connection.execute(update(activity).where(activity.c.id == bindparam("stored_id")), filled)


def remove(connection: Connection, activity_id: ActivityId) -> None:
    """Delete an entry."""
    connection.execute(delete(activity).where(activity.c.id == activity_id))


def _activity(row: RowMapping) -> Activity:
    return Activity(**{name: row[name] for name in Activity.__struct_fields__})
