"""Which tags get a column of their own: those that many of the newest events have."""

import re
from collections.abc import Collection, Iterable

import msgspec

from tocsin.domain.query.keys import KEYS, Column

SAMPLE_EVENTS_MAX = 100_000
"""How many of the newest events are looked at."""
SAMPLE_EVENTS_MIN = 10_000
"""Fewer events say too little, and are searched quickly as they are."""
TAG_COLUMNS_MAX = 24

_PERCENT_MIN = 1
_FEW_VALUES_MAX = 8192
_KEY = re.compile(r"[\w.:-]+", re.ASCII)
"""What every key is made of (spec/ingest.md 3.8); it becomes a part of statements."""


class TagCount(msgspec.Struct, frozen=True):
    """A key, the events of a sample that have it, and its distinct values among them."""

    key: str
    events: int
    values: int


class TagColumn(msgspec.Struct, frozen=True):
    """A column to be made for a tag."""

    key: str
    has_few_values: bool = True
    """Whether values come again so often that a row need only say which one it has."""


def tag_columns_to_add(sampled: int, counts: Iterable[TagCount], present: Collection[str]) -> list[TagColumn]:
    """Return the columns to make beside those of the keys *present*, most frequent first.

    *counts* are those among *sampled* events. A column is never taken away, so there are ``TAG_COLUMNS_MAX`` in all.
    """
    if sampled < SAMPLE_EVENTS_MIN:
        return []
    wanted = [
        one
        for one in counts
        if one.events * 100 >= sampled * _PERCENT_MIN and one.key not in present and _is_fit(one.key)
    ]
    wanted.sort(key=lambda one: (-one.events, one.key))
    free = max(0, TAG_COLUMNS_MAX - len(present))
    return [TagColumn(one.key, has_few_values=one.values <= _FEW_VALUES_MAX) for one in wanted[:free]]


def _is_fit(name: str) -> bool:
    """Say whether a search for the key reads a tag: for ``release`` there is a column that every event has."""
    key = KEYS.get(name)
    return bool(_KEY.fullmatch(name)) and not (key is not None and isinstance(key.source, Column))
