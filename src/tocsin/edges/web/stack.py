"""Stack traces for people: the newest call first, the frame that raised open, the frames of libraries folded."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from tocsin.edges.web.plain import Field, fields_of

Stored = Mapping[str, Any]
"""A part of a normalised event."""


class SourceLine(msgspec.Struct, frozen=True):
    """One line of source, and whether it is the one that was running."""

    number: int
    text: str
    is_current: bool


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One call."""

    place: str
    """File or module, with the line where it is known: ``pump/valves.py:42``."""
    function: str
    full_path: str
    is_own: bool
    """Whether it is code of the application rather than of a library."""
    is_open: bool
    lines: tuple[SourceLine, ...]
    variables: tuple[Field, ...]

    @property
    def has_more(self) -> bool:
        """Whether there is anything to unfold."""
        return bool(self.lines or self.variables)


class Run(msgspec.Struct, frozen=True):
    """Frames that follow one another: of the application, or of libraries."""

    frames: tuple[Frame, ...]
    is_folded: bool

    @property
    def libraries(self) -> str:
        """Where the frames come from, as the fold says it: ``django and 2 more``."""
        packages = list(dict.fromkeys(_package(frame) for frame in self.frames))
        return packages[0] if len(packages) == 1 else f"{packages[0]} and {len(packages) - 1} more"


class Stack(msgspec.Struct, frozen=True):
    """A stack trace, newest call first."""

    runs: tuple[Run, ...]


class Raised(msgspec.Struct, frozen=True, kw_only=True):
    """One exception of a chain."""

    type: str
    value: str
    module: str
    mechanism: str
    is_unhandled: bool
    stack: Stack | None


def raised(payload: Stored) -> tuple[Raised, ...]:
    """Return the exceptions of an event, the one that ended it first."""
    values = list(reversed((payload.get("exception") or {}).get("values") or []))
    return tuple(_raised(value) for value in values)


def threads(payload: Stored) -> tuple[tuple[str, Stack], ...]:
    """Return the crashed and the current thread of an event by name, those with frames."""
    values = (payload.get("threads") or {}).get("values") or []
    chosen = [value for value in values if value.get("crashed") or value.get("current")] or values[:1]
    named = (
        (str(value.get("name") or f"Thread {value.get('id')}"), stack(value.get("stacktrace"))) for value in chosen
    )
    return tuple((name, shown) for name, shown in named if shown)


def stack(stored: Stored | None) -> Stack | None:
    """Return a stored stack trace for people; None when it has no frames."""
    frames = list(reversed((stored or {}).get("frames") or []))
    if not frames:
        return None
    own = [bool(frame.get("in_app")) for frame in frames]
    raising = own.index(True) if any(own) else 0
    shown = [_frame(frame, is_open=index == raising) for index, frame in enumerate(frames)]
    return Stack(tuple(_runs(shown)))


def _raised(stored: Stored) -> Raised:
    mechanism = stored.get("mechanism") or {}
    return Raised(
        type=stored.get("type") or "",
        value=stored.get("value") or "",
        module=stored.get("module") or "",
        mechanism=str(mechanism.get("type") or ""),
        is_unhandled=mechanism.get("handled") is False,
        stack=stack(stored.get("stacktrace")),
    )


def _runs(frames: Sequence[Frame]) -> Iterator[Run]:
    """Yield runs of own and of library frames; a library frame alone, or the one that is open, is not folded."""
    for is_folded, run in groupby(frames, lambda frame: not frame.is_own and not frame.is_open):
        together = tuple(run)
        yield Run(together, is_folded and len(together) > 1)


def _frame(stored: Stored, *, is_open: bool) -> Frame:
    where = stored.get("filename") or stored.get("module") or stored.get("package") or "unknown file"
    line = stored.get("lineno")
    return Frame(
        place=f"{where}:{line}" if line is not None else str(where),
        function=stored.get("function") or stored.get("symbol") or "",
        full_path=stored.get("abs_path") or "",
        is_own=bool(stored.get("in_app")),
        is_open=is_open,
        lines=tuple(_source(stored)),
        variables=fields_of(stored.get("vars")),
    )


def _source(stored: Stored) -> Iterator[SourceLine]:
    number, current = stored.get("lineno"), stored.get("context_line")
    if number is None or current is None:
        return
    before = stored.get("pre_context") or []
    texts = [*before, current, *(stored.get("post_context") or [])]
    for at, text in enumerate(texts, number - len(before)):
        yield SourceLine(at, text or "", at == number)


def _package(frame: Frame) -> str:
    name = frame.place.rpartition(":")[0] if ":" in frame.place else frame.place
    _, _, inside = name.rpartition("node_modules/")
    return inside.lstrip("./").partition("/")[0].partition(".")[0] or name
