"""A sighting: as much of an event as its issue takes notice of."""

from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.event.event import Event

PLACEHOLDER_TITLES = frozenset({"", "<unlabeled event>", "<untitled>"})
"""Titles that say nothing; they never replace one that does (spec/ingest.md 4.4)."""


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One event of an issue, seen from the issue. Text that is absent is ``""``."""

    event_id: str
    timestamp: datetime
    type: str
    level: str
    platform: str
    logger: str = ""
    title: str
    culprit: str = ""
    message: str = ""
    metadata: dict[str, Any]
    release: str = ""
    user: str = ""
    """The user tag."""

    @property
    def has_title(self) -> bool:
        """Whether the event says what it is."""
        return self.title not in PLACEHOLDER_TITLES


def sighting_of(event: Event) -> Sighting:
    """Return *event* as its issue sees it."""
    return Sighting(
        event_id=event.event_id,
        timestamp=event.timestamp,
        type=event.type,
        level=event.level,
        platform=event.platform,
        logger=event.logger,
        title=event.title,
        culprit=event.culprit,
        message=event.message,
        metadata=event.metadata,
        release=event.release,
        user=event.user,
    )
