"""Teams and members of organizations (spec/search.md 5.14)."""

from typing import Annotated, Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from tocsin.domain.access import Role, Scope
from tocsin.domain.errors import NotFound
from tocsin.edges.api.asked import Paging, SearchText, paged
from tocsin.edges.api.call import Call
from tocsin.edges.api.projects import ORGANIZATION_READ, PROJECT_READ
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.member import member_detail, member_object, team_member_object
from tocsin.edges.api.serialize.organization import organization_object
from tocsin.edges.api.serialize.project import project_object
from tocsin.edges.api.serialize.team import team_object
from tocsin.storage.views import people
from tocsin.storage.views import projects as project_views
from tocsin.storage.views.people import ShownMember, ShownTeam

MEMBER_READ = any_of(Scope.MEMBER_READ, Scope.MEMBER_WRITE, Scope.MEMBER_ADMIN)
Expand = Annotated[list[str] | None, QueryParameter(name="expand", description="projects, to have them added.")]
Collapse = Annotated[
    list[str] | None, QueryParameter(name="collapse", description="organization, to have it left out.")
]

TEAM_READ = any_of(Scope.TEAM_READ, Scope.TEAM_WRITE, Scope.TEAM_ADMIN)


def list_teams(call: NamedDependency[Call], paging: NamedDependency[Paging], text: SearchText = None) -> Response[Any]:
    """List the teams of an organization by slug; ``detailed=0`` leaves out their projects."""
    wanted = (text or "").lower()
    page = paging.numbered([one for one in _teams(call) if wanted in one.team.slug or wanted in one.team.name.lower()])
    body = [_team(call, one) for one in page.rows]
    if call.one("detailed") != "0":
        body = [shown | {"projects": _projects(call, one)} for shown, one in zip(body, page.rows, strict=True)]
    return paged(call, page, body)


def show_team(
    call: NamedDependency[Call], team: FromPath[str], expand: Expand = None, collapse: Collapse = None
) -> Response[Any]:
    """Show a team by slug or id, with its organization; ``expand=projects`` adds its projects."""
    shown = team_shown(call, team)
    if "organization" not in (collapse or ()):
        url = call.services.settings.public_url
        shown["organization"] = organization_object(call.reach.organization, url)
    if "projects" in (expand or ()):
        shown["projects"] = _projects(call, _named(call, team))
    return Response(shown)


def team_shown(call: Call, reference: str) -> dict[str, Any]:
    """Return a team by slug or id. Raises NotFound."""
    return _team(call, _named(call, reference))


def list_team_projects(
    call: NamedDependency[Call], team: FromPath[str], paging: NamedDependency[Paging]
) -> Response[Any]:
    """List the projects that a team looks after, by slug."""
    page = paging.numbered(_projects(call, _named(call, team)))
    return paged(call, page, page.rows)


def list_team_members(
    call: NamedDependency[Call], team: FromPath[str], paging: NamedDependency[Paging]
) -> Response[Any]:
    """List the members of a team by e-mail address."""
    named = _named(call, team)
    page = paging.numbered([one for one in _members(call) if one.member.user.id in named.member_ids])
    return paged(call, page, [team_member_object(one, named.team) for one in page.rows])


def list_project_teams(call: NamedDependency[Call], paging: NamedDependency[Paging]) -> Response[Any]:
    """List the teams that look after a project, by slug."""
    page = paging.numbered(people.teams_of_project(call.services.views, call.project))
    return paged(call, page, [_team(call, one) for one in page.rows])


def list_members(
    call: NamedDependency[Call], paging: NamedDependency[Paging], text: SearchText = None
) -> Response[Any]:
    """List the members of an organization by e-mail address."""
    page = paging.numbered([one for one in _members(call) if _fits(one, text or "")])
    return paged(call, page, [member_object(one) for one in page.rows])


def show_member(call: NamedDependency[Call], member_id: FromPath[str]) -> Response[Any]:
    """Show a member by id; ``me`` is the caller."""
    return Response(member_shown(call, member_id))


def member_shown(call: Call, reference: str) -> dict[str, Any]:
    """Return a member by id in full; ``me`` is the caller. Raises NotFound."""
    members = _members(call)
    owners = [one for one in members if one.member.role is Role.OWNER]
    for one in members:
        is_caller = one.member.user.id == call.caller.user_id
        if (reference == "me" and is_caller) or str(one.member.id) == reference:
            return member_detail(one, is_only_owner=owners == [one])
    raise NotFound


def list_project_members(call: NamedDependency[Call]) -> Response[Any]:
    """List the members whose teams look after a project."""
    ids = {user_id for one in people.teams_of_project(call.services.views, call.project) for user_id in one.member_ids}
    return Response([member_object(one) for one in _members(call) if one.member.user.id in ids])


def _teams(call: Call) -> list[ShownTeam]:
    reach = call.reach
    return people.teams_of_organization(call.services.views, reach.organization.id, reach.projects)


def _members(call: Call) -> list[ShownMember]:
    return people.members_of_organization(call.services.views, call.reach.organization.id)


def _named(call: Call, reference: str) -> ShownTeam:
    for one in _teams(call):
        if reference in {one.team.slug, str(one.team.id)}:
            return one
    raise NotFound


def _team(call: Call, shown: ShownTeam) -> dict[str, Any]:
    return team_object(shown, call.reach.scopes, call.caller.user_id)


def _projects(call: Call, shown: ShownTeam) -> list[dict[str, Any]]:
    found = project_views.shown_projects(call.services.views, shown.projects, call.caller.user_id)
    return [project_object(one, call.reach.scopes) for one in found]


def _fits(shown: ShownMember, text: str) -> bool:
    """Say whether the member is what *text* looks for, word by word (spec/search.md 5.14)."""
    return all(_fits_word(shown, word) for word in text.split())


def _fits_word(shown: ShownMember, word: str) -> bool:
    key, _, value = word.partition(":")
    user = shown.member.user
    match key:
        case "email":
            return user.email == value.lower()
        case "user.id":
            return str(user.id) == value
        case "id":
            return str(shown.member.id) == value
        case "role":
            return shown.member.role == value
        case "isInvited":
            return value == "false"
        case _:
            return any(word.lower() in name.lower() for name in (user.email, user.username, user.name))


_PROJECT = "/projects/{org:str}/{project:str}"
_ORGANIZATION = "/organizations/{org:str}"
_TEAM = "/teams/{org:str}/{team:str}"

PEOPLE_ROUTES = (
    Route(method="GET", paths=(f"{_ORGANIZATION}/teams",), handler=list_teams, scopes=ORGANIZATION_READ, tag="Teams"),
    Route(method="GET", paths=(_TEAM,), handler=show_team, scopes=TEAM_READ, tag="Teams"),
    Route(method="GET", paths=(f"{_TEAM}/projects",), handler=list_team_projects, scopes=PROJECT_READ, tag="Teams"),
    Route(method="GET", paths=(f"{_TEAM}/members",), handler=list_team_members, scopes=TEAM_READ, tag="Teams"),
    Route(method="GET", paths=(f"{_PROJECT}/teams",), handler=list_project_teams, scopes=PROJECT_READ, tag="Teams"),
    Route(
        method="GET",
        paths=(f"{_ORGANIZATION}/members", f"{_ORGANIZATION}/users"),
        handler=list_members,
        scopes=MEMBER_READ,
        tag="Members",
    ),
    Route(
        method="GET",
        paths=(f"{_ORGANIZATION}/members/{{member_id:str}}",),
        handler=show_member,
        scopes=MEMBER_READ,
        tag="Members",
    ),
    Route(
        method="GET", paths=(f"{_PROJECT}/members",), handler=list_project_members, scopes=PROJECT_READ, tag="Members"
    ),
)
