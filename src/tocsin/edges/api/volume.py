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
from tocsin.domain.query.window import EPOCH, Grid, Window, aligned_grid, read_period
from tocsin.edges.api.asked import has_window
from tocsin.edges.api.call import Call
from tocsin.edges.api.projects import ORGANIZATION_READ, PROJECT_READ
from tocsin.edges.api.routing import Route
from tocsin.edges.api.serialize.instants import iso
from tocsin.storage.views import volume

STATS = {"received": True, "generated": True, "rejected": False, "blacklisted": False}
"""What can be asked for, and whether it means the events that are kept; of those that are not nothing is known."""
RESOLUTIONS = {"10s": 10, "1h": 3600, "1d": 86_400}
_COARSE_FROM_SECONDS = 7 * 86_400
_NUMBER_MAX = 10**11

FIELDS = ("sum(quantity)", "sum(times_seen)")
KNOWN = {"outcome": "accepted", "category": "error", "reason": "none"}
"""All that Tocsin counts: errors that were accepted."""
GROUPS = ("project", *KNOWN)

Stat = Annotated[
    str | None, QueryParameter(name="stat", description="received (default), generated, rejected or blacklisted.")
]
Since = Annotated[str | None, QueryParameter(name="since", description="Start, unix seconds; a day before the end.")]
Until = Annotated[str | None, QueryParameter(name="until", description="End, unix seconds; now by default.")]
Resolution = Annotated[str | None, QueryParameter(name="resolution", description="10s, 1h or 1d.")]
Group = Annotated[str | None, QueryParameter(name="group", description="organization (default) or project.")]
GroupBy = Annotated[list[str] | None, QueryParameter(name="groupBy", description="project, outcome, category, reason.")]
Fields = Annotated[list[str] | None, QueryParameter(name="field", description="sum(quantity) or sum(times_seen).")]
Interval = Annotated[str | None, QueryParameter(name="interval", description="Length of the intervals, such as 1h.")]


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which time the numbers are about, and whether there can be any."""

    grid: Grid
    is_known: bool


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


def show_outcomes(
    call: NamedDependency[Call],
    projects: NamedDependency[tuple[Project, ...]],
    window: NamedDependency[Window],
    *,
    group_by: GroupBy = None,
    fields: Fields = None,
    interval: Interval = None,
) -> Response[Any]:
    """Count the events that were taken in, by project, outcome, category and reason."""
    _check("field", fields, FIELDS)
    _check("groupBy", group_by, GROUPS)
    if not has_window(call):
        window = Window(start=window.end - timedelta(days=1), end=window.end)
    # The end of a window that lasts until now lies a little ahead.
    window = msgspec.structs.replace(window, end=min(window.end, call.now))
    grid = aligned_grid(window, _interval(interval))
    is_wanted = all(not call.all(name) or value in call.all(name) for name, value in KNOWN.items())
    counts = _counts(call, projects, _Asked(grid=grid, is_known=is_wanted))
    by = list(dict.fromkeys(group_by or ()))
    starts = [iso(EPOCH + timedelta(seconds=start)) for start in grid.starts]
    return Response(
        {
            "start": starts[0],
            "end": iso(EPOCH + timedelta(seconds=grid.starts.stop)),
            "intervals": starts,
            "groups": [_group(one, list(fields or ()), series) for one, series in _grouped(by, counts)],
        }
    )


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
    return _Asked(grid=aligned_grid(window, RESOLUTIONS[resolution or usual]), is_known=STATS[stat or "received"])


def _seconds(text: str, otherwise: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise InvalidQuery(otherwise) from None
    if not 0 <= seconds < _NUMBER_MAX:
        raise InvalidQuery(otherwise)
    return seconds


def _interval(text: str | None) -> int:
    seconds = int(read_period(text).total_seconds()) if text else 3600
    if seconds < 1:
        raise InvalidQuery("The interval must be longer than nothing.")
    return seconds


def _check(name: str, words: Sequence[str] | None, known: Sequence[str]) -> None:
    if not words:
        raise InvalidQuery(f'At least one "{name}" is required.')
    for word in words:
        if word not in known:
            raise InvalidQuery(f'Invalid {name}: "{word}". Valid choices are {", ".join(known)}.')


def _counts(call: Call, projects: Sequence[Project], asked: _Asked) -> dict[ProjectId, tuple[int, ...]]:
    if not asked.is_known:
        return {}
    return volume.received(call.services.views, [project.id for project in projects], asked.grid)


def _points(call: Call, projects: Sequence[Project], asked: _Asked) -> list[list[int]]:
    return _series(asked.grid, _sum(list(_counts(call, projects, asked).values())))


def _series(grid: Grid, counts: Sequence[int]) -> list[list[int]]:
    return [[start, events] for start, events in zip(grid.starts, counts or (0,) * grid.points, strict=True)]


def _sum(counts: Sequence[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*counts, strict=True)]


def _grouped(
    by: Sequence[str], counts: Mapping[ProjectId, Sequence[int]]
) -> list[tuple[dict[str, Any], Sequence[int]]]:
    """Return what each group is called, and its counts; there is one group, or one for each project."""
    called = {name: KNOWN[name] for name in by if name in KNOWN}
    if not counts:
        return []
    if "project" not in by:
        return [(called, _sum(list(counts.values())))]
    return [({**called, "project": project_id}, series) for project_id, series in sorted(counts.items())]


def _group(by: dict[str, Any], fields: Sequence[str], series: Sequence[int]) -> dict[str, Any]:
    return {
        "by": by,
        "totals": {field: sum(series) for field in fields},
        "series": {field: list(series) for field in fields},
    }


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
    Route(
        method="GET",
        paths=("/organizations/{org:str}/stats_v2",),
        handler=show_outcomes,
        scopes=ORGANIZATION_READ,
        tag="Statistics",
    ),
)
