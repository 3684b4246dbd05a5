"""Crash reports of native programs: minidumps with what came along, and Unreal's containers (spec/ingest.md 1.10)."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from tocsin.domain.errors import Malformed, TooLarge, UnsupportedMediaType
from tocsin.domain.event.crash import merged, msgpack_event
from tocsin.domain.event.envelope import canonical_event_id
from tocsin.domain.event.minidump import is_minidump
from tocsin.domain.posts.post import Packed, Parcels, Post, envelope_of, event_item, form_of
from tocsin.lib.containers import unpacked
from tocsin.lib.decoding import TooLongError, UndecodableError
from tocsin.lib.form_data import Part

_DUMP_FIELD: Final = "upload_file_minidump"
_RAW_TYPES: Final = frozenset({"application/octet-stream", "application/x-dmp"})
_CHUNK: Final = re.compile(r"sentry__(\d{1,4})", re.ASCII)
_BRACKETED: Final = re.compile(r"sentry((?:\[[^\[\]]*\])+)")
_BRACKETS_MAX: Final = 16
_TYPES_BY_NAME: Final = {
    "__sentry-breadcrumb1": "event.breadcrumbs",
    "__sentry-breadcrumb2": "event.breadcrumbs",
    "view-hierarchy.json": "event.view_hierarchy",
}


def take_minidump(post: Post) -> Parcels:
    """Return a minidump, the other files of its form, and the event that its fields tell of.

    Raises Malformed, TooLarge or UnsupportedMediaType.
    """
    if post.media_type in _RAW_TYPES:
        parts: Sequence[Part] = [Part(name=_DUMP_FIELD, filename="minidump.dmp", content_type="", data=post.body)]
    elif post.media_type == "multipart/form-data":
        parts = form_of(post)
    else:
        raise UnsupportedMediaType("Minidumps come as multipart/form-data or application/x-dmp.")
    dump = next((part for part in parts if part.name == _DUMP_FIELD), None)
    if dump is None:
        raise Malformed(f"The form has no file {_DUMP_FIELD}; send the minidump as that.")
    others = [part for part in parts if part is not dump]
    event, ids = _event(others)
    files = [_attachment(part) for part in others if _is_file(part)]
    items = [event_item(event), _dump_item(dump, post.limits.attachment_bytes_max), *files]
    return Parcels(envelopes=(envelope_of(items, event_id=next(filter(None, ids), "")),))


def take_unreal(post: Post) -> Parcels:
    """Return Unreal's container as a file of a fatal event; it is not opened. Raises Malformed."""
    if not post.body:
        raise Malformed("The body is empty; send the crash container.")
    crash = {
        "platform": "native",
        "level": "fatal",
        "exception": {
            "values": [{"type": "Unreal crash", "value": "", "mechanism": {"type": "unreal", "handled": False}}]
        },
    }
    container = Packed({"type": "attachment", "filename": "unreal.uecrash"}, post.body)
    return Parcels(envelopes=(envelope_of([event_item(crash), container]),))


def _dump_item(part: Part, bytes_max: int) -> Packed:
    try:
        data, suffix = unpacked(part.data, bytes_max=bytes_max)
    except TooLongError as error:
        raise TooLarge(f"The minidump holds more than {bytes_max} bytes; send less.") from error
    except UndecodableError as error:
        raise Malformed("The minidump cannot be decompressed; send it whole.") from error
    if not is_minidump(data):
        raise Malformed("The file is no minidump; it must begin with MDMP.")
    filename = (part.filename or "minidump.dmp").removesuffix(suffix)
    headers = {"type": "attachment", "attachment_type": "event.minidump", "filename": filename}
    return Packed(headers | {"content_type": "application/x-dmp"}, data)


def _is_file(part: Part) -> bool:
    return part.name != "__sentry-event" and (part.filename is not None or part.name in _TYPES_BY_NAME)


def _attachment(part: Part) -> Packed:
    filename = part.filename or part.name
    kind = _TYPES_BY_NAME.get(part.name) or _TYPES_BY_NAME.get(filename, "event.attachment")
    headers = {"type": "attachment", "attachment_type": kind, "filename": filename}
    return Packed(headers | ({"content_type": part.content_type} if part.content_type else {}), part.data)


class _Fields(msgspec.Struct):
    """What the fields of a form say of the event, by how they say it."""

    packed: dict[str, Any] = {}
    """MessagePack."""
    whole: dict[str, Any] = {}
    chunks: dict[int, str] = {}
    bracketed: dict[str, Any] = {}
    extra: dict[str, str] = {}
    """Fields that nobody knows."""


def _event(parts: Iterable[Part]) -> tuple[dict[str, Any], list[str]]:
    """Return the event that form fields tell of, and the ids it is given, of which the first counts."""
    fields = _Fields()
    for part in parts:
        if part.name == "__sentry-event":
            fields.packed = msgpack_event(part.data)
        elif not _is_file(part):
            _read_field(fields, part.name, part.text)
    joined = _json("".join(fields.chunks[number] for number in sorted(fields.chunks))) or {}
    ids = [canonical_event_id(one.get("event_id")) for one in (fields.packed, fields.whole, joined, fields.bracketed)]
    event: dict[str, Any] = {"extra": fields.extra} if fields.extra else {}
    for one in (fields.packed, joined, fields.whole, fields.bracketed):
        event = merged(event, one)
    return event, ids


def _read_field(fields: _Fields, name: str, text: str) -> None:
    if name == "sentry" and (event := _json(text)) is not None:
        fields.whole = event
    elif found := _CHUNK.fullmatch(name):
        fields.chunks[int(found[1])] = text
    elif found := _BRACKETED.fullmatch(name):
        _put(fields.bracketed, found[1], text)
    else:
        fields.extra[name] = text


def _json(text: str) -> dict[str, Any] | None:
    try:
        event = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _put(event: dict[str, Any], brackets: str, value: str) -> None:
    """Set what ``[a][b]`` names; what stands in the way of an object gives way."""
    names = brackets[1:-1].split("][")[:_BRACKETS_MAX]
    for name in names[:-1]:
        inner = event.get(name)
        if not isinstance(inner, dict):
            inner = event[name] = {}
        event = inner
    event[names[-1]] = value
