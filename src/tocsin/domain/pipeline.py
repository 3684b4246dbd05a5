"""The pure part of digest: from an accepted request to events, in steps that stand in one list."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from tocsin.domain.errors import Refusal
from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.arrival import Arrival, InvalidEvent
from tocsin.domain.event.decode import decode_event
from tocsin.domain.event.derive import derive
from tocsin.domain.event.envelope import Envelope, Item, open_accepted
from tocsin.domain.event.event import Event
from tocsin.domain.event.feedback import prepared_feedback
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.event.normalise import normalise
from tocsin.domain.event.normalise.clock import moment_of
from tocsin.domain.grouping import DEFAULT_RULES, GroupingRules, apply_rules, group_evidence
from tocsin.domain.monitor.check_in import InvalidCheckIn, SentCheckIn, read_check_in
from tocsin.domain.monitor.failure import EVENT_TYPE as FAILURE_TYPE
from tocsin.domain.monitor.failure import ITEM_TYPE as FAILURE_ITEM
from tocsin.domain.outcome import NOT_STORED, Category, Outcome, Source, Verdict, item_category
from tocsin.domain.privacy import DEFAULT_SCRUBBER, Scrubber, scrubber_for
from tocsin.domain.project_rules import DEFAULT_PROJECT_RULES, ProjectRules
from tocsin.domain.user_report import InvalidReport, UserReport, sent_user_report

EVENT_ITEMS = frozenset({"event", "feedback"})


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment of an event, on its way to the blob store."""

    project_id: int
    event_id: str
    filename: str
    content_type: str
    attachment_type: str
    data: bytes


class Digested(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Everything one accepted request amounts to."""

    source: Source
    events: tuple[Event, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    check_ins: tuple[SentCheckIn, ...] = ()
    reports: tuple[UserReport, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    """Of the items that came to nothing else; what becomes of the others is decided where they are stored."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """A request that broke one of the steps: our bug, kept as a dead letter with the reason."""

    reason: str


class _Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A request, and how its items are to be treated."""

    accepted: Accepted
    envelope: Envelope
    grouping: GroupingRules
    scrubber: Scrubber


_Made: TypeAlias = Event | Attachment | SentCheckIn | UserReport | Outcome


def digest(accepted: Accepted, limits: IntakeLimits, rules: ProjectRules = DEFAULT_PROJECT_RULES) -> Digested:
    """Return what *accepted* amounts to. Items nobody stores are named in ``outcomes``, never an error."""
    opened = _opened(accepted, limits, rules)
    made: list[_Made] = []
    for item in opened.envelope.items:
        if item.type in EVENT_ITEMS and any(isinstance(each, Event) for each in made):
            made.append(_invalid(item, "second_event"))
        else:
            made.extend(_TAKERS.get(item.type, _not_stored)(item, opened))
    return Digested(
        source=Source(project_id=accepted.project_id, public_key=accepted.public_key, received=accepted.received),
        events=tuple(each for each in made if isinstance(each, Event)),
        attachments=tuple(each for each in made if isinstance(each, Attachment)),
        check_ins=tuple(each for each in made if isinstance(each, SentCheckIn)),
        reports=tuple(each for each in made if isinstance(each, UserReport)),
        outcomes=tuple(each for each in made if isinstance(each, Outcome)),
    )


def _opened(accepted: Accepted, limits: IntakeLimits, rules: ProjectRules) -> _Opened:
    return _Opened(
        accepted=accepted,
        envelope=open_accepted(accepted, limits),
        grouping=DEFAULT_RULES,
        scrubber=DEFAULT_SCRUBBER if rules is DEFAULT_PROJECT_RULES else scrubber_for(rules.privacy),
    )


def _not_stored(item: Item, opened: _Opened) -> Iterable[Outcome]:  # noqa: ARG001 - as all takers
    yield Outcome(category=item_category(item.type), verdict=Verdict.FILTERED, reason=NOT_STORED)


def _invalid(item: Item, reason: str) -> Outcome:
    return Outcome(category=item_category(item.type), verdict=Verdict.INVALID, reason=reason)


def _take_event(item: Item, opened: _Opened) -> Iterable[Event | Outcome]:
    try:
        yield _event(decode_event(item.payload), _arrival(opened), opened)
    except InvalidEvent as invalid:
        yield _invalid(item, invalid.reason)


def _take_feedback(item: Item, opened: _Opened) -> Iterable[Event | Outcome]:
    try:
        raw = prepared_feedback(decode_event(item.payload), opened.accepted.event_id)
        yield _event(raw, _arrival(opened), opened)
    except InvalidEvent as invalid:
        yield _invalid(item, invalid.reason)


def _take_failure(item: Item, opened: _Opened) -> Iterable[Event | Outcome]:
    """Take what only we send: an item that came with a key is nobody's."""
    if opened.accepted.public_key:
        return _not_stored(item, opened)
    return [_event(decode_event(item.payload), _arrival(opened), opened, kind=FAILURE_TYPE)]


def _take_check_in(item: Item, opened: _Opened) -> Iterable[SentCheckIn | Outcome]:  # noqa: ARG001 - as all takers
    try:
        yield read_check_in(item.payload)
    except InvalidCheckIn as invalid:
        yield _invalid(item, invalid.reason)


def _take_user_report(item: Item, opened: _Opened) -> Iterable[UserReport | Outcome]:
    accepted = opened.accepted
    try:
        yield sent_user_report(item.payload, accepted.project_id, accepted.event_id, accepted.received)
    except InvalidReport as invalid:
        yield _invalid(item, invalid.reason)


def _event(raw: dict[str, Any], arrival: Arrival, opened: _Opened, kind: str = "") -> Event:
    payload = normalise(raw, arrival)
    if kind:
        payload["type"] = kind
    _scrub(payload, opened.scrubber)
    evidence = apply_rules(payload, opened.grouping)
    return derive(payload, group_evidence(evidence, opened.grouping), arrival)


def _scrub(payload: dict[str, Any], scrubber: Scrubber) -> None:
    """Scrub before anything is derived: hashes, title, tags and search text know no more than the payload does."""
    try:
        scrubber.scrub(payload)
    except RecursionError:
        raise InvalidEvent("The event is nested too deeply.") from None


def _arrival(opened: _Opened) -> Arrival:
    accepted, headers = opened.accepted, opened.envelope.headers
    return Arrival(
        project_id=accepted.project_id,
        event_id=accepted.event_id,
        received=accepted.received,
        sent_at=moment_of(headers.get("sent_at")),
        client_ip=accepted.client_ip,
        client=accepted.client,
        user_agent=accepted.user_agent,
        sdk=_object(headers.get("sdk")),
    )


def _object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _take_attachment(item: Item, opened: _Opened) -> Iterable[Attachment | Outcome]:
    accepted, headers, scrubber = opened.accepted, item.headers, opened.scrubber
    filename = str(headers.get("filename") or "unnamed")[:255]
    attachment_type = str(headers.get("attachment_type") or "event.attachment")[:64]
    if not accepted.event_id:
        return attachment_outcomes(len(item.payload), Verdict.INVALID, "no_event_id")
    data: bytes | None = None
    if scrubber.privacy.keeps(attachment_type):
        data = scrubber.attachment(filename, bytes(item.payload))
    if data is None:
        return attachment_outcomes(len(item.payload), Verdict.FILTERED, "privacy")
    attachment = Attachment(
        project_id=accepted.project_id,
        event_id=accepted.event_id,
        filename=filename,
        content_type=str(headers.get("content_type") or "application/octet-stream")[:255],
        attachment_type=attachment_type,
        data=data,
    )
    return [attachment]


def attachment_outcomes(size: int, verdict: Verdict, reason: str = "") -> list[Outcome]:
    """Return what became of one attachment of *size* bytes: it counts as bytes and as a piece."""
    return [
        Outcome(category=Category.ATTACHMENT, verdict=verdict, reason=reason, quantity=size),
        Outcome(category=Category.ATTACHMENT_ITEM, verdict=verdict, reason=reason),
    ]


_TAKERS: Mapping[str, Callable[[Item, _Opened], Iterable[_Made]]] = {
    "event": _take_event,
    "attachment": _take_attachment,
    "feedback": _take_feedback,
    "user_report": _take_user_report,
    "check_in": _take_check_in,
    FAILURE_ITEM: _take_failure,
}
"""What makes something of an item, by its type; all others come to nothing."""


class Chunk(msgspec.Struct, frozen=True):
    """What a worker process is given: requests, and how they are to be digested."""

    limits: IntakeLimits
    rules: dict[int, ProjectRules]
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
        return digest(accepted, chunk.limits, chunk.rules.get(accepted.project_id, DEFAULT_PROJECT_RULES))
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
