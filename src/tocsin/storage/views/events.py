"""Events for screens: lists of them, one with its surroundings, and the files that came with it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum

import msgspec

from tocsin.domain.event.event import EventId
from tocsin.domain.issue.issue import Issue, IssueId, ProjectId
from tocsin.domain.organization import Project
from tocsin.domain.query.resolve import resolve
from tocsin.domain.query.tree import And, Expression
from tocsin.domain.query.window import Window
from tocsin.domain.user_report import UserReport
from tocsin.storage.history import events as stored
from tocsin.storage.history.events import EVENTS_MAX, Neighbours, Order, StoredEvent
from tocsin.storage.history.filters import ALWAYS, Clause
from tocsin.storage.history.matching import matching
from tocsin.storage.history.scope import IssueScope, Page, ProjectScope, Scope, Selection
from tocsin.storage.state import attachments, issue_hashes, user_reports
from tocsin.storage.state.attachments import Attachment, AttachmentId
from tocsin.storage.views import named_releases
from tocsin.storage.views.releases import ShownRelease, shown_release
from tocsin.storage.views.stores import Views

__all__ = [
    "EVENTS_MAX",
    "Attachment",
    "EventDetail",
    "EventQuestion",
    "FoundEvent",
    "StoredEvent",
    "Which",
    "chosen_of_issue",
    "content_of",
    "detail",
    "event_of_issue",
    "event_of_projects",
    "events_of_issue",
    "events_of_project",
    "file_of_event",
    "file_of_issue",
    "files_of_event",
    "files_of_issue",
    "having_files",
    "issue_scope",
    "newest_by_hash",
]

RECOMMENDED_WITHIN = timedelta(days=7)
"""How long before an issue was last seen its recommended event may lie (spec/search.md 5.5)."""
_RECOMMENDED_AMONG = 100
FILES_LOOKED_AT_MAX = 20_000
_FILES_AT_A_TIME = 1000
_NOTHING = And()


class EventQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are wanted, of whatever scope, and which part of the list."""

    window: Window | None = None
    environments: tuple[str, ...] = ()
    query: Expression = _NOTHING
    offset: int = 0
    limit: int = 100
    sampled: bool = False
    """Whether the order is as good as random, and the same each time, instead of newest first."""


class FoundEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event and the issue it belongs to; no issue while that is being deleted."""

    event: StoredEvent
    issue_id: IssueId | None


class EventDetail(FoundEvent, frozen=True, kw_only=True):
    """An event with what stands around it."""

    neighbours: Neighbours
    release: ShownRelease | None
    """None when the event names none, or one that state does not know."""
    crash_file: Attachment | None
    user_report: UserReport | None = None
    """What somebody said about it."""


class Which(Enum):
    """The events of an issue that have a name instead of an id."""

    LATEST = "latest"
    OLDEST = "oldest"
    RECOMMENDED = "recommended"


def issue_scope(views: Views, issue: Issue) -> IssueScope:
    """Return what makes an event an event of *issue*."""
    with views.state.read() as connection:
        hashes = issue_hashes.of_issues(connection, [issue.id])
    return IssueScope.of(issue.project_id, hashes)


def events_of_issue(
    views: Views, issue: Issue, project: Project, question: EventQuestion, now: datetime
) -> list[FoundEvent]:
    """Return the wanted events of *issue*, newest first (spec/search.md 5.4)."""
    scope = issue_scope(views, issue)
    return [FoundEvent(event=event, issue_id=issue.id) for event in _page(views, scope, project, question, now)]


def newest_by_hash(views: Views, issue: Issue, *, offset: int, limit: int) -> list[FoundEvent]:
    """Return the newest event of each grouping hash of *issue* that has any, newest first (spec/search.md 5.8)."""
    scope = issue_scope(views, issue)
    found = stored.newest_by_hash(views.history, scope, Page(limit, offset)) if scope.hashes else []
    return [FoundEvent(event=event, issue_id=issue.id) for event in found]


def events_of_project(views: Views, project: Project, question: EventQuestion, now: datetime) -> list[FoundEvent]:
    """Return the wanted events of *project*, newest first, each with its issue (spec/search.md 5.6)."""
    return _with_issues(views, _page(views, ProjectScope((project.id,)), project, question, now))


def event_of_issue(views: Views, issue: Issue, event_id: EventId) -> FoundEvent | None:
    """Return the event with that id if it is one of *issue*."""
    event = stored.event(views.history, issue_scope(views, issue), event_id)
    return FoundEvent(event=event, issue_id=issue.id) if event else None


def event_of_projects(views: Views, project_ids: Sequence[ProjectId], event_id: EventId) -> FoundEvent | None:
    """Return the event with that id if it is one of these projects."""
    event = stored.event(views.history, ProjectScope(tuple(project_ids)), event_id)
    return _with_issues(views, [event])[0] if event else None


def chosen_of_issue(
    views: Views, issue: Issue, project: Project, which: Which, question: EventQuestion, now: datetime
) -> FoundEvent | None:
    """Return the latest, the oldest or the recommended of the wanted events of *issue* (spec/search.md 5.5)."""
    scope, selection = issue_scope(views, issue), _selection(views, project, question, now)
    event = _CHOICES[which](views, issue, scope, selection)
    return FoundEvent(event=event, issue_id=issue.id) if event else None


def detail(views: Views, found: FoundEvent, environments: Sequence[str] = ()) -> EventDetail:
    """Return the event with its release, its crash file and its neighbours in *environments* (spec/search.md 5.5)."""
    event = found.event
    with views.state.read() as connection:
        hashes = issue_hashes.of_issues(connection, [found.issue_id] if found.issue_id else [])
        files = attachments.of_events(connection, ProjectId(event.project_id), [event.event_id])
        release = shown_release(connection, ProjectId(event.project_id), event.release)
        said = user_reports.of_event(connection, ProjectId(event.project_id), event.event_id)
    scope = IssueScope.of(event.project_id, hashes)
    return EventDetail(
        event=event,
        issue_id=found.issue_id,
        neighbours=stored.neighbours(views.history, scope, event, environments) if hashes else Neighbours(None, None),
        release=release,
        crash_file=next((file for file in files if file.type == "event.minidump"), None),
        user_report=said,
    )


def files_of_event(views: Views, project: Project, event_id: EventId) -> list[Attachment]:
    """Return the files that came with an event, in the order they came."""
    with views.state.read() as connection:
        return attachments.of_events(connection, project.id, [event_id])


def files_of_issue(
    views: Views, issue: Issue, *, types: Collection[str] = (), limit: int, offset: int = 0
) -> list[Attachment]:
    """Return the files that came with the events of *issue*, newest first.

    At most ``FILES_LOOKED_AT_MAX`` of the newest files of the project are looked at.
    """
    scope = issue_scope(views, issue)
    found: list[Attachment] = []
    before: AttachmentId | None = None
    for _ in range(FILES_LOOKED_AT_MAX // _FILES_AT_A_TIME if scope.hashes else 0):
        with views.state.read() as connection:
            some = attachments.newest(connection, issue.project_id, types=types, before=before, limit=_FILES_AT_A_TIME)
        own = stored.ids_among(views.history, scope, {file.event_id for file in some})
        found += [file for file in some if file.event_id in own]
        if len(some) < _FILES_AT_A_TIME or len(found) >= offset + limit:
            break
        before = some[-1].id
    return found[offset : offset + limit]


def file_of_issue(views: Views, issue: Issue, attachment_id: int) -> Attachment | None:
    """Return a file of one of the events of *issue*."""
    with views.state.read() as connection:
        file = attachments.by_id(connection, attachment_id)
    if file is None or file.project_id != issue.project_id:
        return None
    scope = issue_scope(views, issue)
    return file if scope.hashes and stored.ids_among(views.history, scope, {file.event_id}) else None


def having_files(views: Views, event_ids: Collection[tuple[ProjectId, EventId]]) -> set[tuple[ProjectId, EventId]]:
    """Return those of the events that came with files."""
    with views.state.read() as connection:
        return attachments.events_among(connection, event_ids)


def file_of_event(views: Views, project: Project, event_id: EventId, attachment_id: int) -> Attachment | None:
    """Return one file of an event."""
    with views.state.read() as connection:
        file = attachments.by_id(connection, attachment_id)
    return file if file and (file.project_id, file.event_id) == (project.id, event_id) else None


def content_of(views: Views, file: Attachment) -> bytes:
    """Return the content of a file. Raises NotFound when it has expired."""
    return views.blobs.get(file.sha256)


def _page(views: Views, scope: Scope, project: Project, question: EventQuestion, now: datetime) -> list[StoredEvent]:
    if isinstance(scope, IssueScope) and not scope.hashes:
        return []
    selection = _selection(views, project, question, now)
    order = Order.SAMPLE if question.sampled else Order.NEWEST
    return stored.stored_page(views.history, scope, selection, Page(question.limit, question.offset), order)


def _with_issues(views: Views, events: Sequence[StoredEvent]) -> list[FoundEvent]:
    with views.state.read() as connection:
        keys = {(ProjectId(event.project_id), event.primary_hash) for event in events}
        owners = issue_hashes.owners(connection, keys)
    return [FoundEvent(event=event, issue_id=_issue_of(event, owners)) for event in events]


def _issue_of(event: StoredEvent, owners: Mapping[issue_hashes.HashKey, issue_hashes.Owner]) -> IssueId | None:
    owner = owners.get((ProjectId(event.project_id), event.primary_hash))
    if owner is None or (owner.since is not None and event.digested_at < owner.since):
        return None
    return owner.issue_id


def _selection(views: Views, project: Project, question: EventQuestion, now: datetime) -> Selection:
    window = question.window
    return Selection(
        start=window.start if window else None,
        end=window.end if window else None,
        environments=question.environments,
        where=_where(views, project, question, now),
    )


def _where(views: Views, project: Project, question: EventQuestion, now: datetime) -> Clause:
    query = question.query
    if query == _NOTHING:
        return ALWAYS
    met = named_releases.met_for(views.history, query, [project.id], question.environments)
    with views.state.read() as connection:
        names = named_releases.names(connection, query, [project], met)
    return matching(resolve(query, names), now=now)


def _latest(views: Views, _issue: Issue, scope: IssueScope, selection: Selection) -> StoredEvent | None:
    return stored.latest(views.history, scope, selection)


def _oldest(views: Views, _issue: Issue, scope: IssueScope, selection: Selection) -> StoredEvent | None:
    return stored.oldest(views.history, scope, selection)


def _recommended(views: Views, issue: Issue, scope: IssueScope, selection: Selection) -> StoredEvent | None:
    """Return the recent event that tells most: one of a sampled trace, with few errors of processing, and new."""
    since = issue.last_seen - RECOMMENDED_WITHIN
    recent = msgspec.structs.replace(selection, start=max(selection.start or since, since))
    among = stored.stored_page(views.history, scope, recent, Page(_RECOMMENDED_AMONG))
    return max(among, key=_merit) if among else _latest(views, issue, scope, selection)


_CHOICES: Mapping[Which, Callable[[Views, Issue, IssueScope, Selection], StoredEvent | None]] = {
    Which.LATEST: _latest,
    Which.OLDEST: _oldest,
    Which.RECOMMENDED: _recommended,
}


class _Trace(msgspec.Struct, frozen=True):
    sampled: bool | None = None


class _Contexts(msgspec.Struct, frozen=True):
    trace: _Trace | None = None
    replay: dict[str, object] | None = None
    profile: dict[str, object] | None = None


class _Substance(msgspec.Struct, frozen=True):
    contexts: _Contexts | None = None
    errors: list[object] = []


_substance_of = msgspec.json.Decoder(_Substance).decode


def _merit(event: StoredEvent) -> tuple[bool, bool, int, bool, datetime, str]:
    """Return what makes one event worth more than another, most important first (spec/search.md 5.5)."""
    substance = _substance_of(event.payload)
    contexts = substance.contexts or _Contexts()
    is_sampled = contexts.trace is not None and contexts.trace.sampled is True
    return (
        contexts.replay is not None,
        is_sampled,
        -len(substance.errors),
        contexts.profile is not None,
        event.timestamp,
        event.event_id,
    )
