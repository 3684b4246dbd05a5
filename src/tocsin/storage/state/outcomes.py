"""How many items became what, by the hour (spec/ingest.md 6.9)."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select

from tocsin.domain.outcome import OutcomeKey
from tocsin.storage.state.rows import among, insert_into, portions
from tocsin.storage.state.tables import outcome, project

_KEY = ("project_id", "public_key", "hour", "category", "verdict", "reason")


def add(connection: Connection, counts: Mapping[OutcomeKey, int]) -> None:
    """Add to the counts, in the order of their keys so that nobody waits in a circle.

    Nothing is counted for projects that are gone.
    """
    wanted = {key.project_id for key in counts}
    known: set[int] = set()
    for some in portions(wanted):
        known |= set(connection.execute(select(project.c.id).where(project.c.id.in_(some))).scalars())
    rows = [
        dict(zip(_KEY, key, strict=True)) | {"quantity": counts[key]}
        for key in sorted(counts)
        if key.project_id in known and counts[key]
    ]
    if rows:
        statement = insert_into(connection, outcome)
        added = {"quantity": outcome.c.quantity + statement.excluded.quantity}
        connection.execute(statement.on_conflict_do_update(index_elements=list(_KEY), set_=added), rows)


def prune(connection: Connection, before: datetime, rows_max: int) -> int:
    """Forget the counts of hours before that time, at most *rows_max*, and return how many."""
    key = [outcome.c[name] for name in _KEY]
    old = [tuple(row) for row in connection.execute(select(*key).where(outcome.c.hour < before).limit(rows_max))]
    for some in portions(old):
        connection.execute(delete(outcome).where(among(key, some)))
    return len(old)
