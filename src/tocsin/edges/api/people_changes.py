"""Making, changing and ending teams and memberships (spec/search.md 5.14, 6)."""

from typing import Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath

from tocsin.domain.access import Role, Scope
from tocsin.edges.api.call import Call
from tocsin.edges.api.people import MEMBER_READ, member_shown, team_shown
from tocsin.edges.api.routing import Route, any_of

MAKE_TEAMS = any_of(Scope.ORG_WRITE, Scope.ORG_ADMIN, Scope.TEAM_WRITE)
WRITE_TEAMS = any_of(Scope.TEAM_WRITE, Scope.TEAM_ADMIN)
ADMIN_TEAMS = any_of(Scope.TEAM_ADMIN)
JOIN = any_of(Scope.ORG_READ, Scope.ORG_WRITE, Scope.TEAM_WRITE)
LEAVE = any_of(Scope.ORG_READ, Scope.ORG_WRITE, Scope.ORG_ADMIN, Scope.TEAM_ADMIN)
WRITE_MEMBERS = any_of(Scope.MEMBER_WRITE, Scope.MEMBER_ADMIN)


def add_team(call: NamedDependency[Call]) -> Response[Any]:
    """Make a team with the caller in it."""
    team = call.services.people.add_team(call.reach, call.user, call.fields())
    return Response(team_shown(call, str(team.id)), status_code=201)


def change_team(call: NamedDependency[Call], team: FromPath[str]) -> Response[Any]:
    """Change name or slug of a team."""
    changed = call.services.people.change_team(call.reach, team, call.fields())
    return Response(team_shown(call, str(changed.id)))


def delete_team(call: NamedDependency[Call], team: FromPath[str]) -> Response[None]:
    """Delete a team; its projects and issues stay."""
    call.services.people.remove_team(call.reach, team)
    return Response(None, status_code=204)


def join_team(call: NamedDependency[Call], member_id: FromPath[str], team: FromPath[str]) -> Response[Any]:
    """Put a member into a team: 201, or 204 when they are in it."""
    joined = call.services.people.join(call.reach, call.user, member_id, team)
    if not joined.is_new:
        return Response(None, status_code=204)
    return Response(team_shown(call, str(joined.team.id)), status_code=201)


def leave_team(call: NamedDependency[Call], member_id: FromPath[str], team: FromPath[str]) -> Response[Any]:
    """Take a member out of a team."""
    left = call.services.people.leave(call.reach, call.user, member_id, team)
    return Response(team_shown(call, str(left.id)))


def change_team_role(call: NamedDependency[Call], member_id: FromPath[str], team: FromPath[str]) -> Response[Any]:
    """Set the role of a member in a team; the only one there is is contributor."""
    role = call.services.people.check_team_role(call.reach, call.user, member_id, team, call.fields())
    return Response({"isActive": True, "teamRole": role})


def add_member(call: NamedDependency[Call]) -> Response[Any]:
    """Make somebody a member, with an account if they have none."""
    member_id = call.services.people.add_member(call.reach, call.fields())
    return Response(member_shown(call, str(member_id)), status_code=201)


def change_member(call: NamedDependency[Call], member_id: FromPath[str]) -> Response[Any]:
    """Change the role or the teams of a member."""
    changed = call.services.people.change_member(call.reach, call.user, member_id, call.fields())
    return Response(member_shown(call, str(changed)))


def delete_member(call: NamedDependency[Call], member_id: FromPath[str]) -> Response[None]:
    """End a membership; everybody may end their own."""
    call.services.people.remove_member(call.reach, call.user, member_id)
    return Response(None, status_code=204)


_TEXT = Schema(type=OpenAPIType.STRING)
_ROLE = Schema(type=OpenAPIType.STRING, enum=[role.value for role in Role])
_SLUGS = Schema(type=OpenAPIType.ARRAY, items=_TEXT, description="Slugs of teams.")
_TEAM_BODY = Schema(type=OpenAPIType.OBJECT, properties={"name": _TEXT, "slug": _TEXT})
_MEMBER_BODY = Schema(type=OpenAPIType.OBJECT, properties={"email": _TEXT, "orgRole": _ROLE, "teams": _SLUGS})
_TEAM_ROLE = Schema(
    type=OpenAPIType.OBJECT, properties={"teamRole": Schema(type=OpenAPIType.STRING, enum=["contributor"])}
)

_ORGANIZATION = "/organizations/{org:str}"
_TEAM = ("/teams/{org:str}/{team:str}",)
_MEMBER = (f"{_ORGANIZATION}/members/{{member_id:str}}",)
_PLACE = (f"{_ORGANIZATION}/members/{{member_id:str}}/teams/{{team:str}}",)

PEOPLE_CHANGE_ROUTES = (
    Route(
        method="POST",
        paths=(f"{_ORGANIZATION}/teams",),
        handler=add_team,
        scopes=MAKE_TEAMS,
        tag="Teams",
        body=_TEAM_BODY,
    ),
    Route(method="PUT", paths=_TEAM, handler=change_team, scopes=WRITE_TEAMS, tag="Teams", body=_TEAM_BODY),
    Route(method="DELETE", paths=_TEAM, handler=delete_team, scopes=ADMIN_TEAMS, tag="Teams"),
    Route(method="POST", paths=_PLACE, handler=join_team, scopes=JOIN, tag="Teams"),
    Route(
        method="PUT", paths=_PLACE, handler=change_team_role, scopes=LEAVE | MEMBER_READ, tag="Teams", body=_TEAM_ROLE
    ),
    Route(method="DELETE", paths=_PLACE, handler=leave_team, scopes=LEAVE, tag="Teams"),
    Route(
        method="POST",
        paths=(f"{_ORGANIZATION}/members",),
        handler=add_member,
        scopes=WRITE_MEMBERS,
        tag="Members",
        body=_MEMBER_BODY,
    ),
    Route(method="PUT", paths=_MEMBER, handler=change_member, scopes=WRITE_MEMBERS, tag="Members", body=_MEMBER_BODY),
    Route(method="DELETE", paths=_MEMBER, handler=delete_member, scopes=MEMBER_READ, tag="Members"),
)
