"""Advanced rules: what to look for, what to do with it, and where; read from JSON (docs/privacy.md)."""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tocsin.domain.errors import Malformed
from tocsin.domain.privacy.data_types import DATA_TYPES, FILTERED
from tocsin.domain.privacy.redaction import Method, Redaction
from tocsin.domain.privacy.selector import Selector, parse_selector

RULES_BYTES_MAX = 64 * 1024
RULES_MAX = 200
PATTERN_CHARS_MAX = 1000
NESTING_MAX = 5

ANYTHING = "anything"
PASSWORD = "password"  # noqa: S105 - the name of a type
PATTERN = "pattern"
PAIR = "redact_pair"

_KINDS = (*DATA_TYPES, ANYTHING, PASSWORD, PATTERN, PAIR)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for and what to do with it."""

    id: str
    """As ``_meta`` names it."""
    kind: str
    """A data type, ``anything``, ``password``, ``pattern`` or ``redact_pair``."""
    pattern: str = ""
    """Of ``pattern`` for the text, of ``redact_pair`` for the key."""
    groups: tuple[int, ...] = (0,)
    """Parts of a match that are sensitive, of ``pattern``."""
    redaction: Redaction


class Application(msgspec.Struct, frozen=True):
    """Where rules apply."""

    selector: Selector
    rules: tuple[Rule, ...]


class RuleSet(msgspec.Struct, frozen=True):
    """Everything one organization or project asks for."""

    applications: tuple[Application, ...] = ()


def rules_json(rules: RuleSet) -> str:
    """Return *rules* as JSON; reading it gives the same rules."""
    own = {rule.id: rule for each in rules.applications for rule in each.rules if not rule.id.startswith("@")}
    applications: dict[str, list[str]] = {}
    for each in rules.applications:
        applications.setdefault(str(each.selector), []).extend(rule.id for rule in each.rules)
    hash_keys = {rule.redaction.hash_key for rule in own.values()} - {""}
    return _encode(
        {
            "rules": {name: _sendable(rule) for name, rule in own.items()},
            "applications": applications,
            **({"vars": {"hashKey": hash_keys.pop()}} if hash_keys else {}),
        }
    ).decode()


def _sendable(rule: Rule) -> dict[str, Any]:
    redaction: dict[str, Any] = {"method": rule.redaction.method}
    if rule.redaction.method is Method.REPLACE:
        redaction["text"] = rule.redaction.text
    sendable: dict[str, Any] = {"type": rule.kind, "redaction": redaction}
    if rule.pattern:
        sendable["keyPattern" if rule.kind == PAIR else "pattern"] = rule.pattern
    if rule.groups != (0,):
        sendable["replaceGroups"] = rule.groups
    return sendable


class _SentRedaction(msgspec.Struct):
    method: str = "default"
    text: str | None = None


class _SentRule(msgspec.Struct, rename="camel"):
    type: str
    redaction: _SentRedaction | None = None
    pattern: str | None = None
    replace_groups: list[int] | None = None
    key_pattern: str | None = None
    rules: list[str] = []
    rule: str | None = None


class _SentVars(msgspec.Struct, rename="camel"):
    hash_key: str | None = None


class _SentRules(msgspec.Struct):
    rules: dict[str, _SentRule] = {}
    applications: dict[str, list[str]] = {}
    vars: _SentVars = msgspec.field(default_factory=_SentVars)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_SentRules).decode


def read_rules(text: str) -> RuleSet:
    """Return the rules in JSON. Raises Malformed, with what is wrong and where."""
    if len(text.encode()) > RULES_BYTES_MAX:
        raise Malformed(f"Advanced rules may take {RULES_BYTES_MAX} bytes; delete some.")
    try:
        sent = _decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed(f"Advanced rules must be JSON with rules and applications: {error}.") from None
    if len(sent.rules) > RULES_MAX or sum(map(len, sent.applications.values())) > RULES_MAX:
        raise Malformed(f"There may be {RULES_MAX} advanced rules; delete some.")
    reader = _Reader(sent)
    every = {name: tuple(reader.named(name, 0)) for name in sent.rules}
    return RuleSet(tuple(_application(source, names, every, reader) for source, names in sent.applications.items()))


def _application(
    source: str, names: list[str], every: Mapping[str, tuple[Rule, ...]], reader: "_Reader"
) -> Application:
    rules = [rule for name in names for rule in (every[name] if name in every else reader.named(name, 0))]
    return Application(parse_selector(source), tuple(rules))


class _Reader:
    def __init__(self, sent: _SentRules) -> None:
        self._rules = sent.rules
        self._hash_key = sent.vars.hash_key or ""

    def named(self, name: str, depth: int) -> Iterator[Rule]:
        """Yield what *name* stands for: rules of several types may stand for others."""
        if depth > NESTING_MAX:
            raise Malformed(f"The rule {name!r} stands for itself, or for too many others; name rules directly.")
        sent = self._rules.get(name)
        if sent is None:
            yield self._built_in(name)
        elif sent.type == "multiple":
            for inner in sent.rules:
                yield from self.named(inner, depth + 1)
        elif sent.type == "alias":
            yield from self.named(sent.rule or "", depth + 1)
        else:
            yield self._own(name, sent)

    def _built_in(self, name: str) -> Rule:
        kind, _, method = name.removeprefix("@").partition(":")
        if not name.startswith("@") or kind not in {*DATA_TYPES, ANYTHING, PASSWORD}:
            raise Malformed(f"There is no rule {name!r}; define it under rules, or use one such as @email:replace.")
        filters = method in {"", "filter"}
        redaction = self._redaction(kind, "replace" if filters else method, FILTERED if filters else None)
        return Rule(id=name, kind=kind, redaction=redaction)

    def _own(self, name: str, sent: _SentRule) -> Rule:
        if name.startswith("@"):
            raise Malformed(f"The rule {name!r} needs another name: those with @ are built in.")
        kind = PAIR if sent.type == "redactPair" else sent.type
        if kind not in _KINDS:
            raise Malformed(f"The rule {name!r} has no type that exists; use one of {', '.join(sorted(_KINDS))}.")
        pattern = (sent.pattern if kind == PATTERN else sent.key_pattern if kind == PAIR else "") or ""
        if kind in {PATTERN, PAIR} and not pattern:
            raise Malformed(f"The rule {name!r} needs a {'pattern' if kind == PATTERN else 'keyPattern'}.")
        groups = checked_groups(pattern, sent.replace_groups or (0,))
        redaction = sent.redaction or _SentRedaction()
        method = "replace" if redaction.method == "default" else redaction.method
        text = redaction.text if redaction.text is not None else FILTERED
        return Rule(id=name, kind=kind, pattern=pattern, groups=groups, redaction=self._redaction(kind, method, text))

    def _redaction(self, kind: str, method: str, text: str | None) -> Redaction:
        if method not in set(Method):
            raise Malformed(f"There is no method {method!r}; use one of {', '.join(Method)}.")
        if text is None:
            text = DATA_TYPES[kind].placeholder if kind in DATA_TYPES else FILTERED
        return Redaction(Method(method), text, self._hash_key)


def checked_groups(pattern: str, groups: Sequence[int]) -> tuple[int, ...]:
    """Return the *groups* of a regular expression, 0 being the whole match. Raises Malformed for ones it lacks."""
    count = compiled(pattern).groups
    if not all(0 <= group <= count for group in groups):
        raise Malformed(f"The regular expression {pattern!r} has {count} groups; name others.")
    return tuple(groups)


def compiled(pattern: str) -> re.Pattern[str]:
    """Return the regular expression that somebody wrote, in this dialect or that of the reference.

    Raises Malformed for one that is none.
    """
    if len(pattern) > PATTERN_CHARS_MAX:
        raise Malformed(f"A regular expression may have {PATTERN_CHARS_MAX} characters; make two rules of it.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern))
        except (re.error, RecursionError, OverflowError) as error:
            raise Malformed(f"{pattern!r} is no regular expression: {error}.") from None
