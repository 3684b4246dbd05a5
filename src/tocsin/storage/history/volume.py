"""How many events came in over time, project by project."""

from collections.abc import Sequence
from datetime import timedelta

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.query.window import EPOCH, Grid
from tocsin.storage.history.filters import bound, in_projects, instant
from tocsin.storage.history.store import History

_EARLY, _LATE = timedelta(days=1), timedelta(days=60)
"""How far the time of an event may lie after and before its arrival: what lies farther is corrected on arrival."""


def received(history: History, project_ids: Sequence[ProjectId], grid: Grid) -> dict[ProjectId, tuple[int, ...]]:
    """Return how many events of each project arrived in each interval; a project without any has no entry."""
    start = EPOCH + timedelta(seconds=grid.origin)
    end = start + timedelta(seconds=grid.step_seconds * grid.points)
    chosen = in_projects(project_ids)
    # Only the time of events says in which part of the table they lie.
    bounds = [instant(start - _LATE), instant(end + _EARLY), instant(start), instant(end)]
    origin, step = bound("Int64", grid.origin), bound("Int64", grid.step_seconds)
    sql = (
        f"SELECT project_id, intDiv(toUnixTimestamp(received) - {origin.sql}, {step.sql}) AS interval, count()"
        f" FROM event WHERE {chosen.sql} AND timestamp >= {bounds[0].sql} AND timestamp < {bounds[1].sql}"
        f" AND received >= {bounds[2].sql} AND received < {bounds[3].sql} GROUP BY project_id, interval"
    )
    bindings = {**chosen.parameters, **origin.parameters, **step.parameters}
    for one in bounds:
        bindings |= one.parameters
    counts: dict[ProjectId, list[int]] = {}
    for project_id, interval, events in history.rows(sql, bindings):
        counts.setdefault(project_id, [0] * grid.points)[interval] = events
    return {project_id: tuple(found) for project_id, found in counts.items()}


def counts_by_project(history: History, project_ids: Sequence[ProjectId]) -> dict[ProjectId, int]:
    """Return how many events of each project are kept; one without any has no entry."""
    if not project_ids:
        return {}
    chosen = in_projects(project_ids)
    sql = f"SELECT project_id, count() FROM event WHERE {chosen.sql} GROUP BY project_id"
    rows = history.rows(sql, chosen.parameters)
    return {ProjectId(row[0]): row[1] for row in rows}
