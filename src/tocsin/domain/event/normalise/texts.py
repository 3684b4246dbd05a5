"""Texts of bounded length (spec/ingest.md 3.2)."""

from typing import Any

import msgspec

from tocsin.domain.event.normalise.remarks import Path, Remarks

ELLIPSIS = "..."


def cut(text: str, limit: int) -> str:
    """Return *text* with at most *limit* characters, the last three dots when something is missing."""
    return text if len(text) <= limit else text[: limit - len(ELLIPSIS)] + ELLIPSIS


def cut_start(text: str, limit: int) -> str:
    """Return *text* with at most *limit* characters, keeping its end: of a path the end tells most."""
    return text if len(text) <= limit else ELLIPSIS + text[len(ELLIPSIS) - limit :]


def clean_text(value: Any, limit: int, path: Path, remarks: Remarks) -> str | None:
    """Return *value* cut to *limit*; blank text is none, anything but text is removed."""
    if not isinstance(value, str):
        remarks.removed(path, value, reason="expected a string")
        return None
    text = value.strip()
    if len(text) > limit:
        remarks.trimmed(path, len(text), limit)
        text = cut(text, limit)
    return text or None


def text_of(value: Any) -> str | None:
    """Return a JSON scalar as text, the way Python SDKs write it (``True``, ``42``); None for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) else None


def json_text(value: Any) -> str:
    """Return the compact JSON of *value*."""
    return msgspec.json.encode(value).decode()
