"""Counting sessions and their users: each once, as the worst that was told of it (spec/ingest.md 8.1)."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

import msgspec

from tocsin.domain.query.window import Grid
from tocsin.domain.session.health import ADOPTED_FROM, Durations, Health, tally
from tocsin.domain.session.session import Severity
from tocsin.storage.history.filters import ALWAYS, Clause, bound, every, in_environments, in_projects, instant
from tocsin.storage.history.store import History

GROUPS_MAX = 10_000
"""Groups that one question is answered with."""

_WORSE = (Severity.ERRORED, Severity.UNHANDLED, Severity.ABNORMAL, Severity.CRASHED)
_NUMBERS = ("healthy", "errored", "unhandled", "abnormal", "crashed")
"""Columns of sessions told of by number, by severity."""


class Dimension(StrEnum):
    """What sessions can be counted by."""

    PROJECT = "project_id"
    RELEASE = "release"
    ENVIRONMENT = "environment"


Group: TypeAlias = tuple[Any, ...]
"""The values of the dimensions asked for, in that order."""
Read = TypeVar("Read")
Series: TypeAlias = dict[Group, dict[int, Read]]
"""By group and by the number of the interval; where nothing is told there is no entry."""


def among(by: Sequence[Dimension], groups: Sequence[Group]) -> Clause:
    """Return the condition that a session belongs to one of *groups*, told apart by *by*."""
    types = {Dimension.PROJECT: "Array(UInt64)"}
    conditions = []
    for index, one in enumerate(by):
        values = bound(types.get(one, "Array(String)"), list(dict.fromkeys(group[index] for group in groups)))
        conditions.append(Clause(f"(`{one}` IN {values.sql})", values.parameters))
    return every(conditions)


class Sessions(msgspec.Struct, frozen=True, kw_only=True):
    """Which sessions count: those that began in the hours from that of *start* until *end*."""

    project_ids: tuple[int, ...]
    start: datetime | None = None
    end: datetime | None = None
    environments: tuple[str, ...] = ()
    """None means any."""
    where: Clause = ALWAYS

    def clause(self) -> Clause:
        """Return the condition that what is told is about one of them."""
        bounds = []
        if self.start is not None:
            moment = instant(self.start)
            bounds.append(Clause(f"hour >= toStartOfHour({moment.sql})", moment.parameters))
        if self.end is not None:
            moment = instant(self.end)
            bounds.append(Clause(f"hour < {moment.sql}", moment.parameters))
        return every((in_projects(self.project_ids), *bounds, in_environments(self.environments), self.where))


def _count(who: str, condition: str) -> str:
    return f"uniqExactIf({who}, {who} != 0 AND {condition})"


_TOTAL = f"{_count('session', 'is_first > 0')} + sum({' + '.join(_NUMBERS)})"
"""New sessions."""


class _Source(msgspec.Struct, frozen=True):
    """What is counted: rows under a condition, and what their hour is called."""

    sql: str
    hour: str


_ROWS = _Source("session WHERE {}", "hour")
_LASTED = _Source(
    "(SELECT project_id, release, environment, session, min(hour) AS began, max(seconds) AS lasted FROM session"
    " WHERE {} AND session != 0 GROUP BY project_id, release, environment, session HAVING lasted >= 0)",
    "began",
)
"""Each session once, with the longest that was told of it."""
_QUANTILES = "quantilesExact(0.5, 0.75, 0.9, 0.95, 0.99)(lasted)"
_DURATIONS = ["count()", "avg(lasted)", "min(lasted)", "max(lasted)", _QUANTILES]


def health(history: History, which: Sessions, by: Sequence[Dimension] = ()) -> dict[Group, Health]:
    """Return what the sessions come to, group by group, those with the most sessions first."""
    keys = [f"`{one}`" for one in by]
    order = f" ORDER BY {', '.join(['total DESC', *keys])} LIMIT {GROUPS_MAX}"
    asked = _question(which, keys, _FIGURES, order)
    return {tuple(row[: len(by)]): _health(row[len(by) :]) for row in history.rows(asked.sql, asked.parameters)}


def series(history: History, which: Sessions, by: Sequence[Dimension], grid: Grid) -> Series[Health]:
    """Return what the sessions that began in each interval come to.

    Intervals must be full hours, or several of them.
    """
    return _series(history, which, by, grid, _FIGURES, _health)


def durations(history: History, which: Sessions, by: Sequence[Dimension]) -> dict[Group, Durations]:
    """Return how long the sessions lasted, those left out that nobody told of; a group of such is missing."""
    keys = [f"`{one}`" for one in by]
    asked = _question(which, keys, _DURATIONS, source=_LASTED)
    found = {tuple(row[: len(by)]): row[len(by) :] for row in history.rows(asked.sql, asked.parameters)}
    return {group: _durations(figures) for group, figures in found.items() if figures[0]}


def duration_series(history: History, which: Sessions, by: Sequence[Dimension], grid: Grid) -> Series[Durations]:
    """Return how long the sessions that began in each interval lasted, as `durations` does."""
    return _series(history, which, by, grid, _DURATIONS, _durations, source=_LASTED)


def places_with_sessions(history: History, project_ids: Sequence[int], versions: Sequence[str]) -> set[tuple[int, str]]:
    """Return the projects and those of the releases that have sessions there."""
    chosen = in_projects(project_ids) & among((Dimension.RELEASE,), [(one,) for one in versions])
    rows = history.rows(f"SELECT DISTINCT project_id, release FROM session WHERE {chosen.sql}", chosen.parameters)
    return {(project_id, version) for project_id, version in rows}


def adopted_days(
    history: History, which: Sessions, versions: Collection[str]
) -> dict[tuple[int, str], tuple[datetime, datetime]]:
    """Return the first and the last day on which each release had ``ADOPTED_FROM`` of its project's sessions."""
    chosen, named = which.clause(), among((Dimension.RELEASE,), [(one,) for one in versions])
    days = (
        f"SELECT project_id, release, toStartOfDay(hour) AS day, {_TOTAL} AS total FROM session"
        f" WHERE {chosen.sql} GROUP BY project_id, release, day"
    )
    shares = f"SELECT *, sum(total) OVER (PARTITION BY project_id, day) AS everything FROM ({days})"
    sql = (
        f"SELECT project_id, release, min(day), max(day) FROM ({shares})"
        f" WHERE total > 0 AND total >= everything * {ADOPTED_FROM} AND {named.sql} GROUP BY project_id, release"
    )
    rows = history.rows(sql, {**chosen.parameters, **named.parameters})
    return {(project_id, version): (first, last) for project_id, version, first, last in rows}


def _question(
    which: Sessions, keys: Sequence[str], figures: Sequence[str], rest: str = "", *, source: _Source = _ROWS
) -> Clause:
    chosen = which.clause()
    names = [key.rpartition(" AS ")[2] for key in keys]
    grouping = f" GROUP BY {', '.join(names)}" if keys else ""
    sql = f"SELECT {', '.join([*keys, *figures])} FROM {source.sql.format(chosen.sql)}{grouping}{rest}"
    return Clause(sql, chosen.parameters)


def _series(  # noqa: PLR0913 - a question in all its parts
    history: History,
    which: Sessions,
    by: Sequence[Dimension],
    grid: Grid,
    figures: Sequence[str],
    read: Callable[[Sequence[Any]], Read],
    *,
    source: _Source = _ROWS,
) -> Series[Read]:
    origin, step = bound("Int64", grid.origin), bound("Int64", grid.step_seconds)
    interval = f"intDiv(toInt64(toUnixTimestamp({source.hour})) - {origin.sql}, {step.sql}) AS interval"
    within = f" HAVING interval >= 0 AND interval < {grid.points:d}"
    asked = _question(which, [*(f"`{one}`" for one in by), interval], figures, within, source=source)
    found: Series[Read] = {}
    for row in history.rows(asked.sql, {**asked.parameters, **origin.parameters, **step.parameters}):
        found.setdefault(tuple(row[: len(by)]), {})[row[len(by)]] = read(row[len(by) + 1 :])
    return found


def _durations(figures: Sequence[Any]) -> Durations:
    _, mean, least, most, (p50, p75, p90, p95, p99) = figures
    return Durations(avg=mean, min=least, max=most, p50=p50, p75=p75, p90=p90, p95=p95, p99=p99)


def _figures() -> list[str]:
    """Return the columns that `_health` reads."""
    sessions = [f"{_TOTAL} AS total"]
    sessions += [f"{_count('session', f'severity >= {one:d}')} + sum({' + '.join(_NUMBERS[one:])})" for one in _WORSE]
    users = [_count("user", "true"), *(_count("user", f"severity >= {one:d}") for one in _WORSE)]
    return sessions + users


_FIGURES = _figures()


def _health(figures: Sequence[int]) -> Health:
    sessions, users = figures[:5], figures[5:]
    return Health(sessions=tally(sessions[0], sessions[1:]), users=tally(users[0], users[1:]))
