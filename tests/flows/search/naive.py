"""A search that looks at every event of every issue, one by one: what the search flow is compared with.

Written from spec/search.md 2.0, 3.4, 4.3 and 5.2 alone. What a term means to one event is told by
`tocsin.domain.query.evaluate`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import log
from typing import NamedTuple

from tests.flows.search.conftest import NOW

from tocsin.domain.event.event import Event
from tocsin.domain.issue.display import displayed_status
from tocsin.domain.issue.issue import Issue, Status, TeamId, UserId
from tocsin.domain.query.evaluate import matches
from tocsin.domain.query.keys import Column
from tocsin.domain.query.paging import Cursor, Page, Step
from tocsin.domain.query.split import Split, split
from tocsin.domain.query.tree import Operator, Term
from tocsin.domain.query.window import Window, daily_grid, fitting_grid, hourly_grid
from tocsin.flows.search import FoundIssue, IssueSearch, Numbers

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND, MILLISECOND, MICROSECOND = timedelta(seconds=1), timedelta(milliseconds=1), timedelta(microseconds=1)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
SEVERITY = {"fatal": 1, "error": 0.75, "warning": 0.5, "info": 0.25}


class FirstMet(NamedTuple):
    """Since when an issue is known in an environment, and of which release it was then."""

    at: datetime
    release: str


class Known(NamedTuple):
    """An issue, and everything that a search may want to know of it."""

    issue: Issue
    events: Sequence[Event]
    met: Mapping[str, FirstMet]
    """By environment."""
    waits_since: datetime | None
    """When it was put up for review; None where it was not."""


class Found(NamedTuple):
    """An issue that a search finds, as a list shows it, and what it is sorted by."""

    score: float
    row: FoundIssue

    @property
    def rank(self):
        return self.score, self.row.issue.id


class _Asked(NamedTuple):
    wanted: IssueSearch
    parts: Split
    window: Window
    """As far as the terms leave it open."""


def naive_search(known: Sequence[Known], wanted: IssueSearch) -> list[Found]:
    """Return all issues that *wanted* finds among those *known*, greatest score first, then greatest id."""
    parts = split(wanted.query)
    asked = _Asked(wanted, parts, _narrowed(wanted.window, parts))
    found = (_found(one, asked) for one in known if _is_in_question(one, asked))
    return sorted((one for one in found if one), key=lambda one: one.rank, reverse=True)


def naive_figures(known: Sequence[Known], wanted: IssueSearch) -> list[FoundIssue]:
    """Return all issues as the list of *wanted* would show them, whether it finds them or not."""
    parts = split(wanted.query)
    asked = _Asked(wanted, parts, _narrowed(wanted.window, parts))
    return [_shown(one, asked) for one in known]


def naive_page(found: Sequence[Found], cursor: Cursor | None, limit: int) -> Page[FoundIssue]:
    """Return the page at *cursor* as spec/search.md 4.3 has it."""
    scores = [one.score for one in found]

    def anchor(index: int, *, is_previous: bool) -> Cursor:
        if not scores:
            return Cursor(cursor.value if cursor else 0, cursor.offset if cursor else 0, is_previous)
        score = scores[min(index, len(scores) - 1)]
        if is_previous and score == 0:
            score = 0.5  # 0 would mean the very end.
        return Cursor(score, index - sum(1 for other in scores if other > score), is_previous)

    if cursor is None:
        start, stop = 0, limit
    else:
        above = sum(1 for score in scores if score > cursor.value)
        at = max((len(scores) if cursor.is_previous and cursor.value == 0 else above) + cursor.offset, 0)
        start, stop = (max(at - limit, 0), at) if cursor.is_previous else (at, at + limit)
    start, stop = min(start, len(scores)), min(stop, len(scores))
    has_more, is_empty = stop < len(scores), start == stop
    has_fewer = cursor is not None and not (cursor.is_previous and is_empty)
    if cursor is not None and cursor.is_previous and is_empty:
        has_more = True
    previous = Step(anchor(start, is_previous=True), has_fewer)
    following = Step(anchor(stop, is_previous=False), has_more)
    return Page([one.row for one in found[start:stop]], previous, following, hits=len(found))


def _narrowed(window: Window, parts: Split) -> Window:
    """Return the part of *window* that plain conditions on the time of events leave."""
    start, end = window.start, window.end
    for term in parts.event_terms:
        if term.key.source == Column("timestamp") and term.values and not term.date_range(NOW).outside:
            wanted = term.date_range(NOW)
            start = max(start, wanted.low or start)
            end = min(
                end, (wanted.high or end) + (MICROSECOND if wanted.high and wanted.high_inclusive else 0 * SECOND)
            )
    return Window(start=start, end=end)


def _is_in_question(known: Known, asked: _Asked) -> bool:
    """Return whether the issue itself is one that is looked for, whatever its events."""
    issue, wanted = known.issue, asked.wanted
    is_shown = issue.status in {Status.UNRESOLVED, Status.RESOLVED, Status.IGNORED}
    is_there = issue.project_id in wanted.project_ids and (wanted.issue_ids is None or issue.id in wanted.issue_ids)
    return is_shown and is_there and all(_issue_meets(term, known, wanted) for term in asked.parts.issue_terms)


def _issue_meets(term: Term, known: Known, wanted: IssueSearch) -> bool:
    if term.key.name == "first_seen":
        # A range has the negation in it.
        seen = _first_seen(known, wanted)
        return seen is not None and term.date_range(NOW).contains(seen)
    return _has_the_value(term, known, wanted) is not term.negated


def _has_the_value(term: Term, known: Known, wanted: IssueSearch) -> bool:
    issue, is_about_presence = known.issue, term.operator is Operator.PRESENT
    match term.key.name:
        case "is":
            assert term.values == ("for_review",)
            return known.waits_since is not None and known.waits_since >= NOW - WEEK
        case "status":
            return displayed_status(issue, NOW).value in term.values
        case "substatus":
            return issue.substatus is not None and issue.substatus.value in term.values
        case "issue.priority":
            return issue.priority is not None and issue.priority.value in term.values
        case "assigned_to" | "assigned_or_suggested":
            return (
                issue.assignee is not None
                if is_about_presence
                else any(_has_it(one, issue, wanted) for one in term.values)
            )
        case "first_release":
            return (
                issue.first_release != ""
                if is_about_presence
                else _first_releases(known, wanted) & set(term.values) != set()
            )
        case name:
            raise AssertionError(name)


def _has_it(actor: str, issue: Issue, wanted: IssueSearch) -> bool:
    """Return whether the issue is *actor*'s; nobody is suggested for any."""
    users: set[UserId | None] = {wanted.viewer.user_id}
    teams: set[TeamId | None] = set(wanted.viewer.team_ids)
    match actor:
        case "none":
            return issue.assignee is None
        case "me":
            return issue.assignee is not None and (issue.assignee.user_id in users or issue.assignee.team_id in teams)
        case "my_teams":
            return issue.assignee is not None and issue.assignee.team_id in teams
        case _:
            raise AssertionError(actor)


def _first_seen(known: Known, wanted: IssueSearch) -> datetime | None:
    if wanted.environments is None:
        return known.issue.first_seen
    return min((met.at for name, met in known.met.items() if name in wanted.environments), default=None)


def _first_releases(known: Known, wanted: IssueSearch) -> set[str]:
    if wanted.environments is None:
        return {known.issue.first_release}
    return {met.release for name, met in known.met.items() if name in wanted.environments}


def _found(known: Known, asked: _Asked) -> Found | None:
    inside = _inside(_there(known, asked), asked.window)
    met = [event for event in inside if _event_meets(asked.parts.event_terms, event)]
    if not met or not all(_adds_up(term, met) for term in asked.parts.aggregate_terms):
        return None
    return Found(_score(known, met, asked), _shown(known, asked))


def _there(known: Known, asked: _Asked) -> list[Event]:
    """Return the events in the environments asked for, whatever the window."""
    environments = asked.wanted.environments
    return [event for event in known.events if environments is None or event.environment in environments]


def _inside(events: Sequence[Event], window: Window) -> list[Event]:
    # A window until now leaves out no event of a clock that is ahead.
    return [event for event in events if window.start <= event.timestamp and not NOW > window.end <= event.timestamp]


def _event_meets(terms: Sequence[Term], event: Event) -> bool:
    return all(matches(term, event, now=NOW) for term in terms)


def _adds_up(term: Term, met: Sequence[Event]) -> bool:
    if term.operator is Operator.PRESENT:
        return not term.negated
    if term.key.name == "last_seen":
        return term.date_range(NOW).contains(_last(met).replace(microsecond=0))
    seen, wanted = len(met), term.values[0]
    match term.operator:
        case Operator.GREATER:
            return seen > wanted
        case Operator.GREATER_OR_EQUAL:
            return seen >= wanted
        case Operator.LESS:
            return seen < wanted
        case Operator.LESS_OR_EQUAL:
            return seen <= wanted
        case _:
            return (seen in term.values) is not term.negated


def _shown(known: Known, asked: _Asked) -> FoundIssue:
    issue, terms = known.issue, asked.parts.event_terms
    there = _there(known, asked)
    inside = _inside(there, asked.window)
    latest = max(known.events, key=lambda event: (event.timestamp, event.event_id))
    selected = _numbers(inside)
    ever = Numbers(
        count=issue.times_seen,
        user_count=_users(known.events),
        first_seen=issue.first_seen,
        last_seen=issue.last_seen,
    )
    return FoundIssue(
        issue=issue,
        count=selected.count,
        user_count=selected.user_count,
        first_seen=selected.first_seen,
        last_seen=selected.last_seen,
        lifetime=ever,
        filtered=_numbers([event for event in inside if _event_meets(terms, event)]) if terms else None,
        series=_series(there, asked),
        filtered_series=_series([event for event in there if _event_meets(terms, event)], asked) if terms else None,
        is_unhandled=not latest.handled,
        latest_event_id=latest.event_id,
    )


def _numbers(events: Sequence[Event]) -> Numbers:
    return Numbers(count=len(events), user_count=_users(events), first_seen=_first(events), last_seen=_last(events))


def _series(events: Sequence[Event], asked: _Asked) -> tuple[tuple[int, int], ...]:
    match asked.wanted.group_stats:
        case "24h":
            grid = hourly_grid(NOW)
        case "14d":
            grid = daily_grid(NOW, 14)
        case "auto":
            grid = fitting_grid(asked.window)
        case _:
            return ()
    seconds = [event.timestamp.timestamp() for event in events]
    return tuple((start, sum(start <= at < start + grid.step_seconds for at in seconds)) for start in grid.starts)


def _score(known: Known, met: Sequence[Event], asked: _Asked) -> float:
    match asked.wanted.sort:
        case "date":
            return (_last(met) - EPOCH) // SECOND * 1000
        case "new":
            return (known.issue.first_seen - EPOCH) // MILLISECOND
        case "inbox":
            return (known.waits_since - EPOCH) // MILLISECOND
        case "freq":
            return len(met)
        case "user":
            return _users(met)
        case "trends":
            return _trend(met, asked.window)
        case "recommended":
            return _recommendation(met)


def _trend(met: Sequence[Event], window: Window) -> float:
    age = max((NOW - _first(met)) / HOUR, 0)
    heat = sum(0.5 ** (max((NOW - event.timestamp) / HOUR, 0) / 4) for event in met)
    length = window.end - window.start
    recent, overall = (HOUR, WEEK) if length >= WEEK else (length / 100, length)
    lately, all_along = _since(met, window.end - recent), _since(met, window.end - overall)
    return max(0.01, 0.5 ** min(16, age / 12)) * max(0.01, log(1 + heat)) * max(0.01, 0.1 * lately / (all_along + 1))


def _recommendation(met: Sequence[Event]) -> float:
    parts = [
        0.5 ** (max((NOW - _last(met)) / HOUR, 0) / 24),
        min(1, _since(met, NOW - 6 * HOUR) / (_since(met, NOW - 3 * DAY) + 1)),
        max(SEVERITY.get(event.level, 0) for event in met),
        min(1, log(_users(met) + 1) / log(1001)),
        min(1, log(len(met) + 1) / log(10_001)),
    ]
    return sum(parts) / len(parts)


def _since(events: Sequence[Event], start: datetime) -> int:
    return sum(event.timestamp >= start for event in events)


def _users(events: Sequence[Event]) -> int:
    return len({event.user for event in events} - {""})


def _first(events: Sequence[Event]) -> datetime | None:
    return min((event.timestamp for event in events), default=None)


def _last(events: Sequence[Event]) -> datetime | None:
    return max((event.timestamp for event in events), default=None)
