"""The API and the pages as one Litestar application: errors, request ids, metrics and the OpenAPI document."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

import structlog
from litestar import Litestar, Request, Response, Router
from litestar.config.response_cache import ResponseCacheConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, MethodNotAllowedException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ASGIApp, ControllerRouterHandler, HTTPScope, Message, Receive, Scope, Send

from tocsin import observe
from tocsin.domain.errors import Refusal
from tocsin.edges import problems
from tocsin.edges.api.access import call_of
from tocsin.edges.api.asked import DEPENDENCIES
from tocsin.edges.api.asked_events import DEPENDENCIES as EVENT_DEPENDENCIES
from tocsin.edges.api.asked_issues import DEPENDENCIES as ISSUE_DEPENDENCIES
from tocsin.edges.api.limits import ANSWER_HEADERS
from tocsin.edges.api.routes import ROUTES
from tocsin.edges.api.routing import build
from tocsin.edges.ops import OPS
from tocsin.edges.services import Services

PREFIX = "/api/0"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
EXPOSED_HEADERS = "X-Sentry-Error, X-Sentry-Direct-Hit, X-Hits, X-Max-Hits, Endpoint, Retry-After, Link"

_log = structlog.get_logger("tocsin.http")


def make_app(services: Services, pages: Sequence[ControllerRouterHandler] = ()) -> Litestar:
    """Return the application that answers everything but the intake."""
    api = Router(
        path=PREFIX,
        route_handlers=build(ROUTES),
        dependencies={"call": Provide(call_of), **DEPENDENCIES, **EVENT_DEPENDENCIES, **ISSUE_DEPENDENCIES},
    )
    app = Litestar(
        route_handlers=[api, *OPS, *pages],
        state=State({"services": services}),
        exception_handlers={Refusal: answer_refusal, HTTPException: answer_http, Exception: answer_fault},
        openapi_config=OpenAPIConfig(
            title="Tocsin",
            version="0",
            path=f"{PREFIX}/openapi.json",
            render_plugins=[JsonRenderPlugin(path="/")],
            use_handler_docstrings=True,
        ),
        response_cache_config=ResponseCacheConfig(),
        request_max_body_size=services.settings.api_body_bytes_max,
        # Logs are configured once, in observe.py.
        logging_config=None,
        debug=False,
    )
    # Around the whole of it: the framework's own middleware does not see what no route answers.
    app.asgi_handler = RequestLog(app.asgi_handler)
    return app


def answer_refusal(_request: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
    """Answer a refusal with the status and body of the one table."""
    return Response(problems.body_of(refusal), status_code=problems.status_of(refusal))


def answer_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Answer what the framework itself declines: unknown routes and methods, unreadable parameters."""
    if error.status_code >= 500:
        return answer_fault(request, error)
    headers = dict(error.headers or {})
    if isinstance(error, MethodNotAllowedException):
        detail = f'Method "{request.method}" not allowed.'
    elif error.status_code == 404:
        detail = "The requested resource does not exist"
    else:
        detail = error.detail
    return Response({"detail": detail}, status_code=error.status_code, headers=headers)


def answer_fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer our own fault with 500, without internals, and log it with the request id."""
    request_id = str(request.scope["state"].get("request_id", ""))
    body = problems.report_fault(error, request_id=request_id, method=request.method, path=request.scope["path"])
    return Response(body, status_code=500)


class RequestLog:
    """Gives every request an id, sends it back, counts and logs the answer; adds the headers that every answer has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on; raises whatever the application raises."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        started = time.perf_counter()
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    *_standing_headers(scope),
                ]
                self._tell(scope, message["status"], time.perf_counter() - started)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, send_with_id)

    @staticmethod
    def _tell(scope: HTTPScope, status: int, seconds: float) -> None:
        handler: Any = scope.get("route_handler")
        route = str(handler.name or handler) if handler else "none"
        # A label for whatever strangers make up would be one too many.
        method = scope["method"] if scope["method"] in METHODS else "other"
        observe.HTTP_SECONDS.labels(method, route, str(status)).observe(seconds)
        _log.info(
            "answered",
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            status=status,
            milliseconds=round(seconds * 1000, 1),
        )


def _standing_headers(scope: HTTPScope) -> list[tuple[bytes, bytes]]:
    """Return the headers of every answer of the API, refusals included (spec/search.md 3.5)."""
    if not scope["path"].startswith(PREFIX):
        return []
    headers = [(b"access-control-expose-headers", EXPOSED_HEADERS.encode())]
    # What was found out about the request before it was known how it would be answered.
    headers += [
        (name.lower().encode(), value.encode()) for name, value in scope["state"].get(ANSWER_HEADERS, {}).items()
    ]
    handler: Any = scope.get("route_handler")
    allowed = handler.opt.get("allow") if handler else None
    return [*headers, (b"allow", allowed.encode())] if allowed else headers
