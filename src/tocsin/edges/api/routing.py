"""How a route is declared: method, paths and scopes beside the handler, in one visible table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema

from tocsin.domain.access import Scope
from tocsin.domain.quota import Quota

FORM = "application/x-www-form-urlencoded"

Handler = Callable[..., Response[Any]]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the URL table. *scopes*: any one suffices; empty means that any caller may ask."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    paths: tuple[str, ...]
    """Relative to ``/api/0``; with and without a trailing slash they mean the same."""
    handler: Handler
    scopes: frozenset[Scope]
    tag: str
    is_public: bool = False
    """Whether it answers without credentials, too; wrong ones are refused all the same. It has no scopes."""
    takes_dsn: bool = False
    """Whether the DSN of the project in its path will do in the place of a token: ``Authorization: DSN …``."""
    quota: Quota | None = None
    """How often the same caller may ask, where rate limits are on."""
    body: Schema | None = None
    """The request body, for the OpenAPI document."""


def any_of(*scopes: Scope) -> frozenset[Scope]:
    """Return the scopes of which one is enough."""
    return frozenset(scopes)


def issue_paths(rest: str = "", *, with_legacy: bool = True) -> tuple[str, ...]:
    """Return every path of an issue route: ``issues`` or ``groups``, with and without the organization (5)."""
    words = ("issues", "groups")
    scoped = [f"/organizations/{{org:str}}/{word}/{{issue_id:str}}{rest}" for word in words]
    legacy = [f"/{word}/{{issue_id:str}}{rest}" for word in words] if with_legacy else []
    return (*scoped, *legacy)


def build(routes: Sequence[Route]) -> list[HTTPRouteHandler]:
    """Return Litestar's handlers for the table, one per path.

    Each carries its row in ``opt["route"]`` and the methods of its path in ``opt["allow"]``.
    """
    methods: dict[str, set[str]] = {}
    for route in routes:
        for path in route.paths:
            methods.setdefault(path, {"HEAD", "OPTIONS"}).add(route.method)
    # A handler of several paths would be moved to a thread once per path, and answer with a coroutine.
    return [_handler(route, path, ", ".join(sorted(methods[path]))) for route in routes for path in route.paths]


def _documenting(body: Schema) -> type[Operation]:
    """Return an operation of the OpenAPI document that takes *body*: handlers read bodies themselves."""

    @dataclass
    class WithBody(Operation):
        def __post_init__(self) -> None:
            media = OpenAPIMediaType(schema=body)
            self.request_body = RequestBody(content={"application/json": media, FORM: media})

    return WithBody


def _handler(route: Route, path: str, allow: str) -> HTTPRouteHandler:
    handler = HTTPRouteHandler(
        path,
        # Scripts read the Link header with HEAD; the server leaves the body out.
        http_method=["GET", "HEAD"] if route.method == "GET" else route.method,
        status_code=200,
        operation_class=_documenting(route.body) if route.body else Operation,
        opt={"route": route, "allow": allow, "exclude_from_csrf": True},
        sync_to_thread=True,
        tags=[route.tag],
        name=f"{route.method} {path}",
        summary=(route.handler.__doc__ or "").partition("\n")[0],
        description=route.handler.__doc__,
    )
    return handler(route.handler)
