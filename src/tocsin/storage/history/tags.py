"""Tags: which keys a scope has, and which values they take (spec/search.md 5.7)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from tocsin.storage.history.filters import Text, column, has_tag, is_any_of_events, is_one_of, tag
from tocsin.storage.history.scope import EVERYTHING, Page, Scope, Selection
from tocsin.storage.history.store import History

TAG_KEYS_MAX = 1000
TAG_VALUES_MAX = 1000


class TagKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key, the events that have it, and its distinct values."""

    key: str
    events: int
    values: int


class TagValue(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a key, and when and how often it came."""

    value: str
    events: int
    first: datetime
    last: datetime


class TagOrder(StrEnum):
    """How the values of a key are sorted, highest first; ties are broken by the value."""

    FIRST = "first"
    LAST = "last"
    EVENTS = "events"


def tag_keys(
    history: History, scope: Scope, selection: Selection = EVERYTHING, *, limit: int = TAG_KEYS_MAX
) -> list[TagKey]:
    """Return the keys that selected events have, by name."""
    chosen = scope.clause() & selection.clause()
    sql = (
        "SELECT pair.1 AS key, count(), uniqExact(pair.2)"
        f" FROM event ARRAY JOIN tags AS pair WHERE {chosen.sql} GROUP BY key ORDER BY key LIMIT {{limit:UInt32}}"
    )
    rows = history.rows(sql, {**chosen.parameters, "limit": min(limit, TAG_KEYS_MAX)})
    return [TagKey(key=key, events=events, values=values) for key, events, values in rows]


def tag_key(history: History, scope: Scope, key: str, selection: Selection = EVERYTHING) -> TagKey | None:
    """Return what selected events say about *key*; None when none of them has it."""
    operand, chosen = tag(key), scope.clause() & selection.clause() & has_tag(key)
    sql = f"SELECT count(), uniqExact({operand.sql}) FROM event WHERE {chosen.sql}"
    [[events, values]] = history.rows(sql, {**operand.parameters, **chosen.parameters})
    return TagKey(key=key, events=events, values=values) if events else None


def tag_values(
    history: History,
    scope: Scope,
    key: str,
    selection: Selection,
    part: Page,
    order: TagOrder = TagOrder.FIRST,
) -> list[TagValue]:
    """Return the values of *key* among selected events, at most ``TAG_VALUES_MAX`` of them."""
    operand, chosen = tag(key), scope.clause() & selection.clause() & has_tag(key)
    sql = (
        f"SELECT {operand.sql} AS value, count() AS events, min(timestamp) AS first, max(timestamp) AS last"
        f" FROM event WHERE {chosen.sql} GROUP BY value ORDER BY {order} DESC, value"
        " LIMIT {limit:UInt32} OFFSET {offset:UInt64}"
    )
    bindings = {
        **operand.parameters,
        **chosen.parameters,
        "limit": min(part.limit, TAG_VALUES_MAX),
        "offset": part.offset,
    }
    return [
        TagValue(value=value, events=events, first=first, last=last)
        for value, events, first, last in history.rows(sql, bindings)
    ]


def top_tag_values(
    history: History, scope: Scope, selection: Selection = EVERYTHING, *, each_max: int
) -> dict[str, list[TagValue]]:
    """Return the most frequent values of every key that selected events have, at most *each_max* of each."""
    chosen = scope.clause() & selection.clause()
    sql = (
        "SELECT pair.1 AS key, pair.2 AS value, count() AS events, min(timestamp) AS first, max(timestamp) AS last"
        f" FROM event ARRAY JOIN tags AS pair WHERE {chosen.sql} GROUP BY key, value"
        " ORDER BY key, events DESC, value LIMIT {each_max:UInt32} BY key LIMIT {limit:UInt32}"
    )
    bindings = {**chosen.parameters, "each_max": each_max, "limit": TAG_KEYS_MAX * each_max}
    found: dict[str, list[TagValue]] = {}
    for key, value, events, first, last in history.rows(sql, bindings):
        found.setdefault(key, []).append(TagValue(value=value, events=events, first=first, last=last))
    return found


def users_behind(
    history: History, scope: Scope, selection: Selection, values: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return, by user tag, the user as the latest selected event tells it."""
    chosen = scope.clause() & selection.clause() & is_one_of(column(Text.USER), values)
    sql = f"SELECT lower(hex(argMax(event_id, timestamp))) FROM event WHERE {chosen.sql} GROUP BY user"
    latest = scope.clause() & is_any_of_events([name for (name,) in history.rows(sql, chosen.parameters)])
    details = f"SELECT user, JSONExtractRaw(payload, 'user') FROM event WHERE {latest.sql}"
    return {
        value: msgspec.json.decode(user, type=dict[str, Any])
        for value, user in history.rows(details, latest.parameters)
        if user
    }
