"""How many items became what, by the hour (spec/ingest.md 6.9)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, select

from tocsin.domain.outcome import Category, OutcomeKey, Verdict
from tocsin.domain.outcome_reasons import ReasonScope, reason_scope, with_few_reasons
from tocsin.storage.state.rows import among, insert_into, portions
from tocsin.storage.state.tables import outcome, project

_KEY = ("project_id", "public_key", "hour", "category", "verdict", "reason")


def add(connection: Connection, counts: Mapping[OutcomeKey, int]) -> None:
    """Add to the counts, in the order of their keys so that nobody waits in a circle.

    Nothing is counted for projects that are gone. Reasons that are too many for an hour are counted as one.
    """
    counts = with_few_reasons(counts, _reasons(connection, counts))
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


def _reasons(connection: Connection, counts: Mapping[OutcomeKey, int]) -> dict[ReasonScope, set[str]]:
    """Return the reasons that are counted already, where *counts* bring any."""
    known: dict[ReasonScope, set[str]] = defaultdict(set)
    columns = (outcome.c.project_id, outcome.c.hour, outcome.c.verdict)
    for some in portions({reason_scope(key) for key in counts if key.reason}):
        query = select(*columns, outcome.c.reason).where(among(columns, some)).distinct()
        for project_id, hour, verdict, reason in connection.execute(query):
            known[project_id, hour, Verdict(verdict)].add(reason)
    return known


class Dimension(StrEnum):
    """What counts can be told apart by."""

    PROJECT = "project_id"
    KEY = "public_key"
    CATEGORY = "category"
    VERDICT = "verdict"
    REASON = "reason"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which counts are wanted, from the hour *start* on and before *end*; an empty choice is no limit."""

    project_ids: Collection[int]
    start: datetime
    end: datetime
    public_keys: Collection[str] = ()
    categories: Collection[Category] = ()
    verdicts: Collection[Verdict] = ()
    reasons: Collection[str] = ()


def hourly(
    connection: Connection, asked: Asked, by: Sequence[Dimension]
) -> list[tuple[tuple[int | str, ...], datetime, int]]:
    """Return the counts of each hour that has any, told apart by *by*: its values, the hour and the quantity."""
    columns = [outcome.c[name] for name in by]
    total = func.sum(outcome.c.quantity)
    query = select(*columns, outcome.c.hour, total).where(*_wanted(asked)).group_by(*columns, outcome.c.hour)
    return [(tuple(values), hour, int(quantity)) for *values, hour, quantity in connection.execute(query)]


def _wanted(asked: Asked) -> list[ColumnElement[bool]]:
    chosen = {
        Dimension.KEY: asked.public_keys,
        Dimension.CATEGORY: asked.categories,
        Dimension.VERDICT: asked.verdicts,
        Dimension.REASON: asked.reasons,
    }
    return [
        outcome.c.project_id.in_(list(asked.project_ids)),
        outcome.c.hour >= asked.start,
        outcome.c.hour < asked.end,
        *(outcome.c[name].in_(list(values)) for name, values in chosen.items() if values),
    ]


def prune(connection: Connection, before: datetime, rows_max: int) -> int:
    """Forget the counts of hours before that time, at most *rows_max*, and return how many."""
    key = [outcome.c[name] for name in _KEY]
    old = [tuple(row) for row in connection.execute(select(*key).where(outcome.c.hour < before).limit(rows_max))]
    for some in portions(old):
        connection.execute(delete(outcome).where(among(key, some)))
    return len(old)
