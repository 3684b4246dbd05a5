"""What the intake answers: status, headers, body (spec/ingest.md 1.4, 1.7, 1.8)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from tocsin.domain.errors import Refusal, Unavailable
from tocsin.domain.rate_limit import RateLimit
from tocsin.edges.problems import status_of

Header = tuple[bytes, bytes]

RETRY_SECONDS = 30
"""When to come back after a 503."""

_PREFLIGHT_SECONDS = 3600
_ALLOWED_HEADERS = (
    b"x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, authentication, "
    b"authorization, content-encoding, transfer-encoding, sentry-trace, baggage, x-csrftoken"
)
_CORS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"x-sentry-error, x-sentry-rate-limits, retry-after"),
)
_JSON: tuple[Header, ...] = (*_CORS, (b"content-type", b"application/json"))
_ACCEPTED_HEADERS: tuple[Header, ...] = (*_JSON, (b"content-length", b"41"))
_PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP answer."""

    status: int
    headers: tuple[Header, ...]
    body: bytes = b""


def _answer(status: int, body: bytes, headers: tuple[Header, ...]) -> Answer:
    length = (b"content-length", b"%d" % len(body))
    return Answer(status=status, headers=(*headers, length), body=body)


NOTHING_STORED = _answer(200, b"{}", _JSON)
PIXEL = _answer(200, _PIXEL, (*_CORS, (b"content-type", b"image/gif")))
EMPTY = _answer(200, b"", _CORS)
CREATED = _answer(201, b"", _CORS)
CHECKED_IN = _answer(202, b"", _CORS)


def preflight(methods: str) -> Answer:
    """Return the answer to a browser that asks before it sends."""
    asked = (
        (b"access-control-allow-methods", methods.encode()),
        (b"access-control-allow-headers", _ALLOWED_HEADERS),
        (b"access-control-max-age", b"%d" % _PREFLIGHT_SECONDS),
    )
    return _answer(200, b"", (*_CORS, *asked))


def accepted(event_id: str) -> Answer:
    """Return the answer to an accepted request; *event_id* is ``""`` when it has none."""
    if not event_id:
        return NOTHING_STORED
    return Answer(status=200, headers=_ACCEPTED_HEADERS, body=b'{"id":"%b"}' % event_id.encode())


def crash_id(event_id: str) -> Answer:
    """Return the answer to a native crash report: its id with hyphens, as text."""
    return _answer(200, str(UUID(event_id)).encode(), (*_CORS, (b"content-type", b"text/plain")))


def script(text: str) -> Answer:
    """Return a program for a web page, which is made for one visitor."""
    headers = ((b"content-type", b"text/javascript; charset=utf-8"), (b"cache-control", b"no-store"))
    return _answer(200, text.encode(), (*_CORS, *headers))


def with_limits(answer: Answer, limits: Sequence[RateLimit]) -> Answer:
    """Return an answer that tells of limits besides."""
    return replace(answer, headers=(*answer.headers, *rate_limit_headers(limits)))


def rate_limited(limits: Sequence[RateLimit]) -> Answer:
    """Return the answer to a request whose event was declined (spec/ingest.md 1.7)."""
    reasons = ", ".join(limit.reason for limit in limits)
    return _failed(429, f"Too many events ({reasons}); try again later.", [], rate_limit_headers(limits))


def refused(refusal: Refusal) -> Answer:
    """Return the answer that says what is wrong, in the body and for old SDKs in ``X-Sentry-Error``."""
    causes = [str(refusal.__cause__)] if refusal.__cause__ else []
    more = ((b"retry-after", b"%d" % RETRY_SECONDS),) if isinstance(refusal, Unavailable) else ()
    return _failed(status_of(refusal), refusal.detail, causes, more)


def failed(body: Mapping[str, Any]) -> Answer:
    """Return the answer to a request that we failed at; SDKs drop what they sent."""
    return _answer(500, msgspec.json.encode(body), _JSON)


def method_not_allowed(allowed: str) -> Answer:
    """Return the answer to a method that the path does not take."""
    return _failed(405, f"This path takes {allowed}.", [], ((b"allow", allowed.encode()),))


def rate_limit_headers(limits: Sequence[RateLimit]) -> tuple[Header, ...]:
    """Return ``X-Sentry-Rate-Limits`` and ``Retry-After`` for *limits*, nothing for none (spec/ingest.md 1.8)."""
    if not limits:
        return ()
    told = ", ".join(
        f"{limit.retry_seconds}:{';'.join(limit.categories)}:{limit.scope}:{limit.reason}" for limit in limits
    )
    longest = max(limit.retry_seconds for limit in limits)
    return ((b"x-sentry-rate-limits", told.encode()), (b"retry-after", b"%d" % longest))


def _failed(status: int, detail: str, causes: list[str], more: tuple[Header, ...]) -> Answer:
    body = msgspec.json.encode({"detail": detail, "causes": causes})
    return _answer(status, body, (*_JSON, (b"x-sentry-error", detail.encode("ascii", "replace")), *more))
