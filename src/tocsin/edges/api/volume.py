"""How many events came in over time: of projects and of organizations (spec/search.md 5.16)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import Project
from tocsin.domain.outcome import ERRORS, Verdict
from tocsin.domain.query.window import EPOCH, Grid, Window, aligned_grid
from tocsin.edges.api.call import Call
from tocsin.edges.api.projects import ORGANIZATION_READ, PROJECT_READ
from tocsin.edges.api.routing import Route
from tocsin.storage.views import outcomes, volume
from tocsin.storage.views.outcomes import Asked, Dimension

STATS: Mapping[str, Verdict | None] = {
    "received": None,
    "generated": None,
    "rejected": Verdict.RATE_LIMITED,
    "blacklisted": Verdict.FILTERED,
}
"""What can be asked for, and what became of those events; None for those that are kept."""
RESOLUTIONS = {"10s": 10, "1h": 3600, "1d": 86_400}
_COARSE_FROM_SECONDS = 7 * 86_400
_NUMBER_MAX = 10**11

Stat = Annotated[
    str | None, QueryParameter(name="stat", description="received (default), generated, rejected or blacklisted.")
]
Since = Annotated[str | None, QueryParameter(name="since", description="Start, unix seconds; a day before the end.")]
Until = Annotated[str | None, QueryParameter(name="until", description="End, unix seconds; now by default.")]
Resolution = Annotated[str | None, QueryParameter(name="resolution", description="10s, 1h or 1d.")]
Group = Annotated[str | None, QueryParameter(name="group", description="organization (default) or project.")]


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which time the numbers are about, and what became of the events that they count."""

    grid: Grid
    verdict: Verdict | None


def show_project_stats(
    call: NamedDependency[Call],
    stat: Stat = None,
    since: Since = None,
    until: Until = None,
    resolution: Resolution = None,
) -> Response[Any]:
    """Count the events that came in for a project, interval by interval."""
    return Response(_points(call, [call.project], _asked(call, stat, since, until, resolution)))


def show_organization_stats(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    projects: NamedDependency[tuple[Project, ...]],
    *,
    stat: Stat = None,
    since: Since = None,
    until: Until = None,
    resolution: Resolution = None,
    group: Group = None,
) -> Response[Any]:
    """Count the events that came in for an organization or for each of its projects, interval by interval."""
    asked = _asked(call, stat, since, until, resolution)
    if group not in {None, "", "organization", "project"}:
        raise InvalidQuery("Invalid group. Valid choices are organization and project.")
    if group == "project":
        counts = _counts(call, projects, asked)
        return Response({str(one.id): _series(asked.grid, counts.get(one.id, ())) for one in projects})
    return Response(_points(call, projects, asked))


def _asked(call: Call, stat: str | None, since: str | None, until: str | None, resolution: str | None) -> _Asked:
    if (stat or "received") not in STATS:
        raise InvalidQuery(f"Invalid stat. Valid choices are {', '.join(STATS)}.")
    if resolution and resolution not in RESOLUTIONS:
        raise InvalidQuery("Invalid resolution")
    end = _seconds(until, "until must be a numeric timestamp.") if until else call.now.timestamp()
    start = _seconds(since, "since must be a numeric timestamp") if since else end - 86_400
    if start > end:
        raise InvalidQuery("start must be before or equal to end")
    window = Window(start=EPOCH + timedelta(seconds=start), end=EPOCH + timedelta(seconds=end))
    usual = "1h" if window.seconds <= _COARSE_FROM_SECONDS else "1d"
    return _Asked(grid=aligned_grid(window, RESOLUTIONS[resolution or usual]), verdict=STATS[stat or "received"])


def _seconds(text: str, otherwise: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise InvalidQuery(otherwise) from None
    if not 0 <= seconds < _NUMBER_MAX:
        raise InvalidQuery(otherwise)
    return seconds


def _counts(call: Call, projects: Sequence[Project], asked: _Asked) -> dict[ProjectId, tuple[int, ...]]:
    views, project_ids = call.services.views, [project.id for project in projects]
    if asked.verdict is None:
        return volume.received(views, project_ids, asked.grid)
    wanted = Asked(
        project_ids=project_ids,
        start=EPOCH + timedelta(seconds=asked.grid.starts[0]),
        end=EPOCH + timedelta(seconds=asked.grid.starts.stop),
        categories=tuple(ERRORS),
        verdicts=(asked.verdict,),
    )
    found = outcomes.over_time(views, wanted, [Dimension.PROJECT], asked.grid)
    return {ProjectId(int(project_id)): tuple(series) for (project_id,), series in found.items()}


def _points(call: Call, projects: Sequence[Project], asked: _Asked) -> list[list[int]]:
    return _series(asked.grid, _sum(list(_counts(call, projects, asked).values())))


def _series(grid: Grid, counts: Sequence[int]) -> list[list[int]]:
    return [[start, events] for start, events in zip(grid.starts, counts or (0,) * grid.points, strict=True)]


def _sum(counts: Sequence[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*counts, strict=True)]


VOLUME_ROUTES = (
    Route(
        method="GET",
        paths=("/projects/{org:str}/{project:str}/stats",),
        handler=show_project_stats,
        scopes=PROJECT_READ,
        tag="Statistics",
    ),
    Route(
        method="GET",
        paths=("/organizations/{org:str}/stats",),
        handler=show_organization_stats,
        scopes=ORGANIZATION_READ,
        tag="Statistics",
    ),
)
