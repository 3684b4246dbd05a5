"""How sessions went: by project, release, environment and status, in all and over time (spec/search.md 5.16)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from tocsin.domain.errors import InvalidQuery, NotFound
from tocsin.domain.organization import Project
from tocsin.domain.query.paging import page_by_offset
from tocsin.domain.query.parse import parse_event_query
from tocsin.domain.query.window import EPOCH, Grid, Window
from tocsin.domain.session.question import STATUSES, Field, GroupBy, Question, figure, read_question, session_grid
from tocsin.domain.session.session import Severity
from tocsin.edges.api.asked import Paging, SearchText
from tocsin.edges.api.call import Call
from tocsin.edges.api.paging import paging_headers
from tocsin.edges.api.projects import ORGANIZATION_READ
from tocsin.edges.api.routing import Route
from tocsin.edges.api.serialize.instants import iso
from tocsin.storage.views import projects as project_views
from tocsin.storage.views import sessions
from tocsin.storage.views.sessions import Dimension, Figures, Group, SessionQuestion

POINTS_MAX = 10_000
"""Points in time of one answer, over all its groups."""
_DIMENSIONS = {
    GroupBy.PROJECT: Dimension.PROJECT,
    GroupBy.RELEASE: Dimension.RELEASE,
    GroupBy.ENVIRONMENT: Dimension.ENVIRONMENT,
}
_NO = frozenset({"0", "false"})

Fields = Annotated[
    list[str] | None,
    QueryParameter(
        name="field",
        description="sum(session), count_unique(user), crash_free_rate(session), p50(session.duration) …; repeat.",
    ),
]
GroupByNames = Annotated[
    list[str] | None,
    QueryParameter(name="groupBy", description="project, release, environment or session.status; repeat for several."),
]
Interval = Annotated[
    str | None, QueryParameter(name="interval", description="Length of the intervals: 1h by default, 6h, 1d …")
]
OrderBy = Annotated[
    str | None, QueryParameter(name="orderBy", description="A field asked for; with a minus the largest first.")
]
IncludeTotals = Annotated[str | None, QueryParameter(name="includeTotals", description="0 leaves the totals out.")]
IncludeSeries = Annotated[str | None, QueryParameter(name="includeSeries", description="0 leaves the series out.")]


def show_sessions(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    projects: NamedDependency[tuple[Project, ...]],
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    paging: NamedDependency[Paging],
    *,
    fields: Fields = None,
    group_by: GroupByNames = None,
    text: SearchText = None,
    interval: Interval = None,
    order_by: OrderBy = None,
    include_totals: IncludeTotals = None,
    include_series: IncludeSeries = None,
) -> Response[Any]:
    """Show how the sessions of an organization went, group by group."""
    asked = read_question(fields or (), group_by or (), parse_event_query(text or "", now=call.now))
    # The end of a window that lasts until now lies ahead; it means the hour that has begun, and no later one.
    now = call.now + timedelta(microseconds=1)
    grid = session_grid(msgspec.structs.replace(window, end=min(window.end, now)), interval)
    question = _question(call, projects, environments, asked, grid)
    found = _ordered(asked, order_by, sessions.totals(call.services.views, question, call.now))
    with_series = include_series not in _NO
    limit = min(paging.limit, _groups_max(asked, grid)) if with_series else paging.limit
    page = page_by_offset(found[paging.offset : paging.offset + limit + 1], paging.cursor, limit)
    over_time: Mapping[Group, Mapping[int, Figures]] = {}
    if with_series:
        over_time = sessions.over_time(call.services.views, question, [group for group, _ in page.rows], call.now)
    shown = _Shown(question=asked, grid=grid, with_totals=include_totals not in _NO, with_series=with_series)
    body = {
        "start": iso(EPOCH + timedelta(seconds=grid.origin)),
        "end": iso(EPOCH + timedelta(seconds=grid.starts.stop)),
        "intervals": [iso(EPOCH + timedelta(seconds=start)) for start in grid.starts],
        "query": text or "",
        "groups": [
            one for group, figures in page.rows for one in shown.groups(group, figures, over_time.get(group, {}))
        ],
    }
    headers = paging_headers(call.services.settings.public_url, call.path, call.query, page)
    return Response(body, headers=headers)


class _Shown(msgspec.Struct, frozen=True, kw_only=True):
    """How a group is shown."""

    question: Question
    grid: Grid
    with_totals: bool
    with_series: bool

    def groups(self, group: Group, total: Figures, series: Mapping[int, Figures]) -> list[dict[str, Any]]:
        """Return the group, or one for each status where these are told apart."""
        dimensions = [one for one in self.question.by if one is not GroupBy.STATUS]
        by = {str(name): value for name, value in zip(dimensions, group, strict=True)}
        if GroupBy.STATUS not in self.question.by:
            return [self._group(by, total, series, self.question.statuses)]
        wanted = self.question.statuses
        return [
            self._group(by | {str(GroupBy.STATUS): name}, total, series, (one,))
            for name, one in STATUSES.items()
            if wanted is None or one in wanted
        ]

    def _group(
        self,
        by: dict[str, Any],
        total: Figures,
        series: Mapping[int, Figures],
        statuses: Sequence[Severity] | None,
    ) -> dict[str, Any]:
        shown: dict[str, Any] = {"by": by}
        fields = self.question.fields
        if self.with_totals:
            shown["totals"] = {one.name: _figure(one, total, statuses) for one in fields}
        if self.with_series:
            points = [series.get(index, Figures()) for index in range(self.grid.points)]
            shown["series"] = {one.name: [_figure(one, point, statuses) for point in points] for one in fields}
        return shown


def _question(
    call: Call, projects: tuple[Project, ...], environments: tuple[str, ...], asked: Question, grid: Grid
) -> SessionQuestion:
    if not project_views.knows_environments(call.services.views, call.reach.organization.id, environments):
        raise NotFound
    return SessionQuestion(
        projects=projects,
        grid=grid,
        environments=environments,
        query=asked.query,
        by=tuple(_DIMENSIONS[one] for one in asked.by if one is not GroupBy.STATUS),
        with_durations=any(one.is_duration for one in asked.fields),
    )


def _ordered(asked: Question, order_by: str | None, found: Mapping[Group, Figures]) -> list[tuple[Group, Figures]]:
    """Return the groups in the order asked for, the most sessions first by default. Raises InvalidQuery."""
    if not order_by:
        return list(found.items())
    if GroupBy.STATUS in asked.by:
        raise InvalidQuery("Cannot use orderBy when grouping by session.status.")
    field = next((one for one in asked.fields if one.name == order_by.removeprefix("-")), None)
    if field is None:
        raise InvalidQuery(f"orderBy must be one of the fields asked for, {order_by.removeprefix('-')!r} is not.")
    known = [(_figure(field, one, asked.statuses), group, one) for group, one in found.items()]
    ranked = sorted(
        [(value, group, one) for value, group, one in known if value is not None],
        key=lambda row: row[0],
        reverse=order_by.startswith("-"),
    )
    # What nothing is known of comes last, whichever way round.
    return [(group, one) for _, group, one in ranked] + [(group, one) for value, group, one in known if value is None]


def _groups_max(asked: Question, grid: Grid) -> int:
    statuses = len(STATUSES) if GroupBy.STATUS in asked.by else 1
    return max(1, POINTS_MAX // (grid.points * statuses))


def _figure(field: Field, figures: Figures, statuses: Sequence[Severity] | None) -> int | float | None:
    return figure(field, figures.health, figures.durations, statuses)


SESSION_ROUTES = (
    Route(
        method="GET",
        paths=("/organizations/{org:str}/sessions",),
        handler=show_sessions,
        scopes=ORGANIZATION_READ,
        tag="Sessions",
    ),
)
