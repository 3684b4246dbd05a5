"""Mutations: every command that was carried out, with its journal, so that it can be shown and undone."""

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NewType

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from tocsin.domain.issue.issue import IssueId, UserId
from tocsin.domain.issue.journal import MutationKind, Rewritten
from tocsin.domain.organization import OrganizationId
from tocsin.storage.state.effects import Trace
from tocsin.storage.state.rows import all_as, one_as, select_as
from tocsin.storage.state.tables import mutation

MutationId = NewType("MutationId", int)

_LEVEL = 1
"""Of compression: a hundred thousand ids in a row take a few milliseconds and shrink to a fifth."""


class Effected(msgspec.Struct, frozen=True, kw_only=True):
    """What an effect left behind on issues."""

    ids: tuple[IssueId, ...]
    traces: tuple[Trace, ...]


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """All that it takes to undo a mutation."""

    rewritten: tuple[Rewritten, ...] = ()
    effected: tuple[Effected, ...] = ()
    told: tuple[IssueId, ...] = ()
    """Issues whose story got longer."""
    irreversible: str = ""
    """Why it cannot be undone, and what to do instead; empty when it can."""

    @property
    def issue_ids(self) -> set[IssueId]:
        """The issues of which anything was changed."""
        rewritten = {issue_id for part in self.rewritten for issue_id in part.ids}
        return rewritten.union(self.told, *(part.ids for part in self.effected))


class Mutation(msgspec.Struct, frozen=True, kw_only=True):
    """A command that was carried out."""

    id: MutationId
    organization_id: OrganizationId
    user_id: UserId | None
    kind: MutationKind
    request: Any
    """The body, or what takes its place."""
    issue_count: int
    undone_by: MutationId | None
    created_at: datetime


def begin(  # noqa: PLR0913 - the columns of the row
    connection: Connection,
    *,
    organization_id: OrganizationId,
    user_id: UserId | None,
    kind: MutationKind,
    request: Any,
    issue_count: int,
    now: datetime,
) -> MutationId:
    """Store a mutation that is about to happen in this transaction, and return its number."""
    values = {
        "organization_id": organization_id,
        "user_id": user_id,
        "kind": kind,
        "request": request,
        "issue_count": issue_count,
        "before": b"",
        "created_at": now,
    }
    return MutationId(connection.execute(insert(mutation).values(values).returning(mutation.c.id)).scalar_one())


def keep_journal(
    connection: Connection, mutation_id: MutationId, journal: Journal, *, issue_count: int | None = None
) -> None:
    """Store what it takes to undo the mutation and, where that is known only now, how many issues it changed."""
    values: dict[str, Any] = {"before": zlib.compress(msgspec.msgpack.encode(journal), _LEVEL)}
    if issue_count is not None:
        values["issue_count"] = issue_count
    connection.execute(update(mutation).where(mutation.c.id == mutation_id).values(values))


def journal_of(connection: Connection, mutation_id: MutationId) -> Journal:
    """Return what it takes to undo the mutation, which must exist."""
    packed = connection.execute(select(mutation.c.before).where(mutation.c.id == mutation_id)).scalar_one()
    return msgspec.msgpack.decode(zlib.decompress(packed), type=Journal)


def by_id(
    connection: Connection, organization_id: OrganizationId, mutation_id: int, *, lock: bool = False
) -> Mutation | None:
    """Return a mutation of the organization, its row locked until the transaction ends if so asked."""
    own = (mutation.c.id == mutation_id, mutation.c.organization_id == organization_id)
    query = select_as(Mutation, mutation).where(*own)
    return one_as(Mutation, connection.execute(query.with_for_update() if lock else query))


def page(connection: Connection, organization_id: OrganizationId, *, limit: int, offset: int = 0) -> Sequence[Mutation]:
    """Return the mutations of the organization, newest first."""
    query = select_as(Mutation, mutation).where(mutation.c.organization_id == organization_id)
    query = query.order_by(mutation.c.created_at.desc(), mutation.c.id.desc()).limit(limit).offset(offset)
    return all_as(Mutation, connection.execute(query))


def mark_undone(connection: Connection, mutation_id: MutationId, by: MutationId) -> None:
    """Remember that the mutation was undone, and by which."""
    connection.execute(update(mutation).where(mutation.c.id == mutation_id).values(undone_by=by))


def prune(connection: Connection, before: datetime, rows_max: int) -> None:
    """Forget what happened before that time, at most *rows_max* mutations; it cannot be undone any more."""
    old = select(mutation.c.id).where(mutation.c.created_at < before).order_by(mutation.c.id).limit(rows_max)
    connection.execute(delete(mutation).where(mutation.c.id.in_(old)))
