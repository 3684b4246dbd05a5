"""How many reasons are kept apart: clients may send any, and each would be a row (spec/ingest.md 6.9)."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeAlias

from tocsin.domain.outcome import OutcomeKey, Verdict

REASONS_MAX: Final = 100
"""How many reasons one verdict has within an hour of a project. SDKs know some twenty."""
OTHER: Final = "other"
"""The reason of all that came after those."""

ReasonScope: TypeAlias = tuple[int, datetime, Verdict]
"""Project, hour and verdict."""


def reason_scope(key: OutcomeKey) -> ReasonScope:
    """Return within what the reason of *key* is one of few."""
    return key.project_id, key.hour, key.verdict


def with_few_reasons(
    counts: Mapping[OutcomeKey, int], known: Mapping[ReasonScope, set[str]]
) -> Mapping[OutcomeKey, int]:
    """Return *counts* with ``OTHER`` for the reasons that come on top of ``REASONS_MAX``; *known* are counted already.

    No quantity is lost.
    """
    taken = {scope: set(reasons) for scope, reasons in known.items()}
    few: Counter[OutcomeKey] = Counter()
    for key in sorted(counts):
        reasons = taken.setdefault(reason_scope(key), set())
        if key.reason and key.reason not in reasons:
            if len(reasons) < REASONS_MAX:
                reasons.add(key.reason)
            else:
                few[key._replace(reason=OTHER)] += counts[key]
                continue
        few[key] += counts[key]
    return few
