"""The envelope: one header line, then items, each a header line and a payload (spec/ingest.md section 2)."""

import json
import re
from typing import Any

import msgspec

from tocsin.domain.errors import Malformed, TooLarge, UnsupportedEncoding
from tocsin.domain.event.accepted import Accepted, BodyForm
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.event.project_key import Dsn, parse_dsn
from tocsin.domain.event.store_body import read_store_body
from tocsin.lib import decoding
from tocsin.lib.lenient_json import repaired

EVENT_TYPES = frozenset({"event", "transaction", "feedback"})
"""Item types whose payload is an event."""

_TYPES_WITH_EVENT_ID = EVENT_TYPES | {"attachment", "user_report", "profile", "replay_event", "replay_recording"}

_ENVELOPE_KEYS = (b'"event_id"', b'"dsn"', b'"sdk"', b'"sent_at"', b'"trace"')
_ITEM_KEYS = (b'"type"', b'"length"')
_LENGTH_MAX = 2**32 - 1

_EVENT_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_WHITE_SPACE = re.compile(rb"[ \t\r\n]*")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One item. The payload is a window on the envelope's body, not a copy: ``bytes(item.payload)`` outlives it."""

    headers: dict[str, Any]
    """Every key of spec/ingest.md 2.3 as sent; only ``type`` and ``length`` have been checked."""
    type: str
    payload: memoryview


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What one request holds, in the order sent. Nothing inside the payloads has been looked at."""

    headers: dict[str, Any]
    items: tuple[Item, ...]

    @property
    def event_id(self) -> str:
        """The ``event_id`` header as 32 lowercase hex digits, ``""`` without one. Raises Malformed."""
        sent = self.headers.get("event_id")
        if sent is None:
            return ""
        event_id = canonical_event_id(sent)
        if not event_id:
            raise Malformed("The envelope's event_id is no UUID; send 32 hexadecimal digits.")
        return event_id

    @property
    def dsn(self) -> Dsn | None:
        """What the ``dsn`` header names, None without one (spec/ingest.md 1.3). Raises Malformed."""
        sent = self.headers.get("dsn")
        if sent is None:
            return None
        if not isinstance(sent, str):
            raise Malformed("The envelope's dsn must be a string.")
        return parse_dsn(sent)

    @property
    def needs_event_id(self) -> bool:
        """Whether some item belongs to an event, so that the request must have an event id (spec/ingest.md 2.4)."""
        return any(item.type in _TYPES_WITH_EVENT_ID for item in self.items)

    @property
    def payload_event_id(self) -> str:
        """The id that the first event says it has, ``""`` without a usable one: for when the header has none."""
        for item in self.items:
            if item.type in EVENT_TYPES:
                return _id_within(item.payload)
        return ""


class _EventSketch(msgspec.Struct):
    event_id: Any = None


_DECODE_HEADERS = msgspec.json.Decoder(dict[str, Any]).decode
_DECODE_SKETCH = msgspec.json.Decoder(_EventSketch).decode


def canonical_event_id(sent: object) -> str:
    """Return a UUID, dashed or not, as 32 lowercase hex digits; ``""`` for anything else."""
    if not isinstance(sent, str) or _EVENT_ID.fullmatch(sent) is None:
        return ""
    return sent.replace("-", "").lower()


def open_accepted(accepted: Accepted, limits: IntakeLimits) -> Envelope:
    """Return the envelope that an accepted request holds; see ``open_body``."""
    return open_body(accepted.body, accepted.form, accepted.encoding, limits)


def open_body(body: bytes, form: BodyForm, encoding: str, limits: IntakeLimits) -> Envelope:
    """Decompress and parse a request body (spec/ingest.md 1.5, 2.1); a store body becomes an envelope of one event.

    Raises Malformed, TooLarge or UnsupportedEncoding.
    """
    plain = plain_body(body, encoding, limits)
    return parse(plain, limits) if form is BodyForm.ENVELOPE else _envelope_of_store(plain, limits)


def plain_body(body: bytes, encoding: str, limits: IntakeLimits) -> bytes:
    """Return a body without its Content-Encoding. Raises Malformed, TooLarge or UnsupportedEncoding."""
    try:
        return decoding.decoded(body, encoding, bytes_max=limits.envelope_bytes_max)
    except decoding.UnknownCodingError as error:
        raise UnsupportedEncoding("Unknown Content-Encoding; use gzip, deflate, br, zstd or none.") from error
    except decoding.UndecodableError as error:
        raise Malformed("The body cannot be decompressed; check its Content-Encoding.") from error
    except decoding.TooLongError as error:
        raise TooLarge(f"The body holds more than {limits.envelope_bytes_max} bytes; send less.") from error


def parse(body: bytes, limits: IntakeLimits) -> Envelope:
    """Return the envelope that *body*, already decompressed, holds (spec/ingest.md 2.1).

    Items of every type are kept, known or not. Raises Malformed, or TooLarge when a limit of 1.6 is exceeded.
    """
    if not body:
        raise Malformed("The body is empty; send an envelope.")
    line = _line(body, 0, limits)
    headers = _headers(line, _ENVELOPE_KEYS)
    items = _items(body, len(line) + 1, limits)
    _refuse_overweight(items, limits)
    return Envelope(headers=headers, items=items)


def _items(body: bytes, position: int, limits: IntakeLimits) -> tuple[Item, ...]:
    window = memoryview(body)
    items: list[Item] = []
    while (position := _after_white_space(body, position)) < len(body):
        if len(items) == limits.envelope_items_max:
            raise TooLarge(f"The envelope has more than {limits.envelope_items_max} items; send fewer.")
        line = _line(body, position, limits)
        headers = _headers(line, _ITEM_KEYS)
        item_type = _item_type(headers)
        start = min(position + len(line) + 1, len(body))
        position = _payload_end(body, start, headers.get("length"))
        if item_type in EVENT_TYPES and body.endswith(b"\n", start, position):
            raise Malformed("An event's length counts the line break after it; count the bytes of the JSON alone.")
        items.append(Item(headers=headers, type=item_type, payload=window[start:position]))
    return tuple(items)


def _after_white_space(body: bytes, position: int) -> int:
    """Skip blank lines, as a JSON reader would."""
    if body[position : position + 1] > b" ":
        return position
    found = _WHITE_SPACE.match(body, position)
    return found.end() if found else position


def _line(body: bytes, start: int, limits: IntakeLimits) -> bytes:
    end_max = start + limits.header_bytes_max + 1
    end = body.find(b"\n", start, end_max)
    line = body[start : end_max if end < 0 else end]
    if len(line) > limits.header_bytes_max:
        raise TooLarge(f"A header line is longer than {limits.header_bytes_max} bytes; send less in it.")
    return line


def _headers(line: bytes, unique_keys: tuple[bytes, ...]) -> dict[str, Any]:
    try:
        headers = _DECODE_HEADERS(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        headers = _repaired_headers(line)
    # With a colon for each key and none besides, every key stands there once.
    if line.count(b":") != len(headers):
        for key in unique_keys:
            if line.count(key) > 1:
                _refuse_duplicate_keys(line)
    return headers


def _repaired_headers(line: bytes) -> dict[str, Any]:
    # A release or transaction name cut in the middle of a surrogate pair must not cost the event.
    try:
        return _DECODE_HEADERS(repaired(line))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Malformed("A header line of the envelope is not a JSON object; one line must hold it whole.") from error


def _refuse_duplicate_keys(line: bytes) -> None:
    keys = json.loads(line.decode("utf-8-sig", "replace"), object_pairs_hook=_keys, strict=False)
    if len(keys) != len(set(keys)):
        raise Malformed("A header line of the envelope has the same key twice; send each once.")


def _keys(pairs: list[tuple[str, Any]]) -> tuple[str, ...]:
    return tuple(key for key, _ in pairs)


def _item_type(headers: dict[str, Any]) -> str:
    item_type = headers.get("type")
    if not isinstance(item_type, str):
        raise Malformed("An item header has no type; send one such as event.")
    return item_type


def _payload_end(body: bytes, start: int, length: object) -> int:
    if length is None:
        end = body.find(b"\n", start)
        return len(body) if end < 0 else end
    if type(length) is not int or not 0 <= length <= _LENGTH_MAX:
        raise Malformed("An item's length must be the number of bytes of its payload.")
    end = start + length
    if end > len(body):
        raise Malformed(f"An item says it has {length} bytes but the envelope ends before.")
    if end < len(body) and body[end] != 0x0A:
        raise Malformed(f"An item of {length} bytes is not followed by a line break; check its length.")
    return end


def _id_within(payload: memoryview) -> str:
    try:
        return canonical_event_id(_DECODE_SKETCH(payload).event_id)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


class _Kind(msgspec.Struct, frozen=True):
    """Item types that share a budget; the names of the limits that set it."""

    types: tuple[str, ...]
    bytes_max: str
    count_max: str = "envelope_items_max"


_KINDS = (
    _Kind(("event", "transaction", "security", "feedback", "replay_event", "form_data"), "event_bytes_max"),
    _Kind(("attachment", "user_report"), "attachment_bytes_max", "attachments_max"),
    _Kind(("session", "sessions"), "container_bytes_max", "sessions_max"),
    _Kind(("client_report",), "client_report_bytes_max"),
    _Kind(("check_in",), "check_in_bytes_max"),
    _Kind(("log", "otel_log"), "container_bytes_max"),
    _Kind(("span", "otel_span"), "container_bytes_max"),
    _Kind(("trace_metric", "statsd", "metric_buckets", "metric_meta"), "container_bytes_max"),
    _Kind(("profile", "profile_chunk"), "profile_bytes_max"),
    _Kind(("replay_recording", "replay_video"), "replay_bytes_max"),
)
_KIND_OF = {item_type: kind for kind in _KINDS for item_type in kind.types}


def _refuse_overweight(items: tuple[Item, ...], limits: IntakeLimits) -> None:
    held: dict[str, list[int]] = {}
    for item in items:
        if (kind := _KIND_OF.get(item.type)) is not None:
            held.setdefault(kind.types[0], []).append(len(item.payload))
    for name, sizes in held.items():
        kind = _KIND_OF[name]
        if sum(sizes) > (bytes_max := getattr(limits, kind.bytes_max)):
            raise TooLarge(f"Items of the kind {name} may hold {bytes_max} bytes in one envelope; send less.")
        if len(sizes) > (count_max := getattr(limits, kind.count_max)):
            raise TooLarge(f"One envelope may have {count_max} items of the kind {name}; send fewer.")


def _envelope_of_store(body: bytes, limits: IntakeLimits) -> Envelope:
    stored = read_store_body(body, bytes_max=limits.event_bytes_max)
    item_type = "transaction" if stored.is_transaction else "event"
    item = Item(headers={"type": item_type}, type=item_type, payload=memoryview(stored.payload))
    return Envelope(headers={}, items=(item,))
