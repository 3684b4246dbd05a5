"""Stack trace rules on an event: ``in_app`` of every frame, decided before anything else (spec/ingest.md 4.7)."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from tocsin.domain.grouping.evidence import Evidence, Raised, Stacktrace, read_evidence
from tocsin.domain.grouping.rules import DEFAULT_RULES, GroupingRules
from tocsin.domain.grouping.stack_rules import SCENES_CACHED_MAX, Scene, StackRules, classify, scene_of

_SENT_AS = {None: -1, False: 0, True: 1}


class _Change(msgspec.Struct, frozen=True):
    """What a frame does not say yet."""

    position: int
    in_app: bool
    sent_as: int | None
    """For ``orig_in_app``, None where the SDK said the same."""
    category: str | None


def apply_rules(payload: dict[str, Any], rules: GroupingRules = DEFAULT_RULES) -> Evidence:
    """Set ``in_app`` of every frame of the normalised event *payload*, in place; return the evidence there is then.

    Where the answer is not what the SDK sent, ``data.orig_in_app`` keeps that: -1 for nothing, 0 or 1. Applying other
    rules later starts from the original again. ``data.category`` keeps what a rule says, and nothing else.
    """
    evidence = read_evidence(payload)
    changed = False
    for frames, stacktrace, raised in _stacktraces(payload, evidence):
        for change in _changes(scene_of(stacktrace, evidence.platform, rules.enhancements, raised), rules.enhancements):
            changed = True
            _make(change, frames[change.position])
    return read_evidence(payload) if changed else evidence


@lru_cache(SCENES_CACHED_MAX)
def _changes(scene: Scene, rules: StackRules) -> tuple[_Change, ...]:
    sent = [frame.sent_in_app if frame.data else frame.in_app for frame in scene.frames]
    verdict = classify(scene, rules, sent)
    verdicts = zip(scene.frames, sent, verdict.apps, verdict.categories, strict=True)
    return tuple(
        _Change(position, app, None if said is app else _SENT_AS[said], category)
        for position, (frame, said, app, category) in enumerate(verdicts)
        if frame.in_app is not app or category != frame.category
    )


def _make(change: _Change, frame: Any) -> None:
    if isinstance(frame, dict):
        frame["in_app"] = change.in_app
        if change.sent_as is not None:
            _data(frame).setdefault("orig_in_app", change.sent_as)
        if change.category is not None:
            _data(frame)["category"] = change.category
        elif "category" in _data(frame):
            # An earlier rule said so, which is gone: rules that come later must not believe it.
            del frame["data"]["category"]


def _data(frame: dict[str, Any]) -> dict[str, Any]:
    """Return the frame's ``data``, made if need be."""
    data = frame.get("data")
    if not isinstance(data, dict):
        data = frame["data"] = {}
    return data


def _stacktraces(payload: dict[str, Any], evidence: Evidence) -> Iterator[tuple[list[Any], Stacktrace, Raised | None]]:
    """Yield the frames of each stack trace as they were sent and as they were read, and the exception they are of."""
    owners: list[tuple[Any, Stacktrace | None, Raised | None]] = [(payload, evidence.stacktrace, None)]
    if evidence.exception and evidence.exception.values:
        pairs = zip(payload["exception"]["values"], evidence.exception.values, strict=True)
        owners += [(raw, raised.stacktrace, raised) for raw, raised in pairs if raised]
    if evidence.threads and evidence.threads.values:
        threads = zip(payload["threads"]["values"], evidence.threads.values, strict=True)
        owners += [(raw, thread.stacktrace, None) for raw, thread in threads if thread]
    for raw, stacktrace, raised in owners:
        if stacktrace and stacktrace.frames:
            yield raw["stacktrace"]["frames"], stacktrace, raised
