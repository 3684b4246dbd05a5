"""Stack trace rules: which frames are the user's, and which of them tell problems apart (spec/ingest.md 5.5)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache

import msgspec

from tocsin.domain.grouping.evidence import Frame, Raised, Stacktrace, family
from tocsin.domain.grouping.rule_text import Written

DECISIONS_CACHED_MAX = 8192
FAMILIES_CACHED_MAX = 1024
SCENES_CACHED_MAX = 512
"""Stacks of which is remembered what rules and frames come to; one of 40 frames holds about 30 KB."""


class Subject(StrEnum):
    """What a condition looks at."""

    PATH = "path"
    MODULE = "module"
    FUNCTION = "function"
    PACKAGE = "package"
    FAMILY = "family"
    APP = "app"
    CATEGORY = "category"
    ERROR_TYPE = "type"
    ERROR_VALUE = "value"
    ERROR_MECHANISM = "mechanism"


FIXED_SUBJECTS = frozenset({Subject.PATH, Subject.MODULE, Subject.FUNCTION, Subject.PACKAGE, Subject.FAMILY})
"""What depends on nothing but the frame itself."""

ERROR_SUBJECTS = frozenset({Subject.ERROR_TYPE, Subject.ERROR_VALUE, Subject.ERROR_MECHANISM})
"""What depends on the exception that the stack trace is of."""

_Texts = Mapping[Subject, str | None]


class Condition(msgspec.Struct, frozen=True, eq=False):
    """One matcher of a rule; what is absent matches nothing."""

    subject: Subject
    pattern: re.Pattern[str]
    negated: bool = False

    def holds(self, texts: _Texts) -> bool:
        """Return whether the text of the subject is as the rule asks."""
        text = texts[self.subject]
        return (bool(text) and self.pattern.match(text or "") is not None) is not self.negated


class Reach(StrEnum):
    """Which frames an action changes, seen from the frame that matched."""

    ITSELF = ""
    TOWARDS_CRASH = "^"
    TOWARDS_START = "v"


class Mark(msgspec.Struct, frozen=True):
    """Sets one thing of frames: whether they are in-app, whether they count, or their category."""

    field: str
    """``app``, ``group`` or ``category``."""
    value: bool | str
    reach: Reach = Reach.ITSELF

    def positions(self, matched: int, count: int) -> range:
        """Return which of *count* frames to change when the one at *matched* matched."""
        match self.reach:
            case Reach.TOWARDS_CRASH:
                return range(matched + 1, count)
            case Reach.TOWARDS_START:
                return range(matched)
            case Reach.ITSELF:
                return range(matched, matched + 1)


class Bound(msgspec.Struct, frozen=True):
    """Sets something of a whole stack trace: ``max-frames``, ``min-frames`` or ``invert-stacktrace``."""

    field: str
    value: int


class StackRule(msgspec.Struct, frozen=True, eq=False):
    """What to do with a frame for which all conditions hold, its own and those on its neighbours."""

    fixed: tuple[Condition, ...]
    """Conditions on fixed subjects."""
    passing: tuple[Condition, ...] = ()
    """Conditions on what the event or earlier rules decide."""
    caller: tuple[Condition, ...] = ()
    callee: tuple[Condition, ...] = ()
    marks: tuple[Mark, ...] = ()
    bounds: tuple[Bound, ...] = ()
    written: Written = Written("")

    @property
    def conditional(self) -> bool:
        """Whether more than the frame itself decides if the rule applies."""
        return bool(self.passing or self.caller or self.callee)

    @property
    def settled(self) -> bool:
        """Whether the rule is about nothing but the frame itself."""
        return not self.conditional and not self.bounds and all(mark.reach is Reach.ITSELF for mark in self.marks)


class RuleBook(msgspec.Struct, frozen=True, eq=False):
    """Rules in the order in which they apply. Hashed by identity, so that decisions can be kept."""

    rules: tuple[StackRule, ...]


class StackRules(msgspec.Struct, frozen=True, eq=False):
    """Parsed rules by what they do: say whose a frame is, then say which frames count."""

    classifying: RuleBook
    selecting: RuleBook
    read_errors: bool
    """Whether some rule has a condition on the exception."""


class ErrorTexts(msgspec.Struct, frozen=True):
    """What conditions may ask of an exception."""

    type: str | None = None
    value: str | None = None
    mechanism: str | None = None


class Scene(msgspec.Struct, frozen=True):
    """A stack trace and as much of what happened around it as rules can tell. Equal scenes are judged alike."""

    frames: tuple[Frame, ...]
    platform: str | None
    error: ErrorTexts | None = None


def scene_of(stacktrace: Stacktrace, platform: str | None, rules: StackRules, raised: Raised | None = None) -> Scene:
    """Return the scene of *stacktrace*, which is that of *raised*; without the exception if no rule asks for it."""
    error = None
    if raised and rules.read_errors:
        error = ErrorTexts(raised.type, raised.value, raised.mechanism.type if raised.mechanism else None)
    return Scene(stacktrace.calls, platform, error)


class Selection(msgspec.Struct, frozen=True):
    """Which frames count, by position, and how many of them."""

    counting: list[bool]
    frames_max: int = 0
    """0 means no limit."""
    frames_min: int = 0
    inverted: bool = False


class Classification(msgspec.Struct, frozen=True):
    """By position: whether a frame is the user's own, and its category where a rule named one."""

    apps: list[bool]
    categories: list[str | None]


class _Match(msgspec.Struct, frozen=True):
    """The rules for one kind of frame, by their order, and what they come to if nothing else has a say."""

    orders: tuple[int, ...]
    settled: bool
    """Whether nothing but the frame itself decides, and nothing but the frame itself changes."""
    app: bool | None
    counts: bool
    category: str | None


def classify(scene: Scene, rules: StackRules, in_app: Sequence[bool | None]) -> Classification:
    """Return whose the frames are (spec/ingest.md 4.7); *in_app* is what the SDK said.

    Where neither the SDK nor a rule says anything, a frame is not the user's own.
    """
    matches = _matches(rules.classifying, scene)
    unsettled = [match for match in matches if not match.settled]
    if not unsettled:
        return Classification(
            [(said if match.app is None else match.app) is True for match, said in zip(matches, in_app, strict=True)],
            [match.category for match in matches],
        )
    verdict = Classification([said is True for said in in_app], [None] * len(in_app))
    for _ in _marking(rules.classifying, scene, matches, verdict):
        continue
    return verdict


def select(scene: Scene, rules: StackRules) -> Selection:
    """Return which frames of a classified stack trace count for grouping."""
    matches = _matches(rules.selecting, scene)
    unsettled = [match for match in matches if not match.settled]
    if not unsettled:
        return Selection([match.counts for match in matches])
    counting = [True] * len(scene.frames)
    bounds: dict[str, int] = {}
    for rule, matched in _firing(rules.selecting, scene, matches, None):
        bounds |= {bound.field: bound.value for bound in rule.bounds}
        for mark in rule.marks:
            for position in mark.positions(matched, len(counting)):
                counting[position] = mark.value is True
    return Selection(
        counting,
        frames_max=bounds.get("max-frames", 0),
        frames_min=bounds.get("min-frames", 0),
        inverted=bool(bounds.get("invert-stacktrace")),
    )


def rules_by_frame(scene: Scene, rules: StackRules) -> list[tuple[Written, ...]]:
    """Return the rules that had a say about each frame of a classified stack trace, in the order they applied."""
    said = [frame.sent_in_app for frame in scene.frames]
    verdict = Classification([each is True for each in said], [None] * len(said))
    fired = [
        *_marking(rules.classifying, scene, _matches(rules.classifying, scene), verdict),
        *_firing(rules.selecting, scene, _matches(rules.selecting, scene), None),
    ]
    found: list[dict[Written, None]] = [{} for _ in said]
    for rule, matched in fired:
        for position in {matched, *(at for mark in rule.marks for at in mark.positions(matched, len(said)))}:
            found[position][rule.written] = None
    return [tuple(each) for each in found]


def _marking(
    book: RuleBook, scene: Scene, matches: Sequence[_Match], verdict: Classification
) -> Iterator[tuple[StackRule, int]]:
    """Yield what `_firing` yields, and note in *verdict* what each rule says before the next is asked."""
    for rule, matched in _firing(book, scene, matches, verdict):
        for mark in rule.marks:
            for position in mark.positions(matched, len(scene.frames)):
                if mark.field == "app":
                    verdict.apps[position] = mark.value is True
                else:
                    verdict.categories[position] = str(mark.value)
        yield rule, matched


def _firing(
    book: RuleBook, scene: Scene, matches: Sequence[_Match], verdict: Classification | None
) -> Iterator[tuple[StackRule, int]]:
    """Yield each rule with the position of each frame it applies to, rule by rule.

    *verdict* is read as it changes between rules; without one, frames are as they were classified before.
    """
    pending = [(order, position) for position, match in enumerate(matches) for order in match.orders]
    for order, position in sorted(pending):
        rule = book.rules[order]
        if not rule.conditional or _applies(rule, scene, position, verdict):
            yield rule, position


def _matches(book: RuleBook, scene: Scene) -> list[_Match]:
    platform = scene.platform
    return [
        _match(
            book,
            frame.platform or platform,
            frame.abs_path or frame.filename,
            frame.module,
            frame.function,
            frame.package,
        )
        for frame in scene.frames
    ]


@lru_cache(DECISIONS_CACHED_MAX)
def _match(
    book: RuleBook,
    platform: str | None,
    path: str | None,
    module: str | None,
    function: str | None,
    package: str | None,
) -> _Match:
    """Return which rules of *book* have fixed conditions that hold for such a frame."""
    texts = _frame_texts(platform, path, module, function, package)
    candidates = _of_family(book, family(platform))
    matching = {order: book.rules[order] for order, conditions in candidates if _all_hold(conditions, texts)}
    marks = {mark.field: mark.value for rule in matching.values() for mark in rule.marks}
    return _Match(
        orders=tuple(matching),
        settled=all(rule.settled for rule in matching.values()),
        app=marks["app"] is True if "app" in marks else None,
        counts=marks.get("group", True) is True,
        category=str(marks["category"]) if "category" in marks else None,
    )


@lru_cache(FAMILIES_CACHED_MAX)
def _of_family(book: RuleBook, name: str) -> tuple[tuple[int, tuple[Condition, ...]], ...]:
    """Return the rules of *book* for frames of a family, by their order, and what they ask besides the family."""
    texts = {Subject.FAMILY: name}
    found = []
    for order, rule in enumerate(book.rules):
        asked = tuple(condition for condition in rule.fixed if condition.subject is Subject.FAMILY)
        if _all_hold(asked, texts):
            found.append((order, tuple(condition for condition in rule.fixed if condition not in asked)))
    return tuple(found)


def _applies(rule: StackRule, scene: Scene, position: int, verdict: Classification | None) -> bool:
    neighbours = ((rule.passing, position), (rule.caller, position - 1), (rule.callee, position + 1))
    return all(
        0 <= where < len(scene.frames) and _all_hold(conditions, _texts(scene, where, verdict))
        for conditions, where in neighbours
        if conditions
    )


def _all_hold(conditions: tuple[Condition, ...], texts: _Texts) -> bool:
    return all(condition.holds(texts) for condition in conditions)


def _texts(scene: Scene, position: int, verdict: Classification | None) -> _Texts:
    frame, error = scene.frames[position], scene.error or ErrorTexts()
    own = verdict.apps[position] if verdict else frame.in_app is True
    return {
        **_frame_texts(
            frame.platform or scene.platform,
            frame.abs_path or frame.filename,
            frame.module,
            frame.function,
            frame.package,
        ),
        Subject.APP: "yes" if own else "no",
        Subject.CATEGORY: verdict.categories[position] if verdict else frame.category,
        Subject.ERROR_TYPE: error.type,
        Subject.ERROR_VALUE: error.value,
        Subject.ERROR_MECHANISM: error.mechanism,
    }


def _frame_texts(
    platform: str | None, path: str | None, module: str | None, function: str | None, package: str | None
) -> dict[Subject, str | None]:
    return {
        Subject.PATH: path and path.replace("\\", "/"),
        Subject.MODULE: module,
        Subject.FUNCTION: function,
        Subject.PACKAGE: package and package.replace("\\", "/"),
        Subject.FAMILY: family(platform),
    }
