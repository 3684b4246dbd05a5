"""Counting sessions and their users: each once, as the worst that was told of it (spec/ingest.md 8.1)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from tocsin.domain.query.window import Grid
from tocsin.domain.session.health import Health, tally
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


Group = tuple[Any, ...]
"""The values of the dimensions asked for, in that order."""


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


def health(history: History, which: Sessions, by: Sequence[Dimension] = ()) -> dict[Group, Health]:
    """Return what the sessions come to, group by group, those with the most sessions first."""
    chosen, keys = which.clause(), [f"`{one}`" for one in by]
    grouping = f" GROUP BY {', '.join(keys)}" if keys else ""
    order = ", ".join(["total DESC", *keys])
    sql = (
        f"SELECT {', '.join([*keys, *_FIGURES])} FROM session WHERE {chosen.sql}{grouping}"
        f" ORDER BY {order} LIMIT {GROUPS_MAX}"
    )
    rows = history.rows(sql, chosen.parameters)
    return {tuple(row[: len(by)]): _health(row[len(by) :]) for row in rows}


def series(history: History, which: Sessions, by: Sequence[Dimension], grid: Grid) -> dict[Group, dict[int, Health]]:
    """Return what the sessions that began in each interval come to, by group and by the number of the interval.

    Intervals must be full hours, or several of them.
    """
    chosen, keys = which.clause(), [f"`{one}`" for one in by]
    origin, step = bound("Int64", grid.origin), bound("Int64", grid.step_seconds)
    interval = f"intDiv(toInt64(toUnixTimestamp(hour)) - {origin.sql}, {step.sql}) AS interval"
    grouped = ", ".join([*keys, "interval"])
    sql = (
        f"SELECT {', '.join([*keys, interval, *_FIGURES])} FROM session WHERE {chosen.sql} GROUP BY {grouped}"
        f" HAVING interval >= 0 AND interval < {grid.points:d}"
    )
    found: dict[Group, dict[int, Health]] = {}
    for row in history.rows(sql, {**chosen.parameters, **origin.parameters, **step.parameters}):
        found.setdefault(tuple(row[: len(by)]), {})[row[len(by)]] = _health(row[len(by) + 1 :])
    return found


def _count(who: str, condition: str) -> str:
    return f"uniqExactIf({who}, {who} != 0 AND {condition})"


def _figures() -> list[str]:
    """Return the columns that `_health` reads."""
    sessions = [f"{_count('session', 'is_first > 0')} + sum({' + '.join(_NUMBERS)}) AS total"]
    sessions += [f"{_count('session', f'severity >= {one:d}')} + sum({' + '.join(_NUMBERS[one:])})" for one in _WORSE]
    users = [_count("user", "true"), *(_count("user", f"severity >= {one:d}") for one in _WORSE)]
    return sessions + users


_FIGURES = _figures()


def _health(figures: Sequence[int]) -> Health:
    sessions, users = figures[:5], figures[5:]
    return Health(sessions=tally(sessions[0], sessions[1:]), users=tally(users[0], users[1:]))
