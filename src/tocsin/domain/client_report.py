"""Client reports: what SDKs say they did not send, and why (spec/ingest.md 6.9)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from tocsin.domain.outcome import REASON_CHARS_MAX, Category, Outcome, Verdict

ENTRIES_MAX = 500
"""A report has 4 KiB at the most, which is some 60 entries."""
QUANTITY_MAX = 1_000_000_000
"""No client discards more between two reports; what says so is not believed further."""

_VERDICTS: Final[Mapping[str, Verdict]] = {
    "discarded_events": Verdict.CLIENT_DISCARD,
    "rate_limited_events": Verdict.RATE_LIMITED,
    "filtered_events": Verdict.FILTERED,
    "filtered_sampling_events": Verdict.FILTERED,
}
_CATEGORIES: Final[Mapping[str, Category]] = {one.value: one for one in Category}


def read_client_report(payload: bytes) -> list[Outcome]:
    """Return what a report amounts to: unknown reasons are kept, categories that nobody knows are ``internal``.

    A report that cannot be read is invalid itself. The hour is that of arrival: SDKs report once a minute.
    """
    try:
        report = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        report = None
    if not isinstance(report, dict):
        return [Outcome(category=Category.INTERNAL, verdict=Verdict.INVALID, reason="client_report")]
    return list(_outcomes(report))


def _outcomes(report: Mapping[str, Any]) -> Iterator[Outcome]:
    for name, verdict in _VERDICTS.items():
        entries = report.get(name)
        for entry in entries[:ENTRIES_MAX] if isinstance(entries, list) else ():
            if isinstance(entry, dict) and (quantity := _quantity(entry.get("quantity"))):
                yield Outcome(
                    category=_category(entry.get("category")),
                    verdict=verdict,
                    reason=_reason(entry.get("reason")),
                    quantity=quantity,
                )


def _quantity(value: Any) -> int:
    return min(value, QUANTITY_MAX) if type(value) is int and value > 0 else 0


def _category(value: Any) -> Category:
    return _CATEGORIES.get(value, Category.INTERNAL) if isinstance(value, str) else Category.INTERNAL


def _reason(value: Any) -> str:
    return value[:REASON_CHARS_MAX] if isinstance(value, str) else ""
