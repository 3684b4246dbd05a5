"""The five levels and their other spellings (spec/ingest.md 3.5)."""

from typing import Any

_LEVELS = {
    "debug": "debug",
    "info": "info",
    "log": "info",
    "warning": "warning",
    "warn": "warning",
    "error": "error",
    "fatal": "fatal",
    "critical": "fatal",
    "10": "debug",
    "20": "info",
    "30": "warning",
    "40": "error",
    "50": "fatal",
}


def level_of(value: Any) -> str | None:
    """Return the level that *value* names, by word or by its number in Python's logging, else None."""
    if isinstance(value, str):
        return _LEVELS.get(value) or _LEVELS.get(value.strip().lower())
    return _LEVELS.get(str(value)) if isinstance(value, int) else None
