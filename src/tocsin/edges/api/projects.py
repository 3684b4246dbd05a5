"""Projects, their environments and their keys (spec/search.md 5.10, 5.13, 5.17)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidQuery, NotFound
from tocsin.domain.organization import ClientKey, Project
from tocsin.domain.query.window import Grid, daily_grid, hourly_grid
from tocsin.edges.api.asked import Paging, SearchText, paged, says_yes
from tocsin.edges.api.call import Call
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.environment import environment_object, project_environment_object
from tocsin.edges.api.serialize.organization import organization_object
from tocsin.edges.api.serialize.project import project_detail, project_object
from tocsin.edges.api.serialize.project_key import key_object
from tocsin.edges.api.settings_body import PROJECT_SETTINGS
from tocsin.storage.views import organizations, projects, volume
from tocsin.storage.views.projects import ShownProject

ORGANIZATION_READ = any_of(Scope.ORG_READ, Scope.ORG_WRITE, Scope.ORG_ADMIN)
PROJECT_READ = any_of(Scope.PROJECT_READ, Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN)
VISIBILITIES = ("all", "hidden", "visible")
PERIODS: dict[str, Callable[[datetime], Grid]] = {
    "24h": hourly_grid,
    "14d": lambda now: daily_grid(now, 14),
    "30d": lambda now: daily_grid(now, 30),
}

StatsPeriod = Annotated[
    str | None, QueryParameter(name="statsPeriod", description="Events over time of each project: 24h, 14d or 30d.")
]
AllProjects = Annotated[str | None, QueryParameter(name="all_projects", description="1 for the whole list at once.")]
Visibility = Annotated[str | None, QueryParameter(name="visibility", description="visible (default), hidden or all.")]
KeyStatus = Annotated[str | None, QueryParameter(name="status", description="active or inactive; all by default.")]


def list_projects(
    call: NamedDependency[Call],
    paging: NamedDependency[Paging],
    text: SearchText = None,
    all_projects: AllProjects = None,
    period: StatsPeriod = None,
) -> Response[Any]:
    """List the projects of an organization that the caller may see, by slug."""
    if period and period not in PERIODS:
        raise InvalidQuery(f"Invalid statsPeriod: {period!r}. Valid choices are {', '.join(PERIODS)}.")
    shown = projects.shown_projects(call.services.views, call.reach.projects, call.caller.user_id)
    wanted = [one for one in shown if _fits(one, text or "")]
    if says_yes(all_projects):
        return Response(_listed(call, wanted, period))
    page = paging.numbered(wanted)
    return paged(call, page, _listed(call, page.rows, period))


def _listed(call: Call, shown: Sequence[ShownProject], period: str | None) -> list[dict[str, Any]]:
    """Return projects, each with its events over time if a period is asked for."""
    listed = [project_object(one, call.reach.scopes) for one in shown]
    if not period:
        return listed
    grid = PERIODS[period](call.now)
    counts = volume.received(call.services.views, [one.project.id for one in shown], grid)
    none = (0,) * grid.points
    series = [zip(grid.starts, counts.get(one.project.id, none), strict=True) for one in shown]
    return [row | {"stats": [list(point) for point in points]} for row, points in zip(listed, series, strict=True)]


def list_all_projects(call: NamedDependency[Call], paging: NamedDependency[Paging]) -> Response[Any]:
    """List every project that the caller may see, whatever its organization, by slug."""
    views, url = call.services.views, call.services.settings.public_url
    page = paging.numbered(organizations.projects_of(views, call.caller))
    shown = projects.shown_projects(views, [project for _, project in page.rows], call.caller.user_id)
    scopes = call.caller.granted or frozenset()
    body = [
        project_object(one, scopes) | {"organization": organization_object(organization, url)}
        for one, (organization, _) in zip(shown, page.rows, strict=True)
    ]
    return paged(call, page, body)


def show_project(call: NamedDependency[Call]) -> Response[Any]:
    """Show a project with its settings; ``collapse=organization`` leaves its organization out."""
    return _detailed(call, call.project)


def change_project(call: NamedDependency[Call]) -> Response[Any]:
    """Change a project's name, slug, platform and options, and show it as it is then."""
    changed = call.services.configure.project(call.project.id, call.fields(), call.caller.user_id, call.now)
    return _detailed(call, changed)


def list_environments(call: NamedDependency[Call], visibility: Visibility = None) -> Response[Any]:
    """List the environments of an organization by name."""
    _require_visibility(visibility)
    known = projects.environments_of_organization(call.services.views, call.reach.organization.id)
    return Response([environment_object(one) for one in known])


def list_project_environments(call: NamedDependency[Call], visibility: Visibility = None) -> Response[Any]:
    """List the environments of a project by name."""
    wanted = _HIDDEN[_require_visibility(visibility)]
    known = projects.environments_of_project(call.services.views, call.project)
    return Response(
        [project_environment_object(one, is_hidden=is_hidden) for one, is_hidden in known if is_hidden in wanted]
    )


def show_project_environment(call: NamedDependency[Call], environment: FromPath[str]) -> Response[Any]:
    """Show an environment of a project by its name."""
    for one, is_hidden in projects.environments_of_project(call.services.views, call.project):
        if one.name == environment:
            return Response(project_environment_object(one, is_hidden=is_hidden))
    raise NotFound


def list_keys(call: NamedDependency[Call], paging: NamedDependency[Paging], status: KeyStatus = None) -> Response[Any]:
    """List the keys of a project, oldest first."""
    return _listed_keys(call, projects.keys_of_project(call.services.views, call.project), paging, status)


def list_organization_keys(
    call: NamedDependency[Call], paging: NamedDependency[Paging], status: KeyStatus = None
) -> Response[Any]:
    """List the keys of all projects that the caller may see, oldest first."""
    reach = call.reach
    known = projects.keys_of_projects(call.services.views, reach.organization.id, reach.projects)
    return _listed_keys(call, known, paging, status)


def show_key(call: NamedDependency[Call], key_id: FromPath[str]) -> Response[Any]:
    """Show a key of a project."""
    for key in projects.keys_of_project(call.services.views, call.project):
        if key.public_key == key_id:
            return Response(key_object(key, call.services.settings.public_url))
    raise NotFound


def _detailed(call: Call, project: Project) -> Response[Any]:
    [shown] = projects.shown_projects(call.services.views, [project], call.caller.user_id)
    organization = organization_object(call.reach.organization, call.services.settings.public_url)
    if "organization" in call.all("collapse"):
        organization = {name: organization[name] for name in ("id", "slug")}
    return Response(project_detail(shown, call.reach.scopes, organization))


def _listed_keys(call: Call, known: list[ClientKey], paging: Paging, status: str | None) -> Response[Any]:
    if status not in {None, "", "active", "inactive"}:
        raise InvalidQuery(f"Invalid status {status!r}. Valid choices are 'active' and 'inactive'.")
    page = paging.numbered([key for key in known if not status or key.is_active is (status == "active")])
    return paged(call, page, [key_object(key, call.services.settings.public_url) for key in page.rows])


_HIDDEN = {"visible": {False}, "hidden": {True}, "all": {False, True}}


def _require_visibility(text: str | None) -> str:
    visibility = text or "visible"
    if visibility not in VISIBILITIES:
        raise InvalidQuery(f"Invalid value for 'visibility', valid values are: {list(VISIBILITIES)}")
    return visibility


def _fits(shown: ShownProject, text: str) -> bool:
    """Say whether the project is what *text* looks for, word by word (spec/search.md 5.10)."""
    return all(_fits_word(shown, word) for word in text.split())


def _fits_word(shown: ShownProject, word: str) -> bool:
    key, _, value = word.partition(":")
    project = shown.project
    match key:
        case "id":
            return str(project.id) == value
        case "slug":
            return project.slug == value
        case "platform":
            return project.platform == value
        case "team":
            return value in {team.slug for team in shown.teams}
        case "query":
            return _is_named(shown, value)
        case _:
            return _is_named(shown, word)


def _is_named(shown: ShownProject, part: str) -> bool:
    return part.lower() in shown.project.slug or part.lower() in shown.project.name.lower()


_PROJECT = "/projects/{org:str}/{project:str}"
_ORGANIZATION = "/organizations/{org:str}"

PROJECT_ROUTES = (
    Route(
        method="GET",
        paths=(f"{_ORGANIZATION}/projects",),
        handler=list_projects,
        scopes=ORGANIZATION_READ,
        tag="Projects",
    ),
    Route(method="GET", paths=("/projects",), handler=list_all_projects, scopes=PROJECT_READ, tag="Projects"),
    Route(method="GET", paths=(_PROJECT,), handler=show_project, scopes=PROJECT_READ, tag="Projects"),
    Route(
        method="PUT",
        paths=(_PROJECT,),
        handler=change_project,
        scopes=any_of(Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN),
        tag="Projects",
        body=PROJECT_SETTINGS,
    ),
    Route(
        method="GET",
        paths=(f"{_ORGANIZATION}/environments",),
        handler=list_environments,
        scopes=ORGANIZATION_READ,
        tag="Environments",
    ),
    Route(
        method="GET",
        paths=(f"{_PROJECT}/environments",),
        handler=list_project_environments,
        scopes=PROJECT_READ,
        tag="Environments",
    ),
    Route(
        method="GET",
        paths=(f"{_PROJECT}/environments/{{environment:str}}",),
        handler=show_project_environment,
        scopes=PROJECT_READ,
        tag="Environments",
    ),
    Route(method="GET", paths=(f"{_PROJECT}/keys",), handler=list_keys, scopes=PROJECT_READ, tag="Keys"),
    Route(method="GET", paths=(f"{_PROJECT}/keys/{{key_id:str}}",), handler=show_key, scopes=PROJECT_READ, tag="Keys"),
    Route(
        method="GET",
        paths=(f"{_ORGANIZATION}/project-keys",),
        handler=list_organization_keys,
        scopes=ORGANIZATION_READ,
        tag="Keys",
    ),
)
