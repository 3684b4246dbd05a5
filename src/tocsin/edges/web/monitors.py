"""Monitors: how jobs fare, what they said, and the form that says what is expected of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidFields, Malformed, NotFound, Refusal
from tocsin.domain.monitor.check_in import CheckIn, CheckInStatus
from tocsin.domain.monitor.environment import Health, MonitorEnvironment
from tocsin.domain.monitor.monitor import Monitor
from tocsin.domain.monitor.schedule import Interval
from tocsin.domain.organization import Project
from tocsin.edges.web import links
from tocsin.edges.web.monitor_form import MonitorForm, body_of, faults_of, filled_with
from tocsin.edges.web.notices import Notice
from tocsin.edges.web.rendering import Html, redirect, show
from tocsin.edges.web.visit import Visit
from tocsin.storage.views import monitors
from tocsin.storage.views.monitors import ShownMonitor

READERS = frozenset({Scope.ALERTS_READ, Scope.ALERTS_WRITE, Scope.PROJECT_READ, Scope.PROJECT_WRITE})
WRITERS = frozenset({Scope.ALERTS_WRITE, Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN})
MONITORS_MAX = 100
"""Shown on the page; the search finds the others."""
TIMELINE_RUNS = 30
RUNS_MAX = 100

_WORDS = {
    CheckInStatus.IN_PROGRESS: "in progress",
    CheckInStatus.OK: "ok",
    CheckInStatus.ERROR: "failed",
    CheckInStatus.MISSED: "missed",
    CheckInStatus.TIMEOUT: "took too long",
}
_HEALTH = {Health.ACTIVE: "waiting", Health.OK: "ok", Health.ERROR: "failing"}


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One check-in of a timeline or a table."""

    check_in: CheckIn
    words: str
    duration: str
    environment: str
    x: int
    """Where it stands in the timeline, in units of its picture."""


class ShownEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """An environment with its latest runs, the oldest first."""

    environment: MonitorEnvironment
    words: str
    runs: Sequence[Run]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A monitor of the list."""

    monitor: Monitor
    project: Project
    schedule: str
    url: str
    environments: Sequence[ShownEnvironment]


@get("/organizations/{org:str}/monitors", sync_to_thread=True)
def monitors_page(visit: NamedDependency[Visit]) -> Html:
    """Show the monitors of the organization."""
    visit.reach.require(READERS)
    text = visit.one("query").strip()
    found = monitors.of_projects(
        visit.services.views, visit.reach.project_ids, contains=text, environments=visit.all("environment")
    )
    entries = [_entry(visit, one) for one in found[:MONITORS_MAX]]
    return show(visit, "monitors.html", entries=entries, count=len(found), text=text, may_write=_may_write(visit))


@get("/organizations/{org:str}/monitors/new", sync_to_thread=True)
def new_monitor(visit: NamedDependency[Visit]) -> Html:
    """Show an empty form."""
    visit.reach.require(WRITERS)
    return _form(visit, MonitorForm(), {})


@post("/organizations/{org:str}/monitors", status_code=200, sync_to_thread=True)
def add_monitor(visit: NamedDependency[Visit]) -> Response[str]:
    """Make a monitor, or show the form again with what is wrong."""
    visit.reach.require(WRITERS)
    project = visit.reach.project(visit.form.one("project"))
    if project is None:
        raise NotFound("This project is gone. Reload the page and choose another.")
    try:
        added = visit.services.monitors.add(body_of(visit.form), project, visit.now)
    except Refusal as refusal:
        return _form(visit, MonitorForm.sent(visit.form), faults_of(refusal))
    url = links.monitor(visit.reach.organization.slug, added.id)
    return redirect(visit.services, url, Notice(f"Made the monitor {added.name}."))


@get("/organizations/{org:str}/monitors/{monitor_id:str}", sync_to_thread=True)
def monitor_page(visit: NamedDependency[Visit], monitor_id: FromPath[str]) -> Html:
    """Show a monitor: its environments, its incidents, its check-ins."""
    visit.reach.require(READERS)
    return _page(visit, _monitor(visit, monitor_id), None, {})


@post("/organizations/{org:str}/monitors/{monitor_id:str}", status_code=200, sync_to_thread=True)
def change_monitor(visit: NamedDependency[Visit], monitor_id: FromPath[str]) -> Response[str]:
    """Change, mute, disable or delete a monitor."""
    visit.reach.require(WRITERS)
    shown, flow = _monitor(visit, monitor_id), visit.services.monitors
    known = shown.monitor
    match visit.form.one("action"):
        case "delete":
            flow.remove(known.id)
            deleted = Notice(f"Deleted the monitor {known.name}.")
            return redirect(visit.services, links.monitors(visit.reach.organization.slug), deleted)
        case "save":
            try:
                flow.change(known.id, body_of(visit.form), visit.now)
            except InvalidFields as refusal:
                return _page(visit, shown, MonitorForm.sent(visit.form), faults_of(refusal))
            said = "Saved."
        case action if action in _SWITCHES:
            body, said = _SWITCHES[action]
            flow.change(known.id, body, visit.now)
        case action:
            raise Malformed(f"There is no action {action!r}. Reload the page and use its buttons.")
    return redirect(visit.services, links.monitor(visit.reach.organization.slug, known.id), Notice(said))


_SWITCHES: Mapping[str, tuple[dict[str, Any], str]] = {
    "mute": ({"isMuted": True}, "Muted: failures make no issues."),
    "unmute": ({"isMuted": False}, "Failures make issues again."),
    "disable": ({"status": "disabled"}, "Disabled: check-ins are dropped."),
    "enable": ({"status": "active"}, "Check-ins are taken again."),
}


def _monitor(visit: Visit, reference: str) -> ShownMonitor:
    found = monitors.monitor(visit.services.views, visit.reach.project_ids, reference)
    if found is None:
        raise NotFound("There is no such monitor, or no longer.")
    return found


def _page(visit: Visit, shown: ShownMonitor, form: MonitorForm | None, faults: Mapping[str, str]) -> Html:
    found = monitors.runs(visit.services.views, [one.id for one in shown.environments], limit=RUNS_MAX)
    names = {one.id: one.name for one in shown.environments}
    return show(
        visit,
        "monitor.html",
        status=400 if faults else 200,
        entry=_entry(visit, shown),
        runs=[_run(one, names[one.monitor_environment_id], 0) for one in found],
        incidents=[
            (one.incident, one.issue, links.issue(visit.reach.organization.slug, one.issue.id) if one.issue else "")
            for one in monitors.incidents(visit.services.views, shown)
        ],
        form=form or filled_with(shown.monitor),
        faults=faults,
        may_write=_may_write(visit),
    )


def _form(visit: Visit, form: MonitorForm, faults: Mapping[str, str]) -> Html:
    projects = sorted(visit.reach.projects, key=lambda project: project.slug)
    status = 400 if faults else 200
    return show(visit, "new_monitor.html", status=status, form=form, faults=faults, projects=projects)


def _may_write(visit: Visit) -> bool:
    return bool(visit.reach.scopes & WRITERS)


def _entry(visit: Visit, shown: ShownMonitor) -> Entry:
    views, monitor = visit.services.views, shown.monitor
    latest = monitors.last_runs(views, [one.id for one in shown.environments], TIMELINE_RUNS)
    return Entry(
        monitor=monitor,
        project=next(project for project in visit.reach.projects if project.id == monitor.project_id),
        schedule=_schedule(monitor),
        url=links.monitor(visit.reach.organization.slug, monitor.id),
        environments=[
            ShownEnvironment(
                environment=one,
                words="muted" if one.is_muted else _HEALTH[one.health],
                runs=[_run(run, one.name, 8 * at) for at, run in enumerate(reversed(latest[one.id]))],
            )
            for one in shown.environments
        ],
    )


def _run(check_in: CheckIn, environment: str, x: int) -> Run:
    return Run(
        check_in=check_in,
        words=_WORDS[check_in.status],
        duration="" if check_in.duration_ms is None else f"{check_in.duration_ms / 1000:,.1f} s",
        environment=environment,
        x=x,
    )


def _schedule(monitor: Monitor) -> str:
    schedule = monitor.config.schedule
    if isinstance(schedule, Interval):
        return f"every {schedule.unit}" if schedule.value == 1 else f"every {schedule.value} {schedule.unit}s"
    return f"{schedule} ({monitor.config.timezone})"
