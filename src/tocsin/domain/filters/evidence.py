"""What a normalised event tells of who sent it and what failed."""

from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.domain.event.normalise.request import header_of

Payload = Mapping[str, Any]


def exceptions(event: Payload) -> list[dict[str, Any]]:
    """Return the exceptions of an event, oldest first."""
    return [value for value in (event.get("exception") or {}).get("values") or () if isinstance(value, dict)]


def messages(event: Payload) -> Iterator[str]:
    """Yield every text that says what failed: the log message, and exceptions with and without types, newest first."""
    logentry = event.get("logentry") or {}
    for text in (logentry.get("formatted"), logentry.get("message")):
        if text:
            yield str(text)
    for exception in reversed(exceptions(event)):
        value, type_ = str(exception.get("value") or ""), str(exception.get("type") or "")
        yield f"{type_}: {value}" if type_ and value else type_ or value
        if type_ and value:
            yield value


def user_agent(event: Payload) -> str:
    """Return what the user's browser says it is, ``""`` if nobody says."""
    request = event.get("request")
    return str(header_of(request, "User-Agent") or "") if request and request.get("headers") else ""


def header(event: Payload, name: str) -> str:
    """Return a header of the request that failed."""
    request = event.get("request")
    return str(header_of(request, name) or "") if request and request.get("headers") else ""


def newest_source(exception: Mapping[str, Any]) -> str:
    """Return where the newest frame that has a name comes from."""
    frames = (exception.get("stacktrace") or {}).get("frames") or ()
    for frame in reversed(frames):
        if frame and frame.get("abs_path") not in {None, "", "<anonymous>", "[native code]"}:
            return str(frame["abs_path"])
    return ""
