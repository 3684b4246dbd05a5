"""Issues: search them, look at one, and command one or many (spec/search.md 3, 5.1 to 5.3, spec/mutation.md)."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from tocsin.domain.access import Scope
from tocsin.domain.caller import Reach
from tocsin.domain.errors import Forbidden, NotFound
from tocsin.domain.issue.issue import Issue
from tocsin.domain.issue.short_id import encode
from tocsin.edges.api.asked import CursorText, Environments, SearchText, SortText
from tocsin.edges.api.asked_issues import DEFAULT_QUERY, Frame, read_ids, search_for, selected
from tocsin.edges.api.call import Call
from tocsin.edges.api.change_body import CHANGES
from tocsin.edges.api.paging import PER_PAGE_MAX, paging_headers, read_cursor, read_limit
from tocsin.edges.api.routing import Route, any_of, issue_paths
from tocsin.edges.api.serialize.activity import entry_object, story_objects
from tocsin.edges.api.serialize.issue import expansion, issue_detail, issue_object, listed_issue
from tocsin.edges.api.serialize.user import user_object
from tocsin.flows.search import FoundIssue, Sort
from tocsin.flows.triage import Acting
from tocsin.storage.views import access, issues

READ = any_of(Scope.EVENT_READ, Scope.EVENT_WRITE, Scope.EVENT_ADMIN)
WRITE = any_of(Scope.EVENT_WRITE, Scope.EVENT_ADMIN)
DELETE = any_of(Scope.EVENT_ADMIN)

Limit = Annotated[str | None, QueryParameter(name="limit", description="Issues of a page, at most 100.")]
Group = Annotated[list[str] | None, QueryParameter(name="group", description="Ids of the only issues to show.")]
Collapse = Annotated[
    list[str] | None, QueryParameter(name="collapse", description="What to leave out; repeat for more.")
]
Expand = Annotated[list[str] | None, QueryParameter(name="expand", description="What to add; repeat for more.")]


class _Listing(msgspec.Struct, frozen=True, kw_only=True):
    """How the list is to look."""

    period: str
    collapse: frozenset[str]
    expand: frozenset[str]


def list_issues(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    frame: NamedDependency[Frame],
    *,
    text: SearchText = None,
    sort: SortText = None,
    limit: Limit = None,
    cursor: CursorText = None,
    group: Group = None,
    collapse: Collapse = None,
    expand: Expand = None,
) -> Response[Any]:
    """List the issues of an organization or of a project that a search finds."""
    listing = _Listing(period=frame.period, collapse=frozenset(collapse or ()), expand=frozenset(expand or ()))
    hit = _direct_hit(call, frame, listing, text)
    if hit is not None:
        return hit
    if group:
        return Response(_listed(call, _of_group(call, frame, group), listing))
    wanted = search_for(call, frame, DEFAULT_QUERY if text is None else text)
    wanted = msgspec.structs.replace(
        wanted, sort=sort or Sort.DATE, limit=_limit(call, limit), cursor=read_cursor(cursor)
    )
    if frame.is_void or not frame.projects:
        return Response([])
    page = call.services.search.issues(wanted, call.now)
    headers = paging_headers(call.services.settings.public_url, call.path, call.query, page)
    return Response(_listed(call, page.rows, listing), headers=headers)


def show_issue(
    call: NamedDependency[Call],
    issue_id: FromPath[str],
    environment: Environments = None,
    collapse: Collapse = None,
    expand: Expand = None,
) -> Response[Any]:
    """Show an issue with its story, its people, its tags and its numbers over time."""
    issue, reach = issue_of(call, issue_id)
    names = environment or []
    if issues.unknown_environments(call.services.views, reach.organization.id, names):
        raise NotFound
    (shown,) = issues.shown(call.services.views, [issue], reach, call.caller.user)
    detail = issues.detail(call.services.views, issue, names, call.now)
    answer = issue_detail(shown, detail, call.services.settings.public_url, collapse or (), call.now)
    return Response(answer | expansion(shown, expand or ()))


def change_issue(call: NamedDependency[Call], issue_id: FromPath[str]) -> Response[Any]:
    """Change an issue and show it as it is then."""
    issue, reach = issue_of(call, issue_id, WRITE)
    outcome = call.services.triage.carry_out([issue.id], call.fields(), _acting(call, reach), call.now)
    if not outcome.issue_ids:
        raise NotFound
    if outcome.is_discarded:
        return Response(None, status_code=204)
    return Response(_object(call, *issue_of(call, str(issue.id)), call.all("environment")))


def delete_issue(call: NamedDependency[Call], issue_id: FromPath[str]) -> Response[None]:
    """Delete an issue with its events."""
    issue, _ = issue_of(call, issue_id, DELETE)
    call.services.remove.schedule([issue.id])
    return Response(None, status_code=202, media_type=MediaType.TEXT)


def change_issues(call: NamedDependency[Call], frame: NamedDependency[Frame]) -> Response[Any]:
    """Change the issues with certain ids, or all that a search finds, and answer with what was changed."""
    chosen, body = selected(call, frame), call.fields()
    outcome = call.services.triage.carry_out(chosen, body, _acting(call, call.reach), call.now)
    if not outcome.issue_ids or outcome.is_discarded:
        return Response(None, status_code=204)
    delta = outcome.delta
    if outcome.shows_activity:
        (issue,) = issues.by_ids(call.services.views, outcome.issue_ids)
        delta["activity"] = [entry_object(entry) for entry in issues.story(call.services.views, issue)]
    return Response(delta)


def delete_issues(call: NamedDependency[Call], frame: NamedDependency[Frame]) -> Response[None]:
    """Delete the issues with certain ids, or all that a search finds."""
    call.services.remove.schedule(selected(call, frame))
    return Response(None, status_code=204)


def look_up_short_id(call: NamedDependency[Call], short_id: FromPath[str]) -> Response[Any]:
    """Find an issue by its short id."""
    if short_id.isdigit():
        raise NotFound
    issue, reach = issue_of(call, short_id)
    group = _object(call, issue, reach)
    return Response(
        {
            "organizationSlug": reach.organization.slug,
            "projectSlug": group["project"]["slug"],
            "groupId": str(issue.id),
            "group": group,
            "shortId": encode(group["project"]["slug"], issue.number),
        }
    )


def list_activities(call: NamedDependency[Call], issue_id: FromPath[str]) -> Response[Any]:
    """Tell what happened to an issue, newest first."""
    issue, _ = issue_of(call, issue_id)
    return Response({"activity": story_objects(issue, issues.story(call.services.views, issue))})


def issue_of(call: Call, reference: str, wanted: frozenset[Scope] = READ) -> tuple[Issue, Reach]:
    """Return the issue that a path names, and how far the caller, who must hold one of *wanted*, reaches around it."""
    issue, reach = issues.find(call.services.views, call.caller, call.reach_or_none, reference)
    reach.require(wanted)
    return issue, reach


def _acting(call: Call, reach: Reach) -> Acting:
    return Acting(user=call.caller.user, reach=reach, shown=user_object(call.caller.user))


def _object(call: Call, issue: Issue, reach: Reach, environment: Sequence[str] = ()) -> dict[str, Any]:
    (shown,) = issues.shown(call.services.views, [issue], reach, call.caller.user)
    numbers = issues.numbers(call.services.views, issue, environment)
    return issue_object(shown, numbers, call.services.settings.public_url, call.now)


def _direct_hit(call: Call, frame: Frame, listing: _Listing, text: str | None) -> Response[Any] | None:
    """Answer a query that is the id of an event or, if short ids are to be looked up, of an issue (3.3)."""
    if not text or not text.strip():
        return None
    short_ids = call.one("shortIdLookup") == "1"
    hit = call.services.search.direct_hit(text, call.reach.projects, short_ids=short_ids)
    if hit is None:
        return None
    extra = {"matchingEventId": hit.event_id} if hit.event_id else {}
    rows = [row | extra for row in _listed(call, _counted(call, frame, hit.issues), listing)]
    return Response(rows, headers={"X-Sentry-Direct-Hit": "1"} if len(rows) == 1 else {})


def _of_group(call: Call, frame: Frame, group: list[str]) -> Sequence[FoundIssue]:
    found = issues.by_ids(call.services.views, read_ids(group, "Group ids must be integers"))
    hidden = {issue.project_id for issue in found} - call.reach.project_ids
    if any(access.project_exists(call.services.views, call.reach.organization, str(one)) for one in hidden):
        raise Forbidden
    project_ids = {project.id for project in frame.projects}
    return _counted(call, frame, [issue for issue in found if issue.project_id in project_ids])


def _counted(call: Call, frame: Frame, found: Sequence[Issue]) -> Sequence[FoundIssue]:
    return call.services.search.statistics(found, frame.window, frame.environments, frame.period, call.now)


def _listed(call: Call, found: Sequence[FoundIssue], listing: _Listing) -> list[dict[str, Any]]:
    around = issues.shown(call.services.views, [one.issue for one in found], call.reach, call.caller.user)
    public_url = call.services.settings.public_url
    return [listed_issue(shown, one, listing, public_url, call.now) for shown, one in zip(around, found, strict=True)]


def _limit(call: Call, text: str | None) -> int:
    """Return how many issues a page has; a project's list is as long as can be unless told otherwise (3.6)."""
    return PER_PAGE_MAX if call.project_or_none is not None and not text else read_limit(text)


_LISTS = ("/organizations/{org:str}/issues", "/projects/{org:str}/{project:str}/issues")
_TAG = "Issues"

ISSUE_ROUTES = (
    Route(method="GET", paths=_LISTS, handler=list_issues, scopes=READ, tag=_TAG),
    Route(method="PUT", paths=_LISTS, handler=change_issues, scopes=WRITE, tag=_TAG, body=CHANGES),
    Route(method="DELETE", paths=_LISTS, handler=delete_issues, scopes=DELETE, tag=_TAG),
    Route(method="GET", paths=issue_paths(), handler=show_issue, scopes=READ, tag=_TAG),
    Route(method="PUT", paths=issue_paths(), handler=change_issue, scopes=WRITE, tag=_TAG, body=CHANGES),
    Route(method="DELETE", paths=issue_paths(), handler=delete_issue, scopes=DELETE, tag=_TAG),
    Route(method="GET", paths=issue_paths("/activities"), handler=list_activities, scopes=READ, tag=_TAG),
    Route(
        method="GET",
        paths=("/organizations/{org:str}/shortids/{short_id:str}",),
        handler=look_up_short_id,
        scopes=READ,
        tag=_TAG,
    ),
)
