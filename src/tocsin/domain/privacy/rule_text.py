"""Advanced rules as people read and write them: ``[Mask] [Email addresses] from [$user.data]`` (docs/privacy.md).

[Replace] [Credit card numbers] with [a card] from [$string]
[Hash] [Regex matches "ORDER-[0-9]+"] from [$logentry]
"""

import re

import msgspec

from tocsin.domain.errors import Malformed
from tocsin.domain.privacy.data_types import DATA_TYPES, FILTERED
from tocsin.domain.privacy.redaction import Method, Redaction
from tocsin.domain.privacy.rules import (
    ANYTHING,
    PAIR,
    PASSWORD,
    PATTERN,
    RULES_MAX,
    Application,
    Rule,
    RuleSet,
    checked_groups,
)
from tocsin.domain.privacy.selector import parse_selector

_TITLES = {name: each.title for name, each in DATA_TYPES.items()} | {
    PASSWORD: "Password fields",
    ANYTHING: "Anything",
    PATTERN: "Regex matches",
    PAIR: "Fields named like",
}
_KINDS = {title.lower(): kind for kind, title in _TITLES.items()}
_WITH_PATTERN = frozenset({PATTERN, PAIR})

_STRING = r'"(?:[^"\\]|\\.)*"'
_LINE = re.compile(
    rf"""\[(?P<method>\w+)\]
        \s*\[(?P<kind>[^\]"]+?)(?:\s+(?P<pattern>{_STRING})(?:\s+groups\s+(?P<groups>[\d,]+))?)?\]
        (?:\s*with\s*\[(?P<text>{_STRING}|[^\]"\[]*)\])?
        \s*from\s*\[(?P<source>.*)\]""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def parse_rule_text(text: str) -> RuleSet:
    """Return the rules in *text*, one on each line. Raises Malformed with the number of the line that is no rule."""
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1)]
    written = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if len(written) > RULES_MAX:
        raise Malformed(f"There may be {RULES_MAX} advanced rules; delete some.")
    return RuleSet(tuple(_numbered(number, line, index) for index, (number, line) in enumerate(written)))


def rule_text(rules: RuleSet) -> str:
    """Return *rules* as text, one on each line."""
    return "".join(f"{_line(rule, each)}\n" for each in rules.applications for rule in each.rules)


def _numbered(number: int, line: str, index: int) -> Application:
    try:
        return _application(line, str(index))
    except Malformed as refusal:
        raise Malformed(f"line {number}: {refusal.detail}") from refusal


def _application(line: str, rule_id: str) -> Application:
    found = _LINE.fullmatch(line)
    if found is None:
        raise Malformed(f"{line!r} is no rule; write one such as [Remove] [Credit card numbers] from [$string].")
    kind = _kind(found["kind"])
    pattern = _unquoted(found["pattern"] or "")
    if bool(pattern) != (kind in _WITH_PATTERN):
        needs = 'a regular expression, such as [Regex matches "[0-9]{6}"]' if kind in _WITH_PATTERN else "no pattern"
        raise Malformed(f"[{_TITLES[kind]}] needs {needs}.")
    rule = Rule(
        id=rule_id,
        kind=kind,
        pattern=pattern,
        groups=checked_groups(pattern, [int(group) for group in (found["groups"] or "0").split(",") if group]),
        redaction=_redaction(found["method"], found["text"]),
    )
    return Application(parse_selector(found["source"]), (rule,))


def _kind(title: str) -> str:
    kind = _KINDS.get(title.lower())
    if kind is None:
        raise Malformed(
            f"There is no data type [{title}]; use one of {', '.join(f'[{each}]' for each in _TITLES.values())}."
        )
    return kind


def _redaction(method: str, text: str | None) -> Redaction:
    if method.lower() not in set(Method):
        raise Malformed(f"There is no method [{method}]; use one of [Remove], [Replace], [Mask], [Hash].")
    if text is not None and method.lower() != Method.REPLACE:
        raise Malformed(f"[{method}] puts nothing in the place; only [Replace] takes with […].")
    return Redaction(Method(method.lower()), FILTERED if text is None else _unquoted(text))


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    try:
        return msgspec.json.decode(text, type=str)
    except msgspec.DecodeError as error:
        raise Malformed(f"{text} is not quoted as in JSON: {error}.") from None


def _line(rule: Rule, application: Application) -> str:
    kind = _TITLES[rule.kind]
    if rule.pattern:
        kind += f" {_quoted(rule.pattern)}"
    if rule.groups != (0,):
        kind += f" groups {','.join(map(str, rule.groups))}"
    redaction = rule.redaction
    replacement = ""
    if redaction.method is Method.REPLACE and redaction.text != FILTERED:
        is_bare = redaction.text.isprintable() and not set(redaction.text) & set('[]"')
        replacement = f" with [{redaction.text if is_bare else _quoted(redaction.text)}]"
    return f"[{redaction.method.capitalize()}] [{kind}]{replacement} from [{application.selector}]"


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()
