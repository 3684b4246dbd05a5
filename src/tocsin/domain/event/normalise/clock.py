"""Timestamps, and clocks that are wrong (spec/ingest.md 3.3, 3.4).

In a normalised event every time is a float: seconds since 1970, UTC, to the microsecond.
"""

from datetime import UTC, datetime
from typing import Any

from tocsin.domain.event.arrival import Arrival, InvalidEvent
from tocsin.domain.event.normalise.remarks import CLOCK_DRIFT, FUTURE_TIMESTAMP, PAST_TIMESTAMP, Path, Remarks

DRIFT_SECONDS_MIN = 55 * 60
FUTURE_SECONDS_MAX = 60
DAY_SECONDS = 24 * 60 * 60

_FIRST_SECOND = datetime.min.replace(tzinfo=UTC).timestamp()
LAST_SECOND = datetime.max.replace(tzinfo=UTC).timestamp()


def seconds_of(value: Any) -> float | None:
    """Return a sent timestamp as seconds since 1970 (negative before), None if it is none.

    Accepted are numbers, numbers as text, and RFC 3339 with any number of fraction digits; no offset means UTC.
    """
    if isinstance(value, str):
        value = _seconds_of_text(value.strip())
    if isinstance(value, (int, float)) and not isinstance(value, bool) and _FIRST_SECOND <= value < LAST_SECOND:
        return round(float(value), 6)
    return None


def moment_of(value: Any) -> datetime | None:
    """Return a sent timestamp as a moment, UTC, None if it is none or lies before 1970."""
    seconds = seconds_of(value)
    return None if seconds is None or seconds < 0 else datetime.fromtimestamp(seconds, UTC)


def _seconds_of_text(text: str) -> float | None:
    try:
        if text[4:5] != "-":
            return float(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def settle_clock(event: dict[str, Any], arrival: Arrival, remarks: Remarks) -> float:
    """Set ``timestamp`` and ``received``; return the seconds by which every other time of the event is to be shifted.

    An event from before 1970 raises InvalidEvent.
    """
    received = arrival.received.timestamp()
    event["received"] = received
    happened = _happened(event.get("timestamp"), remarks)
    shift = _drift(arrival, remarks)
    if happened is None:
        event["timestamp"] = received
        return shift
    if happened < 0:
        raise InvalidEvent("The event is from before 1970.")
    out_of_range = _out_of_range(happened + shift, received, arrival.event_age_days_max)
    if out_of_range:
        remarks.error(out_of_range, ("timestamp",), sdk_time=happened, server_time=received)
        shift = received - happened
    event["timestamp"] = round(happened + shift, 6)
    return shift


def shift_time(owner: dict[str, Any], name: str, shift: float, path: Path, remarks: Remarks) -> bool:
    """Read the time *name* of *owner* and shift it, in place; False if it turns out to lie before 1970.

    What is no time at all is removed with a remark.
    """
    value = owner.get(name)
    if value is None:
        return True
    seconds = seconds_of(value)
    if seconds is None:
        del owner[name]
        remarks.removed((*path, name), value, reason="expected a timestamp")
        return True
    owner[name] = round(seconds + shift, 6) if shift else seconds
    return seconds >= 0 and seconds + shift >= 0


def shift_spans(event: dict[str, Any], shift: float, remarks: Remarks) -> None:
    """Shift the start of a transaction and its spans; spans from before 1970 are removed."""
    if not shift_time(event, "start_timestamp", shift, (), remarks):
        remarks.removed(("start_timestamp",), event.pop("start_timestamp"), reason="before 1970")
    spans = event.get("spans")
    if isinstance(spans, list):
        event["spans"] = [span for index, span in enumerate(spans) if _shift_span(span, index, shift, remarks)]


def _shift_span(span: Any, index: int, shift: float, remarks: Remarks) -> bool:
    path = ("spans", str(index))
    return (
        isinstance(span, dict)
        and shift_time(span, "start_timestamp", shift, path, remarks)
        and shift_time(span, "timestamp", shift, path, remarks)
    )


def _happened(sent: Any, remarks: Remarks) -> float | None:
    if sent is None:
        return None
    seconds = seconds_of(sent)
    if seconds is None:
        remarks.removed(("timestamp",), sent, reason="expected a timestamp")
    return seconds


def _drift(arrival: Arrival, remarks: Remarks) -> float:
    if arrival.sent_at is None:
        return 0.0
    drift = (arrival.received - arrival.sent_at).total_seconds()
    if abs(drift) < DRIFT_SECONDS_MIN:
        return 0.0
    sdk_time, server_time = arrival.sent_at.timestamp(), arrival.received.timestamp()
    remarks.error(CLOCK_DRIFT, ("timestamp",), sdk_time=sdk_time, server_time=server_time)
    return drift


def _out_of_range(seconds: float, received: float, age_days_max: int) -> str:
    if seconds > received + FUTURE_SECONDS_MAX:
        return FUTURE_TIMESTAMP
    return PAST_TIMESTAMP if seconds < received - age_days_max * DAY_SECONDS else ""
