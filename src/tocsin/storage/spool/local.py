"""The spool on a local disk: entries in a log of segments, and in SQLite what has become of them.

One append is one write and one fdatasync: bodies of 27 KB in groups of 8 to 32 go in at 0.6 to 1.0 of the rate of a
bare append with fdatasync to the same disk, and come out faster than they went in (benchmarks/spool.py). SQLite keeps
the batches, each a range of entry ids, how far the log is claimed, and dead letters with their bodies: a segment goes
as soon as no batch needs it.
"""

import errno
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import accumulate, takewhile
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from tocsin.domain.errors import Unavailable
from tocsin.domain.event.accepted import Accepted
from tocsin.lib.durable_file import free_bytes, make_directory, sync_directory
from tocsin.storage.spool.contract import Batch, BatchId, DeadLetter, Depth, Entry, EntryId
from tocsin.storage.spool.entry_log import SEGMENT_BYTES_MAX, SPARE_BYTES, EntryLog
from tocsin.storage.spool.segment import Line, Waiting, microseconds, moment_of, sum_of

FILE_NAME = "spool.sqlite"
FREE_BYTES_MIN = 256 * 2**20
"""Left on the disk for digesting, which needs room to make room."""

_SCHEMA_VERSION = 2
_BUSY_SECONDS_MAX = 10
_LOG_BYTES_MAX = 16 * 2**20
_RETURNED_PAGES_MAX = 4096

# Entries beyond `claimed` are in no batch yet. A batch sums up its entries, so that the depth reads no segment; those
# of its range that were buried are no longer in it.
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS progress (claimed INTEGER NOT NULL, removed INTEGER NOT NULL);
INSERT INTO progress SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM progress);
CREATE TABLE IF NOT EXISTS batch (
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, tries INTEGER NOT NULL,
    claimed INTEGER NOT NULL, retry_at INTEGER NOT NULL, reason TEXT NOT NULL,
    entries INTEGER NOT NULL, bytes INTEGER NOT NULL, oldest INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS batch_due ON batch (claimed, retry_at);
CREATE TABLE IF NOT EXISTS buried (id INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS dead (
    id INTEGER PRIMARY KEY, bytes INTEGER NOT NULL, tries INTEGER NOT NULL, buried_at INTEGER NOT NULL,
    reason TEXT NOT NULL, accepted BLOB NOT NULL);
PRAGMA user_version = {_SCHEMA_VERSION};
COMMIT;
"""

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Accepted)


class _Range(msgspec.Struct, frozen=True):
    """An open batch as it lies in its row."""

    first: int
    last: int
    id: BatchId
    tries: int


class LocalSpool:
    """`Spool` in *directory*: the file ``spool.sqlite`` and the segments of an `EntryLog`.

    One process at a time may claim; others may append, and list, retry and drop dead letters, meanwhile.
    Appending stops with `Unavailable` while the disk has less than *free_bytes_min* bytes left. A process that dies
    within ``retry`` may leave dead letters beside the entries it made of them.
    """

    def __init__(
        self, directory: Path, free_bytes_min: int = FREE_BYTES_MIN, segment_bytes_max: int = SEGMENT_BYTES_MAX
    ) -> None:
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
        self._log = EntryLog(directory, ids_after=_claimed(self._writer), segment_bytes_max=segment_bytes_max)

    def close(self) -> None:
        """Close the files; SQLite then folds its log into its file."""
        with self._reading, self._writing:
            self._reader.close()
            self._writer.close()
            self._log.close()

    def recover(self) -> int:
        """Free every claim: the one process that claims has only just begun."""
        with self._transaction() as db:
            return db.execute("UPDATE batch SET claimed = 0, tries = tries + 1 WHERE claimed = 1").rowcount

    def append_many(self, entries: Sequence[Accepted]) -> list[EntryId]:
        """Keep *entries* with one fsync."""
        if not entries:
            return []
        self._require_room(sum(len(accepted.body) for accepted in entries))
        with self._unavailable_when_full():
            return [EntryId(id_) for id_ in self._log.append(entries)]

    def claim(self, entries_max: int, bytes_max: int, now: datetime) -> Batch | None:
        """Hand out a batch, and remove the segments that are needed no more."""
        self._log.refresh()
        while (claimed := self._claimed_range(entries_max, bytes_max, now)) is not None:
            entries = tuple(self._entries(claimed))
            if entries:
                return Batch(id=claimed.id, tries=claimed.tries, entries=entries)
            # The disk kept none of them, which the log has said.
            self.done(claimed.id)
        self._return_space()
        return None

    def done(self, batch_id: BatchId) -> None:
        """Remove the batch, leaving the fsync to whoever writes next."""
        with self._transaction(synchronous="NORMAL") as db:
            _close_batch(db, _open_batch(db, batch_id))

    def give_back(self, batch_id: BatchId, reason: str, retry_at: datetime) -> None:
        """Let the batch wait until *retry_at*."""
        with self._transaction() as db:
            batch = _open_batch(db, batch_id)
            db.execute(
                "UPDATE batch SET claimed = 0, tries = ?, retry_at = ?, reason = ? WHERE first = ?",
                (batch.tries + 1, microseconds(retry_at), reason, batch.first),
            )

    def split(self, batch_id: BatchId) -> list[BatchId]:
        """Replace the batch by one for each of its entries."""
        with self._transaction() as db:
            batch = _open_batch(db, batch_id)
            lines = self._lines(db, batch)
            _close_batch(db, batch)
            return [_formed(db, [line], batch.tries, claimed=False).id for line in lines]

    def bury(self, batch_id: BatchId, entry_ids: Iterable[EntryId], reason: str, now: datetime) -> None:
        """Copy entries, all or none, to the dead letters."""
        with self._transaction() as db:
            batch = _open_batch(db, batch_id)
            left = {line.id: line for line in self._lines(db, batch)}
            for entry_id in entry_ids:
                found = list(self._log.entries(entry_id, entry_id)) if left.pop(entry_id, None) else []
                if not found:
                    raise LookupError(f"Batch {batch_id} has no entry {entry_id}.")
                ((line, accepted),) = found
                _bury(db, line, accepted, batch.tries + 1, reason, now)
            _shrink(db, batch, list(left.values()))

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
            deleted = (
                db.execute("DELETE FROM dead WHERE id = ? RETURNING accepted, tries", (id_,)).fetchone() for id_ in ids
            )
            letters = [letter for letter in deleted if letter]
            if letters:
                self._log.append([_DECODER.decode(encoded) for encoded, _ in letters], [tries for _, tries in letters])
            return len(letters)

    def drop(self, ids: Iterable[EntryId]) -> int:
        """Delete dead letters."""
        with self._transaction() as db:
            return sum(db.execute("DELETE FROM dead WHERE id = ?", (id_,)).rowcount for id_ in ids)

    def depth(self) -> Depth:
        """Sum up batches and what is beyond them; no body is read."""
        self._log.refresh()
        ((entries, size_bytes, oldest, claimed, dead),) = self._read(
            "SELECT coalesce(sum(entries), 0), coalesce(sum(bytes), 0), min(oldest), progress.claimed,"
            " (SELECT count(*) FROM dead) FROM progress LEFT JOIN batch"
        )
        total = Waiting(entries, size_bytes, oldest) + self._log.waiting(claimed)
        return Depth(
            entries=total.entries,
            bytes=total.size_bytes,
            oldest_received=None if total.oldest is None else moment_of(total.oldest),
            dead=dead,
        )

    def _claimed_range(self, entries_max: int, bytes_max: int, now: datetime) -> _Range | None:
        with self._transaction() as db:
            batch = _due_batch(db, microseconds(now)) or self._new_batch(db, entries_max, bytes_max)
            drained = self._drained(db)
        # Only now is it on disk that nobody needs them.
        self._log.remove(drained)
        return batch

    def _new_batch(self, db: sqlite3.Connection, entries_max: int, bytes_max: int) -> _Range | None:
        """Form and claim a batch of the oldest entries that are in none."""
        lines = self._log.following(_claimed(db), entries_max)
        if not lines:
            return None
        sizes = accumulate(line.size_bytes for line in lines)
        fitting = max(1, sum(1 for _ in takewhile(lambda size_bytes: size_bytes <= bytes_max, sizes)))
        db.execute("UPDATE progress SET claimed = ?", (lines[fitting - 1].id,))
        return _formed(db, lines[:fitting], tries=0, claimed=True)

    def _lines(self, db: sqlite3.Connection, batch: _Range) -> list[Line]:
        buried = _buried(db, batch)
        return [line for line in self._log.lines(batch.first, batch.last) if line.id not in buried]

    def _entries(self, batch: _Range) -> Iterator[Entry]:
        with self._reading:
            buried = _buried(self._reader, batch)
        for line, accepted in self._log.entries(batch.first, batch.last):
            if line.id not in buried:
                yield Entry(id=EntryId(line.id), tries=line.tries + batch.tries, accepted=accepted)

    def _drained(self, db: sqlite3.Connection) -> list[range]:
        """Return the segments that no batch needs any more, having written that they go."""
        drained = [ids for ids in self._log.behind(_claimed(db)) if not _is_needed(db, ids)]
        if drained:
            # Were it not for this write, the commit would not bring earlier `done`s to disk.
            db.execute("UPDATE progress SET removed = removed + ?", (len(drained),))
        return drained

    def _return_space(self) -> None:
        """Give disk space back, called when nothing is due: of a drained segment, and of buried bodies bit by bit."""
        ((open_batches,),) = self._read("SELECT count(*) FROM batch")
        if not open_batches:
            self._log.begin_segment(SPARE_BYTES)
        ((unused_pages,),) = self._read("PRAGMA freelist_count")
        if unused_pages > _RETURNED_PAGES_MAX:
            with self._writing, self._unavailable_when_full():
                # As a script: `execute` takes one step of this pragma, which is one page.
                self._writer.executescript(f"PRAGMA incremental_vacuum({_RETURNED_PAGES_MAX})")
                # The file shrinks at a checkpoint; a passive one waits for no reader.
                self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _require_room(self, size_bytes: int) -> None:
        if free_bytes(self._directory) < self._free_bytes_min + size_bytes:
            raise _disk_full(self._directory)

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
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise _disk_full(self._directory) from error
            raise
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
        "auto_vacuum = INCREMENTAL",
        "journal_mode = WAL",
        "synchronous = FULL",
        f"journal_size_limit = {_LOG_BYTES_MAX}",
    ):
        db.execute(f"PRAGMA {pragma}").fetchall()
    return db


def _create_schema(db: sqlite3.Connection) -> None:
    ((version,),) = db.execute("PRAGMA user_version").fetchall()
    if version == 0:
        db.executescript(_SCHEMA)
    elif version != _SCHEMA_VERSION:
        raise RuntimeError(f"{FILE_NAME} has layout {version}; drain it with the version of Tocsin that wrote it.")


def _claimed(db: sqlite3.Connection) -> int:
    """Return the last entry that ever was in a batch."""
    ((claimed,),) = db.execute("SELECT claimed FROM progress").fetchall()
    return int(claimed)


def _due_batch(db: sqlite3.Connection, now: int) -> _Range | None:
    """Claim the batch that has been due longest."""
    due = "SELECT first FROM batch WHERE claimed = 0 AND retry_at <= ? ORDER BY retry_at, first LIMIT 1"
    rows = db.execute(
        f"UPDATE batch SET claimed = 1 WHERE first = ({due}) RETURNING first, last, id, tries", (now,)
    ).fetchall()
    return _Range(*rows[0]) if rows else None


def _formed(db: sqlite3.Connection, lines: Sequence[Line], tries: int, *, claimed: bool) -> _Range:
    batch = _Range(lines[0].id, lines[-1].id, BatchId(uuid4().hex), tries)
    total = sum_of(lines)
    db.execute(
        "INSERT INTO batch VALUES (?, ?, ?, ?, ?, 0, '', ?, ?, ?)",
        (batch.first, batch.last, batch.id, tries, claimed, total.entries, total.size_bytes, total.oldest),
    )
    return batch


def _open_batch(db: sqlite3.Connection, batch_id: BatchId) -> _Range:
    row = db.execute("SELECT first, last, id, tries FROM batch WHERE id = ?", (batch_id,)).fetchone()
    if row is None:
        raise LookupError(f"There is no open batch {batch_id}.")
    return _Range(*row)


def _close_batch(db: sqlite3.Connection, batch: _Range) -> None:
    db.execute("DELETE FROM batch WHERE first = ?", (batch.first,))
    db.execute("DELETE FROM buried WHERE id BETWEEN ? AND ?", (batch.first, batch.last))


def _is_needed(db: sqlite3.Connection, ids: range) -> bool:
    """Whether an open batch has entries among *ids*."""
    overlapping = "SELECT 1 FROM batch WHERE first < ? AND last >= ? LIMIT 1"
    return db.execute(overlapping, (ids.stop, ids.start)).fetchone() is not None


def _buried(db: sqlite3.Connection, batch: _Range) -> set[int]:
    rows = db.execute("SELECT id FROM buried WHERE id BETWEEN ? AND ?", (batch.first, batch.last)).fetchall()
    return {id_ for (id_,) in rows}


def _bury(db: sqlite3.Connection, line: Line, accepted: Accepted, tries: int, reason: str, now: datetime) -> None:
    encoded = _ENCODER.encode(accepted)
    values = (line.id, len(encoded), line.tries + tries, microseconds(now), reason, encoded)
    db.execute("INSERT INTO dead VALUES (?, ?, ?, ?, ?, ?)", values)
    db.execute("INSERT INTO buried VALUES (?)", (line.id,))


def _shrink(db: sqlite3.Connection, batch: _Range, lines: Sequence[Line]) -> None:
    """Make *lines* what is left of the batch."""
    if not lines:
        _close_batch(db, batch)
        return
    total = sum_of(lines)
    db.execute(
        "UPDATE batch SET entries = ?, bytes = ?, oldest = ? WHERE first = ?",
        (total.entries, total.size_bytes, total.oldest, batch.first),
    )


def _dead_letter(row: tuple[int, int, int, int, str, bytes]) -> DeadLetter:
    id_, size_bytes, tries, buried_at, reason, encoded = row
    accepted = _DECODER.decode(encoded)
    return DeadLetter(
        id=EntryId(id_),
        reason=reason,
        tries=tries,
        buried_at=moment_of(buried_at),
        project_id=accepted.project_id,
        size_bytes=size_bytes,
        accepted=accepted,
    )


def _disk_full(directory: Path) -> Unavailable:
    return Unavailable(f"The disk of {directory} is full. Free some space or let the spool drain, then try again.")
