"""Which exception and which frame an event is about (spec/ingest.md 4.1, 4.2)."""

from typing import Any

_NAMELESS = frozenset({None, "", "<redacted>", "<unknown>"})


def exceptions_of(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the exceptions, root cause first."""
    exception = payload.get("exception")
    return exception["values"] if exception else []


def main_exception(exceptions: list[dict[str, Any]], exception_id: int | None) -> dict[str, Any] | None:
    """Return the exception that grouping chose by its mechanism's id, else the one raised last."""
    if exception_id is not None:
        for exception in exceptions:
            if (exception.get("mechanism") or {}).get("exception_id") == exception_id:
                return exception
    return exceptions[-1] if exceptions else None


def frames_of(owner: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the frames of an exception, a thread or the event itself, newest last."""
    stacktrace = owner.get("stacktrace") if owner else None
    frames: list[dict[str, Any]] = (stacktrace.get("frames") or []) if stacktrace else []
    return frames


def all_frames(payload: dict[str, Any], exceptions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return every frame that tells what happened: of the exceptions, else of the event, else of the threads."""
    frames = [frame for exception in exceptions for frame in frames_of(exception)]
    return frames or frames_of(payload) or [frame for thread in _threads(payload) for frame in frames_of(thread)]


def crash_frame(payload: dict[str, Any], exceptions: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the newest in-app frame that has a name, else the newest frame that has one, else nothing."""
    frames = frames_of(exceptions[-1] if exceptions else None) or frames_of(payload) or _frames_of_only_thread(payload)
    newest: dict[str, Any] = {}
    for frame in frames[::-1]:
        if frame.get("function") not in _NAMELESS:
            if frame.get("in_app"):
                return frame
            newest = newest or frame
    return newest


def newest_in_app(frames: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the newest in-app frame, else the newest, else nothing."""
    for frame in frames[::-1]:
        if frame.get("in_app"):
            return frame
    return frames[-1] if frames else {}


def _threads(payload: dict[str, Any]) -> list[dict[str, Any]]:
    threads = payload.get("threads")
    return threads["values"] if threads else []


def _frames_of_only_thread(payload: dict[str, Any]) -> list[dict[str, Any]]:
    threads = _threads(payload)
    return frames_of(threads[0]) if len(threads) == 1 else []
