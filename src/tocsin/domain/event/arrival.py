"""How one event reached us, and the one way it can turn out not to be an event."""

from datetime import datetime
from typing import Any

import msgspec


class InvalidEvent(Exception):  # noqa: N818 - the outcome is called "invalid", nobody made an error in our code
    """The body is no event: undecodable, or from before 1970 (spec/ingest.md 3); its outcome is ``invalid``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an event besides its body; the clock and the ids of normalisation come from here."""

    project_id: int
    event_id: str
    """32 lowercase hex digits, decided by the intake; wins over the body's own."""
    received: datetime
    """UTC."""
    sent_at: datetime | None = None
    """The sender's clock when it sent, UTC; without it no drift is corrected."""
    client_ip: str = ""
    client: str = ""
    """``name/version`` of the SDK by its authentication."""
    user_agent: str = ""
    """User-Agent of the request that brought the event; describes a browser only for security reports."""
    sdk: dict[str, Any] | None = None
    """``sdk`` of the envelope header, used when the body names none."""
    event_age_days_max: int = 30
    """Older events are taken to have happened on arrival (``past_timestamp``)."""
