"""The spool's log: segments in one directory, appended to by any process, read by place."""

import fcntl
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice, repeat
from pathlib import Path
from stat import S_IWUSR

import structlog

from tocsin.domain.errors import Unavailable
from tocsin.domain.event.accepted import Accepted
from tocsin.lib.durable_file import sync_directory
from tocsin.storage.spool.segment import Group, Line, Segment, Waiting, framed, read_entries

SEGMENT_BYTES_MAX = 64 * 2**20
"""A segment that has reached this takes no further group."""
SPARE_BYTES = 256 * 2**10
"""What the newest segment may take on disk with nothing in it that waits."""

_LOCK_NAME = "append.lock"
_LOCK_SECONDS_MAX = 10.0
_LOCK_POLL_SECONDS = 0.001
_SUFFIX = ".log"
_UNREADABLE_SUFFIX = ".unreadable"
_SEALED_MODE = 0o400
_ID_MAX = 2**63 - 1

_log = structlog.get_logger("tocsin.spool")


class EntryLog:
    """Entries by id, in files named by their first id. Which of them are still wanted is not known here.

    Processes append in turn, each under a lock on a file beside the segments. The newest segment is appended to and
    never removed, so that ids go on from it; one without write permission is sealed, which tells the other processes
    that a newer one follows. Memory holds where the groups lie, not what is in them.
    """

    def __init__(self, directory: Path, *, ids_after: int, segment_bytes_max: int = SEGMENT_BYTES_MAX) -> None:
        """Open the log in *directory*; new entries get ids above *ids_after* even where segments were lost."""
        self._directory = directory
        self._ids_after = ids_after
        self._segment_bytes_max = segment_bytes_max
        self._appending = threading.Lock()
        self._indexing = threading.Lock()
        self._segments: list[Segment] = []
        self._written: tuple[Segment, int] | None = None
        self._files = ExitStack()
        self._lock = os.open(directory / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._files.callback(os.close, self._lock)
        self._list()
        if self._segments:
            self._segments[-1].forget_torn_group()

    def close(self) -> None:
        """Close the files."""
        with self._appending:
            self._close_written()
            self._files.close()

    def append(self, entries: Sequence[Accepted], tries: Iterable[int] = repeat(0)) -> range:
        """Return the ids of *entries*, at least one, which are on disk in one group.

        Raises OSError as the disk does, and Unavailable when another process does not let go of the log; then nothing
        is kept.
        """
        with self._appending, self._alone():
            segment, descriptor = self._writable()
            group = framed(segment.next_id, entries, tries)
            segment.write(descriptor, group)
            self._sync(segment, descriptor, group)
            with self._indexing:
                segment.note(group)
            return range(segment.next_id - group.count, segment.next_id)

    def refresh(self) -> None:
        """Take notice of what other processes appended. Does not wait for what this one is appending just now."""
        if self._appending.acquire(blocking=False):
            try:
                self._catch_up()
            finally:
                self._appending.release()

    def following(self, after_id: int, entries_max: int) -> list[Line]:
        """Return the lines of the first *entries_max* entries above *after_id*."""
        with self._indexing:
            return list(islice(self._lines(after_id + 1, _ID_MAX), entries_max))

    def lines(self, first_id: int, last_id: int) -> list[Line]:
        """Return the lines of the entries from *first_id* to *last_id*, both included."""
        with self._indexing:
            return list(self._lines(first_id, last_id))

    def entries(self, first_id: int, last_id: int) -> Iterator[tuple[Line, Accepted]]:
        """Yield the entries from *first_id* to *last_id*; what the disk did not keep is left out, and logged."""
        with self._indexing:
            places = [(segment.path, list(segment.lines(first_id, last_id))) for segment in self._segments]
        for path, lines in places:
            if not lines:
                continue
            for line, accepted in read_entries(path, lines):
                if accepted is None:
                    _log.error("spool entry is damaged and left out", entry=line.id, path=str(path))
                else:
                    yield line, accepted

    def waiting(self, after_id: int) -> Waiting:
        """Return what the entries above *after_id* come to."""
        try:
            return self._waiting(after_id)
        except FileNotFoundError:
            # The process that claims has removed a segment since we listed it.
            with self._appending:
                self._list()
            return self._waiting(after_id)

    def behind(self, id_: int) -> list[range]:
        """Return the ids of each segment that holds none above *id_*, the newest segment excepted."""
        with self._indexing:
            return [range(one.first_id, one.next_id) for one in self._segments[:-1] if one.next_id - 1 <= id_]

    def remove(self, segments: Iterable[range]) -> None:
        """Remove segments that ``behind`` told of, giving their space back."""
        first_ids = {ids.start for ids in segments}
        with self._indexing:
            removed = [segment for segment in self._segments if segment.first_id in first_ids]
            self._segments = [segment for segment in self._segments if segment.first_id not in first_ids]
        for segment in removed:
            if segment.path.stat().st_size > segment.end:
                # Only a torn tail, perhaps; perhaps what a broken disk has left of entries that were promised.
                segment.path.rename(segment.path.with_suffix(_UNREADABLE_SUFFIX))
            else:
                segment.path.unlink()

    def begin_segment(self, bytes_min: int) -> None:
        """Let the next append go to a new segment, if the newest holds more than *bytes_min* bytes."""
        if not self._has_more_than(bytes_min):
            return
        with self._appending, self._alone():
            self._catch_up()
            if self._has_more_than(bytes_min):
                self._begin()

    def _has_more_than(self, bytes_min: int) -> bool:
        with self._indexing:
            return bool(self._segments) and self._segments[-1].end > bytes_min

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from appending."""
        deadline = time.monotonic() + _LOCK_SECONDS_MAX
        while not _locked(self._lock):
            if time.monotonic() > deadline:
                raise Unavailable("The spool is held by another process. Try again in a moment.")
            time.sleep(_LOCK_POLL_SECONDS)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _sync(self, segment: Segment, descriptor: int, group: Group) -> None:
        try:
            os.fdatasync(descriptor)
        except OSError:
            # Nobody knows what is on disk now, and another process may have read the group: its ids are spent.
            os.ftruncate(descriptor, segment.end)
            self._ids_after = segment.next_id + group.count - 1
            raise

    def _writable(self) -> tuple[Segment, int]:
        """Return the segment that takes the next group, and its file."""
        self._catch_up()
        if not self._segments or self._is_spent(self._segments[-1]):
            return self._begin()
        newest = self._segments[-1]
        if self._written is None or self._written[0] is not newest:
            self._close_written()
            self._written = newest, os.open(newest.path, os.O_RDWR | os.O_CLOEXEC)
        return self._written

    def _is_spent(self, newest: Segment) -> bool:
        status = newest.path.stat()
        if status.st_size > newest.end:
            # We are alone, so nobody is writing it: it is a group that a crash cut short.
            _log.warning("spool segment has a torn tail", path=str(newest.path), bytes=status.st_size - newest.end)
            return True
        full = newest.end >= self._segment_bytes_max
        return full or _is_sealed(status) or newest.next_id <= self._ids_after

    def _begin(self) -> tuple[Segment, int]:
        first_id = self._ids_after + 1
        if self._segments:
            newest = self._segments[-1]
            first_id = max(first_id, newest.next_id, newest.first_id + 1)
            _seal(newest.path)
        path = self._directory / f"{first_id:020}{_SUFFIX}"
        self._close_written()
        self._written = Segment(path, first_id), os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        sync_directory(self._directory)
        with self._indexing:
            self._segments.append(self._written[0])
        return self._written

    def _close_written(self) -> None:
        if self._written is not None:
            os.close(self._written[1])
            self._written = None

    def _catch_up(self) -> None:
        if self._segments:
            newest = self._segments[-1]
            with suppress(FileNotFoundError):
                status = newest.path.stat()
                if not _is_sealed(status):
                    if status.st_size > newest.end:
                        with self._indexing:
                            newest.scan(_ID_MAX)
                    return
        self._list()

    def _list(self) -> None:
        """Bring the segments up to date with the directory."""
        with self._indexing:
            known = {segment.path: segment for segment in self._segments}
            paths = sorted(self._directory.glob(f"*{_SUFFIX}"))
            segments = [known.get(path) or Segment(path, int(path.stem)) for path in paths]
            ends = [segment.first_id for segment in segments[1:]] + [_ID_MAX]
            self._segments = [
                one for one, ids_before in zip(segments, ends, strict=False) if _is_scanned(one, ids_before)
            ]

    def _lines(self, first_id: int, last_id: int) -> Iterator[Line]:
        for segment in self._segments:
            yield from segment.lines(first_id, last_id)

    def _waiting(self, after_id: int) -> Waiting:
        with self._indexing:
            return sum((segment.waiting(after_id) for segment in self._segments), Waiting())


def _is_scanned(segment: Segment, ids_before: int) -> bool:
    """Scan a segment; False when the process that claims has removed it meanwhile."""
    try:
        segment.scan(ids_before)
    except FileNotFoundError:
        return False
    return True


def _seal(path: Path) -> None:
    path.chmod(_SEALED_MODE)
    with path.open("rb") as file:
        # Digest has read it already, or is far behind and reads it once: memory is better used by others.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _is_sealed(status: os.stat_result) -> bool:
    return not status.st_mode & S_IWUSR


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
