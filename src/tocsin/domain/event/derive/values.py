"""From a normalised payload to the event that history stores."""

from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from tocsin.domain.event.arrival import Arrival, InvalidEvent
from tocsin.domain.event.derive.crash import all_frames, exceptions_of
from tocsin.domain.event.derive.tags import is_handled, tags_of, user_tag
from tocsin.domain.event.derive.titles import (
    TITLE_LENGTH_MAX,
    culprit_of,
    first_line,
    message_of,
    metadata_of,
    search_text,
    title_of,
)
from tocsin.domain.event.event import Event, EventId, GroupingHash

_encode = msgspec.json.Encoder().encode


class Grouped(Protocol):
    """What grouping decided about an event, as far as derivation needs it."""

    @property
    def hashes(self) -> tuple[GroupingHash, ...]:
        """At least one, in order of preference."""

    @property
    def main_exception_id(self) -> int | None:
        """The ``exception_id`` of the exception that names the event, None for the last one."""

    @property
    def title(self) -> str | None:
        """The title that a fingerprint rule gives, None without such a rule."""


def derive(payload: dict[str, Any], grouping: Grouped, arrival: Arrival) -> Event:
    """Return the event that *payload*, normalised and grouped, stands for (spec/ingest.md 4).

    A payload that cannot be written as JSON, for it nests too deeply, raises InvalidEvent.
    """
    exceptions = exceptions_of(payload)
    metadata = metadata_of(payload, grouping.main_exception_id)
    title = first_line(grouping.title or "", TITLE_LENGTH_MAX)
    if title:
        metadata["title"] = title
    title = title or title_of(payload["type"], metadata)
    culprit = culprit_of(payload)
    user = user_tag(payload.get("user"))
    sdk = payload.get("sdk") or {}
    frames = all_frames(payload, exceptions)
    return Event(
        project_id=arrival.project_id,
        event_id=EventId(arrival.event_id),
        timestamp=datetime.fromtimestamp(payload["timestamp"], UTC),
        received=arrival.received,
        type=payload["type"],
        level=payload["level"],
        platform=payload["platform"],
        logger=payload.get("logger", ""),
        title=title,
        culprit=culprit,
        location=metadata.get("filename", ""),
        message=search_text(message_of(payload), metadata, culprit, title),
        metadata=metadata,
        transaction=payload.get("transaction", ""),
        release=payload.get("release", ""),
        dist=payload.get("dist", ""),
        environment=payload.get("environment", ""),
        user=user,
        handled=is_handled(exceptions),
        tags=tags_of(payload, exceptions, user),
        hashes=grouping.hashes,
        error_types=_each(exceptions, "type"),
        error_values=_each(exceptions, "value"),
        error_mechanisms=_each([each["mechanism"] for each in exceptions if each.get("mechanism")], "type"),
        stack_filenames=_each(frames, "filename"),
        stack_abs_paths=_each(frames, "abs_path"),
        stack_functions=_each(frames, "function"),
        stack_modules=_each(frames, "module"),
        sdk_name=sdk.get("name") or "",
        sdk_version=sdk.get("version") or "",
        payload=_encoded(payload),
    )


def _each(owners: list[dict[str, Any]], name: str) -> tuple[str, ...]:
    """Return the texts that *owners* have under *name*, each once, in order of first appearance."""
    return tuple(filter(None, dict.fromkeys([owner.get(name) for owner in owners])))


def _encoded(payload: dict[str, Any]) -> bytes:
    try:
        return _encode(payload)
    except RecursionError:
        raise InvalidEvent("The event is nested too deeply.") from None
