"""The audit log as the API shows it."""

from collections.abc import Callable, Mapping
from typing import Any

from tocsin.domain.audit import AuditEvent
from tocsin.edges.api.serialize.instants import iso
from tocsin.edges.api.serialize.user import user_object
from tocsin.storage.views.audit import ShownAuditEntry

_NOTES: Mapping[AuditEvent, Callable[[Mapping[str, Any]], str]] = {
    AuditEvent.ISSUE_DELETE: lambda data: f"deleted issue {data['issue_id']} of project {data['project_slug']}",
    AuditEvent.ORGANIZATION_CREATE: lambda data: f"created the organization {data['slug']}",
    AuditEvent.ORGANIZATION_EDIT: lambda data: f"changed {', '.join(data['changed'])} of the organization",
    AuditEvent.TEAM_CREATE: lambda data: f"created team {data['slug']}",
    AuditEvent.PROJECT_CREATE: lambda data: f"created project {data['slug']}",
    AuditEvent.PROJECT_EDIT: lambda data: f"changed {', '.join(data['changed'])} of project {data['slug']}",
    AuditEvent.MEMBER_ADD: lambda data: f"added {data['email']} as {data['role']}",
    AuditEvent.MEMBER_EDIT: lambda data: f"made {data['email']} {data['role']}",
    AuditEvent.TOKEN_CREATE: lambda data: f"created a token with the scopes {', '.join(data['scopes'])}",
}


def audit_entry_object(shown: ShownAuditEntry) -> dict[str, Any]:
    """Return one line: who did what, as data and as a sentence without its subject."""
    entry = shown.entry
    return {
        "id": str(shown.id),
        "actor": user_object(shown.actor) if shown.actor else None,
        "event": entry.event,
        "note": _NOTES[entry.event](entry.data),
        "targetObject": entry.target_id,
        # Of a user Tocsin keeps what the data say, and of an address nothing.
        "targetUser": None,
        "ipAddress": None,
        "data": entry.data,
        "dateCreated": iso(entry.created_at),
    }
