"""Finding issues by what state alone can decide.

A condition is a frozen value that knows its ``clause``: a new kind of condition is a new class, and nothing else moves.
"""

import operator
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, and_, exists, false, func, literal, or_, select, true, tuple_

from tocsin.domain.issue.issue import IssueId, ProjectId, Status, Substatus, TeamId, UserId
from tocsin.storage.state.rows import all_as, select_as
from tocsin.storage.state.tables import bookmark, inbox, issue, subscription


class Condition(Protocol):
    """Something that is true of an issue or not."""

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        ...


class Field(StrEnum):
    """A column of an issue that takes one of few values."""

    ID = "id"
    PROJECT = "project_id"
    STATUS = "status"
    SUBSTATUS = "substatus"
    LEVEL = "level"
    TYPE = "type"
    PRIORITY = "priority"
    FIRST_RELEASE = "first_release"


class Order(StrEnum):
    """What candidates are sorted by, greatest first; ties by id, greatest first."""

    LAST_SEEN = "last_seen"
    FIRST_SEEN = "first_seen"
    TIMES_SEEN = "times_seen"


class Among(msgspec.Struct, frozen=True):
    """The field has one of the values; of no values, never."""

    field: Field
    values: tuple[Any, ...]

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        return issue.c[self.field].in_(self.values)


class Between(msgspec.Struct, frozen=True, kw_only=True):
    """A time or a count lies between bounds; a bound that is None does not bind."""

    field: Order
    least: datetime | int | None = None
    above: datetime | int | None = None
    most: datetime | int | None = None
    below: datetime | int | None = None

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        column = issue.c[self.field]
        bounds = (
            (operator.ge, self.least),
            (operator.gt, self.above),
            (operator.le, self.most),
            (operator.lt, self.below),
        )
        return and_(true(), *(compare(column, value) for compare, value in bounds if value is not None))


class AssignedTo(msgspec.Struct, frozen=True, kw_only=True):
    """Assigned to one of these users or teams."""

    user_ids: tuple[UserId, ...] = ()
    team_ids: tuple[TeamId, ...] = ()

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        return or_(issue.c.assignee_user_id.in_(self.user_ids), issue.c.assignee_team_id.in_(self.team_ids))


class Unassigned(msgspec.Struct, frozen=True):
    """Assigned to nobody."""

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        return and_(issue.c.assignee_user_id.is_(None), issue.c.assignee_team_id.is_(None))


class BookmarkedBy(msgspec.Struct, frozen=True):
    """Bookmarked by one of these users."""

    user_ids: tuple[UserId, ...]

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        return _has_row(bookmark, bookmark.c.user_id.in_(self.user_ids))


class SubscribedBy(msgspec.Struct, frozen=True):
    """One of these users wants to hear of it."""

    user_ids: tuple[UserId, ...]

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        return _has_row(subscription, subscription.c.user_id.in_(self.user_ids), subscription.c.is_active)


class InInbox(msgspec.Struct, frozen=True):
    """Waits for review, since *added_after* or later (spec/search.md 2.2 ``for_review``)."""

    added_after: datetime

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        return _has_row(inbox, inbox.c.added_at >= self.added_after)


class Not(msgspec.Struct, frozen=True):
    """The opposite; it also holds where the condition has nothing to go by (no priority, no substatus)."""

    condition: Condition

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        return ~func.coalesce(self.condition.clause(), false())


class AnyOf(msgspec.Struct, frozen=True):
    """At least one of several; of none, never."""

    conditions: tuple[Condition, ...]

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        return or_(false(), *(one.clause() for one in self.conditions))


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """As much of an issue as sorting and joining with history need."""

    id: IssueId
    project_id: ProjectId
    status: Status
    substatus: Substatus | None
    first_seen: datetime
    last_seen: datetime
    times_seen: int


class Position(msgspec.Struct, frozen=True):
    """Where a page ended: the value it was sorted by, and the id, of its last candidate."""

    value: datetime | int
    id: IssueId


def candidates(
    connection: Connection,
    conditions: Iterable[Condition],
    *,
    order: Order = Order.LAST_SEEN,
    after: Position | None = None,
    limit: int,
) -> list[Candidate]:
    """Return the issues that meet all *conditions*, greatest first, the next *limit* of them after a position."""
    column = issue.c[order]
    query = select_as(Candidate, issue).where(*(one.clause() for one in conditions))
    if after is not None:
        query = query.where(tuple_(column, issue.c.id) < tuple_(literal(after.value, column.type), literal(after.id)))
    return all_as(Candidate, connection.execute(query.order_by(column.desc(), issue.c.id.desc()).limit(limit)))


def count(connection: Connection, conditions: Iterable[Condition], limit: int) -> int:
    """Return how many issues meet all *conditions*, counting no further than *limit*."""
    met = select(issue.c.id).where(*(one.clause() for one in conditions)).limit(limit).subquery()
    return int(connection.execute(select(func.count()).select_from(met)).scalar_one())


def _has_row(table: Table, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(table.c.issue_id == issue.c.id, *conditions)
