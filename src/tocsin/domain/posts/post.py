"""One request to an endpoint that takes no envelopes, and the envelopes that come of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.errors import Malformed, TooLarge
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.outcome import Outcome
from tocsin.lib.form_data import Part, TooManyPartsError, UnreadableFormError, form_parts

_FIELDS_MAX = 400


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """The request, its body decompressed."""

    name: str = ""
    """What the path names besides the project: a monitor's slug, an event's id."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lowercase name."""
    client_ip: str = ""
    received: datetime
    limits: IntakeLimits
    body: bytes

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, ``""`` without one."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Parcels(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a request."""

    envelopes: tuple[bytes, ...] = ()
    """To be kept, each with its own event at most."""
    outcomes: tuple[Outcome, ...] = ()
    """Of what is kept by nobody."""


class Packed(msgspec.Struct, frozen=True):
    """One item of an envelope that is being made."""

    headers: Mapping[str, Any]
    payload: bytes


def envelope_of(items: Iterable[Packed], *, event_id: str = "") -> bytes:
    """Return an envelope as bytes; *event_id* is ``""`` when the intake is to make one."""
    lines = [msgspec.json.encode({"event_id": event_id} if event_id else {})]
    for item in items:
        lines += [msgspec.json.encode({**item.headers, "length": len(item.payload)}), item.payload]
    return b"\n".join(lines)


def event_item(event: Mapping[str, Any]) -> Packed:
    """Return an event as an item."""
    return Packed({"type": "event"}, msgspec.json.encode(event))


def form_of(post: Post) -> list[Part]:
    """Return the parts of a multipart body. Raises Malformed or TooLarge."""
    parts_max = post.limits.attachments_max + _FIELDS_MAX
    try:
        return form_parts(post.body, post.headers.get("content-type", ""), parts_max=parts_max)
    except TooManyPartsError as error:
        raise TooLarge(f"A form may have {parts_max} parts with short headers; send less.") from error
    except UnreadableFormError as error:
        raise Malformed("The body is not the form that its Content-Type says; check the boundary.") from error
