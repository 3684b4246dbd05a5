"""The pure part of digest: from an accepted request to events, in steps that stand in one list."""

from typing import Any

import msgspec

from tocsin.domain.errors import Refusal
from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.arrival import Arrival, InvalidEvent
from tocsin.domain.event.decode import decode_event
from tocsin.domain.event.derive import derive
from tocsin.domain.event.envelope import Envelope, Item, open_accepted
from tocsin.domain.event.event import Event
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.event.normalise import normalise
from tocsin.domain.event.normalise.clock import moment_of
from tocsin.domain.grouping import DEFAULT_RULES, GroupingRules, apply_rules, group_evidence

EVENT_ITEMS = frozenset({"event"})


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment of an event, on its way to the blob store."""

    project_id: int
    event_id: str
    filename: str
    content_type: str
    attachment_type: str
    data: bytes


class Outcome(msgspec.Struct, frozen=True):
    """What became of one item that is not stored, and why (spec/ingest.md 6.9)."""

    item_type: str
    outcome: str
    reason: str


class Digested(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Everything one accepted request amounts to."""

    events: tuple[Event, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


class Failed(msgspec.Struct, frozen=True, tag=True):
    """A request that broke one of the steps: our bug, kept as a dead letter with the reason."""

    reason: str


def digest(accepted: Accepted, limits: IntakeLimits, rules: GroupingRules) -> Digested:
    """Return what *accepted* amounts to. Items nobody stores are named in ``outcomes``, never an error."""
    envelope = open_accepted(accepted, limits)
    events: list[Event] = []
    attachments: list[Attachment] = []
    outcomes: list[Outcome] = []
    for item in envelope.items:
        if item.type in EVENT_ITEMS and not events:
            _add_event(item, envelope, accepted, rules, events, outcomes)
        elif item.type == "attachment" and accepted.event_id:
            attachments.append(_attachment(item, accepted))
        else:
            outcomes.append(Outcome(item.type, "not_stored", _why_not(item)))
    return Digested(events=tuple(events), attachments=tuple(attachments), outcomes=tuple(outcomes))


def _why_not(item: Item) -> str:
    return "second_event" if item.type in EVENT_ITEMS else "unsupported"


def _add_event(
    item: Item,
    envelope: Envelope,
    accepted: Accepted,
    rules: GroupingRules,
    events: list[Event],
    outcomes: list[Outcome],
) -> None:
    try:
        raw = decode_event(item.payload)
        events.append(_event(raw, _arrival(envelope, accepted), rules))
    except InvalidEvent as invalid:
        outcomes.append(Outcome(item.type, "invalid", invalid.reason))


def _event(raw: dict[str, Any], arrival: Arrival, rules: GroupingRules) -> Event:
    payload = normalise(raw, arrival)
    evidence = apply_rules(payload, rules)
    return derive(payload, group_evidence(evidence, rules), arrival)


def _arrival(envelope: Envelope, accepted: Accepted) -> Arrival:
    return Arrival(
        project_id=accepted.project_id,
        event_id=accepted.event_id,
        received=accepted.received,
        sent_at=moment_of(envelope.headers.get("sent_at")),
        client_ip=accepted.client_ip,
        client=accepted.client,
        user_agent=accepted.user_agent,
        sdk=_object(envelope.headers.get("sdk")),
    )


def _object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _attachment(item: Item, accepted: Accepted) -> Attachment:
    headers = item.headers
    return Attachment(
        project_id=accepted.project_id,
        event_id=accepted.event_id,
        filename=str(headers.get("filename") or "unnamed")[:255],
        content_type=str(headers.get("content_type") or "application/octet-stream")[:255],
        attachment_type=str(headers.get("attachment_type") or "event.attachment")[:64],
        data=bytes(item.payload),
    )


_Chunk = tuple[IntakeLimits, tuple[Accepted, ...]]
_decode_chunk = msgspec.msgpack.Decoder(_Chunk).decode
_encode = msgspec.msgpack.Encoder().encode
_decode_results = msgspec.msgpack.Decoder(list[Digested | Failed]).decode


def encode_chunk(limits: IntakeLimits, entries: tuple[Accepted, ...]) -> bytes:
    """Return *entries* as the bytes that ``digest_chunk`` takes in another process."""
    return _encode((limits, entries))


def digest_chunk(chunk: bytes) -> bytes:
    """Digest every request of an encoded chunk; a request that breaks a step fails alone. Runs in a worker process."""
    limits, entries = _decode_chunk(chunk)
    # Encoding each result at once keeps the events of a chunk from piling up before the garbage collector.
    return _encode([msgspec.Raw(_encode(_digest_or_fail(accepted, limits))) for accepted in entries])


def decode_results(results: bytes) -> list[Digested | Failed]:
    """Return what ``digest_chunk`` answered, one result per request, in order."""
    return _decode_results(results)


def _digest_or_fail(accepted: Accepted, limits: IntakeLimits) -> Digested | Failed:
    try:
        return digest(accepted, limits, DEFAULT_RULES)
    except Refusal as refusal:
        return Failed(f"{refusal.code}: {refusal.detail}")
    except Exception as error:  # noqa: BLE001 - any fault of a step is kept with its entry and told there
        return Failed(f"{type(error).__name__}: {error}"[:1000])
