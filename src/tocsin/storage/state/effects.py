"""What commands do beside the issues themselves: subscriptions, bookmarks, seen marks and the inbox, many at a time.

Everything is said with sets, so that its cost in statements does not grow with the number of issues, and everything
leaves a :class:`Trace` by which it can be taken back exactly, as far as nobody said otherwise since.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, MetaData, Table, bindparam, delete, select, true
from sqlalchemy.types import TypeDecorator

from tocsin.domain.issue.effects import (
    Effect,
    EnterInbox,
    LeaveInbox,
    LinkCommit,
    SetBookmark,
    SetSeen,
    SetSubscription,
    Subscribe,
    Unsubscribe,
)
from tocsin.domain.issue.issue import IssueId, SubscriptionReason, UserId
from tocsin.storage.state import tables
from tocsin.storage.state.rows import id_rows, insert_into, insert_missing, one_of

Ids = Collection[IssueId]


def _as_stored(table: Table) -> Table:
    """Return *table* without our types: rows go into a trace, and come back, as the engine keeps them."""
    columns = (
        Column(one.name, one.type.impl_instance if isinstance(one.type, TypeDecorator) else one.type)
        for one in table.columns
    )
    return Table(table.name, MetaData(), *columns)


_TABLES = {
    one.name: one for one in (tables.subscription, tables.bookmark, tables.seen, tables.inbox, tables.issue_commit)
}
_STORED = {name: _as_stored(table) for name, table in _TABLES.items()}
_STAMPS = {"subscription": "created_at", "seen": "last_seen", "inbox": "added_at", "issue_commit": "created_at"}
"""The column that tells which rows a command wrote: those that carry its time."""


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """What one effect did to one table."""

    table: str
    user_ids: tuple[UserId, ...] = ()
    """Whose rows it is about; empty for tables that know no users."""
    added: tuple[IssueId, ...] | None = None
    """Issues that got a row, where the table has no stamp to tell."""
    removed: tuple[dict[str, Any], ...] = ()
    """Rows that were there before, as stored."""


def apply(connection: Connection, effect: Effect, ids: Ids, now: datetime) -> Trace:
    """Let *effect* happen to all of the issues; every effect may be applied twice without harm."""
    match effect:
        case EnterInbox(reason):
            _put_in(connection, tables.inbox, ids, {"reason": reason, "added_at": now})
            return Trace(table="inbox")
        case LeaveInbox():
            return Trace(table="inbox", removed=_take_out(connection, "inbox", ids))
        case LinkCommit(commit_id):
            return _link_commit(connection, ids, commit_id, now)
        case SetBookmark(user_id, is_set):
            return _set_bookmark(connection, ids, user_id, is_set=is_set)
        case SetSeen(user_id, seen_at):
            return _set_seen(connection, ids, user_id, seen_at)
        case Subscribe() | Unsubscribe() | SetSubscription():
            return _change_subscriptions(connection, effect, ids, now)


def take_back(connection: Connection, trace: Trace, ids: Ids, at: datetime) -> None:
    """Undo what left *trace* at the time *at*, for these issues; what somebody said since stays as they said it."""
    table, chosen = _TABLES[trace.table], set(ids)
    conditions = [one_of(connection, table.c.issue_id, ids if trace.added is None else chosen & set(trace.added))]
    if trace.user_ids:
        conditions.append(table.c.user_id.in_(list(trace.user_ids)))
    if trace.added is None:
        conditions.append(table.c[_STAMPS[trace.table]] == at)
    connection.execute(delete(table).where(*conditions))
    rows = [row for row in trace.removed if row["issue_id"] in chosen]
    insert_missing(connection, _STORED[trace.table], rows)


def _change_subscriptions(
    connection: Connection, effect: Subscribe | Unsubscribe | SetSubscription, ids: Ids, now: datetime
) -> Trace:
    match effect:
        case Subscribe(user_ids, reason):
            return _subscribe(connection, ids, user_ids, reason, now)
        case Unsubscribe(user_ids, reason):
            return _unsubscribe(connection, ids, user_ids, reason)
        case SetSubscription(user_id, is_active):
            return _set_subscription(connection, ids, user_id, now, is_active=is_active)


def _subscribe(
    connection: Connection, ids: Ids, user_ids: Collection[UserId], reason: SubscriptionReason, now: datetime
) -> Trace:
    """Subscribe those who have not said anything yet; a "no" and an older reason stay."""
    people = tuple(sorted(user_ids))
    for user_id in people:
        values = {"user_id": user_id, "is_active": True, "reason": reason, "created_at": now}
        _put_in(connection, tables.subscription, ids, values)
    return Trace(table="subscription", user_ids=people)


def _unsubscribe(
    connection: Connection, ids: Ids, user_ids: Collection[UserId], reason: SubscriptionReason | None
) -> Trace:
    stored = _STORED["subscription"].c
    conditions: list[ColumnElement[bool]] = [stored.user_id.in_(sorted(user_ids))]
    if reason is not None:
        conditions.append(stored.reason == reason.value)
    removed = _take_out(connection, "subscription", ids, *conditions)
    return Trace(table="subscription", user_ids=tuple(sorted(user_ids)), removed=removed)


def _set_subscription(connection: Connection, ids: Ids, user_id: UserId, now: datetime, *, is_active: bool) -> Trace:
    """Store what a user said themselves, in place of whatever stood there."""
    removed = _take_out(connection, "subscription", ids, _STORED["subscription"].c.user_id == user_id)
    values = {"user_id": user_id, "is_active": is_active, "reason": SubscriptionReason.UNKNOWN, "created_at": now}
    _put_in(connection, tables.subscription, ids, values)
    return Trace(table="subscription", user_ids=(user_id,), removed=removed)


def _set_bookmark(connection: Connection, ids: Ids, user_id: UserId, *, is_set: bool) -> Trace:
    if is_set:
        added = _put_in(connection, tables.bookmark, ids, {"user_id": user_id})
        return Trace(table="bookmark", user_ids=(user_id,), added=added)
    removed = _take_out(connection, "bookmark", ids, _STORED["bookmark"].c.user_id == user_id)
    return Trace(table="bookmark", user_ids=(user_id,), added=(), removed=removed)


def _set_seen(connection: Connection, ids: Ids, user_id: UserId, seen_at: datetime | None) -> Trace:
    removed = _take_out(connection, "seen", ids, _STORED["seen"].c.user_id == user_id)
    if seen_at is not None:
        _put_in(connection, tables.seen, ids, {"user_id": user_id, "last_seen": seen_at})
    return Trace(table="seen", user_ids=(user_id,), removed=removed)


def _link_commit(connection: Connection, ids: Ids, commit_id: int, now: datetime) -> Trace:
    """Note that a commit resolves the issues, as of now."""
    removed = _take_out(connection, "issue_commit", ids, _STORED["issue_commit"].c.commit_id == commit_id)
    _put_in(connection, tables.issue_commit, ids, {"commit_id": commit_id, "created_at": now})
    return Trace(table="issue_commit", removed=removed)


def _put_in(connection: Connection, table: Table, ids: Ids, values: Mapping[str, Any]) -> tuple[IssueId, ...]:
    """Insert a row for each issue, leaving those alone that have one, and return the issues that got one."""
    rows = id_rows(connection, ids)
    fixed = [bindparam(None, value, type_=table.c[name].type) for name, value in values.items()]
    # SQLite takes ON for the beginning of a join unless a WHERE comes before it.
    chosen = select(rows.c.value, *fixed).where(true()).order_by(rows.c.value)
    statement = insert_into(connection, table).from_select(["issue_id", *values], chosen).on_conflict_do_nothing()
    return tuple(connection.execute(statement.returning(table.c.issue_id)).scalars())


def _take_out(
    connection: Connection, name: str, ids: Ids, *conditions: ColumnElement[bool]
) -> tuple[dict[str, Any], ...]:
    """Delete the rows of the issues and return them as they were stored."""
    stored = _STORED[name]
    statement = delete(stored).where(one_of(connection, stored.c.issue_id, ids), *conditions)
    return tuple(dict(row) for row in connection.execute(statement.returning(*stored.columns)).mappings())
