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
from tocsin.domain.privacy import DEFAULT_SCRUBBER, Privacy, Scrubber, scrubber_for

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


def digest(
    accepted: Accepted, limits: IntakeLimits, rules: GroupingRules, scrubber: Scrubber = DEFAULT_SCRUBBER
) -> Digested:
    """Return what *accepted* amounts to. Items nobody stores are named in ``outcomes``, never an error."""
    envelope = open_accepted(accepted, limits)
    made: list[Event | Attachment | Outcome] = []
    for item in envelope.items:
        if item.type in EVENT_ITEMS and not any(isinstance(each, Event) for each in made):
            made.append(_event_or_outcome(item, _arrival(envelope, accepted), rules, scrubber))
        elif item.type == "attachment" and accepted.event_id:
            made.append(_attachment_or_outcome(item, accepted, scrubber))
        else:
            made.append(Outcome(item.type, "not_stored", _why_not(item)))
    return Digested(
        events=tuple(each for each in made if isinstance(each, Event)),
        attachments=tuple(each for each in made if isinstance(each, Attachment)),
        outcomes=tuple(each for each in made if isinstance(each, Outcome)),
    )


def _why_not(item: Item) -> str:
    return "second_event" if item.type in EVENT_ITEMS else "unsupported"


def _event_or_outcome(item: Item, arrival: Arrival, rules: GroupingRules, scrubber: Scrubber) -> Event | Outcome:
    try:
        return _event(decode_event(item.payload), arrival, rules, scrubber)
    except InvalidEvent as invalid:
        return Outcome(item.type, "invalid", invalid.reason)


def _event(raw: dict[str, Any], arrival: Arrival, rules: GroupingRules, scrubber: Scrubber) -> Event:
    payload = normalise(raw, arrival)
    _scrub(payload, scrubber)
    evidence = apply_rules(payload, rules)
    return derive(payload, group_evidence(evidence, rules), arrival)


def _scrub(payload: dict[str, Any], scrubber: Scrubber) -> None:
    """Scrub before anything is derived: hashes, title, tags and search text know no more than the payload does."""
    try:
        scrubber.scrub(payload)
    except RecursionError:
        raise InvalidEvent("The event is nested too deeply.") from None


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


def _attachment_or_outcome(item: Item, accepted: Accepted, scrubber: Scrubber) -> Attachment | Outcome:
    headers = item.headers
    filename = str(headers.get("filename") or "unnamed")[:255]
    attachment_type = str(headers.get("attachment_type") or "event.attachment")[:64]
    data: bytes | None = None
    if scrubber.privacy.keeps(attachment_type):
        data = scrubber.attachment(filename, bytes(item.payload))
    if data is None:
        return Outcome(item.type, "filtered", "privacy")
    return Attachment(
        project_id=accepted.project_id,
        event_id=accepted.event_id,
        filename=filename,
        content_type=str(headers.get("content_type") or "application/octet-stream")[:255],
        attachment_type=attachment_type,
        data=data,
    )


class Chunk(msgspec.Struct, frozen=True):
    """What a worker process is given: requests, and how they are to be digested."""

    limits: IntakeLimits
    privacy: dict[int, Privacy]
    """By project; the default for projects that are not in it."""
    entries: tuple[Accepted, ...]


_decode_chunk = msgspec.msgpack.Decoder(Chunk).decode
_encode = msgspec.msgpack.Encoder().encode
_decode_results = msgspec.msgpack.Decoder(list[Digested | Failed]).decode


def encode_chunk(chunk: Chunk) -> bytes:
    """Return *chunk* as the bytes that ``digest_chunk`` takes in another process."""
    return _encode(chunk)


def digest_chunk(encoded: bytes) -> bytes:
    """Digest every request of an encoded chunk; a request that breaks a step fails alone. Runs in a worker process."""
    chunk = _decode_chunk(encoded)
    # Encoding each result at once keeps the events of a chunk from piling up before the garbage collector.
    return _encode([msgspec.Raw(_encode(_digest_or_fail(accepted, chunk))) for accepted in chunk.entries])


def decode_results(results: bytes) -> list[Digested | Failed]:
    """Return what ``digest_chunk`` answered, one result per request, in order."""
    return _decode_results(results)


def _digest_or_fail(accepted: Accepted, chunk: Chunk) -> Digested | Failed:
    try:
        privacy = chunk.privacy.get(accepted.project_id)
        scrubber = scrubber_for(privacy) if privacy else DEFAULT_SCRUBBER
        return digest(accepted, chunk.limits, DEFAULT_RULES, scrubber)
    except Refusal as refusal:
        return Failed(f"{refusal.code}: {refusal.detail}")
    except Exception as error:  # noqa: BLE001 - any fault of a step is kept with its entry and told there
        return Failed(_whereabouts(error))


def _whereabouts(error: Exception) -> str:
    """Return what went wrong and where. The text of the error stays out: it may quote the event, and is logged."""
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    if traceback is None:
        return type(error).__name__
    frame = traceback.tb_frame
    return f"{type(error).__name__} in {frame.f_globals.get('__name__')}, line {traceback.tb_lineno}"
