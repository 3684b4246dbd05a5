"""From a refusal to an HTTP answer: the one table, and the one place where our own faults become a 500."""

from typing import Any

import structlog

from tocsin.domain.errors import (
    Conflict,
    Forbidden,
    InvalidFields,
    InvalidList,
    InvalidQuery,
    KeyReused,
    Malformed,
    NotAuthenticated,
    NotFound,
    PreconditionFailed,
    Refusal,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedEncoding,
    UnsupportedMediaType,
)

STATUS_OF: dict[type[Refusal], int] = {
    Malformed: 400,
    InvalidQuery: 400,
    InvalidFields: 400,
    InvalidList: 400,
    NotAuthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    PreconditionFailed: 412,
    TooLarge: 413,
    UnsupportedEncoding: 415,
    UnsupportedMediaType: 415,
    KeyReused: 422,
    TooManyRequests: 429,
    Unavailable: 503,
}

_log = structlog.get_logger("tocsin.http")


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of *refusal*, by the nearest of its classes that the table knows."""
    return next(STATUS_OF[kind] for kind in type(refusal).__mro__ if kind in STATUS_OF)


def body_of(refusal: Refusal) -> dict[str, Any] | list[str]:
    """Return the JSON body of *refusal*: field errors and lists as they are, all else as ``detail`` (search.md 3.7)."""
    match refusal:
        case InvalidFields():
            return refusal.errors
        case InvalidList():
            return refusal.messages
        case _:
            return {"detail": refusal.detail}


def report_fault(error: Exception, *, request_id: str, method: str, path: str) -> dict[str, Any]:
    """Log our own fault with its request id and return the body of the 500: no internals, but a way to find them."""
    _log.error("request failed", request_id=request_id, method=method, path=path, exc_info=error)
    return {"detail": "Internal Error", "errorId": request_id}
