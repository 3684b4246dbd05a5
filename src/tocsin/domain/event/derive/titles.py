"""Metadata, title and culprit: how an event is called in lists (spec/ingest.md 4.3 to 4.6)."""

from typing import Any

from tocsin.domain.event.derive.crash import crash_frame, exceptions_of, frames_of, main_exception, newest_in_app
from tocsin.domain.event.derive.security import CERTIFICATE_REPORTS, csp_directive, csp_title, host_title
from tocsin.domain.event.feedback import feedback_of
from tocsin.domain.event.normalise.texts import cut

TITLE_LINE_LENGTH_MAX = 100
TYPE_LENGTH_MAX = 128
VALUE_LENGTH_MAX = 1024
CULPRIT_LENGTH_MAX = 200
UNKNOWN = "<unknown>"
UNLABELED = "<unlabeled event>"

_FUNCTION_ONLY = frozenset({"objc", "cocoa", "native"})
_FUNCTION_FIRST = frozenset({"javascript", "node"})


def metadata_of(payload: dict[str, Any], main_exception_id: int | None) -> dict[str, Any]:
    """Return the metadata of an event of any type."""
    kind = payload["type"]
    if kind == "error":
        return _error_metadata(payload, main_exception_id)
    if kind == "csp":
        csp = payload["csp"]
        return {"directive": csp_directive(csp), "uri": _text(csp.get("blocked_uri")), "message": csp_title(csp)}
    if kind in CERTIFICATE_REPORTS:
        return {"message": host_title(kind, payload[kind]), "hostname": _text(payload[kind].get("hostname"))}
    if kind == "transaction":
        return {"title": payload.get("transaction") or UNLABELED}
    if kind == "feedback":
        return _feedback_metadata(payload)
    return {"title": _first_line(message_of(payload)) or UNLABELED}


def title_of(kind: str, metadata: dict[str, Any]) -> str:
    """Return the title that goes with *metadata* of an event of type *kind*."""
    if kind != "error":
        return str(metadata.get("title") or metadata.get("message"))
    type_, value = metadata.get("type"), _first_line(metadata.get("value", ""))
    if type_:
        return f"{type_}: {value}" if value else str(type_)
    return str(metadata.get("function") or UNKNOWN)


def culprit_of(payload: dict[str, Any]) -> str:
    """Return where it happened, in one line: what the client says, the transaction, or the newest in-app call."""
    culprit = payload.get("culprit") or payload.get("transaction")
    if culprit:
        return str(culprit)
    if payload["type"] == "csp":
        return cut(csp_directive(payload["csp"]), CULPRIT_LENGTH_MAX)
    exceptions = exceptions_of(payload)
    if exceptions and (exceptions[-1].get("mechanism") or {}).get("synthetic"):
        return ""
    last = next((frames for frames in map(frames_of, reversed(exceptions)) if frames), None)
    frame = newest_in_app(last or frames_of(payload))
    culprit = _frame_culprit(frame, frame.get("platform") or payload["platform"])
    return cut(culprit or _text((payload.get("request") or {}).get("url")), CULPRIT_LENGTH_MAX)


def message_of(payload: dict[str, Any]) -> str:
    """Return the formatted log message, of feedback what somebody said; ``""`` without one."""
    if payload["type"] == "feedback":
        return _text(feedback_of(payload).get("message"))
    logentry = payload.get("logentry")
    return (logentry.get("formatted") or logentry.get("message") or "") if logentry else ""


def search_text(message: str, metadata: dict[str, Any], culprit: str, title: str) -> str:
    """Return the text that a search for words looks into, each part only once (spec/search.md 2.3)."""
    text = message
    for part in (*(metadata.get(name, "") for name in ("type", "value", "filename", "function")), culprit, title):
        if part and part not in text:
            text = f"{text} {part}" if text else part
    return text


def _feedback_metadata(payload: dict[str, Any]) -> dict[str, Any]:
    feedback = feedback_of(payload)
    message = _text(feedback.get("message"))
    said = {name: feedback.get(name) for name in ("contact_email", "name", "url", "associated_event_id", "source")}
    known = {name: value for name, value in said.items() if value and isinstance(value, str)}
    said_first = _first_line(message) or UNLABELED
    return {"title": said_first, "value": cut(message, VALUE_LENGTH_MAX)} | known


def _error_metadata(payload: dict[str, Any], main_exception_id: int | None) -> dict[str, Any]:
    exceptions = exceptions_of(payload)
    exception = main_exception(exceptions, main_exception_id) or {}
    frame = crash_frame(payload, exceptions)
    synthetic = (exception.get("mechanism") or {}).get("synthetic")
    metadata = {
        "type": "" if synthetic else cut(exception.get("type") or "", TYPE_LENGTH_MAX),
        "value": cut(exception.get("value") or "", VALUE_LENGTH_MAX),
        "filename": frame.get("filename") or frame.get("abs_path"),
        "function": frame.get("function"),
        "in_app_frame_mix": _frame_mix(frames_of(exception)),
    }
    return {name: value for name, value in metadata.items() if value}


def _frame_mix(frames: list[dict[str, Any]]) -> str:
    if not any(frame.get("in_app") for frame in frames):
        return "system-only" if frames else ""
    return "in-app-only" if all(frame.get("in_app") for frame in frames) else "mixed"


def _frame_culprit(frame: dict[str, Any], platform: str) -> str:
    function = frame.get("function")
    place = frame.get("module") or frame.get("filename")
    if platform in _FUNCTION_ONLY:
        return function or ""
    if not place:
        return ""
    if platform in _FUNCTION_FIRST:
        return f"{function or '?'}({place})"
    return f"{place} in {function or '?'}"


def _first_line(text: str) -> str:
    line = text.lstrip().partition("\n")[0].rstrip()
    return cut(line, TITLE_LINE_LENGTH_MAX)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
