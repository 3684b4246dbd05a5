"""What people said about events, as the API shows it (spec/search.md 5.15)."""

from typing import Any

from tocsin.domain.user_report import UserReport
from tocsin.edges.api.serialize.instants import iso


def user_report_object(report: UserReport) -> dict[str, Any]:
    """Return a report; who made it need not have an account, so their ``user`` is unknown."""
    return {
        "id": str(report.id),
        "eventID": report.event_id,
        "event": {"id": report.event_id, "eventID": report.event_id},
        "name": report.name,
        "email": report.email,
        "comments": report.comments,
        "dateCreated": iso(report.created_at),
        "user": None,
    }
