"""What is put in the place of a sensitive text, and where (spec/ingest.md 3.12, 3.13)."""

import hmac
import re
from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec

from tocsin.domain.privacy.data_types import FILTERED, DataType


class Method(StrEnum):
    """What is done with a sensitive text or value."""

    REMOVE = "remove"
    REPLACE = "replace"
    MASK = "mask"
    HASH = "hash"


_LETTERS = {Method.REMOVE: "x", Method.REPLACE: "s", Method.MASK: "m", Method.HASH: "e"}


class Redaction(msgspec.Struct, frozen=True):
    """A method with what it needs to know."""

    method: Method
    text: str = FILTERED
    """What ``replace`` puts in the place."""
    hash_key: str = ""
    """Keeps the hashes of one installation from meaning something in another."""

    @property
    def letter(self) -> str:
        """How ``_meta`` writes the method (spec/ingest.md 3.12)."""
        return _LETTERS[self.method]

    def of(self, sensitive: str) -> str:
        """Return what takes the place of *sensitive*."""
        match self.method:
            case Method.REMOVE:
                return ""
            case Method.REPLACE:
                return self.text
            case Method.MASK:
                return "*" * len(sensitive)
            case Method.HASH:
                return hmac.digest(self.hash_key.encode(), sensitive.encode(errors="replace"), "sha1").hex().upper()


FILTER = Redaction(Method.REPLACE)


class TextRule(msgspec.Struct, frozen=True, kw_only=True):
    """Redacts the parts of a text that match."""

    id: str
    """As ``_meta`` names it."""
    pattern: re.Pattern[str]
    groups: tuple[int | str, ...] = (0,)
    """The parts of a match that are sensitive."""
    redaction: Redaction
    accepts: Callable[[str], bool] | None = None
    """The last word about a match."""
    needles: tuple[bytes, ...] = ()
    """One of them is in the shape of every text that matches; none when there is no telling."""

    hint: re.Pattern[str] | None = None
    """Finds something in every text that matches, and fast."""

    def may_match(self, shape: bytes) -> bool:
        """Say whether a text with that shape may match; False is certain."""
        for needle in self.needles:
            if needle in shape:
                return True
        return not self.needles

    def matches(self, text: str) -> bool:
        """Say whether something in *text* matches, for all but the last word."""
        return (self.hint is None or self.hint.search(text) is not None) and self.pattern.search(text) is not None


def rule_for(
    data_type: DataType, rule_id: str, redaction: Redaction, groups: tuple[int | str, ...] | None = None
) -> TextRule:
    """Return the rule that redacts what is of *data_type*; *groups*, if not what that calls sensitive."""
    return TextRule(
        id=rule_id,
        pattern=data_type.pattern,
        groups=groups or (data_type.group,),
        redaction=redaction,
        accepts=data_type.accepts,
        needles=data_type.needles,
        hint=data_type.hint,
    )


class Edit(msgspec.Struct, frozen=True):
    """One change of a text: from where to where, before and after."""

    start: int
    end: int
    new_start: int
    new_end: int


class Edited(msgspec.Struct, frozen=True):
    """A text after a rule."""

    text: str
    edits: tuple[Edit, ...]


def edited(text: str, rule: TextRule, matches: Iterable[re.Match[str]] | None = None) -> Edited | None:
    """Return what *rule* makes of *text*, None when it changes nothing; *matches*, if they are known already."""
    pieces: list[str] = []
    edits: list[Edit] = []
    at = new_at = 0
    for start, end in _sensitive(rule.pattern.finditer(text) if matches is None else matches, rule):
        replacement = rule.redaction.of(text[start:end])
        if start < at or replacement == text[start:end]:
            continue
        pieces += (text[at:start], replacement)
        new_start = new_at + start - at
        new_at = new_start + len(replacement)
        edits.append(Edit(start, end, new_start, new_at))
        at = end
    return Edited("".join((*pieces, text[at:])), tuple(edits)) if edits else None


def _sensitive(matches: Iterable[re.Match[str]], rule: TextRule) -> Iterable[tuple[int, int]]:
    for match in matches:
        if rule.accepts is None or rule.accepts(match[0]):
            yield from sorted(span for span in map(match.span, rule.groups) if span[0] < span[1])
