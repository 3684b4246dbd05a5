"""Which issues a search finds, and in which order: the two plans carried out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from tocsin.domain.issue.issue import IssueId, ProjectId
from tocsin.domain.query.paging import Cursor, Page, page_by_score
from tocsin.domain.query.tree import Operator, Term
from tocsin.flows.search import scores
from tocsin.flows.search.explain import Stopwatch
from tocsin.flows.search.question import Question
from tocsin.flows.search.request import Sort
from tocsin.storage.history import seen
from tocsin.storage.history.filters import Clause, in_projects
from tocsin.storage.history.ranking import Measure, Tally, tallies
from tocsin.storage.history.scope import IssueScope, digested_in_time, in_issues
from tocsin.storage.history.store import History
from tocsin.storage.state import inbox, issue_hashes
from tocsin.storage.state.engine import State, Transaction
from tocsin.storage.state.issue_conditions import (
    Order,
    OwnedHash,
    Position,
    Stretch,
    around,
    candidates,
    count,
    owned_hashes,
)

HITS_MAX = 100_000
"""Nobody is told of more issues than this, and none beyond it are counted for a page."""
PORTION = 10_000


class Ranked(msgspec.Struct, frozen=True):
    """An issue and what it is sorted by."""

    id: IssueId
    score: float


class _Match(msgspec.Struct, frozen=True):
    """An issue with matching events: what these come to, and the hashes that they have."""

    issue_id: IssueId
    facts: scores.Facts
    scope: IssueScope


def score_of(ranked: Ranked) -> float:
    """Return what *ranked* is sorted by."""
    return ranked.score


def page_from_state(connection: Transaction, asked: Question, cursor: Cursor | None, limit: int) -> Page[Ranked]:
    """Return the page that state alone can tell; the cursor leads to it by index, however long the list is."""
    order, grain = (
        (Order.FIRST_SEEN, scores.NEW_GRAIN) if asked.sort is Sort.NEW else (Order.LAST_SEEN, scores.DATE_GRAIN)
    )
    rows = around(connection, asked.conditions, order=order, grain=grain, stretch=_stretch(cursor, limit, grain))
    ranked = [Ranked(row.id, scores.millis(row.at, grain)) for row in rows]
    page = page_by_score(ranked, score_of, cursor, limit)
    return replace(page, hits=count(connection, asked.conditions, HITS_MAX))


def _stretch(cursor: Cursor | None, limit: int, grain: timedelta) -> Stretch:
    """Return the rows that the page and its two links can touch."""
    if cursor is None:
        return Stretch(below=limit + 1)
    backward, forward = (limit, 0) if cursor.is_previous else (0, limit)
    return Stretch(
        edge=scores.moment(cursor.value, grain) + grain,
        above=backward + max(-cursor.offset, 0),
        below=forward + max(cursor.offset, 0) + 1,
    )


def ids_from_state(connection: Transaction, asked: Question) -> Iterator[IssueId]:
    """Yield every issue that state alone can tell, a portion at a time."""
    after: Position | None = None
    while True:
        found = candidates(connection, asked.conditions, after=after, limit=PORTION)
        yield from (one.id for one in found)
        if len(found) < PORTION:
            return
        after = Position(found[-1].last_seen, found[-1].id)


def all_from_history(
    state: State, history: History, asked: Question, now: datetime, named_issues_max: int, watch: Stopwatch
) -> list[Ranked]:
    """Return every issue with matching events, by score, then id, greatest first.

    Where state leaves no more than *named_issues_max* issues in question, history is asked about their events only.
    """
    order = scores.order(asked.sort, asked.window, now)
    with watch.step("scope in state"), state.read() as connection:
        scope = _scope(connection, asked, named_issues_max)
    with watch.step("matches in history") as step:
        found = tallies(history, scope, asked.matched, measures=order.measures, count_users=order.counts_users)
        step.rows = len(found)
    with watch.step("owners in state") as step, state.read() as connection:
        owned = owned_hashes(connection, asked.conditions, [tally.primary_hash for tally in found])
        step.rows = len(owned)
    matches = _matches(found, owned, order.measures)
    kept = [one for one in matches.values() if all(_holds(term, one.facts, now) for term in asked.aggregates)]
    if order.counts_users:
        kept = _with_exact_users(history, asked, kept)
    ranked = [Ranked(one.issue_id, order.score(one.facts)) for one in kept]
    return sorted(ranked, key=lambda row: (row.score, row.id), reverse=True)


def by_inbox(connection: Transaction, issue_ids: Iterable[IssueId]) -> list[Ranked]:
    """Return the issues by when they were put up for review, latest first."""
    waiting = inbox.waiting(connection, issue_ids).values()
    ranked = [Ranked(one.issue_id, scores.millis(one.added_at)) for one in waiting]
    return sorted(ranked, key=lambda row: (row.score, row.id), reverse=True)


def scopes(connection: Transaction, projects: Mapping[IssueId, ProjectId]) -> tuple[IssueScope, ...]:
    """Return the events that each of the issues has, given with its project, in their order."""
    hashes = issue_hashes.by_issue(connection, projects)
    return tuple(IssueScope.of(project_id, hashes[issue_id]) for issue_id, project_id in projects.items())


def _scope(connection: Transaction, asked: Question, named_issues_max: int) -> Clause:
    """Return whose events are looked at: those of the issues in question, if these are few, or all."""
    few = candidates(connection, asked.conditions, limit=named_issues_max + 1)
    if len(few) <= named_issues_max:
        return in_issues(scopes(connection, {one.id: one.project_id for one in few}))
    reborn = [
        IssueScope.of(project_id, hashes)
        for project_id, hashes in issue_hashes.reborn(connection, asked.project_ids).items()
    ]
    return in_projects(asked.project_ids) & digested_in_time(reborn)


def _matches(found: Sequence[Tally], owned: Sequence[OwnedHash], measures: Sequence[Measure]) -> dict[IssueId, _Match]:
    """Return the figures of *found* by the issue that each hash belongs to; hashes of no issue in question drop out."""
    owners = {(one.project_id, one.hash): one for one in owned}
    matches: dict[IssueId, _Match] = {}
    for tally in found:
        owner = owners.get((ProjectId(tally.project_id), tally.primary_hash))
        if owner is not None:
            match = _match(tally, owner)
            known = matches.get(owner.issue_id)
            matches[owner.issue_id] = match if known is None else _joined(known, match, measures)
    return matches


def _match(tally: Tally, owner: OwnedHash) -> _Match:
    facts = scores.Facts(
        events=tally.events,
        users=tally.users,
        first=tally.first,
        last=tally.last,
        issue_first_seen=owner.first_seen,
        measures=tally.measures,
    )
    return _Match(owner.issue_id, facts, IssueScope(owner.project_id, ((owner.hash, owner.since),)))


def _joined(one: _Match, other: _Match, measures: Sequence[Measure]) -> _Match:
    """Return both together; users who are in both count twice until they are counted again."""
    hashes = IssueScope(one.scope.project_id, one.scope.hashes + other.scope.hashes)
    return _Match(one.issue_id, scores.joined(one.facts, other.facts, measures), hashes)


def _with_exact_users(history: History, asked: Question, matches: Sequence[_Match]) -> list[_Match]:
    """Return *matches* with users counted once who are in the events of several hashes of an issue."""
    merged = [match for match in matches if len(match.scope.hashes) > 1]
    if not merged:
        return list(matches)
    counted = seen.seen(history, [match.scope for match in merged], asked.matched)
    users = {match.issue_id: figures.users for match, figures in zip(merged, counted, strict=True)}
    return [_with_users(match, users.get(match.issue_id, match.facts.users)) for match in matches]


def _with_users(match: _Match, users: int) -> _Match:
    return replace(match, facts=replace(match.facts, users=users))


def _holds(term: Term, facts: scores.Facts, now: datetime) -> bool:
    """Return whether the matching events add up to what *term* asks for; there is at least one."""
    if term.operator is Operator.PRESENT:
        return not term.negated
    if term.key.name == "last_seen":
        # Compared with one-second resolution, spec/search.md 1.6.
        return term.date_range(now.replace(microsecond=0)).contains(facts.last.replace(microsecond=0))
    return _compares(term, facts.events) is not term.negated


def _compares(term: Term, events: int) -> bool:
    numbers = [value for value in term.values if isinstance(value, int | float)]
    match term.operator:
        case Operator.GREATER:
            return events > numbers[0]
        case Operator.GREATER_OR_EQUAL:
            return events >= numbers[0]
        case Operator.LESS:
            return events < numbers[0]
        case Operator.LESS_OR_EQUAL:
            return events <= numbers[0]
        case _:
            return events in numbers
