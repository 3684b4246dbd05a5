"""One file of the spool's log: groups of entries, one after the other, each written once.

A group is what one append brought: a head, a table with one line for each entry, then for each entry its description
(all of an `Accepted` but the body, as MessagePack) and the body as it came over the wire. The head's checksum covers
head and table, a line's checksum covers description and body. A group is there when all of it is: a file that ends
within one has a torn tail, which nobody was told is kept.
"""

import os
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from struct import Struct
from typing import NamedTuple
from zlib import crc32

import msgspec

from tocsin.domain.event.accepted import Accepted, BodyForm

_MAGIC = b"TCG1"
_HEAD = Struct("<4sIQI")
"""Magic, checksum of the rest of the head and the table, id of the first entry, number of entries."""
_LINE = Struct("<IIIIq")
"""Bytes of the description and of the body, checksum of both, tries, received as microseconds."""
_BUFFERS_MAX = 1024
"""What one system call takes (IOV_MAX)."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Line(NamedTuple):
    """What the table says of one entry, and where the entry lies."""

    id: int
    offset: int
    description_bytes: int
    body_bytes: int
    checksum: int
    tries: int
    received: int
    """Microseconds."""

    @property
    def size_bytes(self) -> int:
        """What the entry takes on disk, its line included."""
        return _LINE.size + self.description_bytes + self.body_bytes


class Group(msgspec.Struct, frozen=True):
    """A group before it is written."""

    count: int
    size_bytes: int
    oldest: int
    """The earliest moment of reception, in microseconds."""
    buffers: list[bytes]


class Waiting(msgspec.Struct, frozen=True):
    """A sum over entries."""

    entries: int = 0
    size_bytes: int = 0
    oldest: int | None = None
    """The earliest moment of reception, in microseconds; None without entries."""

    def __add__(self, other: "Waiting") -> "Waiting":
        moments = [moment for moment in (self.oldest, other.oldest) if moment is not None]
        return Waiting(
            self.entries + other.entries, self.size_bytes + other.size_bytes, min(moments) if moments else None
        )


class _Description(msgspec.Struct, array_like=True, frozen=True):
    """An `Accepted` without its body; new fields go to the end and have defaults."""

    project_id: int
    public_key: str
    received: datetime
    event_id: str
    client_ip: str
    client: str
    user_agent: str
    origin: str
    form: BodyForm
    encoding: str


_FIELDS = _Description.__struct_fields__
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Description).decode


def framed(first_id: int, entries: Iterable[Accepted], tries: Iterable[int]) -> Group:
    """Return *entries* as a group whose ids begin with *first_id*; bodies are not copied."""
    lines = bytearray()
    buffers: list[bytes] = [b""]
    size_bytes = _HEAD.size
    moments = []
    for accepted, tried in zip(entries, tries, strict=False):
        description = _described(accepted)
        body = accepted.body
        received = microseconds(accepted.received)
        lines += _LINE.pack(len(description), len(body), crc32(body, crc32(description)), tried, received)
        buffers += (description, body)
        size_bytes += _LINE.size + len(description) + len(body)
        moments.append(received)
    buffers[0] = _headed(first_id, len(moments), bytes(lines))
    return Group(len(moments), size_bytes, min(moments), buffers)


def microseconds(moment: datetime) -> int:
    """Return *moment* as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(microseconds_since_1970: int) -> datetime:
    """Return the moment that ``microseconds`` made a number of."""
    return _EPOCH + microseconds_since_1970 * _MICROSECOND


def sum_of(lines: Sequence[Line]) -> Waiting:
    """Return what *lines* come to."""
    return Waiting(
        len(lines), sum(line.size_bytes for line in lines), min((line.received for line in lines), default=None)
    )


class Segment:
    """One file, and in memory where its groups lie: 24 bytes for each.

    Not safe for several threads: the log that owns it lets one in at a time.
    """

    def __init__(self, path: Path, first_id: int) -> None:
        self.path = path
        self.first_id = first_id
        self.next_id = first_id
        self.end = 0
        """Where the last whole group ends and the next one begins."""
        self._is_torn = False
        self._first_ids = array("Q")
        self._offsets = array("Q")
        self._oldest = array("q")

    def write(self, descriptor: int, group: Group) -> None:
        """Put *group* at the end, not yet safely. A failure leaves the file as it was, and raises OSError."""
        try:
            _write_all(descriptor, group.buffers, self.end)
        except OSError:
            os.ftruncate(descriptor, self.end)
            raise

    def note(self, group: Group) -> None:
        """Remember a group that was written at the end."""
        self._remember(group.count, group.size_bytes, group.oldest)

    def scan(self, ids_before: int) -> None:
        """Remember the groups that others have written at the end, those with ids below *ids_before*."""
        known = self.end
        if self._is_torn:
            return
        with self.path.open("rb", buffering=0) as file:
            size_bytes = os.fstat(file.fileno()).st_size
            while lines := _table(file.fileno(), self.end, size_bytes, self.next_id):
                if lines[-1].id >= ids_before:
                    break
                total = sum_of(lines)
                self._remember(len(lines), _HEAD.size + total.size_bytes, total.oldest or 0)
            if self.end > known:
                # Whoever wrote it may have died before this, or be at it.
                os.fdatasync(file.fileno())

    def forget_torn_group(self) -> None:
        """Let go of the last group when it is not what was written: power was lost before it was on disk."""
        if not self._offsets:
            return
        with self.path.open("rb", buffering=0) as file:
            lines = _table(file.fileno(), self._offsets[-1], self.end, self._first_ids[-1])
            if all(_read(file.fileno(), line) for line in lines):
                return
        self._is_torn = True
        self.next_id = self._first_ids.pop()
        self.end = self._offsets.pop()
        self._oldest.pop()

    def waiting(self, after_id: int) -> Waiting:
        """Return what the entries with ids above *after_id* come to."""
        index = bisect_right(self._first_ids, after_id)
        rest = Waiting()
        if index < len(self._offsets):
            heads_bytes = _HEAD.size * (len(self._offsets) - index)
            size_bytes = self.end - self._offsets[index] - heads_bytes
            rest = Waiting(self.next_id - self._first_ids[index], size_bytes, min(self._oldest[index:]))
        cut = [line for line in self._lines_of(index - 1) if line.id > after_id] if self._cuts(index, after_id) else []
        return sum_of(cut) + rest

    def lines(self, first_id: int, last_id: int) -> Iterator[Line]:
        """Yield the lines of the entries from *first_id* to *last_id*, both included."""
        if self.next_id <= first_id:
            return
        index = max(0, bisect_right(self._first_ids, first_id) - 1)
        while index < len(self._first_ids) and self._first_ids[index] <= last_id:
            yield from (line for line in self._lines_of(index) if first_id <= line.id <= last_id)
            index += 1

    def _remember(self, count: int, size_bytes: int, oldest: int) -> None:
        self._first_ids.append(self.next_id)
        self._offsets.append(self.end)
        self._oldest.append(oldest)
        self.next_id += count
        self.end += size_bytes

    def _cuts(self, index: int, after_id: int) -> bool:
        """Whether the group before *index* holds *after_id* and entries beyond it."""
        group_end = self._first_ids[index] if index < len(self._first_ids) else self.next_id
        return index > 0 and after_id < group_end - 1

    def _lines_of(self, index: int) -> list[Line]:
        with self.path.open("rb", buffering=0) as file:
            return _table(file.fileno(), self._offsets[index], self.end, self._first_ids[index])


def read_entries(path: Path, lines: Iterable[Line]) -> Iterator[tuple[Line, Accepted | None]]:
    """Yield the entries that *lines* of the segment at *path* tell of; None for one that the disk did not keep."""
    with path.open("rb", buffering=0) as file:
        for line in lines:
            yield line, _read(file.fileno(), line)


def _described(accepted: Accepted) -> bytes:
    return _encode(
        (
            accepted.project_id,
            accepted.public_key,
            accepted.received,
            accepted.event_id,
            accepted.client_ip,
            accepted.client,
            accepted.user_agent,
            accepted.origin,
            accepted.form,
            accepted.encoding,
        )
    )


def _headed(first_id: int, count: int, table: bytes) -> bytes:
    rest = _HEAD.pack(_MAGIC, 0, first_id, count)[8:] + table
    return _MAGIC + crc32(rest).to_bytes(4, "little") + rest


def _write_all(descriptor: int, buffers: Sequence[bytes], offset: int) -> None:
    left: list[bytes | memoryview] = list(buffers)
    while left:
        written = os.pwritev(descriptor, left[:_BUFFERS_MAX], offset)
        offset += written
        done = 0
        while done < len(left) and written >= len(left[done]):
            written -= len(left[done])
            done += 1
        del left[:done]
        if written:
            left[0] = memoryview(left[0])[written:]


def _table(descriptor: int, offset: int, size_bytes: int, first_id: int) -> list[Line]:
    """Return the lines of the group at *offset*; nothing where no whole group lies that begins with *first_id*."""
    if offset + _HEAD.size > size_bytes:
        return []
    head = os.pread(descriptor, _HEAD.size, offset)
    magic, checksum, named_id, count = _HEAD.unpack(head)
    table_bytes = count * _LINE.size
    if magic != _MAGIC or named_id != first_id or offset + _HEAD.size + table_bytes > size_bytes:
        return []
    table = os.pread(descriptor, table_bytes, offset + _HEAD.size)
    if crc32(table, crc32(head[8:])) != checksum:
        return []
    lines = []
    position = offset + _HEAD.size + table_bytes
    for number, fields in enumerate(_LINE.iter_unpack(table)):
        lines.append(Line(first_id + number, position, *fields))
        position += fields[0] + fields[1]
    return lines if position <= size_bytes else []


def _read(descriptor: int, line: Line) -> Accepted | None:
    description = os.pread(descriptor, line.description_bytes, line.offset)
    body = os.pread(descriptor, line.body_bytes, line.offset + line.description_bytes)
    if crc32(body, crc32(description)) != line.checksum:
        return None
    told = _decode(description)
    return Accepted(body=body, **{name: getattr(told, name) for name in _FIELDS})
