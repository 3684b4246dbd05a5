"""The document of the API, made from its OpenAPI schema."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec
from litestar import get
from litestar.di import NamedDependency

from tocsin.edges.sessions import AnyRequest
from tocsin.edges.web.rendering import Html, show
from tocsin.edges.web.visit import Visit

_METHODS = ("get", "post", "put", "delete")


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a program can ask for."""

    tag: str
    path: str
    method: str
    summary: str
    parameters: tuple[tuple[str, str], ...]
    """Name and description of each query parameter."""


@get("/docs", sync_to_thread=True)
def reference(visit: NamedDependency[Visit], request: AnyRequest) -> Html:
    """List every operation of the API."""
    found = sorted(_operations(request.app.openapi_schema.to_schema()), key=attrgetter("tag", "path", "method"))
    groups = [(tag, list(operations)) for tag, operations in groupby(found, key=attrgetter("tag"))]
    return show(visit, "reference.html", groups=groups, public_url=visit.services.settings.public_url)


def _operations(schema: dict[str, Any]) -> Iterator[Operation]:
    for path, item in schema["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _operation(path, method, item[method])


def _operation(path: str, method: str, described: dict[str, Any]) -> Operation:
    parameters = [one for one in described.get("parameters", []) if one.get("in") == "query"]
    return Operation(
        tag=next(iter(described.get("tags", [])), "Other"),
        path=path,
        method=method.upper(),
        summary=described.get("summary", "").replace("``", ""),
        parameters=tuple((one["name"], one.get("description", "")) for one in parameters),
    )
