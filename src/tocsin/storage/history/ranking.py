"""Where a search that looks at events begins: every grouping hash with a selected event, and what these add up to.

There may be a million of them, so they come as columns of numbers, and nothing is done to each one apart.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Protocol, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from tocsin.storage.history.filters import Clause, bound, distinct_users, instant
from tocsin.storage.history.scope import GROUP_NUMBER, Selection
from tocsin.storage.history.store import History

TALLIES_MAX = 2_000_000
"""Hashes that one search looks at."""

_ONE_EVENT = 2**40
"""What an event of just now weighs; 16 million of them fit into the sum."""
_SEVERITIES = ("['debug', 'info', 'warning', 'error', 'fatal']", "[0., .25, .5, .75, 1.]")

Figures: TypeAlias = NDArray[np.float64]
"""One number for each hash, or for each issue."""


class Measure(Protocol):
    """A figure over the events of a hash."""

    joining: ClassVar[np.ufunc]
    """What makes one figure of those of two hashes."""

    def figure(self) -> Clause:
        """Return it as an aggregate."""
        ...


class Events(msgspec.Struct, frozen=True):
    """How many there are."""

    joining: ClassVar[np.ufunc] = np.add

    def figure(self) -> Clause:
        """Return it as an aggregate."""
        return Clause("count()")


class Users(msgspec.Struct, frozen=True):
    """Distinct user tags; of two hashes the sum, which some users are in twice."""

    joining: ClassVar[np.ufunc] = np.add

    def figure(self) -> Clause:
        """Return it as an aggregate."""
        return distinct_users()


class First(msgspec.Struct, frozen=True):
    """When the first one came, in microseconds since 1970."""

    joining: ClassVar[np.ufunc] = np.minimum

    def figure(self) -> Clause:
        """Return it as an aggregate."""
        return Clause("toUnixTimestamp64Micro(min(timestamp))")


class Last(msgspec.Struct, frozen=True):
    """When the last one came, in microseconds since 1970."""

    joining: ClassVar[np.ufunc] = np.maximum

    def figure(self) -> Clause:
        """Return it as an aggregate."""
        return Clause("toUnixTimestamp64Micro(max(timestamp))")


class CountSince(msgspec.Struct, frozen=True):
    """Events from *start* on."""

    joining: ClassVar[np.ufunc] = np.add

    start: datetime

    def figure(self) -> Clause:
        """Return it as an aggregate."""
        start = instant(self.start)
        return Clause(f"countIf(timestamp >= {start.sql})", start.parameters)


class Decayed(msgspec.Struct, frozen=True):
    """Events, each of which counts half as much after every *half_life_hours* before *now*."""

    joining: ClassVar[np.ufunc] = np.add

    now: datetime
    half_life_hours: int

    def figure(self) -> Clause:
        """Return it as an aggregate."""
        now, hours = instant(self.now), bound("UInt32", self.half_life_hours)
        age = f"(toUnixTimestamp64Micro({now.sql}) - toUnixTimestamp64Micro(timestamp)) / 3600000000"
        weight = f"exp2(-greatest({age}, 0) / {hours.sql})"
        # Whole numbers have the same sum whichever core adds what first, and cursors tell scores to the last digit.
        sql = f"sum(toUInt64({weight} * {_ONE_EVENT})) / {_ONE_EVENT}"
        return Clause(sql, {**now.parameters, **hours.parameters})


class Severest(msgspec.Struct, frozen=True):
    """The highest level, from 0 for debug to 1 for fatal."""

    joining: ClassVar[np.ufunc] = np.maximum

    def figure(self) -> Clause:
        """Return it as an aggregate."""
        names, severities = _SEVERITIES
        return Clause(f"max(transform(toString(level), {names}, {severities}, 0.))")


class Home(msgspec.Struct, frozen=True):
    """The project of the hash; of an issue, as its hashes are all of one."""

    joining: ClassVar[np.ufunc] = np.maximum

    def figure(self) -> Clause:
        """Return it as an aggregate."""
        return Clause("any(project_id)")


EVENTS, USERS, FIRST, LAST, SEVEREST, HOME = Events(), Users(), First(), Last(), Severest(), Home()


class Tallies(msgspec.Struct, frozen=True):
    """Figures over the selected events of grouping hashes, of which each has at least one; row by row, in no order."""

    numbers: Sequence[bytes]
    """Which project and hash: `tocsin.storage.history.scope.group_number`, 16 bytes, the lowest first."""
    figures: Mapping[Measure, Figures]


def tallies(history: History, scope: Clause, selection: Selection, measures: Sequence[Measure] = ()) -> Tallies:
    """Return these figures of every hash that has a selected event in *scope*."""
    chosen = selection.clause()
    wanted = list(dict.fromkeys(measures))
    figures = [measure.figure() for measure in wanted]
    listed = "".join(f", toFloat64({figure.sql})" for figure in figures)
    sql = (
        f"SELECT reinterpretAsFixedString({GROUP_NUMBER} AS number){listed}"
        f" FROM event PREWHERE {scope.sql} WHERE {chosen.sql} GROUP BY number LIMIT {TALLIES_MAX}"
    )
    bindings = {**scope.parameters, **chosen.parameters}
    for figure in figures:
        bindings |= figure.parameters
    numbers, *columns = history.columns(sql, bindings) or [()] * (1 + len(wanted))
    counted = (np.array(column, dtype=np.float64) for column in columns)
    return Tallies(numbers, dict(zip(wanted, counted, strict=True)))
