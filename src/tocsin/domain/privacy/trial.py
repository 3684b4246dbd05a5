"""What privacy options would make of an event, without storing anything: for trying rules before they are saved."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from tocsin.domain.event.arrival import Arrival, InvalidEvent
from tocsin.domain.event.normalise import normalise
from tocsin.domain.privacy.privacy import Privacy
from tocsin.domain.privacy.rule_text import rule_text
from tocsin.domain.privacy.rules import read_rules
from tocsin.domain.privacy.scrubber import Scrubber

CHANGES_MAX = 1000


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """An event, as an SDK sends it, and what is to be tried on it."""

    event: dict[str, Any]
    privacy: Privacy
    received: datetime


class Change(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that was taken out."""

    path: str
    """Keys and indexes, with dots between."""
    rule: str
    method: str
    """The letter of ``_meta`` (spec/ingest.md 3.12)."""
    start: int | None = None
    end: int | None = None
    original_length: int | None = None


class Tried(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of it."""

    event: dict[str, Any]
    """Normalised and scrubbed."""
    changes: list[Change]
    rules: list[str]
    """The advanced rules, as people read them."""
    slow_rules: list[str]
    """Rules for which there was no time left, so that texts were redacted unread."""


def tried(trial: Trial) -> Tried:
    """Return what would be stored of the event. Raises InvalidEvent, and Malformed for rules that cannot be read."""
    arrival = Arrival(project_id=0, event_id="0" * 32, received=trial.received)
    scrubber = Scrubber(trial.privacy)
    event = normalise({name: value for name, value in trial.event.items() if name != "_meta"}, arrival)
    try:
        slow = scrubber.scrub(event)
    except RecursionError:
        raise InvalidEvent("The event is nested too deeply.") from None
    return Tried(
        event=event,
        changes=list(islice(_changes(event.get("_meta", {}), ()), CHANGES_MAX)),
        rules=[line for text in trial.privacy.rules for line in rule_text(read_rules(text)).splitlines()],
        slow_rules=sorted(slow),
    )


def _changes(node: dict[str, Any], path: tuple[str, ...]) -> Iterator[Change]:
    for key, child in node.items():
        if key:
            yield from _changes(child, (*path, key))
            continue
        for rule, method, *span in child.get("rem", ()):
            start, end = span or (None, None)
            yield Change(
                path=".".join(path), rule=rule, method=method, start=start, end=end, original_length=child.get("len")
            )
