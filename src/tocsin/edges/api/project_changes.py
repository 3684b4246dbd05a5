"""Making, sharing and deleting projects, their keys and their environments (spec/search.md 5.10, 5.13, 5.17, 6)."""

from typing import Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.organization import Project
from tocsin.edges.api.call import Call
from tocsin.edges.api.projects import PROJECT_READ
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.environment import project_environment_object
from tocsin.edges.api.serialize.project import project_object, project_with_looks
from tocsin.edges.api.serialize.project_key import key_object
from tocsin.storage.views import projects

WRITE = any_of(Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN)
ADMIN = any_of(Scope.PROJECT_ADMIN)


def create_project(call: NamedDependency[Call], team: FromPath[str]) -> Response[Any]:
    """Make a project that a team looks after, with a key to send with."""
    made = call.services.projects.create(call.reach, team, call.fields())
    return Response(_object(call, made), status_code=201)


def create_project_with_team(call: NamedDependency[Call]) -> Response[Any]:
    """Make a project, and a team of its own with the caller in it."""
    made, team = call.services.projects.create_with_team(call.reach, call.user, call.fields())
    return Response(_object(call, made) | {"team_slug": team.slug}, status_code=201)


def delete_project(call: NamedDependency[Call]) -> Response[None]:
    """Delete a project with its issues and events: out of sight at once, out of the stores soon after."""
    call.services.projects.remove(call.project)
    return Response(None, status_code=204)


def add_team(call: NamedDependency[Call], team: FromPath[str]) -> Response[Any]:
    """Let a team look after a project."""
    call.services.projects.add_team(call.reach, call.project, team)
    return Response(_with_looks(call), status_code=201)


def remove_team(call: NamedDependency[Call], team: FromPath[str]) -> Response[Any]:
    """Let a team look after a project no longer."""
    call.services.projects.remove_team(call.reach, call.project, team)
    return Response(_with_looks(call))


def hide_environments(call: NamedDependency[Call]) -> Response[Any]:
    """Hide environments of a project from its lists, or show them again: those of ``environments``, else all."""
    body = call.fields()
    names = body.get("environments")
    wanted = [str(name) for name in names] if isinstance(names, list) else None
    changed = call.services.projects.hide_environments(call.project, wanted, body)
    return Response([project_environment_object(one, is_hidden=is_hidden) for one, is_hidden in changed])


def hide_environment(call: NamedDependency[Call], environment: FromPath[str]) -> Response[Any]:
    """Hide an environment of a project from its lists, or show it again."""
    ((one, is_hidden),) = call.services.projects.hide_environments(call.project, [environment], call.fields())
    return Response(project_environment_object(one, is_hidden=is_hidden))


def add_key(call: NamedDependency[Call]) -> Response[Any]:
    """Make a key that SDKs can send with."""
    key = call.services.project_keys.add(call.project, call.fields(), call.now)
    return Response(key_object(key, call.services.settings.public_url), status_code=201)


def change_key(call: NamedDependency[Call], key_id: FromPath[str]) -> Response[Any]:
    """Change name, limit, options or activity of a key."""
    key = call.services.project_keys.change(call.project, key_id, call.fields())
    return Response(key_object(key, call.services.settings.public_url))


def delete_key(call: NamedDependency[Call], key_id: FromPath[str]) -> Response[None]:
    """Delete a key: whoever still sends with it is refused."""
    call.services.project_keys.remove(call.project, key_id)
    return Response(None, status_code=204)


def _object(call: Call, project: Project) -> dict[str, Any]:
    [shown] = projects.shown_projects(call.services.views, [project], call.caller.user_id)
    return project_object(shown, call.reach.scopes)


def _with_looks(call: Call) -> dict[str, Any]:
    [shown] = projects.shown_projects(call.services.views, [call.project], call.caller.user_id)
    return project_with_looks(shown, call.reach.scopes)


_TEXT = Schema(type=OpenAPIType.STRING)
_NUMBER = Schema(type=OpenAPIType.INTEGER)
_YES_OR_NO = Schema(type=OpenAPIType.BOOLEAN)
_NEW_PROJECT = Schema(
    type=OpenAPIType.OBJECT, properties={"name": _TEXT, "slug": _TEXT, "platform": _TEXT}, required=["name"]
)
_HIDING = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "isHidden": _YES_OR_NO,
        "environments": Schema(type=OpenAPIType.ARRAY, items=_TEXT, description="Names; all of them by default."),
    },
    required=["isHidden"],
)
_KEY = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "name": _TEXT,
        "isActive": _YES_OR_NO,
        "rateLimit": Schema(
            type=OpenAPIType.OBJECT,
            properties={"count": _NUMBER, "window": _NUMBER},
            description="At most count events within window seconds; null for no limit.",
        ),
        "browserSdkVersion": _TEXT,
        "dynamicSdkLoaderOptions": Schema(type=OpenAPIType.OBJECT),
    },
)

_PROJECT = "/projects/{org:str}/{project:str}"
_KEYS = f"{_PROJECT}/keys"
_ENVIRONMENTS = f"{_PROJECT}/environments"
_TEAMS = (f"{_PROJECT}/teams/{{team:str}}",)

PROJECT_CHANGE_ROUTES = (
    Route(
        method="POST",
        paths=("/teams/{org:str}/{team:str}/projects",),
        handler=create_project,
        scopes=WRITE,
        tag="Projects",
        body=_NEW_PROJECT,
    ),
    Route(
        method="POST",
        paths=("/organizations/{org:str}/projects",),
        handler=create_project_with_team,
        scopes=PROJECT_READ,
        tag="Projects",
        body=_NEW_PROJECT,
    ),
    Route(method="DELETE", paths=(_PROJECT,), handler=delete_project, scopes=ADMIN, tag="Projects"),
    Route(method="POST", paths=_TEAMS, handler=add_team, scopes=WRITE, tag="Projects"),
    Route(method="DELETE", paths=_TEAMS, handler=remove_team, scopes=WRITE, tag="Projects"),
    Route(
        method="PUT",
        paths=(_ENVIRONMENTS,),
        handler=hide_environments,
        scopes=WRITE,
        tag="Environments",
        body=_HIDING,
    ),
    Route(
        method="PUT",
        paths=(f"{_ENVIRONMENTS}/{{environment:str}}",),
        handler=hide_environment,
        scopes=WRITE,
        tag="Environments",
        body=_HIDING,
    ),
    Route(method="POST", paths=(_KEYS,), handler=add_key, scopes=WRITE, tag="Keys", body=_KEY),
    Route(method="PUT", paths=(f"{_KEYS}/{{key_id:str}}",), handler=change_key, scopes=WRITE, tag="Keys", body=_KEY),
    Route(method="DELETE", paths=(f"{_KEYS}/{{key_id:str}}",), handler=delete_key, scopes=ADMIN, tag="Keys"),
)
