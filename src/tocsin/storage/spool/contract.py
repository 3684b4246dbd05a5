"""The spool: what SDKs were promised is kept until it is digested, across any crash."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NewType, Protocol

import msgspec

from tocsin.domain.event.accepted import Accepted

EntryId = NewType("EntryId", int)
"""Ascends with acceptance; never used twice."""

BatchId = NewType("BatchId", str)
"""32 hex digits, written beside the entries before the batch is handed out."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted request, as a batch hands it out."""

    id: EntryId
    accepted: Accepted
    tries: int
    """Attempts before this one: in this batch, in the batch it was split from, and before its burial."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Entries that are digested together, under an identity that outlives a crash.

    State remembers the ids of batches it has applied and history drops a batch it has seen; so the same id
    always stands for the same entries, and what counts nothing twice is the id.
    """

    id: BatchId
    entries: tuple[Entry, ...]
    tries: int
    """Attempts at this batch before this one: given back, or lost with the process that made them."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that could not be digested, kept for a person to look at."""

    id: EntryId
    reason: str
    tries: int
    """All attempts, the one that ended here included."""
    buried_at: datetime
    project_id: int
    size_bytes: int
    """What it takes on disk: body and description."""
    accepted: Accepted


class Depth(msgspec.Struct, frozen=True, kw_only=True):
    """How much waits. Claimed entries wait too, dead letters do not."""

    entries: int
    bytes: int
    oldest_received: datetime | None
    dead: int


class Spool(Protocol):
    """A durable queue of accepted requests. Methods block and may be called from any thread.

    What a method changed is on disk once it returns, `done` excepted. Methods that write raise `Unavailable`
    when the disk is full, having changed nothing. A batch id that is not open raises `LookupError`.
    """

    def recover(self) -> int:
        """Free the claims of earlier runs, each as one more try of its batch; return how many there were.

        Called once by the process that claims, before its first claim.
        """
        ...

    def append_many(self, entries: Sequence[Accepted]) -> list[EntryId]:
        """Keep *entries*, all or none, in this order; return their ids once they are on disk."""
        ...

    def claim(self, entries_max: int, bytes_max: int, now: datetime) -> Batch | None:
        """Hand out a batch that nobody else gets until it is given back, or None when nothing is due.

        Batches formed earlier come first, the one due longest ahead, with the id and the entries they always had,
        whatever the limits. A new batch takes the oldest entries up to *entries_max* and *bytes_max*, at least one.
        """
        ...

    def done(self, batch_id: BatchId) -> None:
        """Remove the batch and its entries. After a loss of power the batch may be claimed again."""
        ...

    def give_back(self, batch_id: BatchId, reason: str, retry_at: datetime) -> None:
        """Return the batch as it is, one try older, to be claimed again at *retry_at*."""
        ...

    def split(self, batch_id: BatchId) -> list[BatchId]:
        """Dissolve a batch into batches of one entry each, due at once, with the tries it had.

        Only for a batch that was never applied anywhere: its entries get new batch ids.
        """
        ...

    def bury(self, batch_id: BatchId, entry_ids: Iterable[EntryId], reason: str, now: datetime) -> None:
        """Make dead letters of entries of the batch. The rest stays in it; a batch left empty is gone."""
        ...

    def dead_letters(self, limit: int, after: EntryId | None = None) -> list[DeadLetter]:
        """Return up to *limit* dead letters with ids beyond *after*, by id."""
        ...

    def retry(self, ids: Iterable[EntryId]) -> int:
        """Queue dead letters again, as the newest entries and under new ids; return how many there were."""
        ...

    def drop(self, ids: Iterable[EntryId]) -> int:
        """Delete dead letters for good; return how many there were."""
        ...

    def depth(self) -> Depth:
        """Return how much waits."""
        ...

    def close(self) -> None:
        """Release files and connections; nothing else may be called afterwards."""
        ...
