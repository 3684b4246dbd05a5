"""Deletions as the API shows them."""

from typing import Any

from tocsin.edges.api.serialize.instants import iso, iso_or_none
from tocsin.edges.api.serialize.user import user_object
from tocsin.storage.views.deletions import ShownDeletion


def deletion_object(shown: ShownDeletion) -> dict[str, Any]:
    """Return what a deletion deletes and how much of it is gone."""
    one = shown.deletion
    return {
        "id": str(one.id),
        "issues": one.issues,
        "issuesDeleted": one.issues_deleted,
        "eventsDeleted": one.events_deleted,
        "actor": user_object(shown.actor) if shown.actor else None,
        "dateCreated": iso(one.created_at),
        "dateFinished": iso_or_none(one.finished_at),
    }
