"""The issue stream: a search, its rows, and what to do with many issues at once."""

from typing import Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidQuery
from tocsin.domain.issue.issue import Issue, Status, Substatus
from tocsin.domain.issue.short_id import encode
from tocsin.domain.query.paging import Page, Step
from tocsin.edges.web import links
from tocsin.edges.web.chart import Chart, chart
from tocsin.edges.web.choices import Choices, choices_of
from tocsin.edges.web.first_event import Setup, setup_of
from tocsin.edges.web.question import PERIODS, SORTS, Question, question_of, search_of
from tocsin.edges.web.rendering import Html, redirect, show
from tocsin.edges.web.visit import Visit
from tocsin.edges.web.ways_out import ways_out
from tocsin.flows.search import FoundIssue, IssueSearch

READERS = frozenset({Scope.EVENT_READ, Scope.EVENT_WRITE, Scope.EVENT_ADMIN})


class Heading(msgspec.Struct, frozen=True):
    """What an issue is called."""

    name: str
    """The type of the exception, else the title."""
    message: str
    """What the exception says; empty when the title says it all."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One issue of the list."""

    found: FoundIssue
    heading: Heading
    short_id: str
    url: str
    labels: tuple[str, ...]
    assignee: str
    chart: Chart


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """The URLs of the pages before and after; empty where there is none."""

    previous: str = ""
    next: str = ""


@get("/organizations/{org:str}/issues", sync_to_thread=True)
def stream(visit: NamedDependency[Visit], org: FromPath[str]) -> Response[str]:
    """Show the issues that the search text finds, or go to the one that it names."""
    visit.reach.require(READERS)
    asked, choices = question_of(visit), choices_of(visit)
    hit = visit.services.search.direct_hit(asked.text, visit.reach.projects, short_ids=True)
    if hit is not None and len(hit.issues) == 1:
        found = hit.issues[0].id
        return redirect(
            visit.services, links.event(org, found, hit.event_id) if hit.event_id else links.issue(org, found)
        )
    try:
        wanted = search_of(visit, asked, choices.own_team_ids)
        page = visit.services.search.issues(wanted, visit.now)
    except InvalidQuery as refusal:
        return _show(visit, asked, choices, status=400, problem=refusal.detail)
    rows = tuple(_row(visit, found, choices) for found in page.rows)
    if rows:
        return _show(visit, asked, choices, rows=rows, page=page)
    setup = _setup(visit, wanted)
    ways = () if setup else ways_out(visit, asked, wanted)
    return _show(visit, asked, choices, page=page, setup=setup, ways_out=ways)


def _show(
    visit: Visit,
    asked: Question,
    choices: Choices,
    *,
    status: int = 200,
    **context: Any,
) -> Html:
    shown = {"problem": "", "rows": (), "page": None, "setup": None, "ways_out": ()} | context
    return show(
        visit,
        "stream.html",
        status=status,
        asked=asked,
        choices=choices,
        periods=PERIODS,
        sorts=SORTS,
        steps=_steps(visit, asked, shown["page"]),
        **shown,
    )


def _steps(visit: Visit, asked: Question, page: Page[FoundIssue] | None) -> Steps:
    if page is None:
        return Steps()

    def url(step: Step) -> str:
        query = (*asked.carried, ("cursor", str(step.cursor)))
        return links.stream(visit.reach.organization.slug, query) if step.has_results else ""

    return Steps(previous=url(page.previous), next=url(page.next))


def _row(visit: Visit, found: FoundIssue, choices: Choices) -> Row:
    issue = found.issue
    project = next(project for project in visit.reach.projects if project.id == issue.project_id)
    return Row(
        found=found,
        short_id=encode(project.slug, issue.number),
        heading=heading_of(issue),
        url=links.issue(visit.reach.organization.slug, issue.id),
        labels=labels_of(found),
        assignee=choices.assignee_name(issue.assignee),
        chart=chart(found.series if found.filtered_series is None else found.filtered_series),
    )


def heading_of(issue: Issue) -> Heading:
    """Return what an issue is called: its exception's type and text apart, where it has them."""
    kind, value = issue.metadata.get("type"), issue.metadata.get("value")
    return Heading(str(kind), str(value or "")) if kind else Heading(issue.title, "")


_TOLD = frozenset({Substatus.NEW, Substatus.REGRESSED, Substatus.ESCALATING})
_CLOSED = {Status.RESOLVED: "resolved", Status.IGNORED: "archived"}


def labels_of(found: FoundIssue) -> tuple[str, ...]:
    """Return the words that make an issue stand out."""
    issue = found.issue
    told = str(issue.substatus) if issue.substatus in _TOLD else ""
    labels = (told, _CLOSED.get(issue.status, ""), "unhandled" if found.is_unhandled else "")
    return tuple(label for label in labels if label)


def _setup(visit: Visit, wanted: IssueSearch) -> Setup | None:
    """Return how to send a first event when none of the searched projects ever got one."""
    if any(project.first_event_at for project in wanted.projects) or not wanted.projects:
        return None
    return setup_of(visit, wanted.projects[0])
