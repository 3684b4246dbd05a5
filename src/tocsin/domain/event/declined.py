"""What a rate limit takes out of an envelope: its event, and what belongs to the event (spec/ingest.md 1.8)."""

from collections.abc import Iterator, Sequence

import msgspec

from tocsin.domain.event.envelope import Item
from tocsin.domain.outcome import Category, Outcome, Verdict, attachment_outcomes, event_category, item_category

EVENT_ATTACHMENTS = frozenset({"event.minidump", "event.applecrashreport", "event.payload", "event.breadcrumbs"})
"""Types of attachments that make an event by themselves (spec/ingest.md 2.4)."""

_WITH_THE_EVENT = frozenset({"event", "attachment", "user_report", "profile"})
_SECURITY_TYPES = ("csp", "hpkp", "expectct", "expectstaple")


_ABSENT = msgspec.Raw()
_EMPTY = frozenset({b"", b"null", b"[]", b"{}"})


class _Sketch(msgspec.Struct):
    """What the type of an event is inferred from."""

    exception: msgspec.Raw = _ABSENT
    csp: msgspec.Raw = _ABSENT
    hpkp: msgspec.Raw = _ABSENT
    expectct: msgspec.Raw = _ABSENT
    expectstaple: msgspec.Raw = _ABSENT


_sketch = msgspec.json.Decoder(_Sketch).decode


def brings_event(items: Sequence[Item]) -> bool:
    """Say whether the items make an event."""
    for item in items:  # noqa: SIM110 - of every request, and a generator costs more than all the rest
        if item.type == "event" or makes_event(item):
            return True
    return False


def makes_event(item: Item) -> bool:
    """Say whether the item is an attachment that makes an event by itself."""
    if item.type != "attachment":
        return False
    kind = item.headers.get("attachment_type")
    return isinstance(kind, str) and kind in EVENT_ATTACHMENTS


def declined_items(items: Sequence[Item]) -> tuple[int, ...]:
    """Return which of the items are left out when the event is declined, counted from 0."""
    return tuple(number for number, item in enumerate(items) if item.type in _WITH_THE_EVENT)


def kept_items(items: Sequence[Item], declined: Sequence[int]) -> Sequence[Item]:
    """Return the items without those that were declined."""
    return [item for number, item in enumerate(items) if number not in declined] if declined else items


def declined_outcomes(items: Sequence[Item], reason: str) -> Iterator[Outcome]:
    """Yield what became of items that were declined: one of each, and attachments by their bytes too."""
    is_crash = any(map(makes_event, items))
    if is_crash and not any(item.type == "event" for item in items):
        yield Outcome(category=Category.ERROR, verdict=Verdict.RATE_LIMITED, reason=reason)
    for item in items:
        if item.type == "attachment":
            yield from attachment_outcomes(len(item.payload), Verdict.RATE_LIMITED, reason)
        else:
            is_sketched = item.type == "event" and not is_crash
            category = _event_category(item.payload) if is_sketched else item_category(item.type)
            yield Outcome(category=category, verdict=Verdict.RATE_LIMITED, reason=reason)


def _event_category(payload: memoryview) -> Category:
    try:
        sketch = _sketch(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Category.ERROR
    if _is_there(sketch.exception):
        return event_category("error")
    return event_category(next((name for name in _SECURITY_TYPES if _is_there(getattr(sketch, name))), "default"))


def _is_there(value: msgspec.Raw) -> bool:
    return bytes(value) not in _EMPTY
