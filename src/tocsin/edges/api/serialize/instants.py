"""Times as the API writes them."""

from datetime import datetime
from typing import Any


def iso(moment: datetime) -> str:
    """Return *moment*, UTC, as ``2026-01-31T10:00:00.123456Z``; the fraction is left out when it is zero."""
    return moment.replace(tzinfo=None).isoformat() + "Z"


def iso_or_none(moment: datetime | None) -> str | None:
    """Return *moment* as ``iso`` does, None when there is none."""
    return None if moment is None else iso(moment)


def shown(value: Any) -> Any:
    """Return a value of a table as JSON holds it: times as text, all else as it is."""
    return iso(value) if isinstance(value, datetime) else value
