"""Stack trace rules as people write them: ``stack.function:run_* family:native ^-group`` (spec/ingest.md 5.5)."""

import re
from collections.abc import Iterable

import msgspec

from tocsin.domain.errors import Malformed
from tocsin.domain.grouping.globs import path_glob, text_glob
from tocsin.domain.grouping.rule_text import QUOTED, Written, parse_lines, unquote
from tocsin.domain.grouping.stack_rules import (
    ERROR_SUBJECTS,
    FIXED_SUBJECTS,
    Bound,
    Condition,
    Mark,
    Reach,
    RuleBook,
    StackRule,
    StackRules,
    Subject,
)

_CALLER = re.compile(r"\[\s*(.*?)\s*\]\s*\|")
_CALLEE = re.compile(r"\|\s*\[\s*(.*?)\s*\](?!\S)")
_TOKEN = re.compile(
    rf"""\s*(?:
        (?P<negation>!?)(?P<matcher>[a-z_.]+):(?P<wanted>{QUOTED}|\S+)
      | (?P<reach>[v^]?)(?P<sign>[+-])(?P<flag>app|group)
      | (?P<bound>max-frames|min-frames|invert-stacktrace)=(?P<count>\d{{1,6}})
      | category=(?P<category>\S+)
    )(?!\S)""",
    re.VERBOSE,
)
_SUBJECTS = {str(subject): subject for subject in Subject} | {
    "abs_path": Subject.PATH,
    "stack.abs_path": Subject.PATH,
    "stack.path": Subject.PATH,
    "stack.module": Subject.MODULE,
    "stack.function": Subject.FUNCTION,
    "stack.package": Subject.PACKAGE,
    "error.type": Subject.ERROR_TYPE,
    "error.value": Subject.ERROR_VALUE,
    "error.mechanism": Subject.ERROR_MECHANISM,
}


def parse_stack_rules(built_in: str, own: str) -> StackRules:
    """Return the rules that every project has, and after them a project's *own*.

    Raises Malformed with the number of the line that is no rule.
    """
    rules = [*parse_lines(built_in, _parse_rule, built_in=True), *parse_lines(own, _parse_rule)]
    return StackRules(
        classifying=_book(map(_classifying, rules)),
        selecting=_book(map(_selecting, rules)),
        read_errors=any(map(_reads_errors, rules)),
    )


def _book(rules: Iterable[StackRule]) -> RuleBook:
    return RuleBook(tuple(rule for rule in rules if rule.marks or rule.bounds))


def _classifying(rule: StackRule) -> StackRule:
    marks = tuple(mark for mark in rule.marks if mark.field != "group")
    return msgspec.structs.replace(rule, marks=marks, bounds=())


def _selecting(rule: StackRule) -> StackRule:
    marks = tuple(mark for mark in rule.marks if mark.field == "group")
    return msgspec.structs.replace(rule, marks=marks)


def _reads_errors(rule: StackRule) -> bool:
    conditions = (*rule.passing, *rule.caller, *rule.callee)
    return any(condition.subject in ERROR_SUBJECTS for condition in conditions)


def _parse_rule(written: Written) -> StackRule:
    caller, line = _cut(_CALLER.match(written.text), written.text)
    callee, line = _cut(_CALLEE.search(line), line)
    tokens = _tokens(line)
    own = _conditions(tokens)
    marks = tuple(_mark(token) for token in tokens if token["flag"] or token["category"])
    bounds = tuple(Bound(token["bound"], int(token["count"])) for token in tokens if token["bound"])
    if not marks and not bounds:
        raise Malformed("a rule needs an action, such as -app, +group or max-frames=5, after its matchers")
    if not own + caller + callee:
        raise Malformed("a rule needs a matcher, such as stack.module:shop.*, before its actions")
    return StackRule(
        fixed=tuple(condition for condition in own if condition.subject in FIXED_SUBJECTS),
        passing=tuple(condition for condition in own if condition.subject not in FIXED_SUBJECTS),
        caller=caller,
        callee=callee,
        marks=marks,
        bounds=bounds,
        written=written,
    )


def _cut(found: re.Match[str] | None, line: str) -> tuple[tuple[Condition, ...], str]:
    """Return the conditions on a neighbour that were *found*, and the rest of *line*."""
    if found is None:
        return (), line
    conditions = _conditions(_tokens(found[1]))
    if not conditions:
        raise Malformed(f"{found[0].strip()!r} names no frame; put a matcher between the brackets")
    return conditions, f"{line[: found.start()]} {line[found.end() :]}"


def _tokens(text: str) -> list[re.Match[str]]:
    tokens, start, end = [], 0, len(text.rstrip())
    while start < end:
        found = _TOKEN.match(text, start)
        if found is None:
            raise Malformed(f"{text[start:end].strip()!r} begins with neither a matcher (path:…) nor an action (-app)")
        tokens.append(found)
        start = found.end()
    return tokens


def _conditions(tokens: list[re.Match[str]]) -> tuple[Condition, ...]:
    return tuple(
        _condition(token["matcher"], unquote(token["wanted"]), negated=token["negation"] == "!")
        for token in tokens
        if token["matcher"]
    )


def _condition(name: str, wanted: str, *, negated: bool) -> Condition:
    subject = _SUBJECTS.get(name)
    if subject is None:
        raise Malformed(f"there is no matcher {name!r}; use one of {', '.join(sorted(_SUBJECTS))}")
    return Condition(subject, _pattern(subject, wanted), negated)


def _pattern(subject: Subject, wanted: str) -> re.Pattern[str]:
    if subject in {Subject.PATH, Subject.PACKAGE}:
        return path_glob(wanted)
    if subject is Subject.FAMILY:
        return text_glob("*" if wanted == "all" else f"{{{wanted}}}")
    return text_glob(wanted, ignore_case=subject is Subject.ERROR_VALUE)


def _mark(token: re.Match[str]) -> Mark:
    if token["category"]:
        return Mark("category", token["category"])
    return Mark(token["flag"], token["sign"] == "+", Reach(token["reach"]))
