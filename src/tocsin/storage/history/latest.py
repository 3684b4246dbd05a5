"""The latest event of each of some issues: what a list tells of it (spec/search.md 5.2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.event.event import EventId
from tocsin.storage.history.filters import ALWAYS, Clause, at_one_of
from tocsin.storage.history.instant import micros
from tocsin.storage.history.scope import IssueScope, in_issues, issue_number
from tocsin.storage.history.store import History

# Time, id and whether it was handled, as one text that sorts like them: aggregates over tuples take five times as long.
_LATEST = (
    "toFixedString(max(concat(reinterpretAsFixedString(byteSwap(toUInt64(toUnixTimestamp64Micro(timestamp)))),"
    " event_id, reinterpretAsFixedString(toUInt8(handled)))), 25)"
)
_AT, _EVENT_ID = slice(8), slice(8, 24)


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """The latest event of an issue; of several at the same time, the one with the greatest id."""

    event_id: EventId
    is_handled: bool
    """Whether every exception in it was handled."""


def latest(history: History, scopes: Sequence[IssueScope], last_seen: Sequence[datetime]) -> tuple[Latest | None, ...]:
    """Return the latest event of each of *scopes*, in their order, None where there is none.

    *last_seen* is when state saw each issue last. Nearly always that is the time of its latest event, which is found
    by it at once; only where there is no such event all are looked at, which of millions takes a fifth of a second.
    """
    at = [micros(moment) for moment in last_seen]
    found = _latest(history, scopes, at_one_of(last_seen))
    known = {number: told for number, told in found.items() if _moment(told) == at[number]}
    missing = [number for number in range(len(scopes)) if number not in known]
    if missing:
        others = _latest(history, [scopes[number] for number in missing], ALWAYS)
        known |= {missing[index]: told for index, told in others.items()}
    return tuple(_as_latest(known.get(number)) for number in range(len(scopes)))


def _latest(history: History, scopes: Sequence[IssueScope], where: Clause) -> dict[int, bytes]:
    """Return what was found, by the place of the scope."""
    if not any(scope.hashes for scope in scopes):
        return {}
    number, chosen = issue_number(scopes), in_issues(scopes) & where
    sql = f"SELECT {number.sql} AS number, {_LATEST} FROM event PREWHERE {chosen.sql} GROUP BY number"
    return {index - 1: told for index, told in history.rows(sql, {**number.parameters, **chosen.parameters})}


def _moment(told: bytes) -> int:
    return int.from_bytes(told[_AT])


def _as_latest(told: Any) -> Latest | None:
    return None if told is None else Latest(event_id=EventId(told[_EVENT_ID].hex()), is_handled=bool(told[-1]))
