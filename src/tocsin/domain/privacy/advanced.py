"""Advanced rules at work on one event (docs/privacy.md)."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from tocsin.domain.privacy.data_types import DATA_TYPES, shape_of
from tocsin.domain.privacy.keys import KEYS_REMEMBERED_MAX, Keys
from tocsin.domain.privacy.notes import Notes, Path
from tocsin.domain.privacy.places import EVENT, Place, Reach
from tocsin.domain.privacy.redaction import FILTER, Method, Redaction, TextRule, edited, rule_for
from tocsin.domain.privacy.rules import ANYTHING, PAIR, PATTERN, Application, Rule, RuleSet, compiled
from tocsin.domain.privacy.selector import Or, Selector, Step, Way, last_key, selects
from tocsin.lib.cpu_limit import CpuBudget, CpuLimitError

_T = TypeVar("_T")

PATTERN_SECONDS_MAX = 0.2
"""Processor time for all the regular expressions that somebody wrote, in one event; then texts go unread."""

_JSON_TYPES = {str: "string", int: "number", float: "number", bool: "boolean", list: "array", dict: "object"}


class _Gone(msgspec.Struct, frozen=True):
    """Stands for a value that is to be taken out."""


_GONE = _Gone()
_REMOVE = Redaction(Method.REMOVE)


class _Ready(msgspec.Struct, frozen=True):
    """A rule with its regular expressions."""

    rule: Rule
    text_rule: TextRule | None = None
    key_pattern: re.Pattern[str] | None = None


class _Application(msgspec.Struct, frozen=True):
    """Rules with their selector."""

    selector: Selector
    rules: tuple[_Ready, ...]
    key: str | None
    """In lower case, the key of every value that is meant; None for any."""

    reads_shapes: bool
    """Whether its rules are about parts of texts whose shape says enough."""

    def may_redact(self, text: str) -> bool:
        """Say whether something happens to *text* if it is meant; False is certain."""
        if not self.reads_shapes:
            return True
        shape = shape_of(text)
        return any(ready.text_rule.may_match(shape) for ready in self.rules if ready.text_rule)


def _ready(rule: Rule) -> _Ready:
    if rule.kind == PATTERN:
        pattern = TextRule(id=rule.id, pattern=compiled(rule.pattern), groups=rule.groups, redaction=rule.redaction)
        return _Ready(rule, text_rule=pattern)
    if rule.kind == PAIR:
        return _Ready(rule, key_pattern=compiled(rule.pattern))
    data_type = DATA_TYPES.get(rule.kind)
    return _Ready(rule, text_rule=rule_for(data_type, rule.id, rule.redaction) if data_type else None)


def _application(application: Application) -> _Application:
    rules = tuple(map(_ready, application.rules))
    reads_shapes = all(ready.text_rule and ready.text_rule.needles for ready in rules)
    return _Application(application.selector, rules, last_key(application.selector), reads_shapes)


class Redacted(msgspec.Struct, frozen=True):
    """What advanced rules did to one event."""

    paths: frozenset[Path] = frozenset()
    """Values that were redacted as a whole: the default rules have no say in them."""
    slow_rules: frozenset[str] = frozenset()
    """Rules for which there was no time left, so that texts were redacted unread."""


class Advanced:
    """Advanced rules, compiled. Holds nothing of any event."""

    def __init__(self, rule_sets: Sequence[RuleSet]) -> None:
        self._applications = [_application(each) for rules in rule_sets for each in rules.applications]
        self._open: dict[tuple[str, ...], tuple[_Application, ...]] = {}
        self._named: dict[tuple[str, ...], tuple[_Application, ...]] = {}
        self.passwords = Keys(defaults=True, added=(), safe=())

    def scrub(self, event: dict[str, Any], notes: Notes) -> Redacted:
        """Scrub a normalised event in place."""
        if not self._applications:
            return Redacted()
        run = _Run(self, notes)
        run.members(event, _Spot("", EVENT, dict))
        return Redacted(frozenset(run.redacted), frozenset(rule.id for rule in run.slow))

    def attachment(self, filename: str, data: bytes) -> bytes | None:
        """Return an attachment as it may be kept, None for not at all. One that is no text stays or goes as a whole."""
        spot = _Spot(filename, _FILE, str, _Spot("attachments", _FILES, dict, _Spot("", EVENT, dict)))
        rules = [
            rule
            for each in self._applications
            if selects(each.selector, spot.way, is_open=False)
            for rule in each.rules
        ]
        if not rules:
            return data
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return None if any(rule.rule.kind == ANYTHING for rule in rules) else data
        run = _Run(self, Notes({}))
        kept = run.applied(rules, text, spot)
        return kept.encode() if isinstance(kept, str) and not run.redacted else None

    def candidates(self, names: tuple[str, ...], reach: Reach) -> tuple[_Application, ...]:
        """Return what may mean a value that can be called by one of *names*."""
        known = self._open if reach is Reach.ALL else self._named
        found = known.get(names)
        if found is None:
            if len(known) >= KEYS_REMEMBERED_MAX:
                known.clear()
            keys = {None, *(name.lower() for name in names)}
            found = known[names] = tuple(
                each
                for each in self._applications
                if each.key in keys and (reach is Reach.ALL or _names_something(each.selector))
            )
        return found


_FILES = Place(reach=Reach.INSIDE, types=frozenset({"attachments"}))
_FILE = Place(types=frozenset({"attachments"}))


def _names_something(selector: Selector) -> bool:
    return any(map(_names_something, selector.parts)) if isinstance(selector, Or) else selector.is_specific


class _Spot:
    """Where a value is. Made for many values of which few are redacted: what that needs is worked out when it does."""

    __slots__ = ("_way", "is_implied", "key", "kind", "names", "note", "owner", "place")

    def __init__(self, key: str, place: Place, kind: type, owner: "_Spot | None" = None) -> None:
        self.key = key
        self.place = place
        self.kind = kind
        """Type of the value, as long as it is not redacted."""
        self.owner = owner
        is_element = owner is not None and owner.kind is list and not owner.place.has_pairs
        self.is_implied = is_element or (key == "values" and place.reach is Reach.INSIDE)
        self.names: tuple[str, ...] = (*owner.names, key) if owner and self.is_implied else (key,)
        """What it can be called by: steps into lists need not be written."""
        self.note: Path = (key,)
        """The last steps to it as ``_meta`` counts them."""
        self._way: Way | None = None

    @property
    def path(self) -> Path:
        """The way to it as ``_meta`` counts it."""
        return (*self.owner.path, *self.note) if self.owner else ()

    @property
    def way(self) -> Way:
        """The way to the value that is there."""
        if self._way is None:
            step = Step(self.key, _types(_JSON_TYPES[self.kind], self.place.types), self.is_implied)
            self._way = (*self.owner.way, step) if self.owner else (step,)
        return self._way


class _Run:
    """The way of the rules through one event."""

    def __init__(self, advanced: Advanced, notes: Notes) -> None:
        self._advanced = advanced
        self._notes = notes
        self.redacted: set[Path] = set()
        self.slow: set[Rule] = set()
        self._budget = CpuBudget(PATTERN_SECONDS_MAX)

    def members(self, owner: dict[str, Any], at: _Spot) -> None:
        """Visit the members of an object; what is taken out of free-form data leaves a null behind."""
        for name, value in tuple(owner.items()):
            place = at.place.member(name)
            meant = self._meant(value, (name,), place.reach)
            if meant is None:
                continue
            kept = self._visited(value, _Spot(name, place, type(value), at), meant)
            if kept is _GONE and not place.is_free:
                del owner[name]
            else:
                owner[name] = None if kept is _GONE else kept

    def applied(self, rules: Sequence[_Ready], value: Any, spot: _Spot) -> Any:
        """Return what *rules* leave of *value*; once it is redacted as a whole, there is nothing left to do."""
        for ready in rules:
            if ready.text_rule:
                value = self._without_parts(ready, ready.text_rule, value, spot)
            elif self._means(ready, spot.key):
                value = self._redacted(ready.rule, value, spot)
            if spot.path in self.redacted:
                break
        return value

    def _meant(self, value: Any, names: tuple[str, ...], reach: Reach) -> Sequence[_Application] | None:
        """Return what may redact *value*; None if neither it nor anything in it needs a visit."""
        if value is None or reach is Reach.NONE:
            return None
        meant = self._advanced.candidates(names, reach) if reach is not Reach.INSIDE else ()
        if type(value) is str:
            meant = tuple([each for each in meant if each.may_redact(value)]) if meant else ()
        return meant if meant or isinstance(value, (dict, list)) else None

    def _visited(self, value: Any, spot: _Spot, meant: Sequence[_Application]) -> Any:
        """Return what is left of *value* and of what it holds."""
        for each in meant:
            if selects(each.selector, spot.way, is_open=spot.place.reach is Reach.ALL):
                value = self.applied(each.rules, value, spot)
                if spot.path in self.redacted:
                    return value
        if isinstance(value, dict):
            self.members(value, spot)
        elif isinstance(value, list) and spot.place.has_pairs:
            self._pairs(value, spot)
        elif isinstance(value, list):
            self._elements(value, spot)
        return value

    def _elements(self, values: list[Any], at: _Spot) -> None:
        place = at.place.element()
        for index, value in enumerate(values):
            meant = self._meant(value, (*at.names, str(index)), place.reach)
            if meant is not None:
                values[index] = self._visited(value, _Spot(str(index), place, type(value), at), meant)
        gone = [index for index, value in enumerate(values) if value is _GONE]
        if gone and not place.is_free:
            self._notes.forgotten(at.path, gone)
            values[:] = [value for value in values if value is not _GONE]
        for index in gone if place.is_free else ():
            values[index] = None

    def _pairs(self, pairs: list[Any], at: _Spot) -> None:
        """Visit the values of pairs; tags are known by their names, others by where they stand."""
        are_tags = at.key == "tags"
        for index, pair in enumerate(pairs):
            name, value = pair
            place = at.place.member(name)
            meant = self._meant(value, (name,), place.reach)
            if meant is not None:
                spot = _Spot(name, place, type(value), at)
                spot.note = (name,) if are_tags else (str(index), "1")
                kept = self._visited(value, spot, meant)
                pair[1] = "" if kept is _GONE else kept
        if are_tags:
            pairs[:] = [pair for pair in pairs if pair[1]]

    def _means(self, ready: _Ready, key: str) -> bool:
        """Say whether a rule about whole values is about one under *key*."""
        if ready.rule.kind == ANYTHING:
            return True
        if ready.key_pattern is None:
            return self._advanced.passwords.condemn(key)
        search = ready.key_pattern.search
        return self._in_time(ready.rule, lambda: search(key) is not None) is not False

    def _without_parts(self, ready: _Ready, rule: TextRule, value: Any, spot: _Spot) -> Any:
        is_number = spot.place.is_free and isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number and not isinstance(value, str):
            return value
        text = str(value)
        matches: list[re.Match[str]] | None = None
        if ready.rule.kind == PATTERN:
            matches = self._in_time(ready.rule, lambda: list(rule.pattern.finditer(text)))
            if matches is None:
                return self._redacted(ready.rule, value, spot, FILTER)
        elif not rule.may_match(shape_of(text)):
            return value
        done = edited(text, rule, matches)
        if done is None:
            return value
        self._notes.edited(spot.path, rule.id, rule.redaction, done.edits, len(text))
        return done.text

    def _redacted(self, rule: Rule, value: Any, spot: _Spot, redaction: Redaction | None = None) -> Any:
        """Redact a whole value."""
        redaction = redaction or rule.redaction
        left = _left_of(value, redaction, is_free=spot.place.is_free)
        if left != value:
            self.redacted.add(spot.path)
            shown = None if left is _GONE else left
            self._notes.replaced(spot.path, rule.id, _REMOVE if left is _GONE else redaction, shown, value)
        return left

    def _in_time(self, rule: Rule, call: Callable[[], _T]) -> _T | None:
        """Return what *call* finds for somebody's regular expression, None if there is no time left for it."""
        try:
            return self._budget.spend(call)
        except CpuLimitError:
            self.slow.add(rule)
            return None


def _left_of(value: Any, redaction: Redaction, *, is_free: bool) -> Any:
    """Return what is left of a value redacted as a whole; where only an object or a list will do, nothing is."""
    if redaction.method is Method.REMOVE:
        return _GONE
    if isinstance(value, str):
        return redaction.of(value)
    if not is_free or (redaction.method is Method.MASK and isinstance(value, (dict, list))):
        return _GONE
    return redaction.of(msgspec.json.encode(value).decode())


@lru_cache(maxsize=1024)
def _types(json_type: str, place_types: frozenset[str]) -> frozenset[str]:
    return place_types | {json_type}
