"""Monitors with what their jobs said, for screens."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from tocsin.domain.issue.issue import Issue, IssueId, ProjectId
from tocsin.domain.monitor.check_in import CheckIn, MonitorEnvironmentId
from tocsin.domain.monitor.environment import MonitorEnvironment, MonitorId
from tocsin.domain.monitor.monitor import Monitor
from tocsin.storage.state import check_ins, issues, monitor_steps, monitors
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.monitor_steps import Incident
from tocsin.storage.views.stores import Views

MONITORS_MAX = 5000
_ID_DIGITS_MAX = 18
_INCIDENTS_MAX = 20


class ShownMonitor(msgspec.Struct, frozen=True, kw_only=True):
    """A monitor with its environments, by name."""

    monitor: Monitor
    environments: Sequence[MonitorEnvironment] = ()


class ShownIncident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident and its issue, None while that is on its way, or gone."""

    incident: Incident
    issue: Issue | None


def of_projects(
    views: Views, project_ids: Collection[ProjectId], *, contains: str, environments: Collection[str]
) -> list[ShownMonitor]:
    """Return the monitors of projects by name, those with *contains* in name or slug, and in any of *environments*."""
    with views.state.read() as connection:
        found = monitors.in_projects(connection, project_ids, MONITORS_MAX)
        wanted = [one for one in found if contains.lower() in f"{one.name}\n{one.slug}".lower()]
        shown = _with_environments(connection, wanted)
    return [one for one in shown if not environments or any(each.name in environments for each in one.environments)]


def monitor(views: Views, project_ids: Collection[ProjectId], reference: str) -> ShownMonitor | None:
    """Return the monitor of some project that has that slug, or that id."""
    with views.state.read() as connection:
        found = monitors.named(connection, project_ids, reference)
        if found is None and reference.isascii() and reference.isdigit() and len(reference) <= _ID_DIGITS_MAX:
            found = monitors.by_id(connection, MonitorId(int(reference)))
        if found is None or found.project_id not in project_ids:
            return None
        return _with_environments(connection, [found])[0]


def runs(
    views: Views,
    environment_ids: Collection[MonitorEnvironmentId],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int,
) -> list[CheckIn]:
    """Return what was said in environments between two times, newest first."""
    with views.state.read() as connection:
        return check_ins.newest(connection, environment_ids, start=start, end=end, limit=limit)


def last_runs(
    views: Views, environment_ids: Collection[MonitorEnvironmentId], limit: int
) -> dict[MonitorEnvironmentId, list[CheckIn]]:
    """Return the last *limit* runs of each of the environments, newest first."""
    with views.state.read() as connection:
        return {one: check_ins.newest(connection, [one], limit=limit) for one in environment_ids}


def incidents(views: Views, shown: ShownMonitor) -> list[ShownIncident]:
    """Return the last incidents of a monitor, each with its issue."""
    with views.state.read() as connection:
        found = monitor_steps.incidents(connection, [one.id for one in shown.environments], _INCIDENTS_MAX)
        known = issues.load(connection, {issue_id for _, issue_id in found if issue_id is not None})
    return [ShownIncident(incident=one, issue=known.get(issue_id or IssueId(0))) for one, issue_id in found]


def _with_environments(connection: Transaction, found: Sequence[Monitor]) -> list[ShownMonitor]:
    of_each = monitors.environments(connection, [one.id for one in found])
    return [ShownMonitor(monitor=one, environments=of_each[one.id]) for one in found]
