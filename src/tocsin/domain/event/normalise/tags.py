"""Tags: a list of ``[key, value]``, each key once (spec/ingest.md 3.8)."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tocsin.domain.event.normalise.remarks import INVALID_DATA, VALUE_TOO_LONG, Path, Remarks
from tocsin.domain.event.normalise.texts import text_of

TAGS_MAX = 200
TAG_LENGTH_MAX = 200

_KEY = re.compile(r"[\w.:-]+", re.ASCII)
_BLANKS = re.compile(r"\s+")
_RESERVED = frozenset({"release", "dist", "user", "filename", "function", "device.class"})


def clean_tags(sent: Any, path: Path, remarks: Remarks) -> list[list[str]] | None:
    """Return the tags that can be kept; a bad key or value costs the tag, never the event."""
    pairs = _pairs(sent, path, remarks)
    taken: dict[str, str] = {}
    for sent_key, sent_value in pairs:
        key = _key(sent_key, path, remarks)
        if key is None or key in taken or key in _RESERVED or sent_value is None:
            continue
        value = _value(sent_value, (*path, key), remarks)
        if value is not None:
            taken[key] = value
        if len(taken) == TAGS_MAX:
            break
    return [[key, value] for key, value in taken.items()] or None


def _pairs(sent: Any, path: Path, remarks: Remarks) -> Iterable[tuple[Any, Any]]:
    if isinstance(sent, dict):
        return sent.items()
    if isinstance(sent, list):
        return _pairs_of_list(sent, path, remarks)
    remarks.removed(path, sent, reason="expected an object or a list of pairs")
    return ()


def _pairs_of_list(sent: list[Any], path: Path, remarks: Remarks) -> Iterator[tuple[Any, Any]]:
    for index, pair in enumerate(sent):
        if isinstance(pair, dict) and "key" in pair:
            yield pair["key"], pair.get("value")
        elif isinstance(pair, list) and len(pair) == 2:
            yield pair[0], pair[1]
        elif pair is not None:
            remarks.removed((*path, str(index)), pair, reason="expected a pair")


def _key(sent: Any, path: Path, remarks: Remarks) -> str | None:
    if sent is None:
        return None
    key = _BLANKS.sub("-", (text_of(sent) or "").strip())
    if _KEY.fullmatch(key) and len(key) <= TAG_LENGTH_MAX:
        return key
    remarks.removed(path, sent, VALUE_TOO_LONG if len(key) > TAG_LENGTH_MAX else INVALID_DATA, reason="invalid tag key")
    return None


def _value(sent: Any, path: Path, remarks: Remarks) -> str | None:
    value = (text_of(sent) or "").strip()
    if value and len(value) <= TAG_LENGTH_MAX and "\n" not in value:
        return value
    remarks.removed(path, sent, VALUE_TOO_LONG if len(value) > TAG_LENGTH_MAX else INVALID_DATA, reason="invalid tag")
    return None
