"""The plan that begins in history: count events, join them with issues, put these in order."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.query.dates import DateRange
from tocsin.domain.query.paging import Cursor, Page, page_by_score
from tocsin.domain.query.tree import Operator, Term
from tocsin.flows.search.explain import Stopwatch
from tocsin.flows.search.matches import Matches
from tocsin.flows.search.question import Question
from tocsin.flows.search.ranked import Line, Ranked, scopes, score_of
from tocsin.flows.search.request import Sort
from tocsin.flows.search.scores import Order, order
from tocsin.storage.history.filters import Clause, in_projects
from tocsin.storage.history.instant import micros
from tocsin.storage.history.ranking import EVENTS, HOME, LAST, USERS, Figures, Measure, Tallies, tallies
from tocsin.storage.history.scope import IssueScope, digested_in_time, hash_with, in_issues
from tocsin.storage.history.seen import seen
from tocsin.storage.history.store import History
from tocsin.storage.state import issue_hashes
from tocsin.storage.state.engine import State, Transaction
from tocsin.storage.state.issue_conditions import few
from tocsin.storage.state.issue_hashes import HashKey
from tocsin.storage.state.owned_hashes import owned_hashes

_SECOND = 10**6


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Where one way of asking becomes slower than another; answers do not depend on them."""

    named_issues_max: int = 200
    """So few issues are named to history by their hashes: that is faster than asking it about all events."""
    named_hashes_max: int = 10_000
    """So many hashes are looked up in state one by one, and named to history, before all are read."""
    events_at_once: int = 150_000
    """Users are counted for the issues that so many events belong to, then for twice as many, and so on."""


class Reach(msgspec.Struct, frozen=True):
    """How much of a line a page and the links on it depend on."""

    cursor: Cursor | None
    limit: int

    def least(self, bounds: Figures) -> int:
        """Return how many issues must be counted in any case, given what the scores of a whole line are at most."""
        return 0 if self.cursor is None else int(np.count_nonzero(bounds > self.cursor.value))

    def ends_in(self, scored: Figures) -> bool:
        """Return whether the head of the line, with these scores, is long enough."""
        if self.cursor is None:
            return len(scored) > self.limit
        if self.cursor.is_previous and self.cursor.value == 0:
            # Such a cursor means the end of the line.
            return False
        beyond = max(self.cursor.offset, 0) + (0 if self.cursor.is_previous else self.limit)
        return bool(np.count_nonzero(scored <= self.cursor.value) > beyond)


class Counter:
    """Carries out searches that begin in history. Safe to share among threads."""

    def __init__(self, state: State, history: History, limits: Limits) -> None:
        self._state = state
        self._history = history
        self._limits = limits

    def page(self, asked: Question, cursor: Cursor | None, limit: int, now: datetime, watch: Stopwatch) -> Page[Ranked]:
        """Return the page of issues with matching events at the cursor."""
        ranking = order(asked.sort, asked.window, now)
        if ranking.counts_users:
            found, line = self._led(asked, ranking, Reach(cursor, limit), now, watch)
        else:
            found = self.matches(asked, now, watch, ranking.measures)
            line = Line(found.issue_ids, ranking.score(found))
        return replace(page_by_score(line, score_of, cursor, limit), hits=len(found))

    def matches(self, asked: Question, now: datetime, watch: Stopwatch, measures: Sequence[Measure] = ()) -> Matches:
        """Return every issue with matching events, and these figures over them."""
        with watch.step("scope in state"), self._state.read() as connection:
            scope = self._scope(connection, asked)
        added = [_MEASURED[term.key.name] for term in asked.aggregates]
        if asked.where is not None:
            added.append(HOME)
        with watch.step("matches in history") as step:
            found = tallies(self._history, scope, asked.matched, (*measures, *added))
            step.rows = len(found.numbers)
        with watch.step("owners in state") as step, self._state.read() as connection:
            wanted = self._wanted(found)
            owned = owned_hashes(connection, asked.conditions, wanted, with_first_seen=asked.sort is Sort.NEW)
            step.rows = len(owned.hashes)
        matches = Matches.of(found, owned)
        for term in asked.aggregates:
            matches = matches.where(_holds(term, matches, now))
        return matches

    def _scope(self, connection: Transaction, asked: Question) -> Clause:
        """Return whose events are looked at: those of the issues in question, if these are few, or all."""
        named = few(connection, asked.conditions, self._limits.named_issues_max + 1)
        if len(named) <= self._limits.named_issues_max:
            return in_issues(scopes(connection, named))
        return _of_projects(connection, asked)

    def _wanted(self, found: Tallies) -> set[HashKey] | None:
        """Return the hashes *found*; None if these are too many to look up, or where nothing was left out."""
        if HOME not in found.figures or len(found.numbers) > self._limits.named_hashes_max:
            return None
        homes = map(ProjectId, found.figures[HOME].astype(np.int64).tolist())
        return {
            (project_id, hash_with(number, project_id)) for number, project_id in zip(found.numbers, homes, strict=True)
        }

    def _led(
        self, asked: Question, ranking: Order, reach: Reach, now: datetime, watch: Stopwatch
    ) -> tuple[Matches, Line]:
        """Return all matches, and the head of their line, as far as the page needs it.

        No issue has more users than events. So events are counted first, and users only of those that may come so far.
        """
        measures = [EVENTS, *(one for one in ranking.measures if one != USERS)]
        found = self.matches(asked, now, watch, measures)
        users = found.figures[EVENTS].copy()
        told = replace(found, figures={**found.figures, USERS: users})
        scored = ranking.score(told)
        line = np.lexsort((found.issue_ids, scored))[::-1]
        bounds, events = scored[line], np.cumsum(found.figures[EVENTS][line])
        head, done, step = line[:0], 0, self._limits.events_at_once
        while done < len(line) and not reach.ends_in(scored[head]):
            start, done = done, max(_portion(events, done, step), reach.least(bounds))
            with watch.step("users in history") as counting:
                self._count_users(asked, found, line[start:done], users)
                counting.rows = done - start
            scored, step = ranking.score(told), 2 * step
            rest = bounds[done] if done < len(line) else -np.inf
            head = line[:done][scored[line[:done]] > rest]
        return found, Line(found.issue_ids[head], scored[head])

    def _count_users(self, asked: Question, found: Matches, places: NDArray[np.int64], users: Figures) -> None:
        """Put how many users the issues in some *places* have into *users*."""
        meant = np.zeros(len(found), np.bool_)
        meant[places] = True
        some = found.where(meant)
        if len(some.rows) <= self._limits.named_hashes_max:
            scope = in_issues(some.together())
        else:
            with self._state.read() as connection:
                scope = _of_projects(connection, asked)
        counted = some.joined(tallies(self._history, scope, asked.matched, [USERS]), USERS)
        several = some.have_several_hashes()
        if several.any():
            # Who is in the events of two hashes of an issue was counted twice.
            merged = seen(self._history, some.where(several).scopes(), asked.matched)
            counted[several] = [one.users for one in merged]
        users[meant] = counted


def _of_projects(connection: Transaction, asked: Question) -> Clause:
    reborn = [
        IssueScope.of(project_id, hashes)
        for project_id, hashes in issue_hashes.reborn(connection, asked.project_ids).items()
    ]
    return in_projects(asked.project_ids) & digested_in_time(reborn)


def _portion(events: Figures, done: int, most: int) -> int:
    """Return where the issues after the first *done* end that have *most* events together; it is one at least."""
    before = events[done - 1] if done else 0.0
    return max(int(np.searchsorted(events, before + most, side="right")), done + 1)


_MEASURED: dict[str, Measure] = {"times_seen": EVENTS, "last_seen": LAST}


def _holds(term: Term, found: Matches, now: datetime) -> NDArray[np.bool_]:
    """Return for which issues the matching events add up to what *term* asks for; each has at least one."""
    if term.operator is Operator.PRESENT:
        return np.full(len(found), not term.negated)
    if term.key.name == "last_seen":
        # Compared with one-second resolution, spec/search.md 1.6.
        last = found.figures[LAST] // _SECOND * _SECOND
        return _within(last, term.date_range(now.replace(microsecond=0)))
    compared = _compares(term, found.figures[EVENTS])
    return ~compared if term.negated else compared


def _within(moments: Figures, wanted: DateRange) -> NDArray[np.bool_]:
    inside = np.full(len(moments), fill_value=True)
    if wanted.low is not None:
        low = micros(wanted.low)
        inside &= (moments >= low) if wanted.low_inclusive else (moments > low)
    if wanted.high is not None:
        high = micros(wanted.high)
        inside &= (moments <= high) if wanted.high_inclusive else (moments < high)
    return ~inside if wanted.outside else inside


def _compares(term: Term, events: Figures) -> NDArray[np.bool_]:
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
            return np.isin(events, numbers)
