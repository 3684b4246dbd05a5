"""Frames, stack traces and threads (spec/ingest.md 3.2, 3.11)."""

from typing import Any
from urllib.parse import urlsplit

import msgspec

from tocsin.domain.event.normalise.databags import OTHER, VARIABLES
from tocsin.domain.event.normalise.remarks import Path, Remarks
from tocsin.domain.event.normalise.shapes import (
    FilePath,
    Flag,
    Identifier,
    Number,
    Object,
    Shape,
    Text,
    Text128,
    Text256,
    Text512,
    Texts,
    clean_object,
    values_of,
)

FRAMES_MAX = 250
FRAMES_WITH_DETAILS_MAX = 50
THREADS_MAX = 1000


class _Frame(msgspec.Struct, gc=False):
    function: Text512 = None
    raw_function: Text512 = None
    symbol: Text512 = None
    module: Text256 = None
    package: Text256 = None
    filename: FilePath = None
    abs_path: FilePath = None
    lineno: Number = None
    colno: Number = None
    platform: Text128 = None
    in_app: Flag = None
    pre_context: Texts = None
    context_line: Text = None
    post_context: Texts = None
    vars: Object = None
    data: Object = None
    trust: Text128 = None
    lang: Text128 = None


class _Stacktrace(msgspec.Struct, gc=False):
    frames: list[Any] | None = None
    registers: Object = None
    lang: Text128 = None
    snapshot: Flag = None


class _Thread(msgspec.Struct, gc=False):
    id: Identifier = None
    name: Text256 = None
    crashed: Flag = None
    current: Flag = None
    main: Flag = None
    state: Text128 = None
    stacktrace: Object = None
    raw_stacktrace: Object = None
    held_locks: Object = None


def _numbered(value: Any) -> Any:
    return {str(index): element for index, element in enumerate(value)} if isinstance(value, list) else value


def _line_number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


_FRAME = Shape(_Frame, {"vars": _numbered, "lineno": _line_number, "colno": _line_number})
_STACKTRACE = Shape(_Stacktrace)
_THREAD = Shape(_Thread)


def clean_stacktrace(value: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return a stack trace whose frames are within their limits, oldest call first."""
    stacktrace = clean_object(value, path, remarks)
    if stacktrace is None:
        return None
    _STACKTRACE.fit(stacktrace, path, remarks)
    frames = stacktrace.get("frames")
    if frames:
        stacktrace["frames"] = _clean_frames(frames, (*path, "frames"), remarks)
    return stacktrace or None


def clean_stacktraces_of(owner: dict[str, Any], path: Path, remarks: Remarks) -> None:
    """Clean the stack traces of an exception or a thread, in place."""
    for name in ("stacktrace", "raw_stacktrace"):
        if owner.get(name) is not None:
            stacktrace = clean_stacktrace(owner.pop(name), (*path, name), remarks)
            if stacktrace:
                owner[name] = stacktrace


def clean_threads(sent: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return the threads as ``{"values": […]}``."""
    values = values_of(sent, path, remarks)
    if not values:
        return None
    path = (*path, "values")
    threads = _THREAD.fit_all(values[:THREADS_MAX], path, remarks)
    for index, thread in enumerate(threads):
        clean_stacktraces_of(thread, (*path, str(index)), remarks)
    return {"values": threads} if threads else None


def _clean_frames(frames: list[Any], path: Path, remarks: Remarks) -> list[dict[str, Any]]:
    if len(frames) > FRAMES_MAX:
        remarks.shortened(path, len(frames))
        remarks.renumbered(path, len(frames) - FRAMES_MAX)
        frames = frames[-FRAMES_MAX:]
    frames = _FRAME.fit_all(frames, path, remarks)
    for index, frame in enumerate(frames):
        if not (frame.get("abs_path") and frame.get("filename")):
            _settle_paths(frame)
        variables = frame.get("vars")
        if variables:
            frame["vars"] = VARIABLES.kept(variables, (*path, str(index), "vars"), remarks)
        if frame.get("data"):
            frame["data"] = OTHER.kept(frame["data"], (*path, str(index), "data"), remarks)
    if len(frames) > FRAMES_WITH_DETAILS_MAX:
        _drop_details(frames)
    return frames


def _settle_paths(frame: dict[str, Any]) -> None:
    """Let the absolute path and the file name stand in for each other."""
    filename = frame.get("filename")
    abs_path = frame.get("abs_path")
    if not abs_path and not filename:
        return
    if not abs_path:
        frame["abs_path"] = filename
        frame["filename"] = _file_of(filename or "")
    elif not filename:
        frame["filename"] = _file_of(abs_path)


def _file_of(abs_path: str) -> str:
    if abs_path.startswith(("http:", "https:", "file:", "applewebdata:")):
        try:
            path = urlsplit(abs_path).path
        except ValueError:
            return abs_path
        return path if path not in {"", "/"} else abs_path
    return abs_path


def _drop_details(frames: list[dict[str, Any]]) -> None:
    """Take variables and source context from the middle frames, those of libraries first."""
    surplus = len(frames) - FRAMES_WITH_DETAILS_MAX
    system = [frame for frame in frames if not frame.get("in_app")]
    in_app = [frame for frame in frames if frame.get("in_app")]
    for group, count in ((system, min(surplus, len(system))), (in_app, max(0, surplus - len(system)))):
        start = (len(group) - count + 1) // 2
        for frame in group[start : start + count]:
            for name in ("vars", "pre_context", "post_context"):
                frame.pop(name, None)
