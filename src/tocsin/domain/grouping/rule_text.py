"""How both rule languages are written: one rule per line, ``#`` for comments, ``"quoted"`` or bare values."""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from tocsin.domain.errors import Malformed

RULE_LINES_MAX = 1000
RULE_CHARS_MAX = 4096

QUOTED = r'"(?:\\.|[^"\\])*"'

_T = TypeVar("_T")


class Written(msgspec.Struct, frozen=True):
    """A rule as it is written, and where."""

    text: str
    line: int = 0
    """Counted from 1; 0 for a rule that every project has."""


def parse_lines(text: str, parse: Callable[[Written], _T], *, built_in: bool = False) -> tuple[_T, ...]:
    """Return what *parse* makes of each rule in *text*.

    Raises Malformed, with the number of the line, for what *parse* refuses and for rules beyond the limits.
    """
    return tuple(_parse_line(parse, number, Written(line, 0 if built_in else number)) for number, line in _rules(text))


def unquote(value: str) -> str:
    """Return *value* without its quotation marks, if it has any."""
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def _rules(text: str) -> Iterator[tuple[int, str]]:
    lines = text.splitlines()
    if len(lines) > RULE_LINES_MAX:
        raise Malformed(f"line {RULE_LINES_MAX + 1}: there may be {RULE_LINES_MAX} lines of rules; delete some")
    for number, line in enumerate(lines, start=1):
        if (rule := line.strip()) and not rule.startswith("#"):
            yield number, rule


def _parse_line(parse: Callable[[Written], _T], number: int, rule: Written) -> _T:
    if len(rule.text) > RULE_CHARS_MAX:
        raise Malformed(f"line {number}: a rule may have {RULE_CHARS_MAX} characters; split it")
    try:
        return parse(rule)
    except Malformed as refusal:
        raise Malformed(f"line {number}: {refusal.detail}") from refusal
