"""How an event was grouped, in words that people understand."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from tocsin.domain.event.event import GroupingHash
from tocsin.domain.grouping import Explanation, Variant
from tocsin.domain.grouping.evidence import Frame
from tocsin.domain.grouping.explanation import Part
from tocsin.domain.organization import Project
from tocsin.storage.views.events import StoredEvent
from tocsin.storage.views.grouping import explanation_of, is_stale

_SUMMARIES: Mapping[str, str] = {
    "app": "By its error and those frames of the stack trace that are your own code.",
    "system": "By its error and all frames of the stack trace, since none is your own code.",
    "default": "By its message, without numbers, ids and dates.",
    "checksum": "By the checksum that the program sent; nothing else counts.",
    "custom-fingerprint": "By its fingerprint; what the event itself says does not count.",
    "fallback": "By nothing: the event says nothing that tells problems apart.",
}


class ToldRule(msgspec.Struct, frozen=True):
    """A rule, and where it stands."""

    text: str
    whence: str


class ToldFrame(msgspec.Struct, frozen=True):
    """A frame, why it does not count if it does not, and the rules that had a say."""

    name: str
    hint: str
    rules: tuple[ToldRule, ...]


class ToldGrouping(msgspec.Struct, frozen=True, kw_only=True):
    """The folded section of an issue's page."""

    summary: str
    is_stale: bool
    rule: ToldRule | None
    """The fingerprint rule that decided."""
    values: tuple[str, ...]
    frames: tuple[ToldFrame, ...]
    config: str
    hashes: tuple[GroupingHash, ...]


def told_grouping(event: StoredEvent, project: Project) -> ToldGrouping:
    """Return what made the hashes of *event*, by the rules of its project."""
    explanation = explanation_of(event, project)
    first: Variant = explanation.grouping.variants[0]
    part = explanation.parts.get(first.name)
    return ToldGrouping(
        summary=_summary(first, explanation),
        is_stale=is_stale(event, explanation),
        rule=_rule(explanation.rule.written.text, explanation.rule.written.line) if explanation.rule else None,
        values=first.values,
        frames=tuple(_frames([part] if part else [])),
        config=explanation.grouping.config,
        hashes=event.hashes,
    )


def _summary(variant: Variant, explanation: Explanation) -> str:
    part = explanation.parts.get(variant.name)
    has_frames = part is not None and any(True for _ in _frames([part]))
    if variant.name in {"app", "system"} and not has_frames:
        return "By its error: its type, and its text without numbers, ids and dates."
    return _SUMMARIES[variant.name]


def _frames(parts: Iterable[Part]) -> Iterator[ToldFrame]:
    for part in parts:
        if part.frame is not None:
            rules = tuple(_rule(written.text, written.line) for written in part.rules)
            yield ToldFrame(_name(part.frame), part.hint or "", rules)
        yield from _frames(part.parts)


def _name(frame: Frame) -> str:
    place = frame.module or frame.filename or frame.abs_path or "somewhere"
    return f"{frame.function} in {place}" if frame.function else place


def _rule(text: str, line: int) -> ToldRule:
    return ToldRule(text, f"on line {line}" if line else "that every project has")
