"""Appending a batch of digested events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.event.event import Event
from tocsin.storage.history.instant import micros
from tocsin.storage.history.store import History

_encode = msgspec.json.Encoder().encode


def insert(history: History, token: str, events: Sequence[Event], digested_at: datetime) -> None:
    """Append *events* as one batch; a batch whose *token* is known is left out, however often it is tried.

    When this returns, the batch is on disk. A batch is known among the last 10,000, also after a crash or a restart.
    The rows of a token must be the same at each try.
    """
    if not events:
        return
    rows = [_row(event, micros(digested_at)) for event in events]
    columns = list(zip(*rows, strict=True))
    history.insert_columns(columns, {"insert_deduplication_token": token})


def _row(event: Event, digested_micros: int) -> tuple[Any, ...]:
    """Return *event* in the order of `schema.EVENT_COLUMNS`."""
    hashes = [bytes.fromhex(grouping_hash) for grouping_hash in event.hashes]
    return (
        event.project_id,
        hashes[0],
        micros(event.timestamp),
        bytes.fromhex(event.event_id),
        micros(event.received),
        digested_micros,
        hashes,
        event.type,
        event.level,
        event.platform,
        event.logger,
        event.title,
        event.culprit,
        event.location,
        event.message,
        _encode(event.metadata),
        event.transaction,
        event.release,
        event.dist,
        event.environment,
        event.user,
        event.handled,
        dict(event.tags),
        event.error_types,
        event.error_values,
        event.error_mechanisms,
        event.stack_filenames,
        event.stack_abs_paths,
        event.stack_functions,
        event.stack_modules,
        event.sdk_name,
        event.sdk_version,
        event.payload,
    )
