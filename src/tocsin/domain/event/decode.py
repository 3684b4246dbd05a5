"""From the bytes of an event item to a JSON object."""

from typing import Any

import msgspec

from tocsin.domain.event.arrival import InvalidEvent
from tocsin.lib.lenient_json import repaired

_decode = msgspec.json.Decoder().decode


def decode_event(body: bytes | memoryview) -> dict[str, Any]:
    """Return the JSON object in *body*, strict or as careless clients write it.

    Anything else raises InvalidEvent (spec/ingest.md 1.5, 3).
    """
    try:
        event = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        event = _decode_leniently(bytes(body))
    except RecursionError:
        raise InvalidEvent("The event is nested too deeply.") from None
    if not isinstance(event, dict):
        raise InvalidEvent("The event is not a JSON object.")
    return event


def _decode_leniently(body: bytes) -> Any:
    try:
        return _decode(repaired(body))
    except (ValueError, RecursionError) as problem:
        raise InvalidEvent(f"The event is not JSON: {problem}") from problem
