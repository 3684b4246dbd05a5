"""Tables over events, and whether one can be asked for at all (spec/search.md 5.16)."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from tocsin.domain.errors import Refusal
from tocsin.domain.query.paging import page_by_offset
from tocsin.domain.query.parse import parse_event_query
from tocsin.domain.query.table import Field, Figure, read_field, read_table
from tocsin.edges.api.asked import ALL_PROJECTS, Environments, Paging, SearchText, SortText
from tocsin.edges.api.asked_events import DATASETS, DEFAULT_DATASET, AskedEvents, Dataset
from tocsin.edges.api.call import Call
from tocsin.edges.api.paging import paging_headers
from tocsin.edges.api.projects import ORGANIZATION_READ
from tocsin.edges.api.routing import Route
from tocsin.edges.api.serialize.instants import shown
from tocsin.storage.views import projects as project_views
from tocsin.storage.views import table

NONE_SUCH = "There is none such."

Columns = Annotated[list[str] | None, QueryParameter(name="field", description="Column; repeat for several.")]


def show_table(
    call: NamedDependency[Call],
    events: NamedDependency[AskedEvents],
    paging: NamedDependency[Paging],
    *,
    columns: Columns = None,
    sort: SortText = None,
) -> Response[Any]:
    """Show columns of the events of an organization, or figures of them by the values of others."""
    wanted = read_table(columns or (), sort or call.one("orderby"))
    found = table.rows(
        call.services.views, events.question(call), wanted, call.now, limit=paging.limit + 1, offset=paging.offset
    )
    page = page_by_offset(found, paging.cursor, paging.limit)
    headers = paging_headers(call.services.settings.public_url, call.path, call.query, page)
    body = {
        "data": [{name: shown(value) for name, value in row.items()} for row in page.rows],
        "meta": _meta(wanted.fields, events.dataset),
    }
    return Response(body, headers=headers)


def count_events(call: NamedDependency[Call], events: NamedDependency[AskedEvents]) -> Response[Any]:
    """Count the events of an organization that a search finds."""
    return Response({"count": table.count(call.services.views, events.question(call), call.now)})


def check_table(
    call: NamedDependency[Call],
    *,
    columns: Columns = None,
    sort: SortText = None,
    text: SearchText = None,
    dataset: Dataset = None,
    environment: Environments = None,
) -> Response[Any]:
    """Say of each part of a question for a table whether it can be asked, and if not why not. Nothing is refused."""
    names = list(dict.fromkeys(columns or ()))
    told = {
        "projects": [_told("id", name, _project(call, name)) for name in call.all("project")],
        "dataset": [
            _told("name", dataset or DEFAULT_DATASET, None if (dataset or DEFAULT_DATASET) in DATASETS else NONE_SUCH)
        ],
        "environment": [_told("name", name, _environment(call, name)) for name in environment or ()],
        "field": [_field(name) for name in names],
        "orderby": [_told("name", sort, _fault(lambda: read_table(names, sort)))] if sort else [],
    }
    query = _fault(lambda: parse_event_query(text or "", now=call.now))
    is_valid = query is None and all(one["valid"] for part in told.values() for one in part)
    return Response({"valid": is_valid, **told, "query": {"valid": query is None, "error": query, "fields": []}})


def _told(name: str, value: str, fault: str | None) -> dict[str, Any]:
    return {name: value, "valid": fault is None, "error": fault}


def _field(name: str) -> dict[str, Any]:
    fault = _fault(lambda: read_field(name))
    return _told("name", name, fault) | {"attrType": "string" if fault else _plain_type(read_field(name))}


def _plain_type(field: Field) -> str:
    """Return the type as this route tells it, which knows three; clients refuse any other."""
    match field.type:
        case "integer" | "number":
            return "number"
        case "boolean":
            return "boolean"
        case _:
            return "string"


def _fault(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except Refusal as refusal:
        return refusal.detail
    return None


def _project(call: Call, name: str) -> str | None:
    return None if name in ALL_PROJECTS or call.reach.project(name) else NONE_SUCH


def _environment(call: Call, name: str) -> str | None:
    known = project_views.knows_environments(call.services.views, call.reach.organization.id, (name,))
    return None if known else NONE_SUCH


def _meta(fields: Sequence[Field | Figure], dataset: str) -> dict[str, Any]:
    return {
        "fields": {one.name: one.type for one in fields},
        "units": dict.fromkeys((one.name for one in fields), None),
        "isMetricsData": False,
        "tips": {"query": None, "columns": None},
        "dataset": dataset,
    }


_ORGANIZATION = "/organizations/{org:str}"
_TAG = "Discover"

TABLE_ROUTES = (
    Route(method="GET", paths=(f"{_ORGANIZATION}/events",), handler=show_table, scopes=ORGANIZATION_READ, tag=_TAG),
    Route(
        method="GET",
        paths=(f"{_ORGANIZATION}/events/validate",),
        handler=check_table,
        scopes=ORGANIZATION_READ,
        tag=_TAG,
    ),
    Route(
        method="GET",
        paths=(f"{_ORGANIZATION}/events-meta",),
        handler=count_events,
        scopes=ORGANIZATION_READ,
        tag=_TAG,
    ),
)
