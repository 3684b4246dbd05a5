"""Appending what a batch brings: events, and what it tells of sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.event.event import Event
from tocsin.domain.session.session import SessionUpdate, Told
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


def insert_sessions(history: History, token: str, told: Sequence[Told]) -> None:
    """Append what a batch tells of sessions, under the same promise as events: once for each *token*."""
    if told:
        columns = list(zip(*map(_session_row, told), strict=True))
        history.insert_session_columns(columns, {"insert_deduplication_token": token})


_NOT_TOLD = -1.0
_NO_SESSIONS = (0, 0, 0, 0, 0)


def _session_row(told: Told) -> tuple[Any, ...]:
    """Return what was told in the order of `schema.SESSION_COLUMNS`."""
    hour = told.started.replace(minute=0, second=0, microsecond=0)
    place = (told.project_id, hour, told.release, told.environment)
    if isinstance(told, SessionUpdate):
        seconds = _NOT_TOLD if told.seconds is None else told.seconds
        return (*place, told.session, told.user, told.severity, told.is_first, seconds, *_NO_SESSIONS)
    return (*place, 0, told.user, told.severity, False, _NOT_TOLD, *told.counts)


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
