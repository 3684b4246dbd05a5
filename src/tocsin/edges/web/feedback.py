"""What people say: feedback of its own, reports about events, and the pictures that come with them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.errors import NotFound
from tocsin.domain.event.event import EventId
from tocsin.domain.issue.category import Category, category_of
from tocsin.domain.issue.issue import Issue
from tocsin.domain.organization import Project
from tocsin.domain.picture import picture_type
from tocsin.edges.web import links
from tocsin.edges.web.choices import choices_of
from tocsin.edges.web.question import question_of, search_of
from tocsin.edges.web.rendering import HEADERS, Html, show
from tocsin.edges.web.stream import READERS
from tocsin.edges.web.visit import Visit
from tocsin.storage.views import events, issues, user_reports

FEEDBACK_QUERY = "issue.category:feedback"
REPORTS_MAX = 50
_ID_DIGITS_MAX = 18


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said, and where it leads."""

    message: str
    name: str
    email: str
    at: datetime
    url: str
    """Of the issue that it is, or that it is about; empty while that is on its way."""
    status: str


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came with an event."""

    name: str
    url: str
    """Where it can be had."""
    picture_url: str
    """Where it is shown; empty unless it says that it is a picture."""


@get("/organizations/{org:str}/feedback", sync_to_thread=True)
def feedback(visit: NamedDependency[Visit]) -> Html:
    """Show what people said, of their own accord and about errors."""
    visit.reach.require(READERS)
    asked = msgspec.structs.replace(question_of(visit), text=FEEDBACK_QUERY, period="90d", sort="date")
    page = visit.services.search.issues(search_of(visit, asked, choices_of(visit).own_team_ids), visit.now)
    found = [one.issue for one in page.rows]
    org = visit.reach.organization.slug
    next_url = f"/organizations/{org}/feedback/?cursor={page.next.cursor}" if page.next.has_results else ""
    return show(
        visit,
        "feedback.html",
        own=[_of_issue(org, issue) for issue in found],
        about=[] if visit.one("cursor") else _reports(visit, found),
        next_url=next_url,
    )


@get("/organizations/{org:str}/issues/{issue_id:str}/pictures/{file_id:str}", sync_to_thread=True)
def screenshot(visit: NamedDependency[Visit], issue_id: FromPath[str], file_id: FromPath[str]) -> Response[bytes]:
    """Send a picture of an event, if its content is one."""
    visit.reach.require(READERS)
    issue, _ = issues.find(visit.services.views, visit.caller, visit.reach, issue_id)
    is_number = file_id.isascii() and file_id.isdecimal() and len(file_id) <= _ID_DIGITS_MAX
    file = events.file_of_issue(visit.services.views, issue, int(file_id)) if is_number else None
    if file is None:
        raise NotFound("There is no such picture, or no longer.")
    content = events.content_of(visit.services.views, file)
    kind = picture_type(content)
    if not kind:
        raise NotFound("This file is no picture. Download it instead.")
    return Response(content, media_type=kind, headers=HEADERS | {"Content-Security-Policy": "sandbox"})


def files_of(visit: Visit, issue: Issue, project: Project, event_id: EventId) -> tuple[File, ...]:
    """Return the files that came with an event of *issue*."""
    org = visit.reach.organization.slug
    return tuple(
        File(
            name=one.name,
            url=f"/api/0/organizations/{org}/issues/{issue.id}/attachments/{one.id}/?download=1",
            picture_url=f"{links.issue(org, issue.id)}pictures/{one.id}"
            if one.content_type.startswith("image/")
            else "",
        )
        for one in events.files_of_event(visit.services.views, project, event_id)
    )


def said_about(visit: Visit, issue: Issue) -> tuple[Said, ...]:
    """Return what people said about the events of *issue*; each leads to the feedback that says it, if one does."""
    org = visit.reach.organization.slug
    found = user_reports.of_issue(visit.services.views, issue)[:REPORTS_MAX]
    return tuple(
        Said(
            message=one.report.comments,
            name=one.report.name,
            email=one.report.email,
            at=one.report.created_at,
            url=links.stream(
                org, [("query", f"{FEEDBACK_QUERY} associated_event_id:{one.report.event_id}"), ("statsPeriod", "90d")]
            ),
            status="",
        )
        for one in found
    )


def url_of_subject(visit: Visit, issue: Issue) -> str:
    """Return where the event is that the feedback *issue* is about, ``""`` when it is about none."""
    about = issue.metadata.get("associated_event_id") if category_of(issue) is Category.FEEDBACK else None
    return links.stream(visit.reach.organization.slug, [("query", str(about))]) if about else ""


def _of_issue(org: str, issue: Issue) -> Said:
    said = issue.metadata
    return Said(
        message=str(said.get("value") or issue.title),
        name=str(said.get("name", "")),
        email=str(said.get("contact_email", "")),
        at=issue.last_seen,
        url=links.issue(org, issue.id),
        status=issue.status,
    )


def _reports(visit: Visit, shown: Sequence[Issue]) -> list[Said]:
    """Return the latest reports about events, without those that feedback on the page says itself."""
    org, views = visit.reach.organization.slug, visit.services.views
    known = {issue.metadata.get("associated_event_id") for issue in shown}
    found = [
        one
        for project in visit.reach.projects
        for one in user_reports.of_project(views, project, status=None, environments=())
        if one.report.event_id not in known
    ]
    newest = sorted(found, key=lambda one: one.report.created_at, reverse=True)[:REPORTS_MAX]
    return [
        Said(
            message=one.report.comments,
            name=one.report.name,
            email=one.report.email,
            at=one.report.created_at,
            url=links.issue(org, one.issue.id) if one.issue else "",
            status=one.issue.status if one.issue else "",
        )
        for one in newest
    ]
