"""Issues for screens: found by what people call them, with all that stands around them."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

import msgspec

from tocsin.domain.caller import Caller, Reach
from tocsin.domain.errors import Forbidden, NotFound
from tocsin.domain.event.event import EventId, GroupingHash
from tocsin.domain.issue import short_id
from tocsin.domain.issue.escalation import Forecast
from tocsin.domain.issue.issue import Activity, ActivityType, Issue, IssueId, ProjectId, Status, TeamId, UserId
from tocsin.domain.issue.suggestion import Suggestion
from tocsin.domain.issue.workflow import LEAVING
from tocsin.domain.organization import Organization, OrganizationId, Project, Team, User
from tocsin.domain.query.window import EPOCH, daily_grid, hourly_grid
from tocsin.storage.history.figures import Figures, Wanted, figures
from tocsin.storage.history.scope import IssueScope, Selection
from tocsin.storage.history.seen import series
from tocsin.storage.history.tags import TagKey, tag_keys
from tocsin.storage.state import (
    activity,
    environments,
    inbox,
    issue_commits,
    issue_hashes,
    issues,
    marks,
    organizations,
    ownership,
    projects,
    teams,
    user_reports,
    users,
)
from tocsin.storage.state.activity import ActivityId
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.inbox import Waiting
from tocsin.storage.state.marks import Marks
from tocsin.storage.views import access, commits
from tocsin.storage.views.commits import ShownCommit
from tocsin.storage.views.events import issue_scope
from tocsin.storage.views.forecasts import shown_forecasts
from tocsin.storage.views.releases import ShownRelease, shown_release
from tocsin.storage.views.stores import Views

ACTIVITY_MAX = 99
"""With the entry of the first event, which nobody stored, a hundred (spec/search.md 5.3)."""
SEEN_BY_MAX = 100
PARTICIPANTS_MAX = 1000
TAGS_MAX = 100
_ID_DIGITS_MAX = 18
_STATED = Marks()
_HASH = re.compile("[0-9a-f]{32}")

Series = tuple[tuple[int, int], ...]
"""Counts over time: (start of the interval in epoch seconds, events), oldest first."""


class ShownIssue(msgspec.Struct, frozen=True, kw_only=True):
    """An issue with what its state refers to, and what one user keeps about it."""

    issue: Issue
    project: Project
    organization: Organization
    marks: Marks = _STATED
    assignee: User | Team | None = None
    actor: User | None = None
    """Who resolved or archived it."""
    waiting: Waiting | None = None
    """Its place in the inbox."""
    suggestions: tuple[Suggestion, ...] = ()
    """Who should perhaps look after it, oldest first; none unless they were asked for."""
    fixed_by: ShownCommit | None = None
    """The commit that it is resolved by while no release has that."""
    expected: Forecast | None = None
    """What is expected of it while it is archived until it escalates, where that was asked for."""


class IssueNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """How often, by how many and when: over the whole life of an issue, or as far as some environments saw it."""

    count: int
    user_count: int
    users_ever: int
    """Over its whole life, whatever the environments."""
    first_seen: datetime | None
    last_seen: datetime | None
    is_unhandled: bool
    """Whether the latest event has an exception that was not handled."""
    latest_event_id: EventId | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an issue's story, and whose doing it was."""

    id: ActivityId
    activity: Activity
    user: User | None
    commit: ShownCommit | None = None
    """The one it tells of, if that still exists."""


class IssueDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What only the page of one issue shows (spec/search.md 5.3)."""

    numbers: IssueNumbers
    story: tuple[Entry, ...]
    """Newest first."""
    seen_by: tuple[tuple[User, datetime], ...]
    """Latest first."""
    participants: tuple[User, ...]
    """Who hears of it."""
    first_release: ShownRelease | None
    """None when the issue names none, or one that state does not know."""
    last_release: ShownRelease | None
    tags: tuple[TagKey, ...]
    """By key."""
    user_reports: int
    """How much was said about its events."""
    hours: Series
    """The last 24."""
    days: Series
    """The last 30."""


# Finding them


def find(views: Views, caller: Caller, reach: Reach | None, reference: str) -> tuple[Issue, Reach]:
    """Return the issue that *reference* names, and how far *caller* reaches in its organization.

    *reference* is an id or, where a path names the organization (*reach*), a short id; what was merged away answers
    with its survivor (spec/mutation.md 1.2). Raises NotFound for an issue nobody knows, one of another organization and
    one on its way out, and Forbidden for one whose project the caller may not see, in the order of 1.4.
    """
    with views.state.read() as connection:
        issue = _named(connection, reach, reference)
        organization = _organization(connection, issue)
    if reach is None:
        reach = access.reach(views, caller, organization.slug)
    elif organization.id != reach.organization.id:
        raise NotFound
    if issue.project_id not in reach.project_ids:
        raise Forbidden
    if issue.status in LEAVING:
        raise NotFound
    return issue, reach


def by_ids(views: Views, issue_ids: Iterable[IssueId]) -> list[Issue]:
    """Return those of the issues that exist and are not on their way out, in the order given, each once."""
    wanted = list(dict.fromkeys(issue_ids))
    with views.state.read() as connection:
        found = issues.load(connection, wanted)
    return [found[one] for one in wanted if one in found and found[one].status not in LEAVING]


def chosen(
    views: Views, issue_ids: Iterable[IssueId], project_ids: Collection[ProjectId], status: Status | None = None
) -> list[IssueId]:
    """Return those of the issues that are in one of the projects, whatever their status unless one is asked for."""
    with views.state.read() as connection:
        found = issues.load(connection, issue_ids)
    return [issue.id for issue in found.values() if issue.project_id in project_ids and status in {None, issue.status}]


def by_hashes(views: Views, project: Project, hashes: Iterable[str]) -> list[Issue]:
    """Return the issues of the project that own these grouping hashes; other texts name nothing."""
    keys = {(project.id, GroupingHash(text)) for text in hashes if _HASH.fullmatch(text)}
    with views.state.read() as connection:
        owners = issue_hashes.owners(connection, keys).values()
        found = issues.load(connection, {owner.issue_id for owner in owners if owner.issue_id is not None})
    return [issue for _, issue in sorted(found.items()) if issue.status not in LEAVING]


def by_short_ids(views: Views, project: Project, texts: Iterable[str]) -> list[IssueId]:
    """Return the issues of the project with these short ids; other texts name nothing."""
    named = [short_id.parse(text) for text in texts]
    numbers = [(project.id, one.number) for one in named if one and one.project_slug == project.slug]
    with views.state.read() as connection:
        return sorted(set(issues.by_numbers(connection, numbers).values()))


def unknown_environments(views: Views, organization_id: OrganizationId, names: Collection[str]) -> set[str]:
    """Return those of *names* that are no environments of the organization; ``""``, for events without, always is."""
    with views.state.read() as connection:
        return set(names) - environments.known(connection, organization_id, names) - {""}


def teams_of(views: Views, user: User | None) -> tuple[TeamId, ...]:
    """Return the teams that the user is in."""
    if user is None:
        return ()
    with views.state.read() as connection:
        return tuple(sorted(teams.of_user(connection, user.id)))


# Showing them


def shown(
    views: Views, found: Sequence[Issue], reach: Reach, viewer: User | None, *, with_suggestions: bool = False
) -> list[ShownIssue]:
    """Return *found*, issues of projects within *reach*, as *viewer* sees them, in their order."""
    ids = [issue.id for issue in found]
    with views.state.read() as connection:
        own = marks.of_user(connection, viewer.id, ids) if viewer is not None else {}
        waiting = inbox.waiting(connection, ids)
        suggested = ownership.suggestions(connection, ids) if with_suggestions else {}
        people = users.by_ids(connection, {user_id for issue in found for user_id in _people(issue)})
        assigned = {issue.assignee.team_id for issue in found if issue.assignee and issue.assignee.team_id}
        known_teams = teams.by_ids(connection, assigned)
        fixes = _fixes(connection, found, reach.project_ids)
    visible = {project.id: project for project in reach.projects}
    return [
        ShownIssue(
            issue=issue,
            project=visible[issue.project_id],
            organization=reach.organization,
            marks=own.get(issue.id, _STATED),
            assignee=_assignee(issue, people, known_teams),
            actor=_actor(issue, people),
            waiting=waiting.get(issue.id),
            suggestions=tuple(suggested.get(issue.id, ())),
            fixed_by=fixes.get(issue.id),
        )
        for issue in found
    ]


def with_forecasts(views: Views, found: Sequence[ShownIssue], now: datetime) -> list[ShownIssue]:
    """Return *found* with what is expected of each that is archived until it escalates."""
    expected = shown_forecasts(views, [one.issue for one in found], now)
    return [msgspec.structs.replace(one, expected=expected.get(one.issue.id)) for one in found]


def numbers(views: Views, issue: Issue, environment_names: Sequence[str] = ()) -> IssueNumbers:
    """Return the numbers of *issue*, over its life or as far as those environments saw it."""
    (counted,) = figures(views.history, [issue_scope(views, issue)], [issue.last_seen], _wanted(environment_names))
    return _numbers(issue, counted, environment_names)


def detail(views: Views, issue: Issue, environment_names: Sequence[str], now: datetime) -> IssueDetail:
    """Return what the page of *issue* shows, events counted in those environments, in all of them if none is given."""
    scope = issue_scope(views, issue)
    days = daily_grid(now, 30)
    wanted = msgspec.structs.replace(_wanted(environment_names), grid=days)
    (counted,) = figures(views.history, [scope], [issue.last_seen], wanted)
    hours = _last_hours(views, scope, environment_names, now)
    tags = tag_keys(views.history, scope, wanted.selection, limit=TAGS_MAX) if scope.hashes else []
    with views.state.read() as connection:
        seen = marks.seen_by(connection, issue.id, SEEN_BY_MAX)
        subscribed = marks.subscribers(connection, [issue.id])[issue.id]
        people = users.by_ids(connection, {user_id for user_id, _ in seen} | set(subscribed))
        return IssueDetail(
            numbers=_numbers(issue, counted, environment_names),
            story=_story(connection, issue, ACTIVITY_MAX),
            seen_by=tuple((people[user_id], at) for user_id, at in seen if user_id in people),
            participants=tuple(_hearing(people, subscribed))[:PARTICIPANTS_MAX],
            first_release=shown_release(connection, issue.project_id, issue.first_release),
            last_release=shown_release(connection, issue.project_id, issue.last_release),
            tags=tuple(tags),
            user_reports=user_reports.count_of_issue(connection, issue.id),
            hours=hours,
            days=tuple(zip(days.starts, counted.series, strict=True)),
        )


def _last_hours(views: Views, scope: IssueScope, environment_names: Sequence[str], now: datetime) -> Series:
    """Return the events of 24 hours, counted apart from those of all time: they are found by their time."""
    grid = hourly_grid(now)
    if not scope.hashes:
        return tuple((start, 0) for start in grid.starts)
    start, end = (EPOCH + timedelta(seconds=one) for one in (grid.starts.start, grid.starts.stop))
    there = Selection(start=start, end=end, environments=tuple(environment_names))
    (counted,) = series(views.history, [scope], there, grid.step_seconds)
    return counted


def story(views: Views, issue: Issue, limit: int = ACTIVITY_MAX) -> tuple[Entry, ...]:
    """Return what happened to *issue*, newest first."""
    with views.state.read() as connection:
        return _story(connection, issue, limit)


def _named(connection: Transaction, reach: Reach | None, reference: str) -> Issue:
    issue_id = _id(reference) or (_by_short_id(connection, reach, reference) if reach else None)
    if issue_id is None:
        raise NotFound
    answering = issues.survivors(connection, [issue_id]).get(issue_id, issue_id)
    found = issues.load(connection, [answering]).get(answering)
    if found is None:
        raise NotFound
    return found


def _id(reference: str) -> IssueId | None:
    is_id = reference.isascii() and reference.isdigit() and len(reference) <= _ID_DIGITS_MAX
    return IssueId(int(reference)) if is_id else None


def _by_short_id(connection: Transaction, reach: Reach, reference: str) -> IssueId | None:
    named = short_id.parse(reference)
    project = projects.by_slug(connection, reach.organization.id, named.project_slug) if named else None
    if named is None or project is None:
        return None
    key = (project.id, named.number)
    return issues.by_numbers(connection, [key]).get(key)


def _organization(connection: Transaction, issue: Issue) -> Organization:
    project = projects.by_ids(connection, [issue.project_id])[issue.project_id]
    if project.is_leaving:
        raise NotFound
    return cast("Organization", organizations.by_id(connection, project.organization_id))


def _fixes(
    connection: Transaction, found: Sequence[Issue], project_ids: Collection[ProjectId]
) -> dict[IssueId, ShownCommit]:
    """Return the commits that issues are resolved by and that no release has."""
    just_so = [issue.id for issue in found if issue.status is Status.RESOLVED and issue.resolution is None]
    pending = issue_commits.pending(connection, just_so)
    shown = commits.by_ids(connection, set(pending.values()), project_ids)
    return {issue_id: shown[commit_id] for issue_id, commit_id in pending.items()}


def _people(issue: Issue) -> set[UserId]:
    assigned = issue.assignee.user_id if issue.assignee else None
    return {user_id for user_id in (assigned, _actor_id(issue)) if user_id is not None}


def _hearing(people: Mapping[UserId, User], subscribed: Iterable[UserId]) -> Iterator[User]:
    """Yield those of the subscribers who still have an account that they may use: nobody else hears of anything."""
    return (people[user_id] for user_id in subscribed if user_id in people and people[user_id].is_active)


def _actor_id(issue: Issue) -> UserId | None:
    done_by = issue.resolution or issue.snooze
    return done_by.actor_id if done_by else None


def _actor(issue: Issue, people: Mapping[UserId, User]) -> User | None:
    actor_id = _actor_id(issue)
    return None if actor_id is None else people.get(actor_id)


def _assignee(issue: Issue, people: Mapping[UserId, User], known_teams: Mapping[TeamId, Team]) -> User | Team | None:
    if issue.assignee is None:
        return None
    if issue.assignee.team_id is not None:
        return known_teams.get(issue.assignee.team_id)
    return people.get(cast("UserId", issue.assignee.user_id))


def _wanted(environment_names: Sequence[str]) -> Wanted:
    return Wanted(selection=Selection(environments=tuple(environment_names)))


def _numbers(issue: Issue, counted: Figures, environment_names: Sequence[str]) -> IssueNumbers:
    """Return the totals that the issue keeps, or what history counts in some environments."""
    inside, latest = counted.selected, counted.latest
    return IssueNumbers(
        count=inside.events if environment_names else issue.times_seen,
        user_count=inside.users,
        users_ever=counted.users_ever,
        first_seen=inside.first if environment_names else issue.first_seen,
        last_seen=inside.last if environment_names else issue.last_seen,
        is_unhandled=latest is not None and not latest.is_handled,
        latest_event_id=latest.event_id if latest else None,
    )


def _story(connection: Transaction, issue: Issue, limit: int) -> tuple[Entry, ...]:
    entries = activity.page(connection, issue.id, with_merged=True, limit=limit)
    people = users.by_ids(connection, {entry.user_id for _, entry in entries if entry.user_id is not None})
    commit_ids = {entry.data["commit"] for _, entry in entries if _names_commit(entry)}
    named = commits.by_ids(connection, commit_ids, [issue.project_id])
    return tuple(
        Entry(
            id=activity_id,
            activity=entry,
            user=people.get(entry.user_id) if entry.user_id else None,
            commit=named.get(entry.data["commit"]) if _names_commit(entry) else None,
        )
        for activity_id, entry in entries
    )


def _names_commit(entry: Activity) -> bool:
    return entry.type is ActivityType.SET_RESOLVED_IN_COMMIT
