"""Fingerprint rules: matchers on an event, and the fingerprint and title they give it (spec/ingest.md 5.1, 5.2)."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from tocsin.domain.errors import Malformed
from tocsin.domain.grouping.evidence import Evidence, Frame, Raised, family
from tocsin.domain.grouping.globs import path_glob, text_glob
from tocsin.domain.grouping.rule_text import QUOTED, Written, parse_lines, unquote

_ALIASES = {
    "error.type": "type",
    "error.value": "value",
    "error.mechanism": "mechanism",
    "stack.abs_path": "path",
    "abs_path": "path",
    "stack.path": "path",
    "stack.module": "module",
    "stack.function": "function",
    "stack.package": "package",
}
_TAGS = "tags."
_PATHS = frozenset({"path", "package"})
_OF_ANY_CASE = frozenset({"message", "value", "level"})
_MATCHER = re.compile(rf"\s*(?P<negation>!?)(?P<name>[a-z_.]+|tags\.[^\s:\"]+):(?P<wanted>{QUOTED}|\S+)(?!\S)")
_ARROW = re.compile(r"\s*->\s*")
_TITLE = re.compile(rf"\s*title=(?P<title>{QUOTED}|\S+)\s*")
_ENTRY = re.compile(rf"\s*(?P<entry>{QUOTED}|\{{\{{[^{{}}]*\}}\}}|(?:\{{\{{[^{{}}]*\}}\}}|[^\s,\"])+)\s*,?\s*")


class Matcher(msgspec.Struct, frozen=True, eq=False):
    """What certain texts of an event, an error or a frame have to look like."""

    texts_of: Callable[[Any], Iterable[str | None]]
    pattern: re.Pattern[str]
    negated: bool

    def accepts(self, subject: Evidence | Raised | Frame) -> bool:
        """Return whether one of the texts matches, or none does if the matcher is negated."""
        matches = self.pattern.match
        return any(text and matches(text) for text in self.texts_of(subject)) is not self.negated


class FingerprintRule(msgspec.Struct, frozen=True, eq=False):
    """Matchers by what they look at, the fingerprint to use where all hold, and a title, possibly with variables.

    All matchers on errors have to hold for one error, all matchers on frames for one frame.
    """

    on_event: tuple[Matcher, ...]
    on_error: tuple[Matcher, ...]
    on_frame: tuple[Matcher, ...]
    fingerprint: tuple[str, ...]
    title: str | None
    written: Written

    def matches(self, evidence: Evidence) -> bool:
        """Return whether the rule is for this event."""
        return (
            _all_accept(self.on_event, evidence)
            and (not self.on_error or any(_all_accept(self.on_error, raised) for raised in evidence.raised))
            and (not self.on_frame or any(_all_accept(self.on_frame, frame) for frame in evidence.frames))
        )


def parse_fingerprint_rules(text: str, *, built_in: bool = False) -> tuple[FingerprintRule, ...]:
    """Return the rules of *text*, in order.

    Raises Malformed with the number of the line that is no rule.
    """
    return parse_lines(text, _parse_rule, built_in=built_in)


def first_match(rules: Iterable[FingerprintRule], evidence: Evidence) -> FingerprintRule | None:
    """Return the first rule for this event."""
    return next((rule for rule in rules if rule.matches(evidence)), None)


def _all_accept(matchers: Iterable[Matcher], subject: Evidence | Raised | Frame) -> bool:
    return all(matcher.accepts(subject) for matcher in matchers)


_EVENT_TEXTS: dict[str, Callable[[Evidence], Iterable[str | None]]] = {
    "family": lambda evidence: (family(evidence.platform),),
    "level": lambda evidence: (evidence.level,),
    "logger": lambda evidence: (evidence.logger,),
    "message": lambda evidence: (*evidence.messages, *(raised.value for raised in evidence.raised)),
    "release": lambda evidence: (evidence.release,),
    "sdk": lambda evidence: (evidence.sdk.name if evidence.sdk else None,),
    "transaction": lambda evidence: (evidence.transaction,),
}
_ERROR_TEXTS: dict[str, Callable[[Raised], Iterable[str | None]]] = {
    "type": lambda raised: (raised.type,),
    "value": lambda raised: (raised.value,),
    "mechanism": lambda raised: (raised.mechanism.type if raised.mechanism else None,),
}
_FRAME_TEXTS: dict[str, Callable[[Frame], Iterable[str | None]]] = {
    "path": lambda frame: ((frame.abs_path or frame.filename or "").replace("\\", "/"),),
    "module": lambda frame: (frame.module,),
    "function": lambda frame: (frame.function,),
    "package": lambda frame: ((frame.package or "").replace("\\", "/"),),
    "app": lambda frame: ("yes" if frame.in_app else "no",),
}
_KNOWN = frozenset({*_EVENT_TEXTS, *_ERROR_TEXTS, *_FRAME_TEXTS})


class _Word(msgspec.Struct, frozen=True):
    name: str
    wanted: str
    negated: bool


def _parse_rule(written: Written) -> FingerprintRule:
    line = written.text
    words, end = _words(line)
    arrow = _ARROW.match(line, end)
    if arrow is None:
        raise Malformed(f"{line[end:].strip()!r} is no matcher (error.type:…); '->' stands before the fingerprint")
    if not words:
        raise Malformed("a rule needs a matcher, such as error.type:ConnectionError, before '->'")
    fingerprint, title = _parse_outcome(line[arrow.end() :])
    tags = {word.name: _tag_texts(word.name) for word in words if word.name.startswith(_TAGS)}
    return FingerprintRule(
        on_event=_matchers(words, _EVENT_TEXTS | tags),
        on_error=_matchers(words, _ERROR_TEXTS),
        on_frame=_matchers(words, _FRAME_TEXTS),
        fingerprint=fingerprint,
        title=title,
        written=written,
    )


def _words(line: str) -> tuple[list[_Word], int]:
    """Return the matchers that *line* begins with, and where they end."""
    words, end = [], 0
    while found := _MATCHER.match(line, end):
        name = _ALIASES.get(found["name"], found["name"])
        if name not in _KNOWN and not name.startswith(_TAGS):
            raise Malformed(f"there is no matcher {name!r}; use one of {', '.join(sorted(_KNOWN))} or tags.NAME")
        words.append(_Word(name, unquote(found["wanted"]), found["negation"] == "!"))
        end = found.end()
    return words, end


def _matchers(
    words: Iterable[_Word], texts_of: Mapping[str, Callable[[Any], Iterable[str | None]]]
) -> tuple[Matcher, ...]:
    return tuple(
        Matcher(texts_of[word.name], _pattern(word.name, word.wanted), word.negated)
        for word in words
        if word.name in texts_of
    )


def _tag_texts(name: str) -> Callable[[Evidence], Iterable[str | None]]:
    key = name.removeprefix(_TAGS)
    return lambda evidence: (evidence.tag(key),)


def _parse_outcome(text: str) -> tuple[tuple[str, ...], str | None]:
    """Return the fingerprint and the title that stand after the arrow."""
    fingerprint: list[str] = []
    title, end = None, 0
    while end < len(text):
        if found := _TITLE.match(text, end):
            title = unquote(found["title"])
        elif found := _ENTRY.match(text, end):
            fingerprint.append(unquote(found["entry"]))
        else:
            raise Malformed(f"{text[end:].strip()!r} is no fingerprint; quote what holds blanks or commas")
        end = found.end()
    if not fingerprint:
        raise Malformed("a rule needs a fingerprint after '->', such as db-down or {{ default }}")
    return tuple(fingerprint), title


def _pattern(name: str, wanted: str) -> re.Pattern[str]:
    if name in _PATHS:
        return path_glob(wanted)
    if name == "family":
        return text_glob("*" if wanted == "all" else f"{{{wanted}}}")
    return text_glob(wanted, ignore_case=name in _OF_ANY_CASE)
