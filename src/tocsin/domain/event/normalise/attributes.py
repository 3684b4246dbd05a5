"""The attributes of an event and the steps that settle what depends on more than one of them."""

from collections.abc import Callable
from typing import Any

from tocsin.domain.event.arrival import Arrival, InvalidEvent
from tocsin.domain.event.normalise.breadcrumbs import clean_breadcrumbs
from tocsin.domain.event.normalise.clock import settle_clock, shift_spans
from tocsin.domain.event.normalise.contexts import (
    clean_contexts,
    clean_debug_meta,
    clean_extra,
    clean_modules,
    clean_other,
    clean_sdk,
    clean_security_report,
    clean_template,
    clean_transaction_info,
    settle_sdk,
)
from tocsin.domain.event.normalise.databags import META
from tocsin.domain.event.normalise.exceptions import clean_exceptions
from tocsin.domain.event.normalise.labels import (
    clean_checksum,
    clean_culprit,
    clean_dist,
    clean_environment,
    clean_fingerprint,
    clean_level,
    clean_logger,
    clean_platform,
    clean_release,
    clean_server_name,
    clean_transaction,
)
from tocsin.domain.event.normalise.logentry import clean_logentry
from tocsin.domain.event.normalise.remarks import ERRORS_MAX, Path, Remarks
from tocsin.domain.event.normalise.request import clean_request, header_of
from tocsin.domain.event.normalise.stacktraces import clean_stacktrace, clean_threads
from tocsin.domain.event.normalise.tags import clean_tags
from tocsin.domain.event.normalise.user import clean_user, settle_addresses
from tocsin.domain.event.normalise.user_agent import describe_client

SECURITY_TYPES = ("csp", "hpkp", "expectct", "expectstaple")
TIME_SPENT_MAX = 2**31 - 1

_ALIASES = {
    "sentry.interfaces.Exception": "exception",
    "sentry.interfaces.Message": "logentry",
    "sentry.interfaces.Stacktrace": "stacktrace",
    "sentry.interfaces.User": "user",
    "sentry.interfaces.Http": "request",
    "sentry.interfaces.Contexts": "contexts",
    "sentry.interfaces.Breadcrumbs": "breadcrumbs",
    "sentry.interfaces.Template": "template",
    "sentry.interfaces.Csp": "csp",
    "sentry.interfaces.Hpkp": "hpkp",
    "sentry.interfaces.ExpectCT": "expectct",
    "sentry.interfaces.ExpectStaple": "expectstaple",
}


def _as_sent(sent: Any, _path: Path, _remarks: Remarks) -> Any:
    """Return what a later step reads."""
    return sent


def _clean_time_spent(sent: Any, path: Path, remarks: Remarks) -> int | None:
    if isinstance(sent, int) and not isinstance(sent, bool):
        return sent if 0 <= sent < TIME_SPENT_MAX else None
    remarks.removed(path, sent, reason="expected a number")
    return None


def _clean_errors(sent: Any, _path: Path, _remarks: Remarks) -> list[dict[str, Any]] | None:
    return [each for each in sent if isinstance(each, dict)] if isinstance(sent, list) else None


_CLEANERS: dict[str, Callable[[Any, Path, Remarks], Any]] = {
    "type": _as_sent,
    "timestamp": _as_sent,
    "start_timestamp": _as_sent,
    "platform": clean_platform,
    "level": clean_level,
    "logger": clean_logger,
    "transaction": clean_transaction,
    "transaction_info": clean_transaction_info,
    "culprit": clean_culprit,
    "server_name": clean_server_name,
    "site": clean_server_name,
    "release": clean_release,
    "dist": clean_dist,
    "environment": clean_environment,
    "message": _as_sent,
    "logentry": clean_logentry,
    "fingerprint": clean_fingerprint,
    "checksum": clean_checksum,
    "modules": clean_modules,
    "tags": clean_tags,
    "extra": clean_extra,
    "user": clean_user,
    "request": clean_request,
    "contexts": clean_contexts,
    "breadcrumbs": _as_sent,
    "exception": clean_exceptions,
    "stacktrace": clean_stacktrace,
    "raw_stacktrace": clean_stacktrace,
    "threads": clean_threads,
    "template": clean_template,
    "debug_meta": clean_debug_meta,
    "sdk": clean_sdk,
    "spans": _as_sent,
    "time_spent": _clean_time_spent,
    "errors": _clean_errors,
    **dict.fromkeys(SECURITY_TYPES, clean_security_report),
}


def normalise(raw: dict[str, Any], arrival: Arrival) -> dict[str, Any]:
    """Return the event in its canonical form; *raw* is used up and must not be read afterwards.

    Tags, query, headers and cookies become lists of pairs; exceptions, threads and breadcrumbs lists under ``values``;
    times seconds since 1970 as floats. A bad attribute is removed and remembered in ``errors`` and ``_meta``; only an
    event from before 1970, or one that nests beyond all measure, raises InvalidEvent.
    """
    try:
        return _normalised(raw, arrival)
    except RecursionError:
        raise InvalidEvent("The event is nested too deeply.") from None


def _normalised(raw: dict[str, Any], arrival: Arrival) -> dict[str, Any]:
    meta = raw.pop("_meta", None)
    remarks = Remarks(META.kept(meta, ("_meta",), Remarks()) if isinstance(meta, dict) else None)
    if not _ALIASES.keys().isdisjoint(raw):
        _rename_aliases(raw, remarks)
    event: dict[str, Any] = {}
    for key, sent in raw.items():
        if sent is not None:
            value = _CLEANERS.get(key, clean_other)(sent, (key,), remarks)
            if value is not None:
                event[key] = value
    _settle(event, arrival, remarks)
    _write_remarks(event, remarks)
    return event


def _settle(event: dict[str, Any], arrival: Arrival, remarks: Remarks) -> None:
    """Do, in order, what needs more than one attribute or the arrival."""
    event["event_id"] = arrival.event_id
    event.setdefault("platform", "other")
    _settle_times(event, arrival, remarks)
    _settle_message(event, remarks)
    _settle_stacktrace(event, remarks)
    _settle_type(event)
    _settle_tags(event, remarks)
    settle_sdk(event, arrival, remarks)
    _settle_security(event, arrival)
    settle_addresses(event, arrival)
    describe_client(event)


def _rename_aliases(raw: dict[str, Any], remarks: Remarks) -> None:
    for alias, key in _ALIASES.items():
        sent = raw.pop(alias, None)
        if sent is not None and raw.get(key) is None:
            remarks.moved((alias,), (key,))
            raw[key] = sent


def _settle_times(event: dict[str, Any], arrival: Arrival, remarks: Remarks) -> None:
    shift = settle_clock(event, arrival, remarks)
    shift_spans(event, shift, remarks)
    if "breadcrumbs" in event:
        breadcrumbs = clean_breadcrumbs(event.pop("breadcrumbs"), shift, ("breadcrumbs",), remarks)
        if breadcrumbs:
            event["breadcrumbs"] = breadcrumbs


def _settle_message(event: dict[str, Any], remarks: Remarks) -> None:
    sent = event.pop("message", None)
    if sent is not None and "logentry" not in event:
        remarks.moved(("message",), ("logentry", "formatted") if isinstance(sent, str) else ("logentry",))
        logentry = clean_logentry(sent, ("logentry",), remarks)
        if logentry:
            event["logentry"] = logentry


def _settle_stacktrace(event: dict[str, Any], remarks: Remarks) -> None:
    exceptions = event["exception"]["values"] if "exception" in event else []
    if "stacktrace" in event and len(exceptions) == 1:
        exceptions[0]["stacktrace"] = event.pop("stacktrace")
        remarks.moved(("stacktrace",), ("exception", "values", "0", "stacktrace"))


def _settle_type(event: dict[str, Any]) -> None:
    if event.get("type") not in ("transaction", "feedback"):
        event["type"] = _inferred_type(event)
        event.pop("measurements", None)
    event.setdefault("level", "info" if event["type"] == "transaction" else "error")


def _inferred_type(event: dict[str, Any]) -> str:
    if "exception" in event:
        return "error"
    return next((kind for kind in SECURITY_TYPES if kind in event), "default")


def _settle_tags(event: dict[str, Any], remarks: Remarks) -> None:
    """Move attributes that are tags to the tags, and the tag that is an attribute to the attributes."""
    tags: dict[str, str] = dict(event.pop("tags")) if "tags" in event else {}
    for name in ("server_name", "site"):
        if name in event:
            tags[name] = event.pop(name)
    environment = tags.pop("environment", None)
    if environment is not None and "environment" not in event:
        environment = clean_environment(environment, ("environment",), remarks)
        if environment:
            event["environment"] = environment
    if "release" not in event:
        event.pop("dist", None)
    if tags:
        event["tags"] = [[key, value] for key, value in tags.items()]


def _settle_security(event: dict[str, Any], arrival: Arrival) -> None:
    """Let the request that brought a security report describe the browser that sent it."""
    if event["type"] in SECURITY_TYPES and arrival.user_agent:
        request = event.setdefault("request", {})
        if header_of(request, "User-Agent") is None:
            request.setdefault("headers", []).append(["User-Agent", arrival.user_agent])


def _write_remarks(event: dict[str, Any], remarks: Remarks) -> None:
    errors = (event.pop("errors", []) + remarks.errors)[:ERRORS_MAX]
    if errors:
        event["errors"] = errors
    meta = remarks.meta()
    if meta:
        event["_meta"] = meta
