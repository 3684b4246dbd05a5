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
    few,
    owned_hashes,
)

HITS_MAX = 100_000
"""Nobody is told of more issues than this, and none beyond it are counted for a page."""
PORTION = 10_000


class Ranked(msgspec.Struct, frozen=True, gc=False):
    """An issue and what it is sorted by."""

    id: IssueId
    score: float


class _Match(msgspec.Struct, frozen=True, gc=False):
    """An issue with matching events: what these come to, and the hashes that they have."""

    issue_id: IssueId
    facts: scores.Facts
    owned: tuple[OwnedHash, ...]


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
    kept = list(matches.values())
    for term in asked.aggregates:
        kept = [one for one in kept if _holds(term, one.facts, now)]
    if order.counts_users:
        kept = _with_exact_users(history, asked, kept)
    return _sorted((order.score(one.facts), one.issue_id) for one in kept)


def by_inbox(connection: Transaction, issue_ids: Iterable[IssueId]) -> list[Ranked]:
    """Return the issues by when they were put up for review, latest first."""
    waiting = inbox.waiting(connection, issue_ids).values()
    return _sorted((scores.millis(one.added_at), one.issue_id) for one in waiting)


def scopes(connection: Transaction, projects: Mapping[IssueId, ProjectId]) -> tuple[IssueScope, ...]:
    """Return the events that each of the issues has, given with its project, in their order."""
    hashes = issue_hashes.by_issue(connection, projects)
    return tuple(IssueScope.of(project_id, hashes[issue_id]) for issue_id, project_id in projects.items())


def _scope(connection: Transaction, asked: Question, named_issues_max: int) -> Clause:
    """Return whose events are looked at: those of the issues in question, if these are few, or all."""
    named = few(connection, asked.conditions, named_issues_max + 1)
    if len(named) <= named_issues_max:
        return in_issues(scopes(connection, named))
    reborn = [
        IssueScope.of(project_id, hashes)
        for project_id, hashes in issue_hashes.reborn(connection, asked.project_ids).items()
    ]
    return in_projects(asked.project_ids) & digested_in_time(reborn)


def _sorted(scored: Iterable[tuple[float, IssueId]]) -> list[Ranked]:
    """Return issues by score, then id, greatest first."""
    return [Ranked(issue_id, score) for score, issue_id in sorted(scored, reverse=True)]


def _matches(found: Sequence[Tally], owned: Sequence[OwnedHash], measures: Sequence[Measure]) -> dict[IssueId, _Match]:
    """Return the figures of *found* by the issue that each hash belongs to; hashes of no issue in question drop out."""
    owners = {(one.project_id, one.hash): one for one in owned}
    matches: dict[IssueId, _Match] = {}
    for tally in found:
        owner = owners.get((ProjectId(tally.project_id), tally.primary_hash))
        if owner is not None:
            match = _Match(owner.issue_id, _facts(tally, owner), (owner,))
            known = matches.get(owner.issue_id)
            matches[owner.issue_id] = match if known is None else _joined(known, match, measures)
    return matches


def _facts(tally: Tally, owner: OwnedHash) -> scores.Facts:
    return scores.Facts(tally.events, tally.users, tally.first, tally.last, owner.first_seen, tally.measures)


def _joined(one: _Match, other: _Match, measures: Sequence[Measure]) -> _Match:
    """Return both together; users who are in both count twice until they are counted again."""
    return _Match(one.issue_id, scores.joined(one.facts, other.facts, measures), one.owned + other.owned)


def _with_exact_users(history: History, asked: Question, matches: Sequence[_Match]) -> list[_Match]:
    """Return *matches* with users counted once who are in the events of several hashes of an issue."""
    merged = [match for match in matches if len(match.owned) > 1]
    if not merged:
        return list(matches)
    several = [IssueScope.of(match.owned[0].project_id, match.owned) for match in merged]
    counted = seen.seen(history, several, asked.matched)
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
        last = scores.moment(facts.last // 1000, scores.DATE_GRAIN)
        return term.date_range(now.replace(microsecond=0)).contains(last)
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
