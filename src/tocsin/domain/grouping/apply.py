"""Stack trace rules on an event: ``in_app`` of every frame, decided before anything else (spec/ingest.md 4.7)."""

from collections.abc import Iterator
from typing import Any

from tocsin.domain.grouping.evidence import Evidence, Raised, Stacktrace, read_evidence
from tocsin.domain.grouping.rules import DEFAULT_RULES, GroupingRules
from tocsin.domain.grouping.stack_rules import Scene, classify

_SENT_AS = {None: -1, False: 0, True: 1}


def apply_rules(payload: dict[str, Any], rules: GroupingRules = DEFAULT_RULES) -> None:
    """Set ``in_app`` of every frame of the normalised event *payload*, in place.

    Where the answer is not what the SDK sent, ``data.orig_in_app`` keeps that: -1 for nothing, 0 or 1. Applying other
    rules later starts from the original again. A category from a rule is kept in ``data.category``.
    """
    evidence = read_evidence(payload)
    for raw, stacktrace, raised in _stacktraces(payload, evidence):
        frames = stacktrace.calls
        sent = [frame.sent_in_app if frame.data else frame.in_app for frame in frames]
        verdict = classify(Scene(frames, evidence.platform, raised), rules.enhancements, sent)
        for frame, known, said, app, category in zip(raw, frames, sent, verdict.apps, verdict.categories, strict=True):
            if (known.in_app is app and category is None) or not isinstance(frame, dict):
                continue
            frame["in_app"] = app
            if said is not app:
                _data(frame).setdefault("orig_in_app", _SENT_AS[said])
            if category is not None:
                _data(frame)["category"] = category


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
