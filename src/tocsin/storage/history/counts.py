"""Exact counts that decide whether archived issues come back: many issues at once, each with windows of its own."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.issue.counts import Counts, CountsQuestion
from tocsin.storage.history.filters import ALWAYS, Clause, bound, instant, texts
from tocsin.storage.history.instant import micros
from tocsin.storage.history.scope import IssueScope, in_issues, issue_number
from tocsin.storage.history.store import History

SECONDS_MAX = 5
"""Longest time that counting may take: digest waits for it."""

_NEVER = 2**63 - 1
_AT = "toUnixTimestamp64Micro(timestamp)"
_DIGESTED_AT = "toUnixTimestamp64Micro(digested_at)"


class Asked(msgspec.Struct, frozen=True):
    """One issue, and what to count of it."""

    scope: IssueScope
    question: CountsQuestion


def counts(history: History, asked: Sequence[Asked], users: Collection[str]) -> tuple[Counts, ...]:
    """Return the counts of each of *asked*, in their order, from one query; *users* are those to be told apart.

    Raises Unavailable when that takes longer than ``SECONDS_MAX``.
    """
    scopes, questions = [one.scope for one in asked], [one.question for one in asked]
    number, chosen = issue_number(scopes), in_issues(scopes) & _no_older_than_needed(questions)
    aggregates = [
        _count("countIf({})", _since([one.events_since for one in questions])),
        _count("countIf({})", _since([one.recent_since for one in questions])),
        *_users([one.users_since for one in questions], users),
        _count("uniqExactIf(user, user != '' AND {})", _before([one.digested_before for one in questions])),
    ]
    sql = (
        f"SELECT {number.sql} AS number, {', '.join(one.sql for one in aggregates)}"
        f" FROM event WHERE {chosen.sql} GROUP BY number SETTINGS max_execution_time = {SECONDS_MAX}"
    )
    bindings: dict[str, Any] = {**number.parameters, **chosen.parameters}
    for one in aggregates:
        bindings |= one.parameters
    found = {index: _as_counts(values) for index, *values in history.rows(sql, bindings)}
    return tuple(found.get(index, Counts()) for index in range(1, len(scopes) + 1))


def _no_older_than_needed(questions: Sequence[CountsQuestion]) -> Clause:
    if any(one.digested_before for one in questions):
        return ALWAYS
    starts = [start for one in questions for start in (one.events_since, one.recent_since, one.users_since) if start]
    moment = instant(min(starts))
    return Clause(f"timestamp >= {moment.sql}", moment.parameters)


def _since(starts: Sequence[datetime | None]) -> Clause:
    """Return the condition that an event is not older than what its issue, the row's ``number``, asks for."""
    wanted = bound("Array(Int64)", [micros(start) if start else _NEVER for start in starts])
    return Clause(f"{_AT} >= {wanted.sql}[number]", wanted.parameters)


def _before(ends: Sequence[datetime | None]) -> Clause:
    wanted = bound("Array(Int64)", [micros(end) if end else 0 for end in ends])
    return Clause(f"{_DIGESTED_AT} < {wanted.sql}[number]", wanted.parameters)


def _users(starts: Sequence[datetime | None], users: Collection[str]) -> list[Clause]:
    since, named = _since(starts), texts(sorted(users))
    return [
        _count("uniqExactIf(user, user != '' AND {})", since),
        Clause(
            f"sumMapIf(map(user, toUInt64(1)), user IN {named.sql} AND {since.sql})",
            {**named.parameters, **since.parameters},
        ),
    ]


def _count(aggregate: str, condition: Clause) -> Clause:
    return Clause(aggregate.format(condition.sql), condition.parameters)


def _as_counts(values: Sequence[Any]) -> Counts:
    events, recent_events, users, events_of_user, users_before = values
    return Counts(
        events=events,
        recent_events=recent_events,
        users=users,
        users_before=users_before,
        events_of_user=events_of_user,
    )
