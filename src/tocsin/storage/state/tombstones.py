"""Tombstones: what is left of issues whose events nobody wants any more (spec/mutation.md 3.12, 8.6)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, update

from tocsin.domain.issue.issue import IssueId, ProjectId, UserId
from tocsin.storage.state.issue_hashes import TombstoneId
from tocsin.storage.state.rows import all_as, one_as, select_as
from tocsin.storage.state.tables import tombstone


class Tombstone(msgspec.Struct, frozen=True, kw_only=True):
    """A discarded issue. Text that is absent is ``""``."""

    id: TombstoneId = TombstoneId(0)
    """0 until it is stored."""
    project_id: ProjectId
    previous_issue_id: IssueId
    level: str
    type: str
    title: str
    culprit: str
    message: str
    metadata: dict[str, Any]
    actor_id: UserId | None
    created_at: datetime
    times_discarded: int = 0
    """Events that were dropped for its sake."""


def create(connection: Connection, new: Sequence[Tombstone]) -> list[TombstoneId]:
    """Store tombstones and return their ids in the same order; the ids they carry are ignored."""
    if not new:
        return []
    rows = [msgspec.structs.asdict(one) for one in new]
    for row in rows:
        del row["id"]
    returned = insert(tombstone).returning(tombstone.c.id, sort_by_parameter_order=True)
    return list(connection.execute(returned, rows).scalars())


def of_project(connection: Connection, project_id: ProjectId, *, offset: int, limit: int) -> list[Tombstone]:
    """Return the project's tombstones, newest first, *limit* of them after the first *offset*."""
    query = select_as(Tombstone, tombstone).where(tombstone.c.project_id == project_id)
    return all_as(Tombstone, connection.execute(query.order_by(tombstone.c.id.desc()).offset(offset).limit(limit)))


def by_id(connection: Connection, tombstone_id: int) -> Tombstone | None:
    """Return one tombstone, whatever its project."""
    return one_as(Tombstone, connection.execute(select_as(Tombstone, tombstone).where(tombstone.c.id == tombstone_id)))


def count_discarded(connection: Connection, events: Mapping[TombstoneId, int]) -> None:
    """Count events that were dropped for the sake of each of the tombstones."""
    if events:
        stored = update(tombstone).where(tombstone.c.id == bindparam("grave"))
        counted = stored.values(times_discarded=tombstone.c.times_discarded + bindparam("dropped"))
        connection.execute(counted, [{"grave": one, "dropped": events[one]} for one in sorted(events)])


def remove(connection: Connection, tombstone_id: TombstoneId) -> None:
    """Delete a tombstone; its hashes are free. Claim them first (``issue_hashes.of_tombstone``)."""
    connection.execute(delete(tombstone).where(tombstone.c.id == tombstone_id))
