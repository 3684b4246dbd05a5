"""Events themselves: one by its id, a page of them, the first, the last, the neighbours."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from tocsin.domain.event.event import EventId, GroupingHash
from tocsin.storage.history.filters import Clause, in_environments, instant, is_any_of_events, is_event, text
from tocsin.storage.history.scope import EVERYTHING, Page, Scope, Selection
from tocsin.storage.history.store import History

EVENTS_MAX = 1000
"""No page of events is longer than this."""


class EventSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What lists show of an event; the fields mean what they mean in `tocsin.domain.event.event.Event`."""

    project_id: int
    event_id: EventId
    timestamp: datetime
    received: datetime
    digested_at: datetime
    """When the batch of the event was applied."""
    hashes: tuple[GroupingHash, ...]
    type: str
    level: str
    platform: str
    logger: str
    title: str
    culprit: str
    location: str
    message: str
    metadata: dict[str, Any]
    transaction: str
    release: str
    dist: str
    environment: str
    user: str
    handled: bool
    tags: tuple[tuple[str, str], ...]
    """Sorted by key, each key once."""
    sdk_name: str
    sdk_version: str

    @property
    def primary_hash(self) -> GroupingHash:
        """The hash that decides which issue the event belongs to."""
        return self.hashes[0]


class StoredEvent(EventSummary, frozen=True, kw_only=True):
    """An event with all there is of it: *payload* is the normalised event as JSON."""

    payload: bytes


class Neighbours(msgspec.Struct, frozen=True):
    """The events next to one in its issue, by time and id; None at the ends."""

    next_id: EventId | None
    """The newer one."""
    previous_id: EventId | None
    """The older one."""


class Order(StrEnum):
    """How a page of events is sorted; ties are broken by the id of the event."""

    NEWEST = "timestamp DESC, event_id DESC"
    OLDEST = "timestamp ASC, event_id ASC"
    SAMPLE = "cityHash64(event_id), event_id"
    """As good as random, and the same each time (spec/search.md 5.4 ``sample``)."""


_ONE = Page(1)
_SUMMARY_FIELDS = EventSummary.__struct_fields__
_STORED_FIELDS = StoredEvent.__struct_fields__


def event(history: History, scope: Scope, event_id: EventId) -> StoredEvent | None:
    """Return the event with *event_id*, 32 hex digits, if it belongs to *scope*."""
    return next(iter(stored_page(history, scope, Selection(where=is_event(event_id)), _ONE)), None)


def latest(history: History, scope: Scope, selection: Selection = EVERYTHING) -> StoredEvent | None:
    """Return the newest selected event (spec/search.md 5.5)."""
    return next(iter(stored_page(history, scope, selection, _ONE)), None)


def oldest(history: History, scope: Scope, selection: Selection = EVERYTHING) -> StoredEvent | None:
    """Return the oldest selected event (spec/search.md 5.5)."""
    return next(iter(stored_page(history, scope, selection, _ONE, Order.OLDEST)), None)


def page(
    history: History, scope: Scope, selection: Selection, part: Page, order: Order = Order.NEWEST
) -> list[EventSummary]:
    """Return the selected events of a page, at most ``EVENTS_MAX``, as lists show them (spec/search.md 5.4, 5.6)."""
    rows = _rows(history, _SUMMARY_FIELDS, scope, selection, part, order)
    return [EventSummary(**_fields(_SUMMARY_FIELDS, row)) for row in rows]


def stored_page(
    history: History, scope: Scope, selection: Selection, part: Page, order: Order = Order.NEWEST
) -> list[StoredEvent]:
    """Return the selected events of a page, at most ``EVENTS_MAX``, payloads and all (spec/search.md 5.4 ``full``)."""
    rows = _rows(history, _STORED_FIELDS, scope, selection, part, order)
    return [StoredEvent(**_fields(_STORED_FIELDS, row)) for row in rows]


def newest_by_hash(history: History, scope: Scope, part: Page) -> list[StoredEvent]:
    """Return the newest event of each primary hash in *scope*, newest first, at most ``EVENTS_MAX`` (5.8)."""
    chosen = scope.clause()
    sql = (
        f"SELECT max((timestamp, event_id)) AS newest, lower(hex(newest.2)) FROM event WHERE {chosen.sql}"
        " GROUP BY project_id, primary_hash"
        " ORDER BY newest DESC LIMIT {limit:UInt32} OFFSET {offset:UInt64}"
    )
    bindings = {**chosen.parameters, "limit": min(part.limit, EVENTS_MAX), "offset": part.offset}
    ids = [event_id for _, event_id in history.rows(sql, bindings)]
    return stored_page(history, scope, Selection(where=is_any_of_events(ids)), Page(len(ids))) if ids else []


def count(history: History, scope: Scope, selection: Selection = EVERYTHING) -> int:
    """Return how many events are selected."""
    chosen = scope.clause() & selection.clause()
    [[number]] = history.rows(f"SELECT count() FROM event WHERE {chosen.sql}", chosen.parameters)
    return int(number)


def ids_among(history: History, scope: Scope, event_ids: Collection[EventId]) -> set[EventId]:
    """Return those of *event_ids* that are events of *scope*."""
    if not event_ids:
        return set()
    chosen = scope.clause() & is_any_of_events(sorted(event_ids))
    rows = history.rows(f"SELECT event_id FROM event WHERE {chosen.sql}", chosen.parameters)
    return {EventId(row[0].hex()) for row in rows}


def neighbours(history: History, scope: Scope, centre: EventSummary, environments: Sequence[str] = ()) -> Neighbours:
    """Return the events next to *centre* in *scope*, among those of *environments* (spec/search.md 5.5)."""
    chosen = scope.clause() & in_environments(environments)
    return Neighbours(
        next_id=_neighbour(history, chosen, centre, ">", Order.OLDEST),
        previous_id=_neighbour(history, chosen, centre, "<", Order.NEWEST),
    )


def _neighbour(history: History, chosen: Clause, centre: EventSummary, side: str, order: Order) -> EventId | None:
    moment, name = instant(centre.timestamp), text(centre.event_id)
    sql = (
        f"SELECT event_id FROM event WHERE {chosen.sql} AND timestamp {side}= {moment.sql}"
        f" AND (timestamp, event_id) {side} ({moment.sql}, toFixedString(unhex({name.sql}), 16))"
        f" ORDER BY {order} LIMIT 1"
    )
    rows = history.rows(sql, {**chosen.parameters, **moment.parameters, **name.parameters})
    return EventId(rows[0][0].hex()) if rows else None


def _rows(
    history: History, fields: Sequence[str], scope: Scope, selection: Selection, part: Page, order: Order
) -> list[Sequence[Any]]:
    chosen = scope.clause() & selection.clause()
    sql = (
        f"SELECT {', '.join(f'`{field}`' for field in fields)} FROM event WHERE {chosen.sql}"
        f" ORDER BY {order} LIMIT {{limit:UInt32}} OFFSET {{offset:UInt64}}"
    )
    return history.rows(sql, {**chosen.parameters, "limit": min(part.limit, EVENTS_MAX), "offset": part.offset})


def _fields(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    values = dict(zip(names, row, strict=True))
    values["event_id"] = EventId(values["event_id"].hex())
    values["hashes"] = tuple(GroupingHash(name.hex()) for name in values["hashes"])
    values["metadata"] = msgspec.json.decode(values["metadata"])
    values["tags"] = tuple(sorted(values["tags"].items()))
    if "payload" in values:
        values["payload"] = values["payload"].encode()
    return values
