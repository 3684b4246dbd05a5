"""Which issues a search finds, and in which order: the two plans carried out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import overload

import msgspec
import numpy as np
from msgspec.structs import replace

from tocsin.domain.issue.issue import IssueId, ProjectId
from tocsin.domain.query.paging import Cursor, Page, page_by_score
from tocsin.flows.search import scores
from tocsin.flows.search.question import Question
from tocsin.flows.search.request import Sort
from tocsin.storage.history.ranking import Figures
from tocsin.storage.history.scope import IssueScope
from tocsin.storage.state import inbox, issue_hashes
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.issue_conditions import Order as Placing
from tocsin.storage.state.issue_conditions import Position, Stretch, around, candidates, count
from tocsin.storage.state.owned_hashes import Integers

HITS_MAX = 100_000
"""Nobody is told of more issues than this, and none beyond it are counted for a page."""
PORTION = 10_000


class Ranked(msgspec.Struct, frozen=True, gc=False):
    """An issue and what it is sorted by."""

    id: IssueId
    score: float


class Line(Sequence[Ranked]):
    """Issues by score, then id, greatest first. There may be a million, of which a page takes a few."""

    def __init__(self, issue_ids: Integers, scored: Figures) -> None:
        order = np.lexsort((issue_ids, scored))[::-1]
        self.issue_ids, self.scores = issue_ids[order], scored[order]

    def __len__(self) -> int:
        """Return how many issues there are."""
        return len(self.issue_ids)

    @overload
    def __getitem__(self, index: int) -> Ranked: ...

    @overload
    def __getitem__(self, index: slice) -> list[Ranked]: ...

    def __getitem__(self, index: int | slice) -> Ranked | list[Ranked]:
        """Return the issue at a place, or those of a stretch."""
        if isinstance(index, slice):
            pairs = zip(self.issue_ids[index].tolist(), self.scores[index].tolist(), strict=True)
            return [Ranked(issue_id, score) for issue_id, score in pairs]
        return Ranked(IssueId(int(self.issue_ids[index])), float(self.scores[index]))


def score_of(ranked: Ranked) -> float:
    """Return what *ranked* is sorted by."""
    return ranked.score


def page_from_state(connection: Transaction, asked: Question, cursor: Cursor | None, limit: int) -> Page[Ranked]:
    """Return the page that state alone can tell; the cursor leads to it by index, however long the list is."""
    order, grain = (
        (Placing.FIRST_SEEN, scores.NEW_GRAIN) if asked.sort is Sort.NEW else (Placing.LAST_SEEN, scores.DATE_GRAIN)
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


def by_inbox(connection: Transaction, issue_ids: Iterable[IssueId]) -> Line:
    """Return the issues by when they were put up for review, latest first."""
    waiting = inbox.waiting(connection, issue_ids).values()
    scored = {one.issue_id: scores.millis(one.added_at) for one in waiting}
    return Line(np.array(list(scored), np.int64), np.array(list(scored.values()), np.float64))


def scopes(connection: Transaction, projects: Mapping[IssueId, ProjectId]) -> tuple[IssueScope, ...]:
    """Return the events that each of the issues has, given with its project, in their order."""
    hashes = issue_hashes.by_issue(connection, projects)
    return tuple(IssueScope.of(project_id, hashes[issue_id]) for issue_id, project_id in projects.items())
