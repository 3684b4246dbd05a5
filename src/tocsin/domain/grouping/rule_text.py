"""How both rule languages are written: one rule per line, ``#`` for comments, ``"quoted"`` or bare values."""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from tocsin.domain.errors import Malformed

RULE_LINES_MAX = 1000
RULE_CHARS_MAX = 4096

QUOTED = r'"(?:\\.|[^"\\])*"'

_T = TypeVar("_T")


def parse_lines(text: str, parse: Callable[[str], _T]) -> tuple[_T, ...]:
    """Return what *parse* makes of each rule in *text*.

    Raises Malformed, with the number of the line, for what *parse* refuses and for rules beyond the limits.
    """
    return tuple(_parse_line(parse, number, line) for number, line in _rules(text))


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


def _parse_line(parse: Callable[[str], _T], number: int, line: str) -> _T:
    if len(line) > RULE_CHARS_MAX:
        raise Malformed(f"line {number}: a rule may have {RULE_CHARS_MAX} characters; split it")
    try:
        return parse(line)
    except Malformed as refusal:
        raise Malformed(f"line {number}: {refusal.detail}") from refusal
