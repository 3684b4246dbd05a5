"""Issues: search them, look at one, and command one or many (spec/search.md 3, 5.1 to 5.3, spec/mutation.md)."""

from collections.abc import Collection, Sequence
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from tocsin.domain.access import Scope
from tocsin.domain.caller import Reach
from tocsin.domain.errors import Forbidden, NotFound
from tocsin.domain.event.event import EventId
from tocsin.domain.issue.issue import Issue, IssueId
from tocsin.domain.issue.revision import entity_tag
from tocsin.domain.issue.short_id import encode
from tocsin.domain.quota import Quota
from tocsin.edges.api.asked import CursorText, Environments, SearchText, SortText, says_yes
from tocsin.edges.api.asked_issues import Frame, kept_search, read_ids, search_for, selected
from tocsin.edges.api.call import Call
from tocsin.edges.api.change_body import CHANGES
from tocsin.edges.api.mutation_request import DryRun, IdempotencyKey, IfMatch, answered, asked_of
from tocsin.edges.api.paging import PER_PAGE_MAX, paging_headers, read_cursor, read_limit
from tocsin.edges.api.routing import Route, any_of, issue_paths
from tocsin.edges.api.serialize.activity import entry_object, story_objects
from tocsin.edges.api.serialize.commit import commit_object
from tocsin.edges.api.serialize.explanation import explained
from tocsin.edges.api.serialize.issue import expansion, issue_detail, issue_object, listed_issue
from tocsin.edges.api.serialize.user import user_object
from tocsin.flows.search import DirectHit, FoundIssue
from tocsin.flows.triage import Acting, Outcome
from tocsin.storage.views import access, commits, events, issues
from tocsin.storage.views.issues import ShownIssue

READ = any_of(Scope.EVENT_READ, Scope.EVENT_WRITE, Scope.EVENT_ADMIN)
WRITE = any_of(Scope.EVENT_WRITE, Scope.EVENT_ADMIN)
DELETE = any_of(Scope.EVENT_ADMIN)

DELETION_HEADER = "X-Tocsin-Deletion"
"""Names the deletion that a DELETE began, to ask how far it got."""

Limit = Annotated[str | None, QueryParameter(name="limit", description="Issues of a page, at most 100.")]
Group = Annotated[list[str] | None, QueryParameter(name="group", description="Ids of the only issues to show.")]
Collapse = Annotated[
    list[str] | None, QueryParameter(name="collapse", description="What to leave out; repeat for more.")
]
Expand = Annotated[list[str] | None, QueryParameter(name="expand", description="What to add; repeat for more.")]
Hashes = Annotated[
    list[str] | None, QueryParameter(name="hashes", description="Grouping hashes of the only issues of a project.")
]
Explain = Annotated[
    str | None,
    QueryParameter(name="explain", description="1 to be told how the issues were found, see docs/api.md."),
]

HASHES_MAX = 100
HAS_FILES = "latestEventHasAttachments"
EXPLAIN = any_of(Scope.ORG_WRITE, Scope.ORG_ADMIN)
"""Who may see how a search is carried out: those who run the organization."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
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
    hashes: Hashes = None,
    collapse: Collapse = None,
    expand: Expand = None,
    explain: Explain = None,
) -> Response[Any]:
    """List the issues of an organization or of a project that a search finds."""
    listing = Listing(period=frame.period, collapse=frozenset(collapse or ()), expand=frozenset(expand or ()))
    if says_yes(explain):
        call.reach.require(EXPLAIN)
    hit = _direct_hit(call, frame, listing, text)
    if hit is not None:
        return hit
    if group or (hashes and call.project_or_none):
        named = _of_group(call, frame, group) if group else _of_hashes(call, hashes or ())
        return Response(listed(call, _counted(call, frame, named), listing))
    kept = kept_search(call, text)
    wanted = search_for(call, frame, kept.query)
    wanted = msgspec.structs.replace(
        wanted, sort=sort or kept.sort, limit=_limit(call, limit), cursor=read_cursor(cursor)
    )
    if frame.is_void or not frame.projects:
        return Response([])
    page, explanation = call.services.search.explained(wanted, call.now)
    headers = paging_headers(call.services.settings.public_url, call.path, call.query, page)
    rows = listed(call, page.rows, listing)
    return Response(explained(explanation, wanted, rows) if says_yes(explain) else rows, headers=headers)


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
    (shown,) = issues.shown(
        call.services.views, [issue], reach, call.caller.user, with_suggestions="owners" in (expand or ())
    )
    (shown,) = _expanded(call, [shown], expand or ())
    detail = issues.detail(call.services.views, issue, names, call.now)
    answer = issue_detail(shown, detail, call.services.settings.public_url, collapse or (), call.now)
    answer |= expansion(shown, expand or ())
    if HAS_FILES in (expand or ()):
        answer |= _files_known(call, [(issue, detail.numbers.latest_event_id)])[0]
    return Response(answer, headers={"ETag": entity_tag(issue)})


def change_issue(
    call: NamedDependency[Call],
    issue_id: FromPath[str],
    *,
    dry_run: DryRun = None,
    if_match: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response[Any]:
    """Change an issue and show it as it is then."""
    issue, reach = issue_of(call, issue_id, WRITE)
    asked = asked_of(call, dry_run, key, if_match)

    def shown(outcome: Outcome) -> Response[Any]:
        if outcome.is_discarded:
            return Response(None, status_code=204)
        changed, around = issue_of(call, str(issue.id))
        headers = {"ETag": entity_tag(changed)}
        return Response(_object(call, changed, around, call.all("environment")), headers=headers)

    def carried_out() -> Outcome:
        outcome = call.services.triage.carry_out([issue.id], call.fields(), _acting(call, reach), call.now, asked)
        if not outcome.issue_ids:
            raise NotFound
        return outcome

    return answered(call, _acting(call, reach), asked, carried_out, shown)


def delete_issue(call: NamedDependency[Call], issue_id: FromPath[str]) -> Response[None]:
    """Delete an issue with its events."""
    issue, reach = issue_of(call, issue_id, DELETE)
    headers = _delete(call, reach, [issue.id])
    return Response(None, status_code=202, media_type=MediaType.TEXT, headers=headers)


def change_issues(
    call: NamedDependency[Call],
    frame: NamedDependency[Frame],
    *,
    dry_run: DryRun = None,
    key: IdempotencyKey = None,
) -> Response[Any]:
    """Change the issues with certain ids, or all that a search finds, and answer with what was changed."""
    acting, asked = _acting(call, call.reach), asked_of(call, dry_run, key)

    def carried_out() -> Outcome:
        chosen, body = selected(call, frame), call.fields()
        return call.services.triage.carry_out(chosen, body, acting, call.now, asked)

    return answered(call, acting, asked, carried_out, lambda outcome: _delta(call, outcome))


def _delta(call: Call, outcome: Outcome) -> Response[Any]:
    if not outcome.issue_ids or outcome.is_discarded:
        return Response(None, status_code=204)
    delta = _with_commit(call, outcome.delta)
    if outcome.shows_activity:
        (issue,) = issues.by_ids(call.services.views, outcome.issue_ids)
        delta = delta | {"activity": [entry_object(entry) for entry in issues.story(call.services.views, issue)]}
    return Response(delta)


def delete_issues(call: NamedDependency[Call], frame: NamedDependency[Frame]) -> Response[None]:
    """Delete the issues with certain ids, or all that a search finds."""
    return Response(None, status_code=204, headers=_delete(call, call.reach, selected(call, frame)))


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


def _delete(call: Call, reach: Reach, issue_ids: Sequence[IssueId]) -> dict[str, str]:
    """Begin to delete issues and return the header that names the deletion, none when there is nothing to delete."""
    deletion_id = call.services.remove.schedule(issue_ids, reach.organization.id, call.caller.user_id)
    return {} if deletion_id is None else {DELETION_HEADER: str(deletion_id)}


def _acting(call: Call, reach: Reach) -> Acting:
    user = call.caller.user
    return Acting(user=user, reach=reach, shown=user_object(user) if user else {})


def _object(call: Call, issue: Issue, reach: Reach, environment: Sequence[str] = ()) -> dict[str, Any]:
    (shown,) = issues.shown(call.services.views, [issue], reach, call.caller.user)
    numbers = issues.numbers(call.services.views, issue, environment)
    return issue_object(shown, numbers, call.services.settings.public_url, call.now)


def _with_commit(call: Call, delta: dict[str, Any]) -> dict[str, Any]:
    """Return *delta* with the commit that it names by its row shown itself."""
    details = delta.get("statusDetails", {})
    if "inCommit" not in details:
        return delta
    (shown,) = commits.named(call.services.views, [details["inCommit"]], call.reach.project_ids)
    return delta | {"statusDetails": details | {"inCommit": commit_object(shown)}}


def _direct_hit(call: Call, frame: Frame, listing: Listing, text: str | None) -> Response[Any] | None:
    """Answer a query that is the id of an event or, if short ids are to be looked up, of an issue (3.3)."""
    if not text or not text.strip():
        return None
    short_ids = call.one("shortIdLookup") == "1"
    hit = call.services.search.direct_hit(text, call.reach.projects, short_ids=short_ids)
    if hit is None:
        return None
    extra = _matching(hit) if hit.event_id else {}
    rows = [row | extra for row in listed(call, _counted(call, frame, hit.issues), listing)]
    return Response(rows, headers={"X-Sentry-Direct-Hit": "1"} if len(rows) == 1 else {})


def _matching(hit: DirectHit) -> dict[str, Any]:
    return {"matchingEventId": hit.event_id, "matchingEventEnvironment": hit.environment or None}


def _of_group(call: Call, frame: Frame, group: list[str]) -> list[Issue]:
    found = issues.by_ids(call.services.views, read_ids(group, "Group ids must be integers"))
    hidden = {issue.project_id for issue in found} - call.reach.project_ids
    if any(access.project_exists(call.services.views, call.reach.organization, str(one)) for one in hidden):
        raise Forbidden
    project_ids = {project.id for project in frame.projects}
    return [issue for issue in found if issue.project_id in project_ids]


def _of_hashes(call: Call, hashes: Sequence[str]) -> list[Issue]:
    return issues.by_hashes(call.services.views, call.project, hashes[:HASHES_MAX])


def _counted(call: Call, frame: Frame, found: Sequence[Issue]) -> Sequence[FoundIssue]:
    return call.services.search.statistics(found, frame.window, frame.environments, frame.period, call.now)


def listed(call: Call, found: Sequence[FoundIssue], listing: Listing) -> list[dict[str, Any]]:
    """Return issues as a list shows them."""
    around = issues.shown(
        call.services.views,
        [one.issue for one in found],
        call.reach,
        call.caller.user,
        with_suggestions="owners" in listing.expand,
    )
    around = _expanded(call, around, listing.expand)
    public_url = call.services.settings.public_url
    rows = [listed_issue(shown, one, listing, public_url, call.now) for shown, one in zip(around, found, strict=True)]
    if HAS_FILES not in listing.expand:
        return rows
    files = _files_known(call, [(one.issue, one.latest_event_id) for one in found])
    return [row | known for row, known in zip(rows, files, strict=True)]


def _files_known(call: Call, latest: Sequence[tuple[Issue, EventId | None]]) -> list[dict[str, bool]]:
    """Say of each issue whether its latest event came with files."""
    keys = [(issue.project_id, event_id) for issue, event_id in latest]
    having = events.having_files(call.services.views, [(one, event_id) for one, event_id in keys if event_id])
    return [{HAS_FILES: key in having} for key in keys]


def _expanded(call: Call, found: list[ShownIssue], expand: Collection[str]) -> list[ShownIssue]:
    return issues.with_forecasts(call.services.views, found, call.now) if "forecast" in expand else found


def _limit(call: Call, text: str | None) -> int:
    """Return how many issues a page has; a project's list is as long as can be unless told otherwise (3.6)."""
    return PER_PAGE_MAX if call.project_or_none is not None and not text else read_limit(text)


_LISTS = ("/organizations/{org:str}/issues", "/projects/{org:str}/{project:str}/issues")
_TAG = "Issues"
# spec/mutation.md 1.4
_USUAL = Quota(requests_max=5, window_seconds=1)
_SLOW = Quota(requests_max=5, window_seconds=5)

ISSUE_ROUTES = (
    Route(method="GET", paths=_LISTS, handler=list_issues, scopes=READ, tag=_TAG),
    Route(method="PUT", paths=_LISTS, handler=change_issues, scopes=WRITE, tag=_TAG, body=CHANGES),
    Route(method="DELETE", paths=_LISTS, handler=delete_issues, scopes=DELETE, tag=_TAG),
    Route(method="GET", paths=issue_paths(), handler=show_issue, scopes=READ, quota=_USUAL, tag=_TAG),
    Route(method="PUT", paths=issue_paths(), handler=change_issue, scopes=WRITE, quota=_USUAL, tag=_TAG, body=CHANGES),
    Route(method="DELETE", paths=issue_paths(), handler=delete_issue, scopes=DELETE, quota=_SLOW, tag=_TAG),
    Route(method="GET", paths=issue_paths("/activities"), handler=list_activities, scopes=READ, tag=_TAG),
    Route(
        method="GET",
        paths=("/organizations/{org:str}/shortids/{short_id:str}",),
        handler=look_up_short_id,
        scopes=READ,
        tag=_TAG,
    ),
)
