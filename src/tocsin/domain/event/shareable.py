"""What a stranger with the link to a shared issue may see of its events (spec/mutation.md 8.1).

Lists of what may be seen, not of what may not: an attribute that somebody adds to events stays private until it is
added here too. What went wrong, and where in the code, is shown. To whom, on which machine, after what, and with what
in requests and variables, is not.
"""

from collections.abc import Collection, Mapping
from typing import Any

Stored = Mapping[str, Any]
"""A part of a normalised event."""

_FRAME = frozenset(
    {
        *("function", "raw_function", "symbol", "module", "package", "filename", "lineno", "colno", "platform"),
        *("in_app", "pre_context", "context_line", "post_context"),
    }
)
_MECHANISM = frozenset(
    {
        *("type", "description", "help_link", "handled", "synthetic", "source"),
        *("exception_id", "parent_id", "is_exception_group"),
    }
)
_EXCEPTION = frozenset({"type", "value", "module", "thread_id"})
_THREAD = frozenset({"id", "name", "crashed", "current", "main"})
_REPORT = frozenset({"effective_directive", "violated_directive", "disposition"})
_TEMPLATE = frozenset({"filename", "lineno", "pre_context", "context_line", "post_context"})


def shareable(payload: Stored) -> dict[str, Any]:
    """Return what is left for strangers of a normalised event."""
    parts = {
        "logentry": _only(payload.get("logentry"), {"formatted"}),
        "exception": _values(payload.get("exception"), _exception),
        "stacktrace": _stacktrace(payload.get("stacktrace")),
        "threads": _values(payload.get("threads"), _thread),
        "csp": _only(payload.get("csp"), _REPORT),
        "template": _only(payload.get("template"), _TEMPLATE),
    }
    return {name: part for name, part in parts.items() if part}


def _only(stored: Stored | None, names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in (stored or {}).items() if name in names}


def _values(stored: Stored | None, shown: Any) -> dict[str, Any]:
    values = (stored or {}).get("values") or []
    return {"values": [shown(value) for value in values]} if values else {}


def _exception(stored: Stored) -> dict[str, Any]:
    parts = {
        "mechanism": _only(stored.get("mechanism"), _MECHANISM),
        "stacktrace": _stacktrace(stored.get("stacktrace")),
    }
    return _only(stored, _EXCEPTION) | {name: part for name, part in parts.items() if part}


def _thread(stored: Stored) -> dict[str, Any]:
    trace = _stacktrace(stored.get("stacktrace"))
    return _only(stored, _THREAD) | ({"stacktrace": trace} if trace else {})


def _stacktrace(stored: Stored | None) -> dict[str, Any]:
    frames = (stored or {}).get("frames") or []
    return {"frames": [_only(frame, _FRAME) for frame in frames]} if frames else {}
