"""What became of each item that was sent, as it is counted by the hour (spec/ingest.md 1.8, 2.4, 6.9)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec


class Category(StrEnum):
    """What is counted, and limited, apart."""

    DEFAULT = "default"
    ERROR = "error"
    TRANSACTION = "transaction"
    SPAN = "span"
    MONITOR = "monitor"
    SECURITY = "security"
    ATTACHMENT = "attachment"
    """Bytes."""
    ATTACHMENT_ITEM = "attachment_item"
    SESSION = "session"
    REPLAY = "replay"
    PROFILE = "profile"
    PROFILE_CHUNK = "profile_chunk"
    FEEDBACK = "feedback"
    LOG_ITEM = "log_item"
    LOG_BYTE = "log_byte"
    TRACE_METRIC = "trace_metric"
    METRIC_BUCKET = "metric_bucket"
    INTERNAL = "internal"
    """What never counts against anybody: client reports, and items that nobody knows."""


ERRORS = frozenset({Category.ERROR, Category.DEFAULT, Category.SECURITY})
"""What people count as errors: also messages, and what browsers report."""


class Verdict(StrEnum):
    """What may become of an item."""

    ACCEPTED = "accepted"
    FILTERED = "filtered"
    RATE_LIMITED = "rate_limited"
    INVALID = "invalid"
    ABUSE = "abuse"
    CLIENT_DISCARD = "client_discard"
    """The SDK says that it did not send it."""
    CARDINALITY_LIMITED = "cardinality_limited"


NOT_STORED = "not-stored"
"""Reason of items that are understood but kept by nobody: spans, logs, metrics, profiles, replays."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of items of one category, and why."""

    category: Category
    verdict: Verdict
    reason: str = ""
    quantity: int = 1


class OutcomeKey(NamedTuple):
    """One count of one hour."""

    project_id: int
    public_key: str
    hour: datetime
    """Its beginning."""
    category: Category
    verdict: Verdict
    reason: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Whom items are counted for: who sent them, and when they arrived."""

    project_id: int
    public_key: str
    received: datetime

    def key(self, outcome: Outcome) -> OutcomeKey:
        """Return the count that *outcome* adds to."""
        hour = self.received.replace(minute=0, second=0, microsecond=0)
        return OutcomeKey(
            self.project_id, self.public_key, hour, outcome.category, outcome.verdict, outcome.reason[:REASON_CHARS_MAX]
        )


REASON_CHARS_MAX = 200

_CATEGORIES: Mapping[str, Category] = {
    "event": Category.ERROR,
    "transaction": Category.TRANSACTION,
    "attachment": Category.ATTACHMENT_ITEM,
    "session": Category.SESSION,
    "sessions": Category.SESSION,
    "check_in": Category.MONITOR,
    "feedback": Category.FEEDBACK,
    "user_report": Category.FEEDBACK,
    "log": Category.LOG_ITEM,
    "otel_log": Category.LOG_ITEM,
    "trace_metric": Category.TRACE_METRIC,
    "span": Category.SPAN,
    "otel_span": Category.SPAN,
    "profile": Category.PROFILE,
    "profile_chunk": Category.PROFILE_CHUNK,
    "replay_event": Category.REPLAY,
    "replay_recording": Category.REPLAY,
    "replay_video": Category.REPLAY,
    "statsd": Category.METRIC_BUCKET,
    "metric_buckets": Category.METRIC_BUCKET,
}

_EVENT_CATEGORIES: Mapping[str, Category] = {
    "default": Category.DEFAULT,
    "feedback": Category.FEEDBACK,
    "generic": Category.INTERNAL,
    "transaction": Category.TRANSACTION,
    **dict.fromkeys(("csp", "hpkp", "expectct", "expectstaple"), Category.SECURITY),
}


def item_category(item_type: str) -> Category:
    """Return the category of an item whose payload has not been looked at."""
    return _CATEGORIES.get(item_type, Category.INTERNAL)


def event_category(event_type: str) -> Category:
    """Return the category of an event by its type (spec/ingest.md 3.6)."""
    return _EVENT_CATEGORIES.get(event_type, Category.ERROR)


def attachment_outcomes(size: int, verdict: Verdict, reason: str = "") -> list[Outcome]:
    """Return what became of one attachment of *size* bytes: it counts as bytes and as a piece."""
    return [
        Outcome(category=Category.ATTACHMENT, verdict=verdict, reason=reason, quantity=size),
        Outcome(category=Category.ATTACHMENT_ITEM, verdict=verdict, reason=reason),
    ]
