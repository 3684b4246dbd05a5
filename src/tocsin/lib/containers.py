"""Files that somebody packed: one compressed file in a gzip, xz, bzip2 or zstd container, unpacked within a limit."""

import bz2
import lzma
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from tocsin.lib.decoding import TooLongError, UndecodableError, decoded

_PIECE_BYTES = 256 * 1024
_MEMORY_BYTES_MAX = 128 * 1024 * 1024


class _Stream(Protocol):
    eof: bool
    needs_input: bool

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def unpacked(data: bytes, *, bytes_max: int) -> tuple[bytes, str]:
    """Return what a container holds, and the suffix its file name would have; *data* itself and ``""`` for others.

    Raises UndecodableError for a container that is damaged, TooLongError when it holds more than *bytes_max* bytes.
    """
    for magic, suffix, unpack in _CONTAINERS:
        if data.startswith(magic):
            return unpack(data, bytes_max), suffix
    return data, ""


def _by_coding(coding: str) -> Callable[[bytes, int], bytes]:
    return lambda data, bytes_max: decoded(data, coding, bytes_max=bytes_max)


def _by_stream(make: Callable[[], Any]) -> Callable[[bytes, int], bytes]:
    def unpack(data: bytes, bytes_max: int) -> bytes:
        try:
            return _joined(_pieces(make(), data), bytes_max)
        except (OSError, EOFError, lzma.LZMAError) as error:
            raise UndecodableError(str(error)) from error

    return unpack


def _pieces(stream: _Stream, data: bytes) -> Iterator[bytes]:
    yield stream.decompress(data, _PIECE_BYTES)
    while not stream.eof:
        if stream.needs_input:
            raise UndecodableError("the compressed data ends too early")
        yield stream.decompress(b"", _PIECE_BYTES)


def _joined(pieces: Iterator[bytes], bytes_max: int) -> bytes:
    kept: list[bytes] = []
    total_bytes = 0
    for piece in pieces:
        total_bytes += len(piece)
        if total_bytes > bytes_max:
            raise TooLongError(f"more than {bytes_max} bytes after decompression")
        kept.append(piece)
    return b"".join(kept)


_CONTAINERS: tuple[tuple[bytes, str, Callable[[bytes, int], bytes]], ...] = (
    (b"\x1f\x8b", ".gz", _by_coding("gzip")),
    (b"\x28\xb5\x2f\xfd", ".zst", _by_coding("zstd")),
    (b"\xfd7zXZ\x00", ".xz", _by_stream(lambda: lzma.LZMADecompressor(memlimit=_MEMORY_BYTES_MAX))),
    (b"BZh", ".bz2", _by_stream(bz2.BZ2Decompressor)),
)
