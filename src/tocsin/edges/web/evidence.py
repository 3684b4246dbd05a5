"""What an event tells besides its exceptions: message, breadcrumbs, request, contexts and what else was sent."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tocsin.edges.web.plain import Field, fields_of, text_of
from tocsin.edges.web.stack import Raised, Stack, raised, stack, threads

BREADCRUMBS_MAX = 100
_NO_CONTEXT = frozenset({"type"})


class Breadcrumb(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened before the event."""

    at: datetime | None
    category: str
    level: str
    message: str
    data: tuple[Field, ...]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """The HTTP request during which the event happened."""

    method: str
    url: str
    sections: tuple[tuple[str, tuple[Field, ...]], ...]
    """Heading and fields, those that hold anything."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an event tells, in the order in which a page shows it."""

    message: str
    raised: tuple[Raised, ...]
    stack: Stack | None
    threads: tuple[tuple[str, Stack], ...]
    report: tuple[Field, ...]
    """What a browser reported: CSP and its like."""
    breadcrumbs: tuple[Breadcrumb, ...]
    """Oldest first."""
    request: Request | None
    contexts: tuple[tuple[str, tuple[Field, ...]], ...]
    extra: tuple[Field, ...]
    modules: tuple[Field, ...]


def evidence(payload: bytes) -> Evidence:
    """Return what a normalised event, as JSON, tells."""
    stored: Mapping[str, Any] = msgspec.json.decode(payload)
    exceptions = raised(stored)
    return Evidence(
        message=_message(stored),
        raised=exceptions,
        stack=stack(stored.get("stacktrace")),
        threads=() if any(one.stack for one in exceptions) else threads(stored),
        report=next((fields_of(stored[name]) for name in _REPORTS if stored.get(name)), ()),
        breadcrumbs=tuple(_breadcrumbs(stored)),
        request=_request(stored.get("request")),
        contexts=tuple(_contexts(stored)),
        extra=fields_of(stored.get("extra")),
        modules=fields_of(stored.get("modules")),
    )


_REPORTS = ("csp", "hpkp", "expectct", "expectstaple")


def _message(stored: Mapping[str, Any]) -> str:
    entry = stored.get("logentry") or {}
    return str(entry.get("formatted") or entry.get("message") or "")


def _breadcrumbs(stored: Mapping[str, Any]) -> Iterator[Breadcrumb]:
    values = (stored.get("breadcrumbs") or {}).get("values") or []
    for value in values[-BREADCRUMBS_MAX:]:
        at = value.get("timestamp")
        yield Breadcrumb(
            at=None if at is None else datetime.fromtimestamp(at, UTC),
            category=value.get("category") or value.get("type") or "default",
            level=value.get("level") or "info",
            message=value.get("message") or "",
            data=fields_of(value.get("data")),
        )


def _request(stored: Mapping[str, Any] | None) -> Request | None:
    if not stored:
        return None
    named = (
        ("Query", "query_string"),
        ("Body", "data"),
        ("Headers", "headers"),
        ("Cookies", "cookies"),
        ("Environment", "env"),
    )
    sections = ((heading, fields_of(stored.get(name))) for heading, name in named)
    return Request(
        method=stored.get("method") or "",
        url=text_of(stored.get("url") or ""),
        sections=tuple((heading, fields) for heading, fields in sections if fields),
    )


def _contexts(stored: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Field, ...]]]:
    user = fields_of(stored.get("user"))
    if user:
        yield "user", user
    for name, context in sorted((stored.get("contexts") or {}).items()):
        members = {key: value for key, value in (context or {}).items() if key not in _NO_CONTEXT and value is not None}
        if members:
            yield name, fields_of(members)
