"""The configuration ``tocsin:2023-01-11``: what it reads otherwise than the newest one (spec/ingest.md 5.4, 5.6, 5.7).

Stack traces come before the type of an exception, a lone unnamed call from a URL says nothing, lines of code are
taken as they are, and fewer kinds of values are taken out of messages. Frozen, since hashes made with it are stored.
"""

from functools import lru_cache
from itertools import chain

from msgspec.structs import replace

from tocsin.domain.grouping.content import Content, content_of
from tocsin.domain.grouping.evidence import Evidence, Frame, Raised, Stacktrace, Thread, present
from tocsin.domain.grouping.exceptions import exception_views
from tocsin.domain.grouping.frames import CONTEXT_LINE_CHARS_MAX, frame_values
from tocsin.domain.grouping.parameterise_2023 import normalised_message
from tocsin.domain.grouping.reading import Reading, counting, texts_of
from tocsin.domain.grouping.stack_rules import SCENES_CACHED_MAX, Scene, StackRules, scene_of
from tocsin.domain.grouping.stacks import NOTHING, Views
from tocsin.domain.grouping.walk import APP, SYSTEM, walk


def frame_values_2023(frame: Frame, event_platform: str | None) -> tuple[str, ...]:
    """Return the texts by which *frame* counts: those of the newest configuration, but lines of code as they are."""
    line = frame.context_line
    if (frame.platform or event_platform) != "python" or not line or len(line) > CONTEXT_LINE_CHARS_MAX:
        return frame_values(frame, event_platform)
    code = " ".join(line.split())
    said = frame_values(replace(frame, context_line=None), event_platform)
    return (*said, code) if code else said


READING_2023 = Reading(
    values_of=frame_values_2023, message_of=normalised_message, drops_lone_urls=True, stack_first=True
)


def content_of_2023(evidence: Evidence, rules: StackRules) -> Content:
    """Return what the first kind of content that contributes has to say, as this configuration reads it."""
    content = _exceptions(evidence, rules)
    for stacktrace in (decisive_stacktrace(evidence), evidence.stacktrace):
        if not content.variants and stacktrace:
            content = _content(_views(scene_of(stacktrace, evidence.platform, rules), rules))
    if not content.variants:
        rest = replace(evidence, exception=None, threads=None, stacktrace=None, logentry=None)
        content = content_of(rest, rules)
    return content if content.variants else _message(evidence)


def _exceptions(evidence: Evidence, rules: StackRules) -> Content:
    stacks = [_stack(raised, evidence.platform, rules) for raised in evidence.raised]
    views = [
        Views(texts_of(raised, stack.app, READING_2023), texts_of(raised, stack.system, READING_2023))
        for raised, stack in zip(evidence.raised, stacks, strict=True)
    ]
    _, main_exception_id = exception_views(evidence, rules)
    chosen = counting(evidence, rules, views)
    app = tuple(chain.from_iterable(views[index].app for index in chosen))
    if any(stacks[index].system for index in chosen) and not any(stacks[index].app for index in chosen):
        app = ()
    return _content(Views(app, tuple(chain.from_iterable(views[index].system for index in chosen))), main_exception_id)


def _stack(raised: Raised, platform: str | None, rules: StackRules) -> Views:
    if raised.stacktrace is None:
        return NOTHING
    return _views(scene_of(raised.stacktrace, platform, rules, raised), rules)


@lru_cache(SCENES_CACHED_MAX)
def _views(scene: Scene, rules: StackRules) -> Views:
    return Views(walk(scene, rules, APP, READING_2023).texts, walk(scene, rules, SYSTEM, READING_2023).texts)


def decisive_stacktrace(evidence: Evidence) -> Stacktrace | None:
    """Return the stack trace of the only crashed, the only current or the only thread (spec/ingest.md 5.8)."""
    threads: list[Thread] = present(evidence.threads.values) if evidence.threads else []
    crashed = [thread for thread in threads if thread.crashed]
    current = [thread for thread in threads if thread.current]
    only = next((alike for alike in (crashed, current, threads) if len(alike) == 1), None)
    return only[0].stacktrace if only else None


def _message(evidence: Evidence) -> Content:
    logentry = evidence.logentry
    message = normalised_message((logentry.message or logentry.formatted or "") if logentry else "")
    return Content({"default": (message,)} if message else {})


def _content(views: Views, main_exception_id: int | None = None) -> Content:
    said = {APP: views.app, SYSTEM: views.system}
    return Content({name: texts for name, texts in said.items() if texts}, main_exception_id)
