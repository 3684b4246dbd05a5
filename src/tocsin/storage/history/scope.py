"""Whose events are asked for, and which of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from tocsin.domain.event.event import GroupingHash
from tocsin.storage.history.filters import (
    ALWAYS,
    Clause,
    bound,
    every,
    in_environments,
    in_projects,
    instant,
    texts,
)
from tocsin.storage.history.instant import micros

GROUP_NUMBER = "bitXor(reinterpretAsUInt128(primary_hash), toUInt128(project_id))"
"""The project and the primary hash of an event as one number: grouping by it takes two thirds of the time."""


def group_number(project_id: int, primary_hash: GroupingHash) -> int:
    """Return what ``GROUP_NUMBER`` is for the events of a hash in a project."""
    return int.from_bytes(bytes.fromhex(primary_hash), "little") ^ project_id


def hash_with(number: bytes, project_id: int) -> GroupingHash:
    """Return the hash that has this ``group_number``, as 16 bytes, in a project."""
    return GroupingHash((int.from_bytes(number, "little") ^ project_id).to_bytes(16, "little").hex())


def group_numbers(project_ids: NDArray[np.int64], hashes: Sequence[bytes]) -> list[bytes]:
    """Return ``group_number`` for many hashes in their projects, each as 16 bytes, the lowest first."""
    numbers = np.frombuffer(b"".join(hashes), dtype="<u8").reshape(-1, 2).copy()
    numbers[:, 0] ^= project_ids.astype("<u8")
    told = numbers.tobytes()
    return [told[start : start + 16] for start in range(0, len(told), 16)]


class ProjectScope(msgspec.Struct, frozen=True):
    """All events of some projects."""

    project_ids: tuple[int, ...]

    def clause(self) -> Clause:
        """Return the condition that an event belongs to the scope."""
        return in_projects(self.project_ids)


class OwnedHash(Protocol):
    """A hash that belongs to an issue, and since when if not always."""

    @property
    def hash(self) -> GroupingHash:
        """The hash."""

    @property
    def since(self) -> datetime | None:
        """Digested before it, an event is somebody else's."""


class IssueScope(msgspec.Struct, frozen=True):
    """The events of one issue: those whose primary hash is one of *hashes*.

    A hash may carry the time *since* which it belongs to the issue: events digested before it belong to an issue that
    was deleted, and are on their way out.
    """

    project_id: int
    hashes: tuple[tuple[GroupingHash, datetime | None], ...]

    @classmethod
    def of(cls, project_id: int, owned: Iterable[OwnedHash]) -> Self:
        """Return the events of the hashes that an issue owns."""
        return cls(project_id, tuple((one.hash, one.since) for one in owned))

    def clause(self) -> Clause:
        """Return the condition that an event belongs to the issue."""
        return in_issues((self,))


Scope = ProjectScope | IssueScope


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which events of a scope count: from *start* (inclusive) to *end* (exclusive), and matching *where*.

    No environment given means any of them.
    """

    start: datetime | None = None
    end: datetime | None = None
    environments: tuple[str, ...] = ()
    where: Clause = ALWAYS

    def clause(self) -> Clause:
        """Return the condition that an event is selected."""
        return every((*_bounds(self.start, self.end), in_environments(self.environments), self.where))


EVERYTHING = Selection()


class Page(msgspec.Struct, frozen=True):
    """Which rows of an ordered answer: *limit* of them after the first *offset*."""

    limit: int
    offset: int = 0


def in_issues(scopes: Sequence[IssueScope]) -> Clause:
    """Return the condition that an event belongs to one of *scopes*."""
    pairs = sorted({(scope.project_id, name) for scope in scopes for name, _ in scope.hashes})
    project_ids = bound("Array(UInt64)", [project_id for project_id, _ in pairs])
    hashes = texts(name for _, name in pairs)
    # Selected as in `is_among`, and in pairs: of four projects with hashes of their own, a fourth is read.
    owner = f"SELECT arrayJoin(arrayZip({project_ids.sql}, {hashes.sql})) AS owner"
    sql = f"(project_id, primary_hash) IN (SELECT owner.1, toFixedString(unhex(owner.2), 16) FROM ({owner}))"
    return Clause(f"({sql})", {**project_ids.parameters, **hashes.parameters}) & digested_in_time(scopes)


def issue_number(scopes: Sequence[IssueScope]) -> Clause:
    """Return which of *scopes* an event belongs to, counted from 1; 0 stands for none of them."""
    numbers = [number for number, scope in enumerate(scopes, 1) for _ in scope.hashes]
    return _by_hash(scopes, bound("Array(UInt32)", numbers), "toUInt32(0)")


def digested_in_time(scopes: Sequence[IssueScope]) -> Clause:
    """Return the condition that an event was digested since its hash belongs to its issue; other hashes pass."""
    starts = [since for scope in scopes for _, since in scope.hashes]
    if not any(starts):
        return ALWAYS
    since = _by_hash(scopes, bound("Array(Int64)", [micros(start) if start else 0 for start in starts]), "toInt64(0)")
    return Clause(f"toUnixTimestamp64Micro(digested_at) >= {since.sql}", since.parameters)


def _by_hash(scopes: Sequence[IssueScope], values: Clause, otherwise: str) -> Clause:
    """Return the one of *values*, given per hash of each scope, that belongs to the hash of an event."""
    keys = bound(
        "Array(UInt128)", [group_number(scope.project_id, name) for scope in scopes for name, _ in scope.hashes]
    )
    return Clause(
        f"transform({GROUP_NUMBER}, {keys.sql}, {values.sql}, {otherwise})", {**keys.parameters, **values.parameters}
    )


def _bounds(start: datetime | None, end: datetime | None) -> list[Clause]:
    bounds = []
    if start:
        moment = instant(start)
        bounds.append(Clause(f"timestamp >= {moment.sql}", moment.parameters))
    if end:
        moment = instant(end)
        bounds.append(Clause(f"timestamp < {moment.sql}", moment.parameters))
    return bounds
