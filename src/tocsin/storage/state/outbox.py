"""News on its way out: written in the transaction that made it, carried out later, at least once."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NewType

import msgspec
from msgspec import structs
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from tocsin.storage.state.rows import all_as, portions, select_as
from tocsin.storage.state.tables import outbox

OutboxId = NewType("OutboxId", int)


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be told or done: what kind, and the facts it needs."""

    kind: str
    payload: dict[str, Any]


class Claimed(Notice, frozen=True, kw_only=True):
    """A notice somebody is at work on."""

    id: OutboxId
    created_at: datetime
    tries: int
    """How often it was claimed, this time included."""


def add(connection: Connection, notices: Sequence[Notice], now: datetime, *, due_at: datetime | None = None) -> None:
    """Store notices that are due at once, or later."""
    if notices:
        fresh = {"created_at": now, "due_at": due_at or now, "tries": 0}
        connection.execute(insert(outbox), [structs.asdict(one) | fresh for one in notices])


def claim(
    connection: Connection, kinds: Collection[str], now: datetime, *, lease: timedelta, limit: int
) -> list[Claimed]:
    """Return the oldest notices that are due, nobody else's for the time of the *lease*.

    Commit before working on them. One that is neither done nor put off within the lease is due again.
    """
    due = select_as(Claimed, outbox).where(outbox.c.kind.in_(list(kinds)), outbox.c.due_at <= now)
    query = due.order_by(outbox.c.due_at, outbox.c.id).limit(limit).with_for_update(skip_locked=True)
    found = all_as(Claimed, connection.execute(query))
    taken = {"due_at": now + lease, "tries": outbox.c.tries + 1}
    for some in portions(one.id for one in found):
        connection.execute(update(outbox).where(outbox.c.id.in_(some)).values(taken))
    return [structs.replace(one, tries=one.tries + 1) for one in found]


def done(connection: Connection, ids: Collection[OutboxId]) -> None:
    """Forget notices that were carried out, or given up."""
    for some in portions(ids):
        connection.execute(delete(outbox).where(outbox.c.id.in_(some)))


def prune(connection: Connection, before: datetime, rows_max: int, *, kept: Collection[str]) -> int:
    """Forget notices older than that which nobody took, at most *rows_max*, save for the kinds *kept*.

    Return how many that were.
    """
    stale = select(outbox.c.id).where(outbox.c.created_at < before, outbox.c.kind.not_in(list(kept)))
    ids = connection.execute(stale.order_by(outbox.c.id).limit(rows_max)).scalars().all()
    done(connection, ids)
    return len(ids)


def put_off(connection: Connection, ids: Collection[OutboxId], until: datetime) -> None:
    """Let notices that could not be carried out be due again at *until*."""
    for some in portions(ids):
        connection.execute(update(outbox).where(outbox.c.id.in_(some)).values(due_at=until))


def rewrite(connection: Connection, payloads: Mapping[OutboxId, dict[str, Any]]) -> None:
    """Let notices that were claimed say something else from now on: how far the work they stand for got."""
    if payloads:
        statement = update(outbox).where(outbox.c.id == bindparam("notice_id")).values(payload=bindparam("said"))
        connection.execute(statement, [{"notice_id": one, "said": said} for one, said in sorted(payloads.items())])
