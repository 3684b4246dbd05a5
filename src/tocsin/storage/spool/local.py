"""The spool on a local disk: one SQLite file.

In groups of 16 it takes 10,000 bodies of 27 KB a second, or 25,000 of 4 KB: a third to a half of what a bare append
with fsync does to the same disk (benchmarks/spool.py). Larger pages, caches, maps or logs did not change that.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import accumulate, takewhile
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from tocsin.domain.errors import Unavailable
from tocsin.domain.event.accepted import Accepted
from tocsin.lib.durable_file import free_bytes, make_directory, sync_directory
from tocsin.storage.spool.contract import Batch, BatchId, DeadLetter, Depth, Entry, EntryId

FILE_NAME = "spool.sqlite"
FREE_BYTES_MIN = 256 * 2**20
"""Left on the disk for digesting, which needs room to make room."""

_PAGE_BYTES = 8192
_BUSY_SECONDS_MAX = 10
_LOG_BYTES_MAX = 16 * 2**20
_SPARE_BYTES = 16 * 2**20
_SPARE_PAGES = _SPARE_BYTES // _PAGE_BYTES
_RETURNED_PAGES_MAX = 16 * 2**20 // _PAGE_BYTES

# A batch is a range of entry ids: forming one writes a single row, and entries beyond the last range are unclaimed.
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, received INTEGER NOT NULL, bytes INTEGER NOT NULL, tries INTEGER NOT NULL,
    accepted BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS entry_depth ON entry (received, bytes);
CREATE TABLE IF NOT EXISTS batch (
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, tries INTEGER NOT NULL,
    claimed INTEGER NOT NULL, retry_at INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS batch_due ON batch (claimed, retry_at);
CREATE TABLE IF NOT EXISTS dead (
    id INTEGER PRIMARY KEY, received INTEGER NOT NULL, bytes INTEGER NOT NULL, tries INTEGER NOT NULL,
    buried_at INTEGER NOT NULL, reason TEXT NOT NULL, accepted BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS dead_buried_at ON dead (buried_at);
PRAGMA user_version = 1;
COMMIT;
"""

_BatchRow = tuple[int, int, BatchId, int]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Accepted)


class LocalSpool:
    """`Spool` in the file ``spool.sqlite`` of *directory*.

    One process at a time may claim; others may append, and list, retry and drop dead letters, meanwhile.
    Appending stops with `Unavailable` while the disk has less than *free_bytes_min* bytes left.
    """

    def __init__(self, directory: Path, free_bytes_min: int = FREE_BYTES_MIN) -> None:
        make_directory(directory)
        self._directory = directory
        self._free_bytes_min = free_bytes_min
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._writer = _connection(directory / FILE_NAME)
        _create_schema(self._writer)
        sync_directory(directory)
        # Readers see the last commit without waiting for the fsync of the next one.
        self._reader = _connection(directory / FILE_NAME)
        self._reader.execute("PRAGMA query_only = ON")

    def close(self) -> None:
        """Close both connections; SQLite then folds its log into the file."""
        with self._reading, self._writing:
            self._reader.close()
            self._writer.close()

    def recover(self) -> int:
        """Free every claim: the one process that claims has only just begun."""
        with self._transaction() as db:
            return db.execute("UPDATE batch SET claimed = 0, tries = tries + 1 WHERE claimed = 1").rowcount

    def append_many(self, entries: Sequence[Accepted]) -> list[EntryId]:
        """Keep *entries* with one fsync."""
        rows = [_row(accepted) for accepted in entries]
        self._require_room(sum(size_bytes for _, size_bytes, _ in rows))
        with self._transaction() as db:
            db.executemany("INSERT INTO entry (received, bytes, tries, accepted) VALUES (?, ?, 0, ?)", rows)
            ((last,),) = db.execute("SELECT last_insert_rowid()").fetchall()
        return [EntryId(id_) for id_ in range(last - len(rows) + 1, last + 1)]

    def claim(self, entries_max: int, bytes_max: int, now: datetime) -> Batch | None:
        """Hand out a batch; with nothing due, give a bounded part of the unused disk space back."""
        with self._transaction() as db:
            batch = _due_batch(db, _microseconds(now)) or _new_batch(db, entries_max, bytes_max)
        if batch is None:
            self._return_space()
            return None
        first, last, batch_id, tries = batch
        entries = self._read(
            "SELECT id, tries, accepted FROM entry WHERE id BETWEEN ? AND ? ORDER BY id", (first, last)
        )
        return Batch(
            id=batch_id,
            tries=tries,
            entries=tuple(
                Entry(id=id_, tries=earlier + tries, accepted=_DECODER.decode(accepted))
                for id_, earlier, accepted in entries
            ),
        )

    def done(self, batch_id: BatchId) -> None:
        """Remove the batch, leaving the fsync to whoever writes next."""
        with self._transaction(synchronous="NORMAL") as db:
            first, last, _ = _open_batch(db, batch_id)
            db.execute("DELETE FROM entry WHERE id BETWEEN ? AND ?", (first, last))
            db.execute("DELETE FROM batch WHERE first = ?", (first,))

    def give_back(self, batch_id: BatchId, reason: str, retry_at: datetime) -> None:
        """Let the batch wait until *retry_at*."""
        with self._transaction() as db:
            first, _, tries = _open_batch(db, batch_id)
            db.execute(
                "UPDATE batch SET claimed = 0, tries = ?, retry_at = ?, reason = ? WHERE first = ?",
                (tries + 1, _microseconds(retry_at), reason, first),
            )

    def split(self, batch_id: BatchId) -> list[BatchId]:
        """Replace the batch by one for each of its entries."""
        with self._transaction() as db:
            first, last, tries = _open_batch(db, batch_id)
            db.execute("DELETE FROM batch WHERE first = ?", (first,))
            ids = db.execute("SELECT id FROM entry WHERE id BETWEEN ? AND ? ORDER BY id", (first, last)).fetchall()
            return [_formed(db, id_, id_, tries, claimed=False) for (id_,) in ids]

    def bury(self, batch_id: BatchId, entry_ids: Iterable[EntryId], reason: str, now: datetime) -> None:
        """Move entries, all or none, to the dead letters."""
        with self._transaction() as db:
            first, last, tries = _open_batch(db, batch_id)
            for entry_id in entry_ids:
                if not first <= entry_id <= last or not _moved_to_dead(db, entry_id, tries + 1, reason, now):
                    raise LookupError(f"Batch {batch_id} has no entry {entry_id}.")
            if db.execute("SELECT 1 FROM entry WHERE id BETWEEN ? AND ? LIMIT 1", (first, last)).fetchone() is None:
                db.execute("DELETE FROM batch WHERE first = ?", (first,))

    def dead_letters(self, limit: int, after: EntryId | None = None) -> list[DeadLetter]:
        """Return a page of dead letters."""
        rows = self._read(
            "SELECT id, bytes, tries, buried_at, reason, accepted FROM dead WHERE id > ? ORDER BY id LIMIT ?",
            (after or 0, limit),
        )
        return [_dead_letter(row) for row in rows]

    def retry(self, ids: Iterable[EntryId]) -> int:
        """Append dead letters again, body and all."""
        with self._transaction() as db:
            return sum(_revived(db, id_) for id_ in ids)

    def drop(self, ids: Iterable[EntryId]) -> int:
        """Delete dead letters."""
        with self._transaction() as db:
            return sum(db.execute("DELETE FROM dead WHERE id = ?", (id_,)).rowcount for id_ in ids)

    def depth(self) -> Depth:
        """Count from the index alone; no body is read."""
        ((entries, size_bytes, oldest, dead),) = self._read(
            "SELECT count(*), coalesce(sum(bytes), 0), min(received), (SELECT count(*) FROM dead) FROM entry"
        )
        return Depth(
            entries=entries,
            bytes=size_bytes,
            oldest_received=None if oldest is None else _moment(oldest),
            dead=dead,
        )

    def _require_room(self, size_bytes: int) -> None:
        if free_bytes(self._directory) < self._free_bytes_min + size_bytes:
            raise _disk_full(self._directory)

    def _return_space(self) -> None:
        """Give a bounded part of the unused pages back to the disk, called when nothing is due."""
        ((unused_pages,),) = self._read("PRAGMA freelist_count")
        if unused_pages <= _SPARE_PAGES:
            return
        with self._writing, self._unavailable_when_full():
            pages = min(unused_pages - _SPARE_PAGES, _RETURNED_PAGES_MAX)
            # As a script: `execute` takes one step of this pragma, which is one page.
            self._writer.executescript(f"PRAGMA incremental_vacuum({pages})")
            # The file shrinks at a checkpoint; a passive one waits for no reader.
            self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _read(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        with self._reading:
            return self._reader.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self, synchronous: str = "FULL") -> Iterator[sqlite3.Connection]:
        """Write all or nothing; NORMAL leaves the fsync to the next transaction."""
        with self._writing, self._unavailable_when_full():
            self._writer.execute(f"PRAGMA synchronous = {synchronous}")
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    @contextmanager
    def _unavailable_when_full(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            match error.sqlite_errorcode & 0xFF:
                case sqlite3.SQLITE_FULL:
                    raise _disk_full(self._directory) from error
                case sqlite3.SQLITE_BUSY:
                    raise Unavailable("The spool is held by another process. Try again in a moment.") from error
                case _:
                    raise


def _connection(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS_MAX, isolation_level=None, check_same_thread=False)
    for pragma in (
        f"page_size = {_PAGE_BYTES}",
        "auto_vacuum = INCREMENTAL",
        "journal_mode = WAL",
        "synchronous = FULL",
        f"wal_autocheckpoint = {_LOG_BYTES_MAX // _PAGE_BYTES}",
        f"journal_size_limit = {_LOG_BYTES_MAX}",
    ):
        db.execute(f"PRAGMA {pragma}").fetchall()
    return db


def _create_schema(db: sqlite3.Connection) -> None:
    ((version,),) = db.execute("PRAGMA user_version").fetchall()
    if version == 0:
        db.executescript(_SCHEMA)


def _due_batch(db: sqlite3.Connection, now: int) -> _BatchRow | None:
    """Claim the batch that has been due longest."""
    due = "SELECT first FROM batch WHERE claimed = 0 AND retry_at <= ? ORDER BY retry_at, first LIMIT 1"
    rows: list[_BatchRow] = db.execute(
        f"UPDATE batch SET claimed = 1 WHERE first = ({due}) RETURNING first, last, id, tries", (now,)
    ).fetchall()
    return rows[0] if rows else None


def _new_batch(db: sqlite3.Connection, entries_max: int, bytes_max: int) -> _BatchRow | None:
    """Form and claim a batch of the oldest entries that are in none."""
    unclaimed = db.execute(
        "SELECT id, bytes FROM entry WHERE id > coalesce((SELECT last FROM batch ORDER BY first DESC LIMIT 1), 0)"
        " ORDER BY id LIMIT ?",
        (entries_max,),
    ).fetchall()
    if not unclaimed:
        return None
    sizes = accumulate(size_bytes for _, size_bytes in unclaimed)
    fitting = max(1, sum(1 for _ in takewhile(lambda size_bytes: size_bytes <= bytes_max, sizes)))
    first, last = unclaimed[0][0], unclaimed[fitting - 1][0]
    return first, last, _formed(db, first, last, tries=0, claimed=True), 0


def _formed(db: sqlite3.Connection, first: int, last: int, tries: int, *, claimed: bool) -> BatchId:
    batch_id = BatchId(uuid4().hex)
    db.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?, 0, '')", (first, last, batch_id, tries, claimed))
    return batch_id


def _open_batch(db: sqlite3.Connection, batch_id: BatchId) -> tuple[int, int, int]:
    """Return first entry, last entry and tries."""
    row: tuple[int, int, int] | None = db.execute(
        "SELECT first, last, tries FROM batch WHERE id = ?", (batch_id,)
    ).fetchone()
    if row is None:
        raise LookupError(f"There is no open batch {batch_id}.")
    return row


def _moved_to_dead(db: sqlite3.Connection, entry_id: EntryId, tries: int, reason: str, now: datetime) -> bool:
    db.execute(
        "INSERT INTO dead (id, received, bytes, tries, buried_at, reason, accepted)"
        " SELECT id, received, bytes, tries + ?, ?, ?, accepted FROM entry WHERE id = ?",
        (tries, _microseconds(now), reason, entry_id),
    )
    return db.execute("DELETE FROM entry WHERE id = ?", (entry_id,)).rowcount == 1


def _revived(db: sqlite3.Connection, entry_id: EntryId) -> int:
    db.execute(
        "INSERT INTO entry (received, bytes, tries, accepted) SELECT received, bytes, tries, accepted FROM dead"
        " WHERE id = ?",
        (entry_id,),
    )
    return db.execute("DELETE FROM dead WHERE id = ?", (entry_id,)).rowcount


def _row(accepted: Accepted) -> tuple[int, int, bytes]:
    encoded = _ENCODER.encode(accepted)
    return _microseconds(accepted.received), len(encoded), encoded


def _dead_letter(row: tuple[int, int, int, int, str, bytes]) -> DeadLetter:
    id_, size_bytes, tries, buried_at, reason, encoded = row
    accepted = _DECODER.decode(encoded)
    return DeadLetter(
        id=EntryId(id_),
        reason=reason,
        tries=tries,
        buried_at=_moment(buried_at),
        project_id=accepted.project_id,
        size_bytes=size_bytes,
        accepted=accepted,
    )


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND


def _disk_full(directory: Path) -> Unavailable:
    return Unavailable(f"The disk of {directory} is full. Free some space or let the spool drain, then try again.")
