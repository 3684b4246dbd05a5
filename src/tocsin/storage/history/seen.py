"""How often, by how many users, since when and until when: figures over the selected events of issues."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from tocsin.domain.event.event import GroupingHash
from tocsin.storage.history.filters import Clause, bound, distinct_users, in_projects
from tocsin.storage.history.instant import micros
from tocsin.storage.history.scope import (
    EVERYTHING,
    IssueScope,
    Selection,
    digested_in_time,
    in_issues,
    issue_number,
)
from tocsin.storage.history.store import History

POINTS_MAX = 1000
"""No series has more points than this."""

_HOUR_SECONDS = 3600
_COUNT = "count()"
_USERS = distinct_users().sql
_FIRST = "min(timestamp)"
_LAST = "max(timestamp)"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Figures over some events; the times are None when there are none (spec/search.md 5.2)."""

    events: int = 0
    users: int = 0
    """Distinct user tags; events without one do not count."""
    first: datetime | None = None
    last: datetime | None = None


class HashSeen(Seen, frozen=True, kw_only=True):
    """Figures over the events of one grouping hash."""

    project_id: int
    primary_hash: GroupingHash


class SeenOrder(StrEnum):
    """By what hashes are ranked, highest first."""

    LAST = "last"
    EVENTS = "events"
    USERS = "users"
    FIRST = "first"


def seen(history: History, scopes: Sequence[IssueScope], selection: Selection = EVERYTHING) -> tuple[Seen, ...]:
    """Return the figures of each of *scopes*, in their order, from one query."""
    number, chosen = issue_number(scopes), _of_issues(scopes, selection)
    sql = (
        f"SELECT {number.sql} AS number, {_COUNT}, {_USERS}, {_FIRST}, {_LAST}"
        f" FROM event PREWHERE {chosen.sql} GROUP BY number"
    )
    found = {
        index: Seen(events=events, users=users, first=first, last=last)
        for index, events, users, first, last in history.rows(sql, {**number.parameters, **chosen.parameters})
    }
    return tuple(found.get(index, Seen()) for index in range(1, len(scopes) + 1))


def series(
    history: History, scopes: Sequence[IssueScope], selection: Selection, step_seconds: int
) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return the counts over time of each of *scopes*: (start of the interval in epoch seconds, events), oldest first.

    *selection* must have both bounds. The first interval begins at its start; empty intervals are there, with 0.
    Raise ValueError when that makes more than ``POINTS_MAX`` points.
    """
    starts = _intervals(selection, step_seconds)
    number, chosen = issue_number(scopes), _of_issues(scopes, selection)
    origin, step = bound("Int64", starts.start), bound("Int64", step_seconds)
    sql = (
        f"SELECT {number.sql} AS number, intDiv(toUnixTimestamp(timestamp) - {origin.sql}, {step.sql}) AS interval,"
        f" {_COUNT} FROM event WHERE {chosen.sql} GROUP BY number, interval"
    )
    bindings = {**number.parameters, **chosen.parameters, **origin.parameters, **step.parameters}
    found = {(index, starts[interval]): events for index, interval, events in history.rows(sql, bindings)}
    return tuple(
        tuple((start, found.get((index, start), 0)) for start in starts) for index in range(1, len(scopes) + 1)
    )


def full_hours(
    history: History, scopes: Sequence[IssueScope], now: datetime, hours_back: int
) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return the series of each of *scopes* by hours of the clock: so many full ones, and the present one last."""
    present = now.replace(minute=0, second=0, microsecond=0)
    window = Selection(start=present - timedelta(hours=hours_back), end=present + timedelta(hours=1))
    return series(history, scopes, window, _HOUR_SECONDS)


def seen_hashes(
    history: History,
    project_ids: Sequence[int],
    selection: Selection,
    *,
    order: SeenOrder = SeenOrder.LAST,
    limit: int,
    reborn: Sequence[IssueScope] = (),
) -> list[HashSeen]:
    """Return the hashes that have a selected event, with their figures: where a search that filters events begins.

    *reborn* are the hashes that belong to their issue only since some time; their earlier events do not count.
    """
    chosen = in_projects(project_ids) & selection.clause() & digested_in_time(reborn)
    sql = (
        f"SELECT {_COUNT} AS events, {_USERS} AS users, {_FIRST} AS first, {_LAST} AS last, project_id, primary_hash"
        f" FROM event WHERE {chosen.sql} GROUP BY project_id, primary_hash"
        f" ORDER BY {order} DESC, project_id, primary_hash LIMIT {{limit:UInt32}}"
    )
    return [_hash_seen(row) for row in history.rows(sql, {**chosen.parameters, "limit": limit})]


def _hash_seen(row: Sequence[Any]) -> HashSeen:
    events, users, first, last, project_id, primary_hash = row
    return HashSeen(
        events=events,
        users=users,
        first=first,
        last=last,
        project_id=project_id,
        primary_hash=GroupingHash(primary_hash.hex()),
    )


def _of_issues(scopes: Sequence[IssueScope], selection: Selection) -> Clause:
    return in_issues(scopes) & selection.clause()


def _intervals(selection: Selection, step_seconds: int) -> range:
    if selection.start is None or selection.end is None:
        raise ValueError("A series needs a start and an end.")
    starts = range(micros(selection.start) // 10**6, -(-micros(selection.end) // 10**6), step_seconds)
    if len(starts) > POINTS_MAX:
        raise ValueError(f"A series has at most {POINTS_MAX} points, not {len(starts)}.")
    return starts
