"""Why an event belongs where it does: everything that was looked at, and why what does not count does not count."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from tocsin.domain.grouping.config_2023 import READING_2023, decisive_stacktrace
from tocsin.domain.grouping.evidence import Evidence, Frame, Raised, Stacktrace
from tocsin.domain.grouping.fingerprint_rules import FingerprintRule, first_match
from tocsin.domain.grouping.frames import CONTEXT_LINE_CHARS_MAX
from tocsin.domain.grouping.group import CONFIGS, LATEST, OLDEST, group_evidence
from tocsin.domain.grouping.model import Grouping
from tocsin.domain.grouping.reading import READING_2026, Reading, counting, said_by, texts_of
from tocsin.domain.grouping.rule_text import Written
from tocsin.domain.grouping.rules import GroupingRules
from tocsin.domain.grouping.stack_rules import Scene, StackRules, rules_by_frame, scene_of
from tocsin.domain.grouping.stacks import Views
from tocsin.domain.grouping.walk import APP, SYSTEM, Step, walk

READINGS: Mapping[str, Reading] = {OLDEST: READING_2023, LATEST: READING_2026}
_FRAMES = "frame"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Something of an event that may count, and what it is made of."""

    id: str
    """``exception``, ``stacktrace``, ``frame``, ``type``, ``value``, ``module``, ``function`` …"""
    contributes: bool
    hint: str | None = None
    """Why it does not."""
    texts: tuple[str, ...] = ()
    parts: tuple["Part", ...] = ()
    frame: Frame | None = None
    """Of a frame: all there is of it."""
    rules: tuple[Written, ...] = ()
    """Of a frame: the stack trace rules that had a say."""

    @property
    def said(self) -> tuple[str, ...]:
        """The texts that count, in order."""
        if not self.contributes:
            return ()
        return (*self.texts, *(text for part in self.parts for text in part.said))


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """How an event was grouped."""

    grouping: Grouping
    rule: FingerprintRule | None
    """The fingerprint rule for it."""
    parts: Mapping[str, Part]
    """What each variant by what the event says is made of, before its fingerprint is added."""


def explain(evidence: Evidence, rules: GroupingRules, config: str = LATEST) -> Explanation:
    """Return how ``group_evidence`` comes to its answer; ``apply_rules`` returns such evidence."""
    grouping = group_evidence(evidence, rules, config=config)
    names = [variant.name for variant in grouping.variants if variant.name in {APP, SYSTEM, "default"}]
    return Explanation(
        grouping=grouping,
        rule=first_match(rules.fingerprinting, evidence),
        parts={name: _variant(name, evidence, rules.enhancements, config) for name in names},
    )


def _variant(name: str, evidence: Evidence, rules: StackRules, config: str) -> Part:
    reading = READINGS[config]
    only_exceptions = Evidence(platform=evidence.platform, sdk=evidence.sdk, exception=evidence.exception)
    if CONFIGS[config](only_exceptions, rules).variants:
        return Part(id=name, contributes=True, parts=tuple(_exceptions(name, evidence, rules, reading)))
    for stacktrace in filter(None, (decisive_stacktrace(evidence), evidence.stacktrace)):
        part = _stacktrace(name, scene_of(stacktrace, evidence.platform, rules), rules, reading)
        if name in {APP, SYSTEM} and part.said:
            return Part(id=name, contributes=True, parts=(part,))
    content = CONFIGS[config](replace(evidence, exception=None, threads=None, stacktrace=None), rules)
    texts = content.variants.get(name, ())
    return Part(id=name, contributes=True, parts=(Part(id=_source(evidence), contributes=True, texts=texts),))


def _source(evidence: Evidence) -> str:
    """Return what a text comes from that is neither of an exception nor of a stack trace (spec/ingest.md 5.3)."""
    sources = {
        "csp": evidence.csp,
        "hpkp": evidence.hpkp,
        "expect-staple": evidence.expectstaple,
        "expect-ct": evidence.expectct,
        "template": evidence.template,
    }
    return next((name for name, source in sources.items() if source), "message")


def _exceptions(variant: str, evidence: Evidence, rules: StackRules, reading: Reading) -> list[Part]:
    """Return what the exceptions come to: those that count in the order in which they are hashed, then the others."""
    stacks = [_stack(variant, raised, evidence.platform, rules, reading) for raised in evidence.raised]
    views = [_views(raised, evidence.platform, rules, reading) for raised in evidence.raised]
    chosen = counting(evidence, rules, views)
    parts = [_exception(*pair, reading) for pair in zip(evidence.raised, stacks, strict=True)]
    others = [index for index in range(len(parts)) if index not in chosen]
    hint = "another exception of its group stands for it"
    return [parts[index] for index in chosen] + [
        replace(parts[index], contributes=False, hint=hint) for index in others
    ]


def _views(raised: Raised, platform: str | None, rules: StackRules, reading: Reading) -> Views:
    stacks = [_stack(variant, raised, platform, rules, reading) for variant in (APP, SYSTEM)]
    app, system = (texts_of(raised, stack.said if stack else (), reading) for stack in stacks)
    return Views(app, system)


def _stack(variant: str, raised: Raised, platform: str | None, rules: StackRules, reading: Reading) -> Part | None:
    stacktrace: Stacktrace | None = raised.stacktrace
    if stacktrace is None:
        return None
    return _stacktrace(variant, scene_of(stacktrace, platform, rules, raised), rules, reading)


def _exception(raised: Raised, stack: Part | None, reading: Reading) -> Part:
    said = said_by(raised, reading, has_frames=bool(stack and stack.said))
    own = [Part(id=one.name, contributes=one.hint is None, hint=one.hint, texts=one.texts) for one in said if one.texts]
    stacks = [stack] if stack else []
    parts = (*stacks, *own) if reading.stack_first else (*own, *stacks)
    return Part(id="exception", contributes=True, parts=parts)


def _stacktrace(variant: str, scene: Scene, rules: StackRules, reading: Reading) -> Part:
    walked = walk(scene, rules, variant, reading)
    asked = rules_by_frame(scene, rules)
    frames = [_frame(step, scene.platform, reading, written) for step, written in zip(walked.steps, asked, strict=True)]
    counts = any(frame.contributes for frame in frames)
    return Part(
        id="stacktrace",
        contributes=counts,
        hint=None if counts else "none of its frames counts",
        parts=tuple(reversed(frames) if walked.inverted else frames),
    )


def _frame(step: Step, platform: str | None, reading: Reading, written: tuple[Written, ...]) -> Part:
    return Part(
        id=_FRAMES,
        contributes=step.hint is None,
        hint=step.hint,
        parts=tuple(_values(step, platform, reading)),
        frame=step.frame,
        rules=written,
    )


def _values(step: Step, platform: str | None, reading: Reading) -> list[Part]:
    """Return what the frame has to say, told apart by asking what it would say with less."""
    frame, values_of = step.frame, reading.values_of
    bare = replace(frame, function=None, raw_function=None, context_line=None)
    module = values_of(replace(bare, filename=None), platform)
    place = module or values_of(bare, platform)
    with_line = step.values != values_of(replace(frame, context_line=None), platform)
    line = step.values[-1:] if with_line else ()
    function = step.values[len(place) : len(step.values) - len(line)]
    return [
        _value("module", frame.module, module, "it changes from build to build, or only repeats the path"),
        _value("filename", frame.filename, () if module else place, _why_no_file(module)),
        _value("function", frame.raw_function or frame.function, function, "it is no name of its own here"),
        _value("context-line", frame.context_line, line, _why_no_line(frame)),
    ]


def _value(name: str, given: str | None, said: tuple[str, ...], why_not: str) -> Part:
    if said:
        return Part(id=name, contributes=True, texts=said)
    return Part(
        id=name,
        contributes=False,
        hint=why_not if given else "the event says nothing about it",
        texts=(given,) if given else (),
    )


def _why_no_file(module: tuple[str, ...]) -> str:
    return "the module says it already" if module else "it is a URL or no file"


def _why_no_line(frame: Frame) -> str:
    if len(frame.context_line or "") > CONTEXT_LINE_CHARS_MAX:
        return f"it is longer than {CONTEXT_LINE_CHARS_MAX} characters"
    return "lines of code do not count for this platform or file"
