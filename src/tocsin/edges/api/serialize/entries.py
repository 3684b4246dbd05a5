"""The parts of an event that are shown one below the other, most important first (spec/search.md 5.5)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tocsin.edges.api.serialize.instants import iso
from tocsin.edges.api.serialize.stacktrace import NAMES as FRAME_NAMES
from tocsin.edges.api.serialize.stacktrace import has_system_frames, source_lines, stacktrace

Stored = Mapping[str, Any]

_CSP_MEMBERS = (
    *("effective_directive", "violated_directive", "blocked_uri", "document_uri", "original_policy", "referrer"),
    *("status_code", "source_file", "line_number", "column_number", "script_sample", "disposition"),
)
_CRUMB_MEMBERS = ("type", "category", "level", "message", "data", "event_id")


def _message(stored: Stored) -> dict[str, Any]:
    return {"message": stored.get("message"), "formatted": stored.get("formatted"), "params": stored.get("params")}


def _exceptions(stored: Stored) -> dict[str, Any]:
    values = stored["values"]
    return {
        "values": [_exception(value) for value in values],
        "hasSystemFrames": any(has_system_frames(value.get("stacktrace")) for value in values),
        "excOmitted": None,
    }


def _exception(stored: Stored) -> dict[str, Any]:
    return {
        "type": stored.get("type"),
        "value": stored.get("value"),
        "module": stored.get("module"),
        "threadId": stored.get("thread_id"),
        "mechanism": _without_empty(stored.get("mechanism")),
        "stacktrace": stacktrace(stored.get("stacktrace")),
        "rawStacktrace": stacktrace(stored.get("raw_stacktrace")),
    }


def _without_empty(stored: Stored | None) -> dict[str, Any] | None:
    return {name: value for name, value in (stored or {}).items() if value not in (None, "", {}, [])} or None


def _stacktrace(stored: Stored) -> dict[str, Any]:
    return stacktrace(stored) or {"frames": [], "framesOmitted": None, "registers": None, "hasSystemFrames": False}


def _threads(stored: Stored) -> dict[str, Any]:
    return {"values": [_thread(value) for value in stored["values"]]}


def _thread(stored: Stored) -> dict[str, Any]:
    return {
        "id": stored.get("id"),
        "name": stored.get("name"),
        "current": bool(stored.get("current")),
        "crashed": bool(stored.get("crashed")),
        "state": stored.get("state"),
        "heldLocks": stored.get("held_locks"),
        "stacktrace": stacktrace(stored.get("stacktrace")),
        "rawStacktrace": stacktrace(stored.get("raw_stacktrace")),
    }


def _csp(stored: Stored) -> dict[str, Any]:
    return {name: stored.get(name) for name in _CSP_MEMBERS}


def _as_stored(stored: Any) -> Any:
    return stored


def _template(stored: Stored) -> dict[str, Any]:
    return {
        "lineNo": stored.get("lineno"),
        "filename": stored.get("filename"),
        "absPath": stored.get("abs_path"),
        "context": source_lines(stored),
    }


def _breadcrumbs(stored: Stored) -> dict[str, Any]:
    return {"values": [_breadcrumb(value) for value in stored["values"]]}


def _breadcrumb(stored: Stored) -> dict[str, Any]:
    at = stored.get("timestamp")
    shown = {name: stored.get(name) for name in _CRUMB_MEMBERS}
    return shown | {"timestamp": None if at is None else iso(datetime.fromtimestamp(at, UTC))}


def _request(stored: Stored) -> dict[str, Any]:
    return {
        "method": stored.get("method"),
        "url": stored.get("url"),
        "query": stored.get("query_string") or [],
        "fragment": stored.get("fragment"),
        "data": stored.get("data"),
        "headers": stored.get("headers") or [],
        "cookies": stored.get("cookies") or [],
        "env": stored.get("env"),
        "inferredContentType": stored.get("inferred_content_type"),
        "apiTarget": stored.get("api_target"),
    }


def _debug_meta(stored: Stored) -> dict[str, Any]:
    return {"images": stored.get("images") or [], "sdk_info": stored.get("sdk_info")}


class _Kind(msgspec.Struct, frozen=True):
    """One kind of entry: its name, the attribute of the event it shows, how, and which members it spells otherwise."""

    type: str
    attribute: str
    shown: Callable[[Any], Any]
    names: Mapping[str, str] = {}


_VALUE_NAMES = FRAME_NAMES | {"thread_id": "threadId", "raw_stacktrace": "rawStacktrace", "held_locks": "heldLocks"}
_REQUEST_NAMES = {
    "query_string": "query",
    "inferred_content_type": "inferredContentType",
    "api_target": "apiTarget",
}
_KINDS = (
    _Kind("message", "logentry", _message),
    _Kind("exception", "exception", _exceptions, _VALUE_NAMES),
    _Kind("stacktrace", "stacktrace", _stacktrace, FRAME_NAMES),
    _Kind("threads", "threads", _threads, _VALUE_NAMES),
    _Kind("csp", "csp", _csp),
    _Kind("hpkp", "hpkp", _as_stored),
    _Kind("expectct", "expectct", _as_stored),
    _Kind("expectstaple", "expectstaple", _as_stored),
    _Kind("template", "template", _template, FRAME_NAMES),
    _Kind("breadcrumbs", "breadcrumbs", _breadcrumbs),
    _Kind("request", "request", _request, _REQUEST_NAMES),
    _Kind("debugmeta", "debug_meta", _debug_meta),
    _Kind("spans", "spans", _as_stored),
)
"""In order of importance."""


def entries(payload: Stored) -> list[dict[str, Any]]:
    """Return the entries of a normalised event, each ``{type, data}``."""
    return [{"type": kind.type, "data": kind.shown(payload[kind.attribute])} for kind in _present(payload)]


def entry_remarks(payload: Stored) -> dict[str, Any]:
    """Return what was scrubbed or cut in each entry, under its position in :func:`entries`."""
    remarks = payload.get("_meta") or {}
    return {
        str(position): {"data": _renamed(remarks[kind.attribute], kind.names)}
        for position, kind in enumerate(_present(payload))
        if kind.attribute in remarks
    }


def _present(payload: Stored) -> list[_Kind]:
    return [kind for kind in _KINDS if payload.get(kind.attribute)]


_FOREIGN = frozenset({"", "vars", "data", "registers", "headers", "cookies", "env", "params"})
"""Members whose own members are named by somebody else."""


def _renamed(remarks: Any, names: Mapping[str, str]) -> Any:
    if not names or not isinstance(remarks, dict):
        return remarks
    return {
        names.get(name, name): node if name in _FOREIGN else _renamed(node, names) for name, node in remarks.items()
    }
