"""The list of releases and the page of one: what is in it, what it broke, how its sessions go."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.errors import NotFound
from tocsin.domain.query.paging import Step, page_by_number, page_number, parse_cursor
from tocsin.domain.query.release_list import read_release_query
from tocsin.domain.query.tree import quote
from tocsin.domain.query.window import Grid, Window, aligned_grid
from tocsin.domain.release.version import short_version
from tocsin.domain.session.health import Health
from tocsin.edges.web import links
from tocsin.edges.web.chart import HEIGHT, STEP
from tocsin.edges.web.question import PERIODS, Question, projects_of, question_of, window_of
from tocsin.edges.web.rendering import Html, show
from tocsin.edges.web.visit import Visit
from tocsin.storage.views import commits, projects, release_health, releases
from tocsin.storage.views.release_health import HealthQuestion, PlaceHealth
from tocsin.storage.views.releases import ReleasePlace, ReleaseQuestion, ShownRelease

READERS = frozenset({Scope.PROJECT_READ, Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN, Scope.PROJECT_RELEASES})
ROWS_MAX = 25
COMMITS_MAX = 50
_HOURLY_UP_TO = timedelta(days=2)


class HealthBar(msgspec.Struct, frozen=True, kw_only=True):
    """One interval: where its bar begins, how high it and its crashed part are, and what it stands for."""

    x: int
    height: float
    crashed_height: float
    start: datetime
    health: Health


class HealthChart(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions over time, oldest first."""

    bars: tuple[HealthBar, ...]
    is_hourly: bool

    @property
    def width(self) -> int:
        """Units from the left edge to the right."""
        return len(self.bars) * STEP


class ShownPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A release in one project."""

    place: ReleasePlace
    health: PlaceHealth
    chart: HealthChart | None = None
    """None where it has no sessions."""
    new_issues_url: str
    issues_url: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One release of the list."""

    shown: ShownRelease
    name: str
    url: str
    places: tuple[ShownPlace, ...]


@get("/organizations/{org:str}/releases", sync_to_thread=True)
def releases_page(visit: NamedDependency[Visit], org: FromPath[str]) -> Html:
    """Show the releases of an organization, newest first, and how their sessions go."""
    visit.reach.require(READERS)
    asked = question_of(visit)
    text, cursor = visit.one("query").strip(), parse_cursor(visit.one("cursor")) if visit.one("cursor") else None
    visible = [project.id for project in projects_of(visit, asked)]
    wanted = ReleaseQuestion(query=read_release_query(text, visit.now))
    found = releases.release_page(
        visit.services.views, visible, wanted, limit=ROWS_MAX + 1, offset=page_number(cursor) * ROWS_MAX
    )
    page = page_by_number(found, cursor, ROWS_MAX)
    return show(
        visit,
        "releases.html",
        asked=asked,
        text=text,
        rows=_rows(visit, asked, page.rows),
        periods=PERIODS,
        environments=_environments(visit),
        previous=_step_url(org, asked, page.previous),
        next=_step_url(org, asked, page.next),
    )


@get("/organizations/{org:str}/releases/{version:str}", sync_to_thread=True)
def release_page(visit: NamedDependency[Visit], version: FromPath[str]) -> Html:
    """Show a release: what is in it, what it broke, and how its sessions go in each project."""
    visit.reach.require(READERS)
    asked, views = question_of(visit), visit.services.views
    visible = [project.id for project in projects_of(visit, asked)]
    found = releases.release(views, visit.reach.organization.id, version, visible)
    if found is None:
        raise NotFound("This release is unknown here. It appears with its first event, session or deploy.")
    grid = _grid(_window(visit, asked))
    return show(
        visit,
        "release.html",
        asked=asked,
        row=_rows(visit, asked, [found], grid)[0],
        commits=commits.commits_of_release(views, found.release, visible, limit=COMMITS_MAX),
        periods=PERIODS,
        environments=_environments(visit),
    )


def _rows(visit: Visit, asked: Question, listed: Sequence[ShownRelease], grid: Grid | None = None) -> tuple[Row, ...]:
    places = [(place.project.id, one.release.version) for one in listed for place in one.places]
    window = _window(visit, asked)
    question = HealthQuestion(
        project_ids=tuple(sorted({project_id for project_id, _ in places})),
        period=window.end - window.start,
        environments=asked.environments,
    )
    health = release_health.health_of(visit.services.views, question, places, visit.now)
    series: Mapping[release_health.Place, Mapping[int, Health]] = {}
    if grid is not None:
        versions = {version for _, version in places}
        series = release_health.health_over_time(visit.services.views, question, versions, grid)
    return tuple(_row(visit, asked, one, health, _charts(series, grid)) for one in listed)


def _row(
    visit: Visit,
    asked: Question,
    one: ShownRelease,
    health: Mapping[release_health.Place, PlaceHealth],
    charts: Mapping[release_health.Place, HealthChart],
) -> Row:
    organization, version = visit.reach.organization.slug, one.release.version
    carried = [(name, value) for name, value in asked.carried if name not in {"query", "sort"}]
    return Row(
        shown=one,
        name=short_version(version),
        url=links.release(organization, version, carried),
        places=tuple(
            ShownPlace(
                place=place,
                health=health[place.project.id, version],
                chart=charts.get((place.project.id, version)),
                new_issues_url=_issues_url(organization, place, f"firstRelease:{quote(version)}"),
                issues_url=_issues_url(organization, place, f"release:{quote(version)}"),
            )
            for place in one.places
        ),
    )


def _issues_url(organization: str, place: ReleasePlace, query: str) -> str:
    asked = (("query", query), ("project", str(place.project.id)), ("statsPeriod", "90d"))
    return links.stream(organization, asked)


def _charts(
    series: Mapping[release_health.Place, Mapping[int, Health]], grid: Grid | None
) -> dict[release_health.Place, HealthChart]:
    return {} if grid is None else {at: _chart(one, grid) for at, one in series.items()}


def _chart(series: Mapping[int, Health], grid: Grid) -> HealthChart:
    peak = max((one.sessions.total for one in series.values()), default=0) or 1
    bars = []
    for index, start in enumerate(grid.starts):
        health = series.get(index, Health())
        bars.append(
            HealthBar(
                x=index * STEP,
                height=_height(health.sessions.total, peak),
                crashed_height=_height(min(health.sessions.crashed, health.sessions.total), peak),
                start=datetime.fromtimestamp(start, UTC),
                health=health,
            )
        )
    return HealthChart(bars=tuple(bars), is_hourly=grid.step_seconds < 86_400)


def _height(count: int, peak: int) -> float:
    """Return the height of a bar; what is not zero can be seen."""
    return max(round(count / peak * HEIGHT, 1), 2) if count else 0


def _window(visit: Visit, asked: Question) -> Window:
    """Return the time that health is about: until now, for adoption is about now as well."""
    return Window(start=window_of(visit, asked).start, end=visit.now)


def _grid(window: Window) -> Grid:
    return aligned_grid(window, 3600 if window.end - window.start <= _HOURLY_UP_TO else 86_400)


def _environments(visit: Visit) -> tuple[str, ...]:
    known = projects.environments_of_organization(visit.services.views, visit.reach.organization.id)
    return tuple(one.name for one in known if one.name)


def _step_url(organization: str, asked: Question, step: Step) -> str:
    query = (*asked.carried, ("cursor", str(step.cursor)))
    return links.releases(organization, query) if step.has_results else ""
