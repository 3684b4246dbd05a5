"""All that a list shows of the events of its issues, from one query (spec/search.md 5.2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.event.event import EventId
from tocsin.domain.query.window import Grid
from tocsin.storage.history.filters import ALWAYS, Clause, bound, distinct_users, every
from tocsin.storage.history.scope import IssueScope, Selection, in_issues, issue_number
from tocsin.storage.history.seen import Seen
from tocsin.storage.history.store import History

# Time, id and whether it was handled, as one text that sorts like them: aggregates over tuples take five times as long.
_LATEST = (
    "toFixedString(max(concat(reinterpretAsFixedString(byteSwap(toUInt64(toUnixTimestamp64Micro(timestamp)))),"
    " event_id, reinterpretAsFixedString(toUInt8(handled)))), 25)"
)
_EVENT_ID = slice(8, 24)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures over the events of one issue."""

    lifetime: Seen = Seen()
    selected: Seen = Seen()
    """Inside the window and the environments."""
    filtered: Seen = Seen()
    """Those of the selected events that match the filter."""
    series: tuple[int, ...] = ()
    """Events of the environments in each interval, whatever the window."""
    filtered_series: tuple[int, ...] = ()
    is_handled: bool = True
    """Whether every exception of the latest event was handled."""
    latest_event_id: EventId | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which figures are asked for."""

    selection: Selection
    """The window and the environments."""
    where: Clause | None = None
    """The filter; without one nothing is counted twice."""
    grid: Grid | None = None
    """The intervals of the series; None for no series."""


def figures(history: History, scopes: Sequence[IssueScope], wanted: Wanted) -> tuple[Figures, ...]:
    """Return the figures of each of *scopes*, in their order."""
    if not any(scope.hashes for scope in scopes):
        return tuple(_none(wanted) for _ in scopes)
    number, chosen = issue_number(scopes), in_issues(scopes)
    selected = wanted.selection.clause()
    # Users ever are those of the selected events, which are counted anyway, and those of the others.
    ever = _users(selected) if selected == ALWAYS else _users(selected, ~selected)
    aggregates = [_seen(ALWAYS, ever), _seen(selected), Clause(_LATEST)]
    if wanted.where is not None:
        aggregates.append(_seen(selected & wanted.where))
    aggregates += _all_series(wanted)
    sql = (
        f"SELECT {number.sql} AS number, {', '.join(one.sql for one in aggregates)}"
        f" FROM event WHERE {chosen.sql} GROUP BY number"
    )
    bindings = {**number.parameters, **chosen.parameters}
    for one in aggregates:
        bindings |= one.parameters
    found = {index: _figures(row, wanted) for index, *row in history.rows(sql, bindings)}
    return tuple(found.get(index) or _none(wanted) for index in range(1, len(scopes) + 1))


def _seen(condition: Clause, users: Clause | None = None) -> Clause:
    """Return the figures over the events that meet *condition*, as a tuple."""
    met, users = condition.sql, users or _users(condition)
    sql = f"tuple(countIf({met}), {users.sql}, minIf(timestamp, {met}), maxIf(timestamp, {met}))"
    return Clause(sql, {**condition.parameters, **users.parameters})


def _users(*conditions: Clause) -> Clause:
    """Return how many users the events that meet one of *conditions* have.

    Each condition has a set of users of its own, which the engine makes once however often it is named.
    """
    states = (distinct_users(one).sql.replace("uniqExactIf", "uniqExactStateIf") for one in conditions)
    return Clause(f"finalizeAggregation({' + '.join(states)})", every(conditions).parameters)


def _all_series(wanted: Wanted) -> list[Clause]:
    if wanted.grid is None:
        return []
    there = Selection(environments=wanted.selection.environments).clause()
    series = [_series(there, wanted.grid)]
    if wanted.where is not None:
        series.append(_series(there & wanted.where, wanted.grid))
    return series


def _series(condition: Clause, grid: Grid) -> Clause:
    origin, step = bound("Int64", grid.origin), bound("Int64", grid.step_seconds)
    # Division towards zero would put what came just before the grid into its first interval.
    interval = f"toInt64(floor((toUnixTimestamp(timestamp) - {origin.sql}) / {step.sql}))"
    return Clause(
        f"countIfResample(0, {grid.points:d}, 1)({condition.sql}, {interval})",
        {**condition.parameters, **origin.parameters, **step.parameters},
    )


def _figures(row: Sequence[Any], wanted: Wanted) -> Figures:
    values = iter(row)
    lifetime, selected, latest = _as_seen(next(values)), _as_seen(next(values)), next(values)
    filtered = Seen() if wanted.where is None else _as_seen(next(values))
    return Figures(
        lifetime=lifetime,
        selected=selected,
        filtered=filtered,
        is_handled=bool(latest[-1]),
        latest_event_id=EventId(latest[_EVENT_ID].hex()),
        series=tuple(next(values, ())),
        filtered_series=tuple(next(values, ())),
    )


def _as_seen(figures_: tuple[int, int, datetime, datetime]) -> Seen:
    events, users, first, last = figures_
    return Seen(events=events, users=users, first=first, last=last) if events else Seen()


def _none(wanted: Wanted) -> Figures:
    zeros = (0,) * wanted.grid.points if wanted.grid else ()
    return Figures(series=zeros, filtered_series=() if wanted.where is None else zeros)
