"""All that a list shows of the events of its issues (spec/search.md 5.2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from tocsin.domain.query.window import Grid
from tocsin.storage.history.filters import ALWAYS, Clause, bound, distinct_users, every
from tocsin.storage.history.latest import Latest, latest
from tocsin.storage.history.scope import IssueScope, Selection, in_issues, issue_number
from tocsin.storage.history.seen import Seen
from tocsin.storage.history.store import History


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures over the events of one issue."""

    users_ever: int = 0
    """Whatever the window and the environments."""
    selected: Seen = Seen()
    """Inside the window and the environments."""
    filtered: Seen = Seen()
    """Those of the selected events that match the filter."""
    series: tuple[int, ...] = ()
    """Events of the environments in each interval, whatever the window."""
    filtered_series: tuple[int, ...] = ()
    latest: Latest | None = None
    """The latest event of all."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which figures are asked for."""

    selection: Selection
    """The window and the environments."""
    where: Clause | None = None
    """The filter; without one nothing is counted twice."""
    grid: Grid | None = None
    """The intervals of the series; None for no series."""


def figures(
    history: History, scopes: Sequence[IssueScope], last_seen: Sequence[datetime], wanted: Wanted
) -> tuple[Figures, ...]:
    """Return the figures of each of *scopes*, in their order; *last_seen* is when state saw each issue last."""
    if not any(scope.hashes for scope in scopes):
        return tuple(_none(wanted) for _ in scopes)
    counted = _counted(history, scopes, wanted)
    # Looked up apart: carrying ids through the count of two million events takes half as long again as counting them.
    events = latest(history, scopes, last_seen)
    return tuple(replace(one, latest=event) for one, event in zip(counted, events, strict=True))


def _counted(history: History, scopes: Sequence[IssueScope], wanted: Wanted) -> tuple[Figures, ...]:
    number, chosen = issue_number(scopes), in_issues(scopes)
    selected = wanted.selection.clause()
    # Users ever are those of the selected events, which are counted anyway, and those of the others.
    ever = _users(selected) if selected == ALWAYS else _users(selected, ~selected)
    aggregates = [ever, _seen(selected)]
    if wanted.where is not None:
        aggregates.append(_seen(selected & wanted.where))
    aggregates += _all_series(wanted)
    sql = (
        f"SELECT {number.sql} AS number, {', '.join(one.sql for one in aggregates)}"
        f" FROM event PREWHERE {chosen.sql} GROUP BY number"
    )
    bindings = {**number.parameters, **chosen.parameters}
    for one in aggregates:
        bindings |= one.parameters
    found = {index: _figures(row, wanted) for index, *row in history.rows(sql, bindings)}
    return tuple(found.get(index) or _none(wanted) for index in range(1, len(scopes) + 1))


def _seen(condition: Clause) -> Clause:
    """Return the figures over the events that meet *condition*, as a tuple."""
    met, users = condition.sql, _users(condition)
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
    users_ever, selected = next(values), _as_seen(next(values))
    filtered = Seen() if wanted.where is None else _as_seen(next(values))
    return Figures(
        users_ever=users_ever,
        selected=selected,
        filtered=filtered,
        series=tuple(next(values, ())),
        filtered_series=tuple(next(values, ())),
    )


def _as_seen(figures_: tuple[int, int, datetime, datetime]) -> Seen:
    events, users, first, last = figures_
    return Seen(events=events, users=users, first=first, last=last) if events else Seen()


def _none(wanted: Wanted) -> Figures:
    zeros = (0,) * wanted.grid.points if wanted.grid else ()
    return Figures(series=zeros, filtered_series=() if wanted.where is None else zeros)
