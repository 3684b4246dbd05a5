"""Inbound filters of a project, switched on and off (spec/ingest.md 6.8)."""

from collections.abc import Iterator
from typing import Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidFields, NotFound
from tocsin.domain.filters import filters_of
from tocsin.domain.filters.filters import DEFAULTS, LEGACY, LEGACY_BROWSERS, option_name
from tocsin.edges.api.call import Call
from tocsin.edges.api.projects import PROJECT_READ
from tocsin.edges.api.routing import Route, any_of

PROJECT_WRITE = any_of(Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN)

_CHANGE = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "active": Schema(type=OpenAPIType.BOOLEAN, description="Whether the filter is on."),
        "subfilters": Schema(
            type=OpenAPIType.ARRAY,
            items=Schema(type=OpenAPIType.STRING, enum=list(LEGACY_BROWSERS)),
            description="Of legacy-browsers: which.",
        ),
    },
)


def list_filters(call: NamedDependency[Call]) -> Response[Any]:
    """List the filters of a project, and which of them are on."""
    filters = filters_of(call.project.options)
    shown = [{"id": name, "active": name in filters.on} for name in DEFAULTS]
    return Response([*shown, {"id": LEGACY, "active": sorted(filters.legacy_browsers)}])


def change_filter(call: NamedDependency[Call], filter_id: FromPath[str]) -> Response[None]:
    """Switch a filter of a project on or off; it holds for what arrives from then on."""
    if filter_id not in {*DEFAULTS, LEGACY}:
        raise NotFound
    sent = call.fields()
    wanted = sent.get("subfilters") if filter_id == LEGACY and "subfilters" in sent else sent.get("active")
    if wanted is None:
        raise InvalidFields({"active": ["This field is required."]})
    changed = {"options": {option_name(filter_id): wanted}}
    try:
        call.services.configure.project(call.project.id, changed, call.caller.user_id, call.now)
    except InvalidFields as invalid:
        raise InvalidFields({"active": list(_faults(invalid.errors))}) from None
    return Response(None, status_code=204)


def _faults(told: object) -> Iterator[object]:
    """Yield the texts within what was told of an option."""
    if isinstance(told, dict):
        for inner in told.values():
            yield from _faults(inner)
    elif isinstance(told, list):
        yield from told


_FILTERS = "/projects/{org:str}/{project:str}/filters"

FILTER_ROUTES = (
    Route(method="GET", paths=(_FILTERS,), handler=list_filters, scopes=PROJECT_READ, tag="Projects"),
    Route(
        method="PUT",
        paths=(f"{_FILTERS}/{{filter_id:str}}",),
        handler=change_filter,
        scopes=PROJECT_WRITE,
        tag="Projects",
        body=_CHANGE,
    ),
)
