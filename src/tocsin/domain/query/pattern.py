r"""Wildcards in text values: ``*`` stands for any text, ``\*`` for an asterisk (spec/search.md 1.2)."""

import re

import msgspec

_ASTERISK = re.compile(r"(?<!\\)(\\*+)\*")
_LIKE_SPECIAL = re.compile(r"([\\%_])")


class Pattern(msgspec.Struct, frozen=True):
    """Texts with a wildcard between each two neighbours: ``("a", "b")`` is ``a*b``, ``("", "b")`` is ``*b``.

    There are at least two parts, and only the first and the last may be empty. Letter case never matters (1.3).
    """

    parts: tuple[str, ...]

    def __str__(self) -> str:
        *heads, last = self.parts
        return "".join(_before_wildcard(head) + "*" for head in heads) + escape(last)

    def anywhere(self) -> "Pattern":
        """Return the pattern that finds this one inside a longer text."""
        return Pattern(_without_gaps(("", *self.parts, "")))

    def matches(self, text: str) -> bool:
        """Return whether the whole of *text* has this form; takes time linear in its length for each part."""
        text = text.lower()
        first, *middle, last = (part.lower() for part in self.parts)
        at, end = len(first), len(text) - len(last)
        if at > end or not (text.startswith(first) and text.endswith(last)):
            return False
        for part in middle:
            at = text.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True

    def to_like(self) -> str:
        r"""Return the right-hand side of an ``ILIKE`` that matches the same texts; ``\`` escapes."""
        return "%".join(_LIKE_SPECIAL.sub(r"\\\1", part) for part in self.parts)


def _without_gaps(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Two wildcards in a row mean no more than one."""
    first, *middle, last = parts
    return first, *filter(None, middle), last


def parse_wildcards(text: str) -> str | Pattern:
    """Return what a text value means: literal text, or a pattern where an asterisk is not escaped.

    An asterisk is a wildcard after an even number of backslashes, of which half stand for themselves; backslashes
    anywhere else are ordinary characters.
    """
    parts, literal, at = [], "", 0
    for asterisk in _ASTERISK.finditer(text):
        backslashes, is_escaped = divmod(len(asterisk[1]), 2)
        literal += text[at : asterisk.start()] + "\\" * backslashes
        at = asterisk.end()
        if is_escaped:
            literal += "*"
        else:
            parts.append(literal)
            literal = ""
    literal += text[at:]
    return Pattern(_without_gaps((*parts, literal))) if parts else literal


def open_ended(literal: str, *, before: bool = False, after: bool = False) -> Pattern:
    """Return the pattern of texts that hold *literal* with anything *before* or *after* it, or both."""
    return Pattern(_without_gaps((*([""] if before else []), literal, *([""] if after else []))))


def escape(literal: str) -> str:
    """Return the value that means exactly *literal*: the inverse of `parse_wildcards` for texts."""
    return _ASTERISK.sub(lambda asterisk: asterisk[1] * 2 + "\\*", literal)


def _before_wildcard(literal: str) -> str:
    text = escape(literal)
    backslashes = len(text) - len(text.rstrip("\\"))
    return text + "\\" * backslashes
