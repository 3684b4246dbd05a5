"""Events: of an issue, of a project, by id, and the files that came with them (spec/search.md 5.4 to 5.6, 5.9)."""

from typing import Annotated, Any
from urllib.parse import quote

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from tocsin.domain.access import Scope
from tocsin.domain.caller import Reach
from tocsin.domain.errors import InvalidQuery, NotFound
from tocsin.domain.issue.issue import Issue
from tocsin.domain.organization import Project
from tocsin.domain.query.keys import Level
from tocsin.domain.query.paging import page_by_offset
from tocsin.domain.query.parse import parse_event_query, parse_issue_query
from tocsin.domain.query.tree import And
from tocsin.domain.query.window import Window
from tocsin.edges.api.asked import Paging, SearchText, has_window, paged, read_event_id, require_event_id, says_yes
from tocsin.edges.api.asked import window as read_asked_window
from tocsin.edges.api.call import Call
from tocsin.edges.api.routing import Route, any_of, issue_paths
from tocsin.edges.api.serialize.attachment import attachment_object
from tocsin.edges.api.serialize.event import (
    event_as_kept,
    event_detail,
    event_full,
    event_summary,
    only_stacktraces,
)
from tocsin.storage.views import events, issues
from tocsin.storage.views.events import Attachment, EventQuestion, FoundEvent, Which

OF_ISSUES = any_of(Scope.EVENT_READ, Scope.EVENT_WRITE, Scope.EVENT_ADMIN)
OF_PROJECTS = any_of(Scope.PROJECT_READ, Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN)
OF_ORGANIZATIONS = any_of(Scope.ORG_READ, Scope.ORG_WRITE, Scope.ORG_ADMIN)

NO_EVENT = "Event not found. The event ID may be incorrect, or it's age exceeded the retention period."
NO_MATCH = "No matching event found, try changing the environments, date range, or query."

Full = Annotated[str | None, QueryParameter(name="full", description="1 or true for events with all there is of them.")]
Sample = Annotated[str | None, QueryParameter(name="sample", description="1 or true for an order as good as random.")]
FileTypes = Annotated[
    list[str] | None,
    QueryParameter(name="types", description="Types such as event.minidump; repeat for several, all by default."),
]
Collapse = Annotated[
    list[str] | None, QueryParameter(name="collapse", description="What to leave out: stacktraceOnly, fullRelease.")
]


def issue_of(call: Call, reference: str) -> tuple[Issue, Project, Reach]:
    """Return the issue that a path names, its project, and how far the caller reaches around it."""
    issue, reach = issues.find(call.services.views, call.caller, call.reach_or_none, reference)
    reach.require(OF_ISSUES)
    project = reach.project(str(issue.project_id))
    if project is None:
        raise NotFound
    return issue, project, reach


def list_issue_events(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    issue_id: FromPath[str],
    *,
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    paging: NamedDependency[Paging],
    full: Full = None,
    sample: Sample = None,
    text: SearchText = None,
) -> Response[Any]:
    """List the events of an issue, newest first."""
    issue, project, _ = issue_of(call, issue_id)
    event_id = read_event_id((text or "").strip())
    if event_id is not None:
        direct = events.event_of_issue(call.services.views, issue, event_id)
        if direct is not None:
            return Response([_shown(direct, full)], headers={"X-Sentry-Direct-Hit": "1"})
    question = _question(call, window, environments, paging, text, sample)
    found = events.events_of_issue(call.services.views, issue, project, question, call.now)
    return _listed(call, found, paging, full)


def list_project_events(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    *,
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    paging: NamedDependency[Paging],
    full: Full = None,
    sample: Sample = None,
    text: SearchText = None,
) -> Response[Any]:
    """List the events of a project, newest first."""
    question = _question(call, window, environments, paging, text, sample)
    found = events.events_of_project(call.services.views, call.project, question, call.now)
    return _listed(call, found, paging, full)


def show_issue_event(
    call: NamedDependency[Call],
    issue_id: FromPath[str],
    event_id: FromPath[str],
    environments: NamedDependency[tuple[str, ...]],
    collapse: Collapse = None,
) -> Response[Any]:
    """Show an event of an issue, by id or as latest, oldest or recommended."""
    issue, project, _ = issue_of(call, issue_id)
    which = next((which for which in Which if which.value == event_id), None)
    if which is not None:
        question = EventQuestion(window=_window(call), environments=environments, query=_issue_query(call))
        found = events.chosen_of_issue(call.services.views, issue, project, which, question, call.now)
    else:
        wanted = read_event_id(event_id)
        found = events.event_of_issue(call.services.views, issue, wanted) if wanted else None
    if found is None:
        raise NotFound(NO_MATCH if which else NO_EVENT)
    return _detailed(call, found, environments, collapse)


def show_project_event(
    call: NamedDependency[Call],
    event_id: FromPath[str],
    environments: NamedDependency[tuple[str, ...]],
    collapse: Collapse = None,
) -> Response[Any]:
    """Show an event of a project."""
    wanted = read_event_id(event_id)
    found = events.event_of_projects(call.services.views, [call.project.id], wanted) if wanted else None
    if found is None:
        raise NotFound("Event not found")
    return _detailed(call, found, environments, collapse)


def show_event_json(call: NamedDependency[Call], event_id: FromPath[str]) -> Response[Any]:
    """Show an event of a project as it is kept: normalised, with what was derived from it."""
    wanted = read_event_id(event_id)
    found = events.event_of_projects(call.services.views, [call.project.id], wanted) if wanted else None
    if found is None:
        raise NotFound("Event not found")
    return Response(event_as_kept(found.event))


def look_up_event_id(call: NamedDependency[Call], event_id: FromPath[str]) -> Response[Any]:
    """Find the issue and the project of an event by its id alone."""
    wanted = require_event_id(event_id)
    reach = call.reach
    found = events.event_of_projects(call.services.views, sorted(reach.project_ids), wanted)
    project = reach.project(str(found.event.project_id)) if found else None
    if found is None or found.issue_id is None or project is None:
        raise NotFound
    return Response(
        {
            "organizationSlug": reach.organization.slug,
            "projectSlug": project.slug,
            "groupId": str(found.issue_id),
            "eventId": found.event.event_id,
            "event": event_full(found),
        }
    )


def list_attachments(call: NamedDependency[Call], event_id: FromPath[str]) -> Response[Any]:
    """List the files that came with an event."""
    wanted = read_event_id(event_id)
    if wanted is None:
        raise NotFound("Event not found")
    found = events.files_of_event(call.services.views, call.project, wanted)
    return Response([attachment_object(one) for one in found])


def show_attachment(
    call: NamedDependency[Call], event_id: FromPath[str], attachment_id: FromPath[str]
) -> Response[Any]:
    """Describe a file of an event, or with ``?download`` send its content."""
    wanted = read_event_id(event_id)
    number = _file_number(attachment_id)
    found = events.file_of_event(call.services.views, call.project, wanted, number) if wanted else None
    return _described_or_sent(call, found)


def list_issue_attachments(
    call: NamedDependency[Call],
    issue_id: FromPath[str],
    paging: NamedDependency[Paging],
    types: FileTypes = None,
) -> Response[Any]:
    """List the files that came with the events of an issue, newest first."""
    issue, _, _ = issue_of(call, issue_id)
    found = events.files_of_issue(
        call.services.views, issue, types=types or (), limit=paging.limit + 1, offset=paging.offset
    )
    page = page_by_offset(found, paging.cursor, paging.limit)
    return paged(call, page, [attachment_object(one) for one in page.rows])


def show_issue_attachment(
    call: NamedDependency[Call], issue_id: FromPath[str], attachment_id: FromPath[str]
) -> Response[Any]:
    """Describe a file of one of the events of an issue, or with ``?download`` send its content."""
    issue, _, _ = issue_of(call, issue_id)
    return _described_or_sent(call, events.file_of_issue(call.services.views, issue, _file_number(attachment_id)))


def _file_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0


def _described_or_sent(call: Call, found: Attachment | None) -> Response[Any]:
    if found is None:
        raise NotFound
    if call.one("download") is None:
        return Response(attachment_object(found))
    content = events.content_of(call.services.views, found)
    return Response(content, media_type="application/octet-stream", headers=_as_download(found.name))


def _as_download(name: str) -> dict[str, str]:
    # The name and the content are somebody else's: a browser must save them and never make something of them.
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
    }


def _question(
    call: Call,
    window: Window,
    environments: tuple[str, ...],
    paging: Paging,
    text: str | None,
    sample: str | None,
) -> EventQuestion:
    return EventQuestion(
        window=window,
        environments=environments,
        query=parse_event_query(text or "", now=call.now),
        offset=paging.offset,
        limit=paging.limit + 1,
        sampled=says_yes(sample),
    )


def _listed(call: Call, found: list[FoundEvent], paging: Paging, full: str | None) -> Response[Any]:
    page = page_by_offset(found, paging.cursor, paging.limit)
    return paged(call, page, [_shown(one, full) for one in page.rows])


def _shown(found: FoundEvent, full: str | None) -> dict[str, Any]:
    return event_full(found) if says_yes(full) else event_summary(found)


def _detailed(
    call: Call, found: FoundEvent, environments: tuple[str, ...], collapse: list[str] | None
) -> Response[Any]:
    detail = events.detail(call.services.views, found, environments)
    shown = event_detail(detail)
    left_out = set(collapse or ())
    if "stacktraceOnly" in left_out:
        shown = only_stacktraces(shown)
    elif "fullRelease" in left_out and shown["release"]:
        shown["release"] = {"version": detail.event.release}
    return Response(shown)


def _window(call: Call) -> Window | None:
    if not has_window(call):
        return None
    try:
        return read_asked_window(call, call.one("statsPeriod"), call.one("start"), call.one("end"))
    except InvalidQuery:
        raise InvalidQuery("Invalid date range") from None


def _issue_query(call: Call) -> And:
    """Return those terms of an issue search that single events can meet (spec/search.md 5.5)."""
    try:
        query = parse_issue_query(call.one("query") or "", now=call.now)
    except InvalidQuery:
        raise InvalidQuery("Unable to parse query") from None
    return And(tuple(term for term in query.terms if term.key.level is Level.EVENT))


_EVENT = "/projects/{org:str}/{project:str}/events"
_TAG = "Events"

EVENT_ROUTES = (
    Route(method="GET", paths=issue_paths("/events"), handler=list_issue_events, scopes=OF_ISSUES, tag=_TAG),
    Route(
        method="GET",
        paths=issue_paths("/events/{event_id:str}"),
        handler=show_issue_event,
        scopes=OF_ISSUES,
        tag=_TAG,
    ),
    Route(method="GET", paths=(_EVENT,), handler=list_project_events, scopes=OF_PROJECTS, tag=_TAG),
    Route(
        method="GET", paths=(f"{_EVENT}/{{event_id:str}}",), handler=show_project_event, scopes=OF_PROJECTS, tag=_TAG
    ),
    Route(
        method="GET",
        paths=(f"{_EVENT}/{{event_id:str}}/json",),
        handler=show_event_json,
        scopes=OF_PROJECTS,
        tag=_TAG,
    ),
    Route(
        method="GET",
        paths=("/organizations/{org:str}/eventids/{event_id:str}",),
        handler=look_up_event_id,
        scopes=OF_ORGANIZATIONS,
        tag=_TAG,
    ),
    Route(
        method="GET",
        paths=(f"{_EVENT}/{{event_id:str}}/attachments",),
        handler=list_attachments,
        scopes=OF_PROJECTS,
        tag=_TAG,
    ),
    Route(
        method="GET",
        paths=(f"{_EVENT}/{{event_id:str}}/attachments/{{attachment_id:str}}",),
        handler=show_attachment,
        scopes=OF_PROJECTS,
        tag=_TAG,
    ),
    Route(method="GET", paths=issue_paths("/attachments"), handler=list_issue_attachments, scopes=OF_ISSUES, tag=_TAG),
    Route(
        method="GET",
        paths=issue_paths("/attachments/{attachment_id:str}"),
        handler=show_issue_attachment,
        scopes=OF_ISSUES,
        tag=_TAG,
    ),
)
