"""What has been digested already: so that a batch done again, or an event sent again, counts once."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Connection, Table, delete, func, select

from tocsin.domain.event.event import EventId
from tocsin.domain.issue.issue import ProjectId
from tocsin.storage.state.rows import among, insert_into, insert_missing, portions
from tocsin.storage.state.tables import applied_batch, applied_event

EventKey: TypeAlias = tuple[ProjectId, EventId]

_MICROSECOND = timedelta(microseconds=1)
_KEY = (applied_event.c.project_id, applied_event.c.event_id)


def claim_events(connection: Connection, batch_id: str, events: Collection[EventKey], now: datetime) -> set[EventKey]:
    """Return those of *events* that no other batch has applied, and keep them for this batch (spec/ingest.md 6.7).

    A batch that asks again is given the same events again. Claim before anything else is written: another worker with
    the same event waits here until this transaction ends.
    """
    if not events:
        return set()
    rows = [
        {"project_id": project_id, "event_id": event_id, "batch_id": batch_id, "applied_at": now}
        for project_id, event_id in sorted(set(events))
    ]
    statement = insert_into(connection, applied_event).on_conflict_do_nothing().returning(*_KEY)
    ours: set[EventKey] = {(project_id, event_id) for project_id, event_id in connection.execute(statement, rows)}
    return ours | events_of(connection, batch_id, set(events) - ours)


def events_of(connection: Connection, batch_id: str, events: Collection[EventKey]) -> set[EventKey]:
    """Return those of *events* that the batch has claimed and kept."""
    ours: set[EventKey] = set()
    for some in portions(events):
        query = select(*_KEY).where(among(_KEY, some), applied_event.c.batch_id == batch_id)
        ours |= {(project_id, event_id) for project_id, event_id in connection.execute(query)}
    return ours


def record(connection: Connection, batch_id: str, now: datetime) -> None:
    """Remember that state has taken the batch in, in the transaction that took it."""
    insert_missing(connection, applied_batch, [{"batch_id": batch_id, "applied_at": now}])


def applied_at(connection: Connection, batch_id: str) -> datetime | None:
    """Return when state took the batch in, None when it has not."""
    query = select(applied_batch.c.applied_at).where(applied_batch.c.batch_id == batch_id)
    moment: datetime | None = connection.execute(query).scalar_one_or_none()
    return moment


def after_all(connection: Connection, now: datetime) -> datetime:
    """Return *now* or, if batches were applied later than that, the instant after the last of them.

    Other clocks may be ahead of ours. Every event of a hash that you have claimed is on one side of it: those taken in
    so far were digested before, those that come are digested then or later.
    """
    latest: datetime | None = connection.execute(select(func.max(applied_batch.c.applied_at))).scalar()
    return now if latest is None else max(now, latest + _MICROSECOND)


def disown(connection: Connection, batch_id: str, events: Collection[EventKey]) -> None:
    """Let go of claimed events that came to nothing: a batch done again must not find them."""
    for some in portions(events):
        connection.execute(delete(applied_event).where(among(_KEY, some), applied_event.c.batch_id == batch_id))


def prune(connection: Connection, before: datetime, rows_max: int) -> int:
    """Forget batches and events applied before that time, at most *rows_max* of each, and return how many."""
    return sum(_forget(connection, table, before, rows_max) for table in (applied_batch, applied_event))


def _forget(connection: Connection, table: Table, before: datetime, rows_max: int) -> int:
    key = list(table.primary_key.columns)
    old = [tuple(row) for row in connection.execute(select(*key).where(table.c.applied_at < before).limit(rows_max))]
    for some in portions(old):
        values = [row[0] for row in some] if len(key) == 1 else some
        connection.execute(delete(table).where(among(key, values)))
    return len(old)
