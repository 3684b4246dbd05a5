"""Figures of events over time, of all together or of the groups that stand out (spec/search.md 5.16)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.query.table import Figure, Table, read_figure, read_table
from tocsin.domain.query.window import EPOCH, Grid, Window, aligned_grid, fitting_grid, read_period
from tocsin.edges.api.asked import SortText, says_yes
from tocsin.edges.api.asked_events import AskedEvents
from tocsin.edges.api.call import Call
from tocsin.edges.api.projects import ORGANIZATION_READ
from tocsin.edges.api.routing import Route
from tocsin.edges.api.serialize.instants import shown
from tocsin.storage.views import table

AXES_MAX = 10
LINES_MAX = 20
OTHER = "Other"

Axes = Annotated[list[str] | None, QueryParameter(name="yAxis", description="Figure, count() by default; repeat.")]
Interval = Annotated[str | None, QueryParameter(name="interval", description="Length of the intervals, such as 1h.")]
Top = Annotated[str | None, QueryParameter(name="topEvents", description="How many groups to show apart, 1 to 20.")]
Columns = Annotated[list[str] | None, QueryParameter(name="field", description="What tells the groups apart; repeat.")]
GroupBy = Annotated[list[str] | None, QueryParameter(name="groupBy", description="As field.")]


class _Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a chart for each figure."""

    values: Mapping[str, Any]
    """What its events have in common, by column; nothing where they are all or all others."""
    is_other: bool = False
    told: Mapping[int, Sequence[Any]]
    """The figures of each interval by its index; an interval without events is missing."""

    @property
    def label(self) -> str:
        """What the line is called."""
        return OTHER if self.is_other else ",".join(_text(value) for value in self.values.values())


class _Chart(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, and what it came to."""

    figures: Sequence[Figure]
    grid: Grid
    lines: Sequence[_Drawn]
    has_groups: bool


def show_event_stats(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    events: NamedDependency[AskedEvents],
    *,
    axes: Axes = None,
    interval: Interval = None,
    top: Top = None,
    columns: Columns = None,
    sort: SortText = None,
) -> Response[Any]:
    """Show figures of the events of an organization, interval by interval, with topEvents group by group."""
    chart = _chart(call, events, axes, interval, _grouping(top, columns, axes, sort or call.one("orderby")))
    if not chart.has_groups:
        return Response(_stats_of_line(chart, chart.lines[0]))
    return Response(
        {line.label: _stats_of_line(chart, line) | {"order": order} for order, line in enumerate(chart.lines)}
    )


def show_event_series(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    events: NamedDependency[AskedEvents],
    *,
    axes: Axes = None,
    interval: Interval = None,
    top: Top = None,
    group_by: GroupBy = None,
    sort: SortText = None,
) -> Response[Any]:
    """Show figures of the events of an organization as time series, with topEvents group by group."""
    chart = _chart(call, events, axes, interval, _grouping(top, group_by, axes, sort or call.one("orderby")))
    start, end = chart.grid.starts[0], chart.grid.starts.stop
    return Response(
        {
            "timeSeries": [
                _series(chart, line, order, call.now) for line in chart.lines for order in range(len(chart.figures))
            ],
            "meta": {"dataset": events.dataset, "start": start * 1000, "end": end * 1000},
        }
    )


class _Grouping(msgspec.Struct, frozen=True):
    """Which groups are shown apart: the first rows of a table."""

    table: Table
    lines_max: int


def _grouping(
    top: str | None, columns: Sequence[str] | None, axes: Sequence[str] | None, sort: str | None
) -> _Grouping | None:
    if not top:
        return None
    if not top.isdecimal() or not 1 <= int(top) <= LINES_MAX:
        raise InvalidQuery(f"topEvents must be a number from 1 to {LINES_MAX}.")
    wanted = read_table([*(columns or ()), *(axes or ("count()",))], sort)
    if not wanted.values:
        raise InvalidQuery('topEvents needs a column that tells groups apart, such as "field=title".')
    return _Grouping(wanted, int(top))


def _chart(
    call: Call,
    events: AskedEvents,
    axes: Sequence[str] | None,
    interval: str | None,
    grouping: _Grouping | None,
) -> _Chart:
    figures, grid = _axes(axes), _grid(call, events.window, interval)
    views, question = call.services.views, events.question(call)
    if grouping is None:
        told = table.series(views, question, figures, grid, call.now)
        return _Chart(figures=figures, grid=grid, lines=(_Drawn(values={}, told=told),), has_groups=False)
    found = table.lines(views, question, grouping.table, call.now, grouping.lines_max)
    *told_by_line, others = table.series_of_lines(views, found, figures, grid, call.now)
    lines = [_Drawn(values=line.values, told=one) for line, one in zip(found.lines, told_by_line, strict=True)]
    if others and not says_yes(call.one("excludeOther")):
        lines.append(_Drawn(values={}, is_other=True, told=others))
    return _Chart(figures=figures, grid=grid, lines=lines, has_groups=True)


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


def _stats_of_line(chart: _Chart, line: _Drawn) -> dict[str, Any]:
    series = [_stats(chart, line, order) for order in range(len(chart.figures))]
    if len(chart.figures) == 1:
        return series[0]
    return {figure.name: one for figure, one in zip(chart.figures, series, strict=True)}


def _stats(chart: _Chart, line: _Drawn, order: int) -> dict[str, Any]:
    figure, grid = chart.figures[order], chart.grid
    return {
        "data": [[start, [{"count": _number(line.told, index, order)}]] for index, start in enumerate(grid.starts)],
        "start": grid.starts[0],
        "end": grid.starts.stop,
        "isMetricsData": False,
        "order": order,
        "meta": {"fields": {"time": "date", figure.name: figure.type}, "units": {figure.name: None}},
    }


def _series(chart: _Chart, line: _Drawn, order: int, now: datetime) -> dict[str, Any]:
    figure, grid = chart.figures[order], chart.grid
    complete_until = int((now - EPOCH) / timedelta(seconds=1)) - grid.step_seconds
    groups = [{"key": name, "value": shown(value)} for name, value in line.values.items()]
    meta = {"valueType": figure.type, "valueUnit": None, "interval": grid.step_seconds * 1000}
    shared = {
        "yAxis": figure.name,
        "values": [
            {"timestamp": start * 1000, "value": _number(line.told, index, order), "incomplete": start > complete_until}
            for index, start in enumerate(grid.starts)
        ],
    }
    if not chart.has_groups:
        return {**shared, "meta": {**meta, "order": order}}
    return {
        **shared,
        "groupBy": groups or None,
        "meta": {**meta, "order": chart.lines.index(line), "isOther": line.is_other},
    }


def _number(told: Mapping[int, Sequence[Any]], index: int, order: int) -> Any:
    return shown(told[index][order]) if index in told else 0


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(_text, value))
    return str(shown(value)) if value not in {None, ""} else "(no value)"


CHART_ROUTES = (
    Route(
        method="GET",
        paths=("/organizations/{org:str}/events-stats",),
        handler=show_event_stats,
        scopes=ORGANIZATION_READ,
        tag="Discover",
    ),
    Route(
        method="GET",
        paths=("/organizations/{org:str}/events-timeseries",),
        handler=show_event_series,
        scopes=ORGANIZATION_READ,
        tag="Discover",
    ),
)
