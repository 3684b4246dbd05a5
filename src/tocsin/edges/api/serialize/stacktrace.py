"""Stack traces and their frames as the API spells them (spec/search.md 5.5 ``entries``)."""

from collections.abc import Mapping
from typing import Any

Stored = Mapping[str, Any]

NAMES = {
    "abs_path": "absPath",
    "raw_function": "rawFunction",
    "symbol_addr": "symbolAddr",
    "instruction_addr": "instructionAddr",
    "lineno": "lineNo",
    "colno": "colNo",
    "in_app": "inApp",
}
"""Members of a frame that are spelt otherwise than they are stored."""

_FRAME_MEMBERS = (
    *("filename", "abs_path", "module", "package", "platform", "instruction_addr", "symbol_addr"),
    *("function", "raw_function", "symbol", "lineno", "colno", "trust", "vars"),
)


def stacktrace(stored: Stored | None) -> dict[str, Any] | None:
    """Return a stack trace, oldest call first; None where there are no frames."""
    if not stored or not stored.get("frames"):
        return None
    return {
        "frames": [_frame(frame) for frame in stored["frames"]],
        "framesOmitted": None,
        "registers": stored.get("registers"),
        "hasSystemFrames": has_system_frames(stored),
    }


def has_system_frames(stored: Stored | None) -> bool:
    """Say whether code of others stands among the code of the application, so that it can be folded away."""
    frames = (stored or {}).get("frames") or ()
    return len({bool(frame.get("in_app")) for frame in frames}) > 1


def source_lines(stored: Stored) -> list[list[Any]]:
    """Return the source around a place as ``[line number, text]``; nothing without its number or its text."""
    number, line = stored.get("lineno"), stored.get("context_line")
    if number is None or line is None:
        return []
    before = stored.get("pre_context") or []
    lines = [*before, line, *(stored.get("post_context") or [])]
    return [[at, text or ""] for at, text in enumerate(lines, number - len(before))]


def _frame(stored: Stored) -> dict[str, Any]:
    shown = {NAMES.get(name, name): stored.get(name) for name in _FRAME_MEMBERS}
    return shown | {"inApp": bool(stored.get("in_app")), "context": source_lines(stored), "errors": None}
