"""Reports that browsers send by themselves: of content security policies and of certificates (spec/ingest.md 1.9)."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec

from tocsin.domain.errors import Malformed, TooLarge, UnsupportedMediaType
from tocsin.domain.outcome import NOT_STORED, Category, Outcome, Verdict
from tocsin.domain.posts.post import Parcels, Post, envelope_of, event_item

REPORTS_MAX: Final = 100
"""Most reports in one request."""

_MEDIA_TYPES: Final = frozenset(
    {
        "application/json",
        "application/csp-report",
        "application/expect-ct-report",
        "application/expect-ct-report+json",
        "application/expect-staple-report",
        "application/reports+json",
    }
)
_WRAPPED: Final = {"csp-report": "csp", "expect-ct-report": "expectct", "expect-staple-report": "expectstaple"}
_HEADERS: Final = ("User-Agent", "Referer", "Sec-CH-UA", "Sec-CH-UA-Mobile", "Sec-CH-UA-Platform")
_REPORTING_NAMES: Final = {
    "documentURL": "document_uri",
    "referrer": "referrer",
    "blockedURL": "blocked_uri",
    "effectiveDirective": "effective_directive",
    "originalPolicy": "original_policy",
    "sourceFile": "source_file",
    "sample": "script_sample",
    "disposition": "disposition",
    "statusCode": "status_code",
    "lineNumber": "line_number",
    "columnNumber": "column_number",
}


class _Report(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    fields: dict[str, Any]
    age_ms: int = 0
    user_agent: str = ""


def take_security(post: Post) -> Parcels:
    """Return an event for each report. Raises UnsupportedMediaType, Malformed or TooLarge."""
    if post.media_type not in _MEDIA_TYPES:
        raise UnsupportedMediaType("Security reports come as application/csp-report or application/reports+json.")
    if len(post.body) > post.limits.event_bytes_max:
        raise TooLarge(f"The report holds more than {post.limits.event_bytes_max} bytes; send less.")
    sent = _decoded(post.body)
    is_array = isinstance(sent, list)
    reports = [_reporting(one) for one in _bounded(sent)] if is_array else [_browser_report(sent)]
    known = [report for report in reports if report is not None]
    envelopes = tuple(envelope_of([event_item(_event(report, post))]) for report in known)
    return Parcels(envelopes=envelopes, outcomes=_others(len(reports) - len(known)))


def _decoded(body: bytes) -> Any:
    if not body.strip():
        raise Malformed("The body is empty; send a report as JSON.")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("The body is not JSON.") from error


def _bounded(reports: list[Any]) -> list[Any]:
    if len(reports) > REPORTS_MAX:
        raise TooLarge(f"One request may hold {REPORTS_MAX} reports; send fewer.")
    return reports


def _others(number: int) -> tuple[Outcome, ...]:
    if not number:
        return ()
    return (Outcome(category=Category.SECURITY, verdict=Verdict.FILTERED, reason=NOT_STORED, quantity=number),)


def _browser_report(sent: Any) -> _Report:
    """Return a report as ``report-uri`` brings it."""
    if isinstance(sent, dict):
        for name, kind in _WRAPPED.items():
            if isinstance(sent.get(name), dict):
                return _Report(kind=kind, fields=_with_underscores(sent[name]))
        if "known-pins" in sent or "noted-hostname" in sent:
            return _Report(kind="hpkp", fields=_with_underscores(sent))
    raise Malformed("The body is no report; send an object with csp-report, or an array of reports.")


def _reporting(sent: Any) -> _Report | None:
    """Return a report as ``report-to`` brings it, None for one of a kind that is not kept."""
    if not isinstance(sent, dict):
        raise Malformed("Each report must be an object with type and body.")
    body = sent.get("body")
    if sent.get("type") != "csp-violation" or not isinstance(body, dict):
        return None
    age_ms, user_agent = sent.get("age"), sent.get("user_agent")
    return _Report(
        kind="csp",
        fields={ours: body[theirs] for theirs, ours in _REPORTING_NAMES.items() if theirs in body},
        age_ms=age_ms if isinstance(age_ms, int) and 0 <= age_ms < 2**40 else 0,
        user_agent=user_agent if isinstance(user_agent, str) else "",
    )


def _with_underscores(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("-", "_"): value for name, value in fields.items()}


def _event(report: _Report, post: Post) -> dict[str, Any]:
    fields = _completed(report.fields) if report.kind == "csp" else report.fields
    event: dict[str, Any] = {
        report.kind: fields,
        "logger": report.kind,
        "level": "error",
        "platform": "other",
        "timestamp": (post.received - timedelta(milliseconds=report.age_ms)).timestamp(),
        "request": {"url": _page(report.kind, fields), "headers": list(_headers(report, post))},
        "release": post.query.get("sentry_release"),
        "environment": post.query.get("sentry_environment"),
    }
    if post.client_ip:
        event["user"] = {"ip_address": post.client_ip}
    return event


def _completed(csp: dict[str, Any]) -> dict[str, Any]:
    """Return the report with the directive in effect, which old browsers do not tell."""
    violated = csp.get("violated_directive")
    if csp.get("effective_directive") or not isinstance(violated, str) or not violated.strip():
        return csp
    return csp | {"effective_directive": violated.split()[0]}


def _page(kind: str, fields: Mapping[str, Any]) -> Any:
    if kind == "csp":
        return fields.get("document_uri")
    host, port = fields.get("hostname"), fields.get("port")
    if not isinstance(host, str) or not host:
        return None
    return f"https://{host}:{port}/" if isinstance(port, int) and port != 443 else f"https://{host}/"


def _headers(report: _Report, post: Post) -> Iterator[tuple[str, str]]:
    for name in _HEADERS:
        value = post.headers.get(name.lower(), "")
        if name == "User-Agent" and report.user_agent:
            value = report.user_agent
        if value:
            yield name, value
