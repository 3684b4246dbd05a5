"""What grouping answers: the hashes of an event and how they came about."""

import hashlib
from functools import lru_cache

import msgspec

from tocsin.domain.event.event import GroupingHash

HASHES_CACHED_MAX = 1024


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One way to look at an event. Only contributing variants give the event a hash."""

    name: str
    """``app``, ``system``, ``default``, ``custom-fingerprint``, ``checksum`` or ``fallback``."""
    values: tuple[str, ...]
    """The texts that were hashed, in order."""
    hash: GroupingHash
    contributes: bool = True
    hint: str | None = None
    """Why it does not contribute."""


class Grouping(msgspec.Struct, frozen=True, kw_only=True):
    """Where an event belongs, and why."""

    config: str
    """Id of the algorithm, such as ``tocsin:2026-11-20``."""
    hashes: tuple[GroupingHash, ...]
    """At least one, in order of preference; the first is the primary hash."""
    variants: tuple[Variant, ...]
    fingerprint: tuple[str, ...]
    """The fingerprint in force, its variables resolved."""
    main_exception_id: int | None = None
    """``mechanism.exception_id`` of the exception that names the issue, where it is not the last one."""
    title: str | None = None
    """The title a fingerprint rule gives the event."""


@lru_cache(HASHES_CACHED_MAX)
def hash_of(values: tuple[str, ...]) -> GroupingHash:
    """Return the md5 of the concatenated *values* (spec/ingest.md 5)."""
    text = "".join(values).encode("utf-8", "surrogatepass")
    return GroupingHash(hashlib.md5(text, usedforsecurity=False).hexdigest())
