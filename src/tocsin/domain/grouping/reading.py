"""What a configuration reads otherwise than others, and how exceptions read with it (spec/ingest.md 5.4, 5.6, 5.7)."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from tocsin.domain.grouping.evidence import Evidence, Exceptions, Frame, Mechanism, Raised
from tocsin.domain.grouping.exceptions import exception_views
from tocsin.domain.grouping.frames import frame_values
from tocsin.domain.grouping.parameterise import normalised_message
from tocsin.domain.grouping.stack_rules import StackRules
from tocsin.domain.grouping.stacks import Views


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How one configuration reads stack traces, exceptions and messages."""

    values_of: Callable[[Frame, str | None], tuple[str, ...]]
    """What a frame says, given the platform of its event."""
    message_of: Callable[[str], str]
    """What a message says without what varies."""
    drops_lone_urls: bool
    """Whether a lone unnamed JavaScript call is left out when it is from a URL, or when it is not."""
    stack_first: bool
    """Whether the frames of an exception come before its type."""


READING_2026 = Reading(values_of=frame_values, message_of=normalised_message, drops_lone_urls=False, stack_first=False)


class Said(msgspec.Struct, frozen=True):
    """One thing that an exception says of itself."""

    name: str
    """``type``, ``ns-error`` or ``value``."""
    texts: tuple[str, ...]
    hint: str | None = None
    """Why it does not count; None when it does."""


def said_by(raised: Raised, reading: Reading, *, has_frames: bool) -> list[Said]:
    """Return what *raised* says apart from its stack trace, in the order in which it is hashed (5.6)."""
    mechanism = raised.mechanism
    ns_error = mechanism.meta.ns_error if mechanism and mechanism.meta else None
    why_no_type = "the SDK made it up" if mechanism and mechanism.synthetic else None
    why_no_value = "the error of the system says more" if ns_error else None
    if has_frames and not ns_error:
        why_no_value = "the stack trace says more"
    code = "" if ns_error is None or ns_error.code is None else str(ns_error.code)
    return [
        Said("type", _texts(raised.type), why_no_type),
        Said("ns-error", _texts(str(ns_error.domain or "") if ns_error else "", code)),
        Said("value", _texts(reading.message_of(raised.value or "")), why_no_value),
    ]


def texts_of(raised: Raised, frames: tuple[str, ...], reading: Reading) -> tuple[str, ...]:
    """Return the texts of one exception whose stack trace says *frames*, in the order in which they are hashed."""
    said = said_by(raised, reading, has_frames=bool(frames))
    own = tuple(text for one in said if one.hint is None for text in one.texts)
    return (*frames, *own) if reading.stack_first else (*own, *frames)


def counting(evidence: Evidence, rules: StackRules, views: Sequence[Views]) -> list[int]:
    """Return which exceptions count, in order, when they say *views*.

    Groups and wrappers are the same in every configuration. So the newest is asked about exceptions that say nothing
    but a name each, and the same name where they say the same.
    """
    firsts = {view: index for index, view in reversed(list(enumerate(views)))}
    named = [
        replace(raised, value=_name(firsts[view]), stacktrace=None, mechanism=_silent(raised.mechanism))
        for raised, view in zip(evidence.raised, views, strict=True)
    ]
    chosen, _ = exception_views(replace(evidence, exception=Exceptions([*named])), rules)
    return [len(name) - 1 for name in chosen.system]


def _name(index: int) -> str:
    """Return a text that parameterisation leaves alone."""
    return "x" * (index + 1)


def _silent(mechanism: Mechanism | None) -> Mechanism:
    return replace(mechanism or Mechanism(), synthetic=True, meta=None)


def _texts(*texts: str | None) -> tuple[str, ...]:
    return tuple(text for text in texts if text)
