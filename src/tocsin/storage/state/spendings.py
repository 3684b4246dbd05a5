"""How many events were sent within windows of time, as all accepting processes know it (spec/ingest.md 6.9)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from tocsin.domain.rate_limit import Meter, Spent
from tocsin.storage.state.rows import insert_into
from tocsin.storage.state.tables import spending

_KEY = ("scope", "subject", "window_seconds", "began_at")


def add(connection: Connection, spent: Mapping[Meter, Iterable[Spent]]) -> list[tuple[Meter, Spent]]:
    """Add to what was spent, in the order of the keys so that nobody waits in a circle, and return the new totals."""
    rows = [_row(meter, one) for meter in sorted(spent) for one in sorted(spent[meter])]
    statement = insert_into(connection, spending)
    added = {"events": spending.c.events + statement.excluded.events}
    adding = statement.on_conflict_do_update(index_elements=list(_KEY), set_=added).returning(spending)
    return [_read(connection.execute(adding, row).one()) for row in rows]


def current(connection: Connection, now: datetime) -> list[tuple[Meter, Spent]]:
    """Return what was spent in windows that are not over."""
    query = select(spending).where(spending.c.ends_at > now)
    return [_read(row) for row in connection.execute(query)]


def prune(connection: Connection, now: datetime) -> None:
    """Forget the windows that are over."""
    connection.execute(delete(spending).where(spending.c.ends_at <= now))


def _row(meter: Meter, spent: Spent) -> dict[str, object]:
    began_at = datetime.fromtimestamp(spent.began_at, UTC)
    ends_at = began_at + timedelta(seconds=meter.window_seconds)
    return {**meter._asdict(), "began_at": began_at, "ends_at": ends_at, "events": spent.events}


def _read(row: Row[Any]) -> tuple[Meter, Spent]:
    meter = Meter(row.scope, row.subject, row.window_seconds)
    return meter, Spent(int(row.began_at.timestamp()), row.events)
