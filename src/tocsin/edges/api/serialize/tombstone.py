"""Tombstones as the API shows them (spec/README.md)."""

from typing import Any

from tocsin.edges.api.serialize.instants import iso
from tocsin.edges.api.serialize.user import user_object
from tocsin.storage.views.tombstones import ShownTombstone


def tombstone_object(shown: ShownTombstone) -> dict[str, Any]:
    """Return a tombstone."""
    tombstone = shown.tombstone
    return {
        "id": str(tombstone.id),
        "title": tombstone.title,
        "message": tombstone.message,
        "culprit": tombstone.culprit,
        "type": tombstone.type,
        "level": tombstone.level,
        "metadata": tombstone.metadata,
        "actor": user_object(shown.actor) if shown.actor else None,
        "dateAdded": iso(tombstone.created_at),
        "timesDiscarded": tombstone.times_discarded,
    }
