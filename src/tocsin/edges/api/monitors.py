"""Monitors of jobs and what the jobs said (spec/search.md 6, spec/ingest.md 8.2)."""

from typing import Any

from litestar import MediaType, Response
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIType, Reference, Schema
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidFields, NotFound
from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import Project
from tocsin.domain.query.paging import page_by_number
from tocsin.domain.query.window import Window
from tocsin.edges.api.asked import Paging, SearchText, paged
from tocsin.edges.api.call import Call
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.monitor import check_in_object, monitor_object
from tocsin.storage.views import monitors
from tocsin.storage.views.monitors import ShownMonitor

MONITORS_READ = any_of(Scope.ALERTS_READ, Scope.ORG_READ, Scope.ORG_WRITE, Scope.ORG_ADMIN)
MONITORS_MAKE = any_of(Scope.ALERTS_WRITE, Scope.ORG_READ, Scope.ORG_WRITE, Scope.ORG_ADMIN)
MONITOR_WRITE = any_of(Scope.ALERTS_WRITE, Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN)
MONITOR_READ = MONITOR_WRITE | any_of(Scope.ALERTS_READ, Scope.PROJECT_READ)


def list_monitors(
    call: NamedDependency[Call],
    projects: NamedDependency[tuple[Project, ...]],
    environments: NamedDependency[tuple[str, ...]],
    paging: NamedDependency[Paging],
    text: SearchText = None,
) -> Response[Any]:
    """List the monitors of an organization by name."""
    wanted = {one.id: one for one in projects}
    found = monitors.of_projects(call.services.views, wanted, contains=(text or "").strip(), environments=environments)
    page = paging.numbered(found)
    return paged(call, page, [monitor_object(one, wanted[one.monitor.project_id]) for one in page.rows])


def add_monitor(call: NamedDependency[Call]) -> Response[Any]:
    """Make a monitor in a project of the organization."""
    body = call.fields()
    project = call.reach.project(str(body.get("project") or ""))
    if project is None:
        raise InvalidFields({"project": ["Name a project that you have access to, by id or slug."]})
    added = call.services.monitors.add(body, project, call.now)
    return Response(monitor_object(ShownMonitor(monitor=added), project), status_code=201)


def show_monitor(call: NamedDependency[Call], monitor_id: FromPath[str]) -> Response[Any]:
    """Show a monitor and how it fares in each environment."""
    return _answer(call, _monitor(call, monitor_id))


def change_monitor(call: NamedDependency[Call], monitor_id: FromPath[str]) -> Response[Any]:
    """Change a monitor: its name, slug, schedule and limits; mute it or disable it."""
    known = _monitor(call, monitor_id)
    call.services.monitors.change(known.monitor.id, call.fields(), call.now)
    return _answer(call, _monitor(call, str(known.monitor.id)))


def delete_monitor(call: NamedDependency[Call], monitor_id: FromPath[str]) -> Response[None]:
    """Delete a monitor with its check-ins; its issues stay."""
    call.services.monitors.remove(_monitor(call, monitor_id).monitor.id)
    return Response(None, status_code=202, media_type=MediaType.TEXT)


def list_check_ins(
    call: NamedDependency[Call],
    monitor_id: FromPath[str],
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    paging: NamedDependency[Paging],
) -> Response[Any]:
    """List what a job said of itself, newest first."""
    shown = _monitor(call, monitor_id)
    wanted = [one.id for one in shown.environments if not environments or one.name in environments]
    found = monitors.runs(
        call.services.views, wanted, start=window.start, end=window.end, limit=paging.skipped + paging.limit + 1
    )
    page = page_by_number(found[paging.skipped :], paging.cursor, paging.limit)
    return paged(call, page, [check_in_object(one, shown) for one in page.rows])


def change_monitor_environment(
    call: NamedDependency[Call], monitor_id: FromPath[str], environment: FromPath[str]
) -> Response[Any]:
    """Mute a monitor in one environment, or let it be heard again."""
    known = _monitor(call, monitor_id)
    call.services.monitors.change_environment(known.monitor.id, environment, call.fields())
    return _answer(call, _monitor(call, str(known.monitor.id)))


def delete_monitor_environment(
    call: NamedDependency[Call], monitor_id: FromPath[str], environment: FromPath[str]
) -> Response[None]:
    """Forget a monitor in one environment, with its check-ins."""
    call.services.monitors.remove_environment(_monitor(call, monitor_id).monitor.id, environment)
    return Response(None, status_code=202, media_type=MediaType.TEXT)


def _monitor(call: Call, reference: str) -> ShownMonitor:
    """Return the monitor that the path names, in its project if it names one. Raises NotFound."""
    projects: frozenset[ProjectId] = (
        frozenset({call.project.id}) if call.project_or_none is not None else call.reach.project_ids
    )
    found = monitors.monitor(call.services.views, projects, reference)
    if found is None:
        raise NotFound
    return found


def _answer(call: Call, shown: ShownMonitor) -> Response[Any]:
    projects = {one.id: one for one in call.reach.projects}
    return Response(monitor_object(shown, projects[shown.monitor.project_id]))


_TEXT = Schema(type=OpenAPIType.STRING)
_NUMBER = Schema(type=OpenAPIType.INTEGER)
_YES_OR_NO = Schema(type=OpenAPIType.BOOLEAN)
_CONFIG = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "schedule_type": Schema(type=OpenAPIType.STRING, enum=["crontab", "interval"]),
        "schedule": Schema(description="A crontab, or a number and a unit such as [1, hour]."),
        "timezone": Schema(type=OpenAPIType.STRING, description="An IANA name; UTC unless given."),
        "checkin_margin": Schema(type=OpenAPIType.INTEGER, description="Minutes it may be late."),
        "max_runtime": Schema(type=OpenAPIType.INTEGER, description="Minutes it may take."),
        "failure_issue_threshold": _NUMBER,
        "recovery_threshold": _NUMBER,
    },
)
_CHANGES: dict[str, Reference | Schema] = {
    "name": _TEXT,
    "slug": _TEXT,
    "status": Schema(type=OpenAPIType.STRING, enum=["active", "disabled"]),
    "isMuted": _YES_OR_NO,
    "config": _CONFIG,
}
_BODY = Schema(type=OpenAPIType.OBJECT, properties=_CHANGES)
_NEW_BODY = Schema(
    type=OpenAPIType.OBJECT,
    properties={"project": _TEXT, **_CHANGES},
    required=["project", "name", "config"],
)
_MUTE_BODY = Schema(type=OpenAPIType.OBJECT, properties={"isMuted": _YES_OR_NO}, required=["isMuted"])

_ALL = ("/organizations/{org:str}/monitors",)
_ONE = (f"{_ALL[0]}/{{monitor_id:str}}", "/projects/{org:str}/{project:str}/monitors/{monitor_id:str}")
_RUNS = tuple(f"{path}/checkins" for path in _ONE)
_ENVIRONMENT = tuple(f"{path}/environments/{{environment:str}}" for path in _ONE)
_TAG = "Monitors"

MONITOR_ROUTES = (
    Route(method="GET", paths=_ALL, handler=list_monitors, scopes=MONITORS_READ, tag=_TAG),
    Route(method="POST", paths=_ALL, handler=add_monitor, scopes=MONITORS_MAKE, tag=_TAG, body=_NEW_BODY),
    Route(method="GET", paths=_ONE, handler=show_monitor, scopes=MONITOR_READ, tag=_TAG),
    Route(method="PUT", paths=_ONE, handler=change_monitor, scopes=MONITOR_WRITE, tag=_TAG, body=_BODY),
    Route(method="DELETE", paths=_ONE, handler=delete_monitor, scopes=MONITOR_WRITE, tag=_TAG),
    Route(method="GET", paths=_RUNS, handler=list_check_ins, scopes=MONITOR_READ, tag=_TAG),
    Route(
        method="PUT",
        paths=_ENVIRONMENT,
        handler=change_monitor_environment,
        scopes=MONITOR_WRITE,
        tag=_TAG,
        body=_MUTE_BODY,
    ),
    Route(method="DELETE", paths=_ENVIRONMENT, handler=delete_monitor_environment, scopes=MONITOR_WRITE, tag=_TAG),
)
