"""The audit log for screens."""

import msgspec

from tocsin.domain.audit import AuditEntry, AuditEvent
from tocsin.domain.issue.issue import UserId
from tocsin.domain.organization import OrganizationId, User
from tocsin.storage.state import audit, users
from tocsin.storage.state.audit import AuditEntryId
from tocsin.storage.views.stores import Views


class ShownAuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the audit log and whose doing it was."""

    id: AuditEntryId
    entry: AuditEntry
    actor: User | None


def page(
    views: Views,
    organization_id: OrganizationId,
    *,
    event: AuditEvent | None,
    actor_id: UserId | None,
    offset: int,
    limit: int,
) -> list[ShownAuditEntry]:
    """Return *limit* lines of the organization's log after the first *offset*, newest first."""
    with views.state.read() as connection:
        found = audit.page(connection, organization_id, event=event, actor_id=actor_id, offset=offset, limit=limit)
        people = users.by_ids(connection, {entry.actor_id for _, entry in found if entry.actor_id is not None})
    return [
        ShownAuditEntry(id=entry_id, entry=entry, actor=None if entry.actor_id is None else people.get(entry.actor_id))
        for entry_id, entry in found
    ]
