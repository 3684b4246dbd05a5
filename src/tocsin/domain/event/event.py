"""One accepted event after digestion: the value that history stores and issues are made of."""

from datetime import datetime
from typing import Any, NewType

import msgspec

EventId = NewType("EventId", str)
"""32 lowercase hex digits."""

GroupingHash = NewType("GroupingHash", str)
"""32 lowercase hex digits (md5), see spec/ingest.md section 5."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A normalised event with everything derived from it. Text that is absent is ``""``, never None.

    ``payload`` is the normalised event as JSON bytes: what the API shows. Everything else is derived from it once, so
    that no reader has to parse the payload to filter, sort or count.
    """

    project_id: int
    event_id: EventId
    timestamp: datetime
    """When it happened, UTC, after clock-drift correction (spec/ingest.md 3.4)."""
    received: datetime
    type: str
    """``error``, ``default``, ``csp`` …, spec/ingest.md 3.6."""
    level: str
    platform: str
    logger: str = ""
    title: str
    culprit: str = ""
    location: str = ""
    message: str = ""
    """The search text: formatted message, metadata values, culprit and title, spec/search.md 2.3 ``message``."""
    metadata: dict[str, Any]
    transaction: str = ""
    release: str = ""
    dist: str = ""
    environment: str = ""
    user: str = ""
    """The user tag (``id:7``, ``email:…``), the unit of "users affected"; spec/ingest.md 4.8."""
    handled: bool = True
    """False when some exception of the event says so (``error.unhandled``)."""
    tags: tuple[tuple[str, str], ...]
    """Every tag, sent and derived, sorted by key, each key once; includes level, environment, release, dist, user …"""
    hashes: tuple[GroupingHash, ...]
    """Grouping hashes in order of preference, at least one; the first is the primary hash."""
    secondary_hashes: tuple[GroupingHash, ...] = ()
    """Those of the configuration that the project comes from, while that counts (spec/ingest.md 5.9). Never stored."""
    error_types: tuple[str, ...] = ()
    error_values: tuple[str, ...] = ()
    error_mechanisms: tuple[str, ...] = ()
    stack_filenames: tuple[str, ...] = ()
    stack_abs_paths: tuple[str, ...] = ()
    stack_functions: tuple[str, ...] = ()
    stack_modules: tuple[str, ...] = ()
    sdk_name: str = ""
    sdk_version: str = ""
    payload: bytes

    @property
    def primary_hash(self) -> GroupingHash:
        """The hash that decides which issue the event belongs to."""
        return self.hashes[0]
