"""The audit log of organizations: written in the transaction that did what it tells."""

from collections.abc import Sequence
from datetime import datetime
from typing import NewType

from msgspec import structs
from sqlalchemy import Connection, delete, insert, select

from tocsin.domain.audit import AuditEntry, AuditEvent
from tocsin.domain.issue.issue import UserId
from tocsin.domain.organization import OrganizationId
from tocsin.storage.state.rows import portions, select_as
from tocsin.storage.state.tables import audit_entry

AuditEntryId = NewType("AuditEntryId", int)


def record(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """Append entries to the logs of their organizations."""
    if entries:
        connection.execute(insert(audit_entry), [structs.asdict(one) for one in entries])


def page(
    connection: Connection,
    organization_id: OrganizationId,
    *,
    event: AuditEvent | None = None,
    actor_id: UserId | None = None,
    offset: int = 0,
    limit: int,
) -> list[tuple[AuditEntryId, AuditEntry]]:
    """Return *limit* entries of the organization's log after the first *offset*, newest first, each with its id."""
    query = select_as(AuditEntry, audit_entry).add_columns(audit_entry.c.id)
    query = query.where(audit_entry.c.organization_id == organization_id)
    if event is not None:
        query = query.where(audit_entry.c.event == event)
    if actor_id is not None:
        query = query.where(audit_entry.c.actor_id == actor_id)
    newest_first = query.order_by(audit_entry.c.created_at.desc(), audit_entry.c.id.desc())
    rows = connection.execute(newest_first.offset(offset).limit(limit)).mappings()
    return [(row["id"], AuditEntry(**{name: row[name] for name in AuditEntry.__struct_fields__})) for row in rows]


def prune(connection: Connection, before: datetime, rows_max: int) -> int:
    """Forget entries older than that, at most *rows_max*, and return how many."""
    oldest = select(audit_entry.c.id, audit_entry.c.created_at).order_by(audit_entry.c.id).limit(rows_max).subquery()
    ids = connection.execute(select(oldest.c.id).where(oldest.c.created_at < before)).scalars().all()
    for some in portions(ids):
        connection.execute(delete(audit_entry).where(audit_entry.c.id.in_(some)))
    return len(ids)
