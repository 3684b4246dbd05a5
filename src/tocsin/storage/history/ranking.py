"""Where a search that looks at events begins: every grouping hash with a selected event, and what these add up to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from tocsin.domain.event.event import GroupingHash
from tocsin.storage.history.filters import Clause, bound, distinct_users, instant
from tocsin.storage.history.scope import Selection
from tocsin.storage.history.store import History

TALLIES_MAX = 2_000_000
"""Hashes that one search looks at."""

_SEVERITIES = ("['debug', 'info', 'warning', 'error', 'fatal']", "[0., .25, .5, .75, 1.]")


class Measure(Protocol):
    """A figure over events that is asked for beside the usual ones."""

    def figure(self) -> Clause:
        """Return it as an aggregate."""
        ...

    def joined(self, one: float, other: float) -> float:
        """Return the figure over the events of two hashes together."""
        ...


class CountSince(msgspec.Struct, frozen=True):
    """Events from *start* on."""

    start: datetime

    def figure(self) -> Clause:
        """Return it as an aggregate."""
        start = instant(self.start)
        return Clause(f"countIf(timestamp >= {start.sql})", start.parameters)

    def joined(self, one: float, other: float) -> float:
        """Return the sum."""
        return one + other


class Decayed(msgspec.Struct, frozen=True):
    """Events, each of which counts half as much after every *half_life_hours* before *now*."""

    now: datetime
    half_life_hours: int

    def figure(self) -> Clause:
        """Return it as an aggregate."""
        now, hours = instant(self.now), bound("UInt32", self.half_life_hours)
        age = f"(toUnixTimestamp64Micro({now.sql}) - toUnixTimestamp64Micro(timestamp)) / 3600000000"
        return Clause(f"sum(exp2(-greatest({age}, 0) / {hours.sql}))", {**now.parameters, **hours.parameters})

    def joined(self, one: float, other: float) -> float:
        """Return the sum."""
        return one + other


class Severest(msgspec.Struct, frozen=True):
    """The highest level, from 0 for debug to 1 for fatal."""

    def figure(self) -> Clause:
        """Return it as an aggregate."""
        names, severities = _SEVERITIES
        return Clause(f"max(transform(toString(level), {names}, {severities}, 0.))")

    def joined(self, one: float, other: float) -> float:
        """Return the greater one."""
        return max(one, other)


class Tally(msgspec.Struct, frozen=True, gc=False):
    """Figures over the selected events of one grouping hash, of which there is at least one."""

    project_id: int
    primary_hash: GroupingHash
    events: int
    users: int
    """Distinct user tags; 0 unless asked for."""
    first: int
    """Microseconds since 1970, as is *last*: there may be a million of these."""
    last: int
    measures: tuple[float, ...]
    """In the order in which they were asked for."""


def tallies(
    history: History,
    scope: Clause,
    selection: Selection,
    *,
    measures: Sequence[Measure] = (),
    count_users: bool = False,
) -> list[Tally]:
    """Return the figures of every hash that has a selected event in *scope*, in no order."""
    chosen = scope & selection.clause()
    figures = [measure.figure() for measure in measures]
    users = distinct_users().sql if count_users else "0"
    extra = "".join(f", toFloat64({figure.sql})" for figure in figures)
    sql = (
        f"SELECT project_id, primary_hash, count(), {users},"
        f" toUnixTimestamp64Micro(min(timestamp)), toUnixTimestamp64Micro(max(timestamp)){extra}"
        f" FROM event WHERE {chosen.sql} GROUP BY project_id, primary_hash LIMIT {TALLIES_MAX}"
    )
    bindings = dict(chosen.parameters)
    for figure in figures:
        bindings |= figure.parameters
    return [
        Tally(project_id, GroupingHash(name.hex()), events, distinct, first, last, tuple(rest))
        for project_id, name, events, distinct, first, last, *rest in history.rows(sql, bindings)
    ]
