"""Files of events as the API shows them (spec/required-keys.md)."""

from typing import Any

from tocsin.edges.api.serialize.instants import iso
from tocsin.storage.views.events import Attachment


def attachment_object(stored: Attachment) -> dict[str, Any]:
    """Return one file of an event. We know files by SHA-256, so their ``sha1`` is empty."""
    return {
        "id": str(stored.id),
        "event_id": stored.event_id,
        "type": stored.type,
        "name": stored.name,
        "mimetype": stored.content_type,
        "dateCreated": iso(stored.created_at),
        "size": stored.size_bytes,
        "headers": {"Content-Type": stored.content_type},
        "sha1": "",
    }
