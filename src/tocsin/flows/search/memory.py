"""What was counted of issues that had no event since: lists are looked at again and again, and most issues rest."""

from collections import OrderedDict
from threading import Lock

import msgspec

from tocsin.domain.issue.issue import Issue, IssueId
from tocsin.domain.query.window import Grid
from tocsin.storage.history.figures import Figures, Wanted
from tocsin.storage.history.scope import IssueScope

ISSUES_MAX = 5_000
"""Issues that are remembered, about 1 KiB each; those not asked for longest are forgotten first."""


class _Counted(msgspec.Struct, frozen=True):
    scope: IssueScope
    times_seen: int
    grid: Grid | None
    figures: Figures


class Memory:
    """Remembers the figures over all events of issues. Safe to share among threads.

    State counts the events of an issue in the transaction that takes them in. As long as that count and the hashes are
    the same, so is everything that was counted, unless the window begins later than the first event. Figures are kept
    only if they cover as many events as state knows of: then no event was on its way to history, and none had expired.
    """

    def __init__(self, issues_max: int = ISSUES_MAX) -> None:
        self._counted: OrderedDict[IssueId, _Counted] = OrderedDict()
        self._issues_max = issues_max
        self._lock = Lock()

    def recall(self, issue: Issue, scope: IssueScope, wanted: Wanted) -> Figures | None:
        """Return the figures of *issue* that *wanted* asks for; None where they must be counted."""
        if not _is_about_all(wanted):
            return None
        with self._lock:
            known = self._counted.get(issue.id)
            if known is None or known.scope != scope or known.times_seen != issue.times_seen:
                return None
            self._counted.move_to_end(issue.id)
        start, first = wanted.selection.start, known.figures.selected.first
        if first is None or (start is not None and first < start):
            return None
        series = _series(known, wanted.grid)
        return None if series is None else msgspec.structs.replace(known.figures, series=series)

    def keep(self, issue: Issue, scope: IssueScope, wanted: Wanted, figures: Figures) -> None:
        """Remember *figures* as what *wanted* asked of *issue*."""
        if not _is_about_all(wanted) or figures.selected.events != issue.times_seen:
            return
        with self._lock:
            self._counted[issue.id] = _Counted(scope, issue.times_seen, wanted.grid, figures)
            self._counted.move_to_end(issue.id)
            if len(self._counted) > self._issues_max:
                self._counted.popitem(last=False)


def _is_about_all(wanted: Wanted) -> bool:
    selection = wanted.selection
    return wanted.where is None and selection.end is None and not selection.environments


def _series(known: _Counted, grid: Grid | None) -> tuple[int, ...] | None:
    """Return the events in the intervals of *grid*; None where those counted do not tell."""
    if grid is None:
        return ()
    if known.grid is None or known.grid.step_seconds != grid.step_seconds:
        return None
    last = known.figures.selected.last
    if last is None or last.timestamp() >= known.grid.starts.stop:
        # It came after the intervals that were counted.
        return None
    gone, rest = divmod(grid.origin - known.grid.origin, grid.step_seconds)
    if rest or gone < 0 or grid.points < len(known.figures.series) - gone:
        return None
    left = known.figures.series[gone:]
    # Nothing came since.
    return left + (0,) * (grid.points - len(left))
