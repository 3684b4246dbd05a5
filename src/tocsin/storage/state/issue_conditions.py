"""Finding issues by what state alone can decide.

A condition is a frozen value that knows its ``clause``: a new kind of condition is a new class, and nothing else moves.
"""

import operator
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import product
from typing import Any, Literal, Protocol

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    and_,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
    union_all,
)

from tocsin.domain.issue.issue import ActivityType, IssueId, ProjectId, Status, Substatus, TeamId, UserId
from tocsin.domain.organization import OrganizationId
from tocsin.storage.state.rows import all_as, select_as
from tocsin.storage.state.tables import (
    activity,
    bookmark,
    environment,
    inbox,
    issue,
    issue_environment,
    subscription,
    suggested_team,
    suggested_user,
)

_LANES_MAX = 64
"""Projects times statuses whose lines of issues are merged; more than this are sorted together."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
        return _between(issue.c[self.field], self)


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


class FirstSeenIn(msgspec.Struct, frozen=True, kw_only=True):
    """First met in one of these environments of the organization between bounds; a bound that is None does not bind."""

    organization_id: OrganizationId
    environments: tuple[str, ...]
    least: datetime | None = None
    above: datetime | None = None
    most: datetime | None = None
    below: datetime | None = None

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        met = select(func.min(issue_environment.c.first_seen)).where(
            issue_environment.c.issue_id == issue.c.id, _environment_among(self.organization_id, self.environments)
        )
        first_seen = met.correlate(issue).scalar_subquery()
        return and_(first_seen.is_not(None), _between(first_seen, self))


class FirstReleaseIn(msgspec.Struct, frozen=True, kw_only=True):
    """First met in one of these environments of the organization in one of these releases."""

    organization_id: OrganizationId
    environments: tuple[str, ...]
    versions: tuple[str, ...]

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        return _has_row(
            issue_environment,
            _environment_among(self.organization_id, self.environments),
            issue_environment.c.first_release.in_(self.versions),
        )


class RegressedIn(msgspec.Struct, frozen=True):
    """Came back in one of these releases; None for any."""

    versions: tuple[str, ...] | None

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        regressions = activity.c.type == ActivityType.SET_REGRESSION
        if self.versions is None:
            return _has_row(activity, regressions)
        # The text is ours, written without blanks.
        texts = [f'"version":{msgspec.json.encode(version).decode()}' for version in self.versions]
        data = type_coerce(activity.c.data, Text)
        return _has_row(activity, regressions, or_(false(), *(data.contains(text, autoescape=True) for text in texts)))


class Marked(msgspec.Struct, frozen=True):
    """Bookmarked by anybody, or anybody wants to hear of it."""

    mark: Literal["bookmark", "subscription"]

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        if self.mark == "bookmark":
            return _has_row(bookmark)
        return _has_row(subscription, subscription.c.is_active)


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


class SuggestedTo(msgspec.Struct, frozen=True, kw_only=True):
    """One of these users or teams is suggested to look after it."""

    user_ids: tuple[UserId, ...] = ()
    team_ids: tuple[TeamId, ...] = ()

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        return or_(
            _has_row(suggested_user, suggested_user.c.user_id.in_(self.user_ids)),
            _has_row(suggested_team, suggested_team.c.team_id.in_(self.team_ids)),
        )


class Suggested(msgspec.Struct, frozen=True):
    """Anybody is suggested to look after it."""

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        return or_(_has_row(suggested_user), _has_row(suggested_team))


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


class AllOf(msgspec.Struct, frozen=True):
    """Every one of several; of none, always."""

    conditions: tuple[Condition, ...]

    def clause(self) -> ColumnElement[bool]:
        """Return it as SQL over the table ``issue``."""
        return and_(true(), *(one.clause() for one in self.conditions))


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """As much of an issue as sorting and joining with history need."""

    id: IssueId
    project_id: ProjectId
    status: Status
    substatus: Substatus | None
    first_seen: datetime
    last_seen: datetime
    times_seen: int


class Placed(msgspec.Struct, frozen=True):
    """An issue and the time it is sorted by."""

    id: IssueId
    at: datetime


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Issues that stand around an edge in time, as far as there are so many."""

    edge: datetime | None = None
    """Without an edge all issues are below it."""
    above: int = 0
    """How many from the edge on."""
    below: int = 0
    """How many before it."""


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
    met = select(issue.c.id).where(*telling_clauses(conditions)).limit(limit).subquery()
    return int(connection.execute(select(func.count()).select_from(met)).scalar_one())


def few(connection: Connection, conditions: Iterable[Condition], limit: int) -> dict[IssueId, ProjectId]:
    """Return issues that meet all *conditions*, no more than *limit* and in no order, with their projects."""
    query = select(issue.c.id, issue.c.project_id).where(*(one.clause() for one in conditions)).limit(limit)
    return {row.id: row.project_id for row in connection.execute(query)}


def around(
    connection: Connection,
    conditions: Iterable[Condition],
    *,
    order: Order,
    grain: timedelta,
    stretch: Stretch,
) -> list[Placed]:
    """Return the issues that meet all *conditions* in a stretch of their line, latest first.

    Time is cut into grains, and a grain is never cut in two: where one issue of it is returned, all are. Inside a grain
    issues are sorted by id, greatest first. The edge lies between two grains.
    """
    column, edge = issue.c[order], stretch.edge
    lanes = [select(issue.c.id, column.label("at")).where(*lane) for lane in _lanes(conditions, order)]
    found: list[Placed] = []
    for is_later, wanted in ((True, stretch.above), (False, stretch.below)):
        side = [] if edge is None else [column >= edge if is_later else column < edge]
        rows = _next(connection, [lane.where(*side) for lane in lanes], wanted, is_later=is_later)
        if len(rows) == wanted and rows:
            start = _grain_start(rows[-1].at, grain)
            rows = [row for row in rows if _grain_start(row.at, grain) != start]
            whole = [lane.where(column >= start, column < start + grain) for lane in lanes]
            rows += all_as(Placed, connection.execute(_all_of(whole)))
        found += rows
    return sorted(found, key=lambda row: (_grain_start(row.at, grain), row.id), reverse=True)


def _lanes(conditions: Iterable[Condition], order: Order) -> list[list[ColumnElement[bool]]]:
    """Return *conditions* project by project and status by status, where there are few of both.

    Along such a lane the index of *order* has the issues in order, and only the first of each need to be looked at.
    """
    wanted = list(conditions)
    fields = {Field.PROJECT: issue.c.project_id, Field.STATUS: issue.c.status}
    values = {field: _values(wanted, field) for field in fields}
    named = [one for one in values.values() if one is not None]
    if len(named) < len(fields) or len(named[0]) * len(named[1]) > _LANES_MAX:
        return [[one.clause() for one in wanted]]
    rest = clauses_beside(order, (one for one in wanted if not (isinstance(one, Among) and one.field in fields)))
    columns = fields.values()
    pairs = product(*(sorted(one) for one in named))
    return [[*(column == value for column, value in zip(columns, pair, strict=True)), *rest] for pair in pairs]


def telling_clauses(conditions: Iterable[Condition]) -> list[ColumnElement[bool]]:
    """Return the clauses of *conditions* in a form that leads engines to the index that tells most.

    When an issue was seen first is asked for a few days, when it was seen last nearly always for the whole window.
    """
    wanted = list(conditions)
    if any(isinstance(one, Between) and one.field is Order.FIRST_SEEN for one in wanted):
        return clauses_beside(Order.FIRST_SEEN, wanted)
    return [one.clause() for one in wanted]


def clauses_beside(order: Order, conditions: Iterable[Condition]) -> list[ColumnElement[bool]]:
    """Return the clauses of *conditions* in a form that leads no engine away from the index of *order*."""
    return [_beside(order, one) for one in conditions]


def _beside(order: Order, condition: Condition) -> ColumnElement[bool]:
    if isinstance(condition, Between) and condition.field is not order:
        column = issue.c[condition.field]
        return _between(func.coalesce(column, column), condition)
    return condition.clause()


def _values(conditions: Iterable[Condition], field: Field) -> set[Any] | None:
    """Return the values of *field* that all conditions on it leave; None without any such condition."""
    named = [set(one.values) for one in conditions if isinstance(one, Among) and one.field is field]
    return set.intersection(*named) if named else None


def _next(
    connection: Connection, lanes: Sequence[Select[*tuple[Any, ...]]], limit: int, *, is_later: bool
) -> list[Placed]:
    """Return the *limit* issues of all lanes that come first, going towards later or towards earlier ones."""
    if not limit or not lanes:
        return []
    heads = [_directed(lane, lane.selected_columns, is_later=is_later).limit(limit).subquery() for lane in lanes]
    together = _all_of([select(head) for head in heads]).subquery()
    query = _directed(select(together), together.c, is_later=is_later).limit(limit)
    return all_as(Placed, connection.execute(query))


def _directed(query: Select[*tuple[Any, ...]], columns: Any, *, is_later: bool) -> Select[*tuple[Any, ...]]:
    at, number = columns["at"], columns["id"]
    return query.order_by(at, number) if is_later else query.order_by(at.desc(), number.desc())


def _all_of(queries: Sequence[Select[*tuple[Any, ...]]]) -> Any:
    return union_all(*queries) if len(queries) != 1 else queries[0]


def _grain_start(at: datetime, grain: timedelta) -> datetime:
    return at - (at - _EPOCH) % grain


def _between(column: ColumnElement[Any], bounds: Between | FirstSeenIn) -> ColumnElement[bool]:
    compared = (
        (operator.ge, bounds.least),
        (operator.gt, bounds.above),
        (operator.le, bounds.most),
        (operator.lt, bounds.below),
    )
    return and_(true(), *(compare(column, value) for compare, value in compared if value is not None))


def _environment_among(organization_id: OrganizationId, names: tuple[str, ...]) -> ColumnElement[bool]:
    known = select(environment.c.id).where(
        environment.c.organization_id == organization_id, environment.c.name.in_(names)
    )
    return issue_environment.c.environment_id.in_(known)


def _has_row(table: Table, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(table.c.issue_id == issue.c.id, *conditions)
