"""What people say of their own accord: feedback, an event with an issue of its own (spec/ingest.md 8.3)."""

from typing import Any

from tocsin.domain.event.arrival import InvalidEvent


def prepared_feedback(raw: dict[str, Any], event_id: str) -> dict[str, Any]:
    """Return *raw* as the event of one feedback, that groups with no other.

    Raises InvalidEvent when nothing is said in it.
    """
    message = feedback_of(raw).get("message")
    if not isinstance(message, str) or not message.strip():
        raise InvalidEvent("empty_feedback")
    return raw | {"type": "feedback", "fingerprint": ["feedback", event_id], "level": raw.get("level") or "info"}


def feedback_of(payload: dict[str, Any]) -> dict[str, Any]:
    """Return what was said and by whom; nothing when the event is no feedback."""
    contexts = payload.get("contexts")
    feedback = contexts.get("feedback") if isinstance(contexts, dict) else None
    return feedback if isinstance(feedback, dict) else {}
