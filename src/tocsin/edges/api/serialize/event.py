"""Events as the API shows them: short in lists, in full, and with their surroundings (spec/search.md 5.4, 5.5)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tocsin.domain.grouping import LATEST
from tocsin.edges.api.serialize.attachment import attachment_object
from tocsin.edges.api.serialize.entries import entries, entry_remarks
from tocsin.edges.api.serialize.instants import iso
from tocsin.edges.api.serialize.release import release_of_event
from tocsin.edges.api.serialize.user_report import user_report_object
from tocsin.storage.views.events import EventDetail, FoundEvent, StoredEvent

GROUPING_CONFIG = {"id": LATEST, "enhancements": ""}
_LACKING = {"occurrence": None}
"""What stands for features that Tocsin does not have."""
_LACKING_IN_DETAIL: dict[str, Any] = {"sdkUpdates": [], "resolvedWith": []}

_USER_MEMBERS = ("id", "email", "username", "ip_address", "name", "geo", "data")
_HIDDEN_PLACES = ("breadcrumbs", "extra")
_ERROR_TEXTS = {
    "invalid_data": "Discarded invalid value",
    "missing_attribute": "Missing value for required attribute",
    "value_too_long": "Discarded value due to exceeding maximum length",
    "past_timestamp": "Invalid timestamp (too old)",
    "future_timestamp": "Invalid timestamp (in future)",
    "clock_drift": "Clock drift detected in SDK",
}


class _Sender(msgspec.Struct, frozen=True):
    """The only part of the payload that lists show."""

    user: dict[str, Any] | None = None


_sender_of = msgspec.json.Decoder(_Sender).decode


def event_summary(found: FoundEvent) -> dict[str, Any]:
    """Return an event as lists show it (spec/search.md 5.4, without ``full``)."""
    event = found.event
    return {
        "id": event.event_id,
        "event.type": event.type,
        "groupID": _text_or_none(found.issue_id),
        "eventID": event.event_id,
        "projectID": str(event.project_id),
        "message": event.message,
        "title": event.title,
        "location": event.location or None,
        "culprit": event.culprit or None,
        "user": _user(_sender_of(event.payload).user),
        "tags": _tags(event.tags),
        "platform": event.platform,
        "dateCreated": iso(event.timestamp),
        "crashFile": None,
        "metadata": event.metadata,
    }


def event_full(found: FoundEvent) -> dict[str, Any]:
    """Return an event with all there is of it, but nothing around it (spec/search.md 5.4 ``full``)."""
    event = found.event
    payload: dict[str, Any] = msgspec.json.decode(event.payload)
    shown_entries = entries(payload)
    return {
        "id": event.event_id,
        "groupID": _text_or_none(found.issue_id),
        "eventID": event.event_id,
        "projectID": str(event.project_id),
        "size": len(event.payload),
        "entries": shown_entries,
        "dist": event.dist or None,
        "message": (payload.get("logentry") or {}).get("formatted") or "",
        "title": event.title,
        "location": event.location or None,
        "culprit": event.culprit or None,
        "user": _user(payload.get("user")),
        "contexts": payload.get("contexts") or {},
        "sdk": _sdk(event),
        "context": payload.get("extra") or {},
        "packages": payload.get("modules") or {},
        "type": event.type,
        "metadata": event.metadata,
        "tags": _tags(event.tags),
        "platform": event.platform,
        "dateCreated": iso(event.timestamp),
        "dateReceived": iso(event.received),
        "errors": _errors(payload.get("errors") or ()),
        "fingerprints": list(event.hashes),
        "groupingConfig": GROUPING_CONFIG,
        "crashFile": None,
        "_meta": _remarks(payload, event.tags),
        **_LACKING,
    }


def event_detail(detail: EventDetail) -> dict[str, Any]:
    """Return an event with its release and its neighbours (spec/search.md 5.5)."""
    crash = detail.crash_file
    return event_full(detail) | {
        "crashFile": attachment_object(crash) if crash else None,
        "release": release_of_event(detail.event.release, detail.release),
        "nextEventID": detail.neighbours.next_id,
        "previousEventID": detail.neighbours.previous_id,
        "userReport": user_report_object(detail.user_report) if detail.user_report else None,
        **_LACKING_IN_DETAIL,
    }


def event_as_kept(event: StoredEvent) -> dict[str, Any]:
    """Return the normalised event with what was derived from it."""
    payload: dict[str, Any] = msgspec.json.decode(event.payload)
    derived = {
        "event_id": event.event_id,
        "project": event.project_id,
        "title": event.title,
        "culprit": event.culprit or None,
        "location": event.location or None,
        "metadata": event.metadata,
        "received": event.received.timestamp(),
        "tags": [list(pair) for pair in event.tags],
        "hashes": list(event.hashes),
    }
    return payload | derived


def only_stacktraces(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``collapse=stacktraceOnly`` leaves of an event: the entries that hold stack traces."""
    kept = {"exception", "stacktrace", "threads"}
    return {"id": shown["id"], "eventID": shown["eventID"], "entries": _of_types(shown["entries"], kept)}


def _of_types(shown: Sequence[Mapping[str, Any]], types: set[str]) -> list[Mapping[str, Any]]:
    return [entry for entry in shown if entry["type"] in types]


def _text_or_none(number: int | None) -> str | None:
    return None if number is None else str(number)


def _user(stored: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {name: stored.get(name) for name in _USER_MEMBERS} if stored else None


def _sdk(event: StoredEvent) -> dict[str, Any] | None:
    if not event.sdk_name and not event.sdk_version:
        return None
    return {"name": event.sdk_name or None, "version": event.sdk_version or None}


def _tags(tags: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [_tag(key, value) for key, value in tags]


def _tag(key: str, value: str) -> dict[str, str]:
    shown = {"key": key, "value": value}
    return shown | {"query": user_query(value)} if key == "user" else shown


def user_query(value: str) -> str:
    """Return the search that finds the events of a user tag: ``id:5`` gives ``user.id:"5"``."""
    kind, _, identifier = value.partition(":")
    escaped = identifier.replace('"', '\\"')
    return f'user.{kind}:"{escaped}"'


def _errors(stored: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what was wrong with the event, as far as its sender can do something about it."""
    shown = []
    for error in stored:
        kind = str(error.get("type", ""))
        if not _is_hidden(str(error.get("name", ""))):
            data = {name: value for name, value in error.items() if name != "type"}
            shown.append({"type": kind, "message": _ERROR_TEXTS.get(kind, "Unknown error"), "data": data})
    return shown


def _is_hidden(place: str) -> bool:
    return place.split(".", 1)[0] in _HIDDEN_PLACES or ".frames." in place


def _remarks(payload: Mapping[str, Any], tags: Sequence[tuple[str, str]]) -> dict[str, Any]:
    stored = payload.get("_meta") or {}
    return {
        "entries": entry_remarks(payload),
        "message": _remark_at(stored, "logentry", "formatted"),
        "user": stored.get("user"),
        "contexts": stored.get("contexts"),
        "sdk": stored.get("sdk"),
        "context": stored.get("extra"),
        "packages": stored.get("modules"),
        "tags": _tag_remarks(stored.get("tags") or {}, tags),
    }


def _remark_at(stored: Mapping[str, Any], *path: str) -> Any:
    node: Any = stored
    for name in path:
        node = node.get(name) if isinstance(node, dict) else None
    return node


def _tag_remarks(stored: Mapping[str, Any], tags: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the remarks on tags that are shown, under their position among them."""
    return {str(index): {"value": stored[key]} for index, (key, _) in enumerate(tags) if key in stored}
