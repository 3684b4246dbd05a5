"""Events that come in attachments: minidumps, crash reports, events and breadcrumbs in MessagePack (ingest.md 2.4)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from tocsin.domain.event.arrival import InvalidEvent
from tocsin.domain.event.declined import makes_event
from tocsin.domain.event.decode import decode_event
from tocsin.domain.event.envelope import Item
from tocsin.domain.event.minidump import crash_reason
from tocsin.lib.msgpack_stream import values_in

_SPENT: Final = frozenset({"event.payload", "event.breadcrumbs"})
"""Types of attachments that are the event's own words, and nothing besides."""
_CRASHES: Final = {
    "event.minidump": ("minidump", "Minidump"),
    "event.applecrashreport": ("applecrashreport", "Apple crash report"),
}
"""Types of attachments that say that a program died: the mechanism, and what the exception is called without more."""
_WORDS_BYTES_MAX: Final = 1024 * 1024


def folded(items: Sequence[Item]) -> Sequence[Item]:
    """Return the items with the event that their attachments make, or that they add to.

    The item of the event wins over a MessagePack event; breadcrumbs come in the order of their times.
    """
    makers = [item for item in items if makes_event(item)]
    if not makers:
        return items
    sent = next((item for item in items if item.type == "event"), None)
    try:
        event = _event(makers, decode_event(sent.payload) if sent else {})
        payload = msgspec.json.encode(event) if event else b""
    except (InvalidEvent, RecursionError):
        return items
    rest = [
        item
        for item in items
        if item is not sent and not (makes_event(item) and item.headers["attachment_type"] in _SPENT)
    ]
    return [Item(headers={"type": "event"}, type="event", payload=memoryview(payload)), *rest]


def merged(under: Mapping[str, Any], over: Mapping[str, Any], levels: int = 8) -> dict[str, Any]:
    """Return both objects as one, down to where they differ or *levels* end; there *over* wins."""
    result = dict(under)
    for name, value in over.items():
        below = result.get(name)
        if levels and isinstance(below, dict) and isinstance(value, dict):
            result[name] = merged(below, value, levels - 1)
        else:
            result[name] = value
    return result


def msgpack_event(data: bytes) -> dict[str, Any]:
    """Return a MessagePack event as JSON knows it, empty when it cannot be read."""
    try:
        event = msgspec.json.decode(msgspec.json.encode(msgspec.msgpack.decode(data)))
    except (ValueError, TypeError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _event(makers: Sequence[Item], sent: dict[str, Any]) -> dict[str, Any]:
    event = sent
    for item in makers:
        if item.headers["attachment_type"] == "event.payload" and len(item.payload) <= _WORDS_BYTES_MAX:
            event = merged(msgpack_event(bytes(item.payload)), event)
    crumbs = [
        crumb
        for item in makers
        if item.headers["attachment_type"] == "event.breadcrumbs"
        for crumb in _breadcrumbs(item)
    ]
    if crumbs:
        event = event | {"breadcrumbs": {"values": _in_order([*_values(event.get("breadcrumbs")), *crumbs])}}
    crash = next((item for item in makers if item.headers["attachment_type"] in _CRASHES), None)
    return event if crash is None else _crashed(event, crash)


def _breadcrumbs(item: Item) -> list[Any]:
    """Return what can be read of a stream; a program that dies may cut the last one off."""
    crumbs: list[Any] = []
    if len(item.payload) <= _WORDS_BYTES_MAX:
        try:
            for crumb in values_in(bytes(item.payload)):
                crumbs.append(msgspec.json.decode(msgspec.json.encode(crumb)))  # noqa: PERF401 - keeps what came before
        except (ValueError, TypeError, RecursionError):
            pass
    return crumbs


def _in_order(crumbs: Iterable[Any]) -> list[Any]:
    """Return the crumbs by their times, which are texts or numbers of one kind; others stay as they are."""
    known = [crumb for crumb in crumbs if isinstance(crumb, dict)]
    times = {type(crumb.get("timestamp")) for crumb in known}
    if times <= {int, float} or times == {str}:
        known.sort(key=lambda crumb: crumb["timestamp"])
    return known


def _values(sent: Any) -> list[Any]:
    values = sent.get("values") if isinstance(sent, dict) else sent
    return values if isinstance(values, list) else []


def _crashed(event: Mapping[str, Any], crash: Item) -> dict[str, Any]:
    mechanism, name = _CRASHES[crash.headers["attachment_type"]]
    how = {"type": mechanism, "handled": False}
    exceptions = [one for one in _values(event.get("exception")) if isinstance(one, dict)]
    if exceptions:
        exceptions = [*exceptions[:-1], {"mechanism": how, **exceptions[-1]}]
    else:
        reason = crash_reason(bytes(crash.payload[:_WORDS_BYTES_MAX])) if mechanism == "minidump" else ""
        exceptions = [{"type": name, "value": reason, "mechanism": how}]
    return {**event, "platform": "native", "level": "fatal", "exception": {"values": exceptions}}
