"""Organizations, and the environments their projects run in (spec/search.md 5.11, 5.17)."""

from typing import Annotated, Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from tocsin.domain.access import Scope
from tocsin.domain.caller import Reach
from tocsin.domain.organization import Organization, User
from tocsin.edges.api.asked import Paging, SearchText, paged, says_yes
from tocsin.edges.api.call import Call
from tocsin.edges.api.projects import ORGANIZATION_READ
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.organization import organization_detail, organization_object
from tocsin.edges.api.serialize.project import project_object
from tocsin.edges.api.serialize.team import team_object
from tocsin.edges.api.settings_body import ORGANIZATION_SETTINGS
from tocsin.storage.views import access, organizations, people, projects

SORTS = frozenset({"members", "projects", "events"})

Owner = Annotated[str | None, QueryParameter(name="owner", description="1 for those that the caller owns.")]
SortBy = Annotated[str | None, QueryParameter(name="sortBy", description="members, projects or events.")]


def list_organizations(
    call: NamedDependency[Call],
    paging: NamedDependency[Paging],
    text: SearchText = None,
    owner: Owner = None,
    sort_by: SortBy = None,
) -> Response[Any]:
    """List the organizations that the caller belongs to, newest first."""
    views, caller = call.services.views, call.caller
    known = [one for one in organizations.organizations_of(views, caller) if _fits(one, text or "", caller.user)]
    if says_yes(owner):
        owned = organizations.owned_by(views, caller.user) if caller.user else set()
        known = [one for one in known if one.id in owned]
    if sort_by and sort_by in SORTS:
        sizes = organizations.sizes(views, [one.id for one in known])
        known.sort(key=lambda one: getattr(sizes[one.id], sort_by), reverse=True)
    page = paging.numbered(known)
    url = call.services.settings.public_url
    return paged(call, page, [organization_object(one, url) for one in page.rows])


def show_organization(call: NamedDependency[Call]) -> Response[Any]:
    """Show an organization; ``detailed=0`` leaves out its teams and projects."""
    shown = organization_detail(call.reach, call.services.settings.public_url)
    if call.one("detailed") != "0":
        shown |= _with_projects(call, call.reach)
    return Response(shown)


def change_organization(call: NamedDependency[Call]) -> Response[Any]:
    """Change an organization's name, slug and options, and show it as it is then."""
    changed = call.services.configure.organization(
        call.reach.organization.id, call.fields(), call.caller.user_id, call.now
    )
    reach = access.reach(call.services.views, call.caller, changed.slug)
    return Response(organization_detail(reach, call.services.settings.public_url) | _with_projects(call, reach))


def _with_projects(call: Call, reach: Reach) -> dict[str, Any]:
    views, user_id = call.services.views, call.caller.user_id
    teams = people.teams_of_organization(views, reach.organization.id, reach.projects)
    shown = projects.shown_projects(views, reach.projects, user_id)
    return {
        "teams": [team_object(one, reach.scopes, user_id) for one in teams],
        "projects": [project_object(one, reach.scopes) for one in shown],
    }


def _fits(one: Organization, text: str, user: User | None) -> bool:
    """Say whether the organization, one of *user*, is what *text* looks for, word by word (spec/search.md 5.11)."""
    return all(_fits_word(one, word, user) for word in text.split())


def _fits_word(one: Organization, word: str, user: User | None) -> bool:
    key, _, value = word.partition(":")
    match key:
        case "id":
            return str(one.id) == value
        case "slug":
            return one.slug == value
        case "status":
            return value in {"active", "visible"}
        case "email":
            return user is not None and user.email == value.lower()
        case _:
            return word.lower() in one.slug or word.lower() in one.name.lower()


ORGANIZATION_ROUTES = (
    Route(
        method="GET",
        paths=("/organizations",),
        handler=list_organizations,
        scopes=ORGANIZATION_READ | {Scope.ORG_CI},
        tag="Organizations",
    ),
    Route(
        method="GET",
        paths=("/organizations/{org:str}",),
        handler=show_organization,
        scopes=ORGANIZATION_READ | {Scope.ORG_CI},
        tag="Organizations",
    ),
    Route(
        method="PUT",
        paths=("/organizations/{org:str}",),
        handler=change_organization,
        scopes=any_of(Scope.ORG_WRITE, Scope.ORG_ADMIN),
        tag="Organizations",
        body=ORGANIZATION_SETTINGS,
    ),
)
