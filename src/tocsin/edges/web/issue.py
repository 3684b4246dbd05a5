"""The page of one issue: what happened, in one of its events, and what is known of all of them."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.errors import NotFound
from tocsin.domain.event.event import EventId
from tocsin.domain.issue.comments import TEXT_CHARS_MAX
from tocsin.domain.issue.issue import Issue, SubscriptionReason
from tocsin.domain.issue.short_id import encode
from tocsin.domain.organization import Project
from tocsin.edges.web import links
from tocsin.edges.web.chart import Chart, chart
from tocsin.edges.web.choices import Choices, choices_of
from tocsin.edges.web.evidence import Evidence, evidence
from tocsin.edges.web.feedback import File, Said, files_of, said_about, url_of_subject
from tocsin.edges.web.plain import Field
from tocsin.edges.web.question import whole_window
from tocsin.edges.web.rendering import Html, show
from tocsin.edges.web.story import story_of
from tocsin.edges.web.stream import READERS, heading_of, labels_of
from tocsin.edges.web.told_grouping import ToldGrouping, told_grouping
from tocsin.edges.web.visit import Visit
from tocsin.flows.search import FoundIssue
from tocsin.storage.views import events, issues, tags
from tocsin.storage.views.events import EventQuestion, FoundEvent, Which

TAGS_MAX = 20
TAG_VALUES_SHOWN = 4
_NAMED = {"latest": Which.LATEST, "oldest": Which.OLDEST, "recommended": Which.RECOMMENDED}
_TAGS_FIRST = ("environment", "release", "level", "user", "transaction", "url", "browser", "os", "server_name")


_WHY: Mapping[SubscriptionReason | None, str] = {
    None: "you subscribed",
    SubscriptionReason.UNKNOWN: "you subscribed",
    SubscriptionReason.ASSIGNED: "it was assigned to you or your team",
    SubscriptionReason.BOOKMARK: "you bookmarked it",
    SubscriptionReason.STATUS_CHANGE: "you changed its status",
    SubscriptionReason.COMMENT: "you commented on it",
    SubscriptionReason.MENTIONED: "somebody mentioned you",
}


class ShownIssue(msgspec.Struct, frozen=True, kw_only=True):
    """The issue as its page's head and side show it."""

    found: FoundIssue
    project: Project
    short_id: str
    labels: tuple[str, ...]
    assignee: str
    chart: Chart
    url: str
    """The page as it was asked for, where forms come back to."""
    is_bookmarked: bool
    why_subscribed: str
    """Why the reader hears of it; empty when they do not."""
    share_url: str
    """Where anybody may see what is shared of it; empty unless it is."""
    may_share: bool
    """Whether the organization lets people share."""
    said: tuple[Said, ...]
    """What people said about it, newest first."""
    subject_url: str
    """Where the event is that it is about; empty unless it is feedback about one."""


class ShownEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The event that the page shows."""

    id: EventId
    title: str
    timestamp: datetime
    evidence: Evidence
    tags: tuple[Field, ...]
    grouping: ToldGrouping
    files: tuple[File, ...]
    older_url: str
    """Empty when there is none."""
    newer_url: str
    oldest_url: str
    latest_url: str


class ShownValue(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a tag, its share of the events that have the tag, and the search for it."""

    value: str
    percent: int
    url: str


class ShownTag(msgspec.Struct, frozen=True, kw_only=True):
    """One tag of the issue with its most frequent values."""

    key: str
    values: int
    top: tuple[ShownValue, ...]


@get("/organizations/{org:str}/issues/{issue_id:str}", sync_to_thread=True)
def issue_page(visit: NamedDependency[Visit], issue_id: FromPath[str]) -> Html:
    """Show an issue and its latest event."""
    return _page(visit, issue_id, "latest")


@get("/organizations/{org:str}/issues/{issue_id:str}/events/{event_id:str}", sync_to_thread=True)
def event_page(visit: NamedDependency[Visit], issue_id: FromPath[str], event_id: FromPath[str]) -> Html:
    """Show an issue and one of its events: by id, or ``latest``, ``oldest`` or ``recommended``."""
    return _page(visit, issue_id, event_id)


def _page(visit: Visit, issue_id: str, event_id: str) -> Html:
    visit.reach.require(READERS)
    issue, _ = issues.find(visit.services.views, visit.caller, visit.reach, issue_id)
    project = next(project for project in visit.reach.projects if project.id == issue.project_id)
    choices = choices_of(visit)
    return show(
        visit,
        "issue.html",
        heading=heading_of(issue),
        shown=_shown(visit, issue, project, choices),
        event=_event(visit, issue, project, event_id),
        tags=_tags(visit, issue, project),
        activity=story_of(visit.services.views, issue, choices, visit.user.id),
        choices=choices,
        grouping_url=links.grouping(visit.reach.organization.slug, project.slug),
        comment_chars_max=TEXT_CHARS_MAX,
    )


def _shown(visit: Visit, issue: Issue, project: Project, choices: Choices) -> ShownIssue:
    (found,) = visit.services.search.statistics([issue], whole_window(visit), None, "14d", visit.now)
    (around,) = issues.shown(visit.services.views, [issue], visit.reach, visit.user)
    public_url, options = visit.services.settings.public_url, visit.reach.organization.options
    return ShownIssue(
        found=found,
        project=project,
        short_id=encode(project.slug, issue.number),
        labels=labels_of(found),
        assignee=choices.assignee_name(issue.assignee),
        chart=chart(found.series),
        url=links.with_query(visit.path, visit.query),
        is_bookmarked=around.marks.is_bookmarked,
        why_subscribed=_WHY[around.marks.subscription_reason] if around.marks.is_subscribed else "",
        share_url=f"{public_url}{links.share(issue.share_id)}" if issue.share_id else "",
        may_share=bool(options.get("allowSharedIssues", True)),
        said=said_about(visit, issue),
        subject_url=url_of_subject(visit, issue),
    )


def _event(visit: Visit, issue: Issue, project: Project, event_id: str) -> ShownEvent | None:
    """Return the event to show, None when the issue has none left. Raises NotFound for an id that it never had."""
    environments = tuple(visit.all("environment"))
    found = _chosen(visit, issue, project, event_id, EventQuestion(environments=environments))
    if found is None:
        return None
    around = events.detail(visit.services.views, found, environments).neighbours

    def url(name: str | None) -> str:
        return links.event(visit.reach.organization.slug, issue.id, name, visit.query) if name else ""

    return ShownEvent(
        id=found.event.event_id,
        title=found.event.title,
        timestamp=found.event.timestamp,
        evidence=evidence(found.event.payload),
        tags=tuple(Field(key, value) for key, value in found.event.tags),
        grouping=told_grouping(found.event, project),
        files=files_of(visit, issue, project, found.event.event_id),
        older_url=url(around.previous_id),
        newer_url=url(around.next_id),
        oldest_url=url("oldest"),
        latest_url=url("latest"),
    )


def _chosen(visit: Visit, issue: Issue, project: Project, event_id: str, question: EventQuestion) -> FoundEvent | None:
    views = visit.services.views
    if event_id in _NAMED:
        return events.chosen_of_issue(views, issue, project, _NAMED[event_id], question, visit.now)
    plain = event_id.replace("-", "").lower()
    found = events.event_of_issue(views, issue, EventId(plain)) if _is_event_id(plain) else None
    if found is None:
        raise NotFound("This issue has no such event, or no longer: events are deleted after some time.")
    return found


def _is_event_id(text: str) -> bool:
    return len(text) == 32 and set(text) <= set("0123456789abcdef")


def _tags(visit: Visit, issue: Issue, project: Project) -> tuple[ShownTag, ...]:
    asked = tags.TagQuestion(issue=issue, window=whole_window(visit), environments=tuple(visit.all("environment")))
    found = tags.summaries_of_issue(visit.services.views, asked, (), TAG_VALUES_SHOWN)
    shown = [_tag(visit, project, summary) for summary in found]
    return tuple(sorted(shown, key=_rank)[:TAGS_MAX])


def _rank(tag: ShownTag) -> tuple[int, str]:
    return (_TAGS_FIRST.index(tag.key) if tag.key in _TAGS_FIRST else len(_TAGS_FIRST), tag.key)


def _tag(visit: Visit, project: Project, summary: tags.TagSummary) -> ShownTag:
    key, events_with_it = summary.key.key, max(summary.key.events, 1)
    return ShownTag(
        key=key,
        values=summary.key.values,
        top=tuple(
            ShownValue(
                value=value.value,
                percent=round(100 * value.events / events_with_it),
                url=links.stream(
                    visit.reach.organization.slug,
                    [("query", term(key, value.value)), ("project", str(project.id)), ("statsPeriod", "90d")],
                ),
            )
            for value in summary.top
        ),
    )


def term(key: str, value: str) -> str:
    """Return the search text for events whose tag *key* is *value*, whatever characters are in it."""
    quoted = any(character in value for character in ' "()[],*') or value[:1] in {"", *"<>=!"}
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("*", "\\*")
    return f'{_key(key)}:"{escaped}"' if quoted else f"{_key(key)}:{value}"


def _key(key: str) -> str:
    return f"tags[{key}]" if any(character in key for character in ": []()") else key
