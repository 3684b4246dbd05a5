"""Tables over events, and their figures over time (spec/search.md 5.16)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from tocsin.domain.errors import InvalidQuery, NotFound
from tocsin.domain.organization import Project
from tocsin.domain.query.paging import page_by_offset
from tocsin.domain.query.parse import parse_event_query
from tocsin.domain.query.table import Field, Figure, read_figure, read_table
from tocsin.domain.query.window import EPOCH, Grid, Window, aligned_grid, fitting_grid, read_period
from tocsin.edges.api.asked import Paging, SearchText, SortText
from tocsin.edges.api.call import Call
from tocsin.edges.api.paging import paging_headers
from tocsin.edges.api.projects import ORGANIZATION_READ
from tocsin.edges.api.routing import Route
from tocsin.edges.api.serialize.instants import iso
from tocsin.storage.views import projects as project_views
from tocsin.storage.views import table
from tocsin.storage.views.table import TableQuestion

ERRORS = frozenset({"", "errors", "discover"})
DATASETS = ERRORS | {
    *("transactions", "spans", "logs", "ourlogs", "metrics", "metricsEnhanced", "issuePlatform", "profiles"),
    *("profileFunctions", "spansMetrics", "uptimeChecks", "uptime_results", "tracemetrics", "preprod"),
}
"""Datasets that clients ask for; all but errors are empty."""
AXES_MAX = 10

Columns = Annotated[list[str] | None, QueryParameter(name="field", description="Column; repeat for several.")]
Dataset = Annotated[str | None, QueryParameter(name="dataset", description="errors (default); others are empty.")]
Axes = Annotated[list[str] | None, QueryParameter(name="yAxis", description="Figure, count() by default; repeat.")]
Interval = Annotated[str | None, QueryParameter(name="interval", description="Length of the intervals, such as 1h.")]


def show_table(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    projects: NamedDependency[tuple[Project, ...]],
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    paging: NamedDependency[Paging],
    *,
    columns: Columns = None,
    text: SearchText = None,
    sort: SortText = None,
    dataset: Dataset = None,
) -> Response[Any]:
    """Show columns of the events of an organization, or figures of them by the values of others."""
    wanted = read_table(columns or (), sort or call.one("orderby"))
    question = _question(call, projects, window, environments, text, dataset)
    found = table.rows(call.services.views, question, wanted, call.now, limit=paging.limit + 1, offset=paging.offset)
    page = page_by_offset(found, paging.cursor, paging.limit)
    headers = paging_headers(call.services.settings.public_url, call.path, call.query, page)
    body = {
        "data": [{name: _shown(value) for name, value in row.items()} for row in page.rows],
        "meta": _meta(wanted.fields, dataset),
    }
    return Response(body, headers=headers)


def count_events(
    call: NamedDependency[Call],
    projects: NamedDependency[tuple[Project, ...]],
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    *,
    text: SearchText = None,
    dataset: Dataset = None,
) -> Response[Any]:
    """Count the events of an organization that a search finds."""
    question = _question(call, projects, window, environments, text, dataset)
    return Response({"count": table.count(call.services.views, question, call.now)})


def show_event_stats(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    projects: NamedDependency[tuple[Project, ...]],
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    *,
    axes: Axes = None,
    interval: Interval = None,
    text: SearchText = None,
    dataset: Dataset = None,
) -> Response[Any]:
    """Show figures of the events of an organization, interval by interval."""
    figures, grid = _axes(axes), _grid(call, window, interval)
    question = _question(call, projects, window, environments, text, dataset)
    found = table.series(call.services.views, question, figures, grid, call.now)
    series = [_stats(figure, order, grid, found) for order, figure in enumerate(figures)]
    if len(figures) == 1:
        return Response(series[0])
    return Response({figure.name: one for figure, one in zip(figures, series, strict=True)})


def show_event_series(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    projects: NamedDependency[tuple[Project, ...]],
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    *,
    axes: Axes = None,
    interval: Interval = None,
    text: SearchText = None,
    dataset: Dataset = None,
) -> Response[Any]:
    """Show figures of the events of an organization as time series."""
    figures, grid = _axes(axes), _grid(call, window, interval)
    question = _question(call, projects, window, environments, text, dataset)
    found = table.series(call.services.views, question, figures, grid, call.now)
    start, end = grid.starts[0], grid.starts.stop
    return Response(
        {
            "timeSeries": [_series(figure, order, grid, found, call.now) for order, figure in enumerate(figures)],
            "meta": {"dataset": dataset or "errors", "start": start * 1000, "end": end * 1000},
        }
    )


def _question(
    call: Call,
    projects: tuple[Project, ...],
    window: Window,
    environments: tuple[str, ...],
    text: str | None,
    dataset: str | None,
) -> TableQuestion:
    if (dataset or "") not in DATASETS:
        raise InvalidQuery(f"dataset must be one of: {', '.join(sorted(filter(None, DATASETS)))}")
    if not project_views.knows_environments(call.services.views, call.reach.organization.id, environments):
        raise NotFound
    return TableQuestion(
        projects=projects if (dataset or "") in ERRORS else (),
        window=window,
        environments=environments,
        query=parse_event_query(text or "", now=call.now),
    )


def _axes(names: Sequence[str] | None) -> list[Figure]:
    wanted = list(dict.fromkeys(names or ("count()",)))
    if len(wanted) > AXES_MAX:
        raise InvalidQuery(f"At most {AXES_MAX} figures can be shown at once.")
    return [read_figure(name) for name in wanted]


def _grid(call: Call, window: Window, interval: str | None) -> Grid:
    # A window that lasts until now ends a little ahead, for clocks that are; no interval needs to begin there.
    window = Window(start=window.start, end=min(window.end, call.now))
    if not interval:
        return fitting_grid(window)
    seconds = int(read_period(interval).total_seconds())
    if seconds < 1:
        raise InvalidQuery("The interval must be longer than nothing.")
    return aligned_grid(window, seconds)


def _meta(fields: Sequence[Field], dataset: str | None) -> dict[str, Any]:
    return {
        "fields": {one.name: one.type for one in fields},
        "units": dict.fromkeys((one.name for one in fields), None),
        "isMetricsData": False,
        "tips": {"query": None, "columns": None},
        "dataset": dataset or "errors",
    }


def _stats(figure: Figure, order: int, grid: Grid, found: Mapping[int, Sequence[Any]]) -> dict[str, Any]:
    return {
        "data": [[start, [{"count": _number(found, index, order)}]] for index, start in enumerate(grid.starts)],
        "start": grid.starts[0],
        "end": grid.starts.stop,
        "isMetricsData": False,
        "order": order,
        "meta": {"fields": {"time": "date", figure.name: figure.type}, "units": {figure.name: None}},
    }


def _series(
    figure: Figure, order: int, grid: Grid, found: Mapping[int, Sequence[Any]], now: datetime
) -> dict[str, Any]:
    complete_until = int((now - EPOCH) / timedelta(seconds=1)) - grid.step_seconds
    return {
        "yAxis": figure.name,
        "values": [
            {
                "timestamp": start * 1000,
                "value": _number(found, index, order),
                "incomplete": start > complete_until,
            }
            for index, start in enumerate(grid.starts)
        ],
        "meta": {"valueType": figure.type, "valueUnit": None, "interval": grid.step_seconds * 1000, "order": order},
    }


def _number(found: Mapping[int, Sequence[Any]], index: int, order: int) -> Any:
    return _shown(found[index][order]) if index in found else 0


def _shown(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else value


_ORGANIZATION = "/organizations/{org:str}"
_TAG = "Discover"

TABLE_ROUTES = (
    Route(method="GET", paths=(f"{_ORGANIZATION}/events",), handler=show_table, scopes=ORGANIZATION_READ, tag=_TAG),
    Route(
        method="GET",
        paths=(f"{_ORGANIZATION}/events-meta",),
        handler=count_events,
        scopes=ORGANIZATION_READ,
        tag=_TAG,
    ),
    Route(
        method="GET",
        paths=(f"{_ORGANIZATION}/events-stats",),
        handler=show_event_stats,
        scopes=ORGANIZATION_READ,
        tag=_TAG,
    ),
    Route(
        method="GET",
        paths=(f"{_ORGANIZATION}/events-timeseries",),
        handler=show_event_series,
        scopes=ORGANIZATION_READ,
        tag=_TAG,
    ),
)
