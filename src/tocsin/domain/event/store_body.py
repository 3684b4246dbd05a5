"""The store endpoint's body: one event as JSON, in the wrappings of many years (spec/ingest.md 1.5)."""

import base64
import binascii

import msgspec

from tocsin.domain.errors import Malformed, TooLarge
from tocsin.lib import decoding
from tocsin.lib.lenient_json import repaired


class StoreBody(msgspec.Struct, frozen=True, kw_only=True):
    """One bare event."""

    payload: bytes
    """A JSON object, strict even if the client's was not."""
    is_transaction: bool


def read_store_body(body: bytes, *, bytes_max: int) -> StoreBody:
    """Return the event in *body*: JSON, base64 of JSON, or base64 of zlib of JSON; ``NaN`` and the like become null.

    Every client is read leniently, not only those known to write ``NaN``. Raises Malformed or TooLarge.
    """
    text = _unwrapped(body, bytes_max)
    if len(text) > bytes_max:
        raise _too_large(bytes_max)
    text, event = _strict(text)
    if not isinstance(event, dict):
        raise Malformed("The body must be one event: a JSON object.")
    return StoreBody(payload=text, is_transaction=event.get("type") == "transaction")


def _unwrapped(body: bytes, bytes_max: int) -> bytes:
    if not body.strip():
        raise Malformed("The body is empty; send one event as JSON.")
    if _is_json(body):
        return body
    try:
        inner = base64.b64decode(body)
        return inner if _is_json(inner) else decoding.decoded(inner, "deflate", bytes_max=bytes_max)
    except (binascii.Error, decoding.UndecodableError) as error:
        raise Malformed("The body is neither JSON nor base64 of (compressed) JSON.") from error
    except decoding.TooLongError as error:
        raise _too_large(bytes_max) from error


def _is_json(text: bytes) -> bool:
    return text.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def _strict(text: bytes) -> tuple[bytes, object]:
    try:
        return text, msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError as error:
        raise Malformed("The event is nested too deep.") from error
    try:
        text = repaired(text)
        return text, msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Malformed("The body is not JSON.") from error


def _too_large(bytes_max: int) -> TooLarge:
    return TooLarge(f"The event holds more than {bytes_max} bytes; send less.")
