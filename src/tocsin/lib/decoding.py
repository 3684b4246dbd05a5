"""HTTP content codings, undone within a byte limit: a bomb costs its limit and no more (spec/ingest.md 1.5, 1.6)."""

import zlib
from collections.abc import Callable, Iterator

import brotli
import zstandard

_CODINGS_MAX = 4
_PIECE_BYTES = 256 * 1024
_INPUT_BYTES = 64 * 1024
# One byte of zstd may stand for 32 KiB of output and its decoder cannot be told to pause: feed it little at a time.
_ZSTD_INPUT_BYTES = 1024
# RFC 9659 lets HTTP senders use windows up to 8 MiB.
_ZSTD_WINDOW_BYTES_MAX = 8 * 1024 * 1024

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_RAW_DEFLATE = -zlib.MAX_WBITS


class UnknownCodingError(ValueError):
    """A content coding this module does not undo, or too many of them."""


class UndecodableError(ValueError):
    """The bytes are not what their content coding says, or end too early."""


class TooLongError(ValueError):
    """The decoded bytes are more than the limit."""


def decoded(body: bytes, codings: str, *, bytes_max: int) -> bytes:
    """Return *body* with its content codings undone, the last applied first.

    *codings* is a Content-Encoding header: ``gzip``, ``deflate`` (zlib-wrapped or raw), ``br``, ``zstd``,
    ``identity``, a comma list of them, or ``""``. Decoding stops soon after *bytes_max* bytes.
    Raises UnknownCodingError, UndecodableError or TooLongError.
    """
    for decompress in _decompressors(codings):
        body = _joined(decompress(body), bytes_max)
    if len(body) > bytes_max:
        raise TooLongError(f"more than {bytes_max} bytes")
    return body


def _decompressors(codings: str) -> list[Callable[[bytes], Iterator[bytes]]]:
    if not codings:
        return []
    names = [name for part in codings.split(",") if (name := part.strip().lower()) not in {"", "identity"}]
    if len(names) > _CODINGS_MAX or not _DECOMPRESSORS.keys() >= set(names):
        raise UnknownCodingError(f"unknown content coding {codings!r}")
    return [_DECOMPRESSORS[name] for name in reversed(names)]


def _joined(pieces: Iterator[bytes], bytes_max: int) -> bytes:
    kept: list[bytes] = []
    total_bytes = 0
    try:
        for piece in pieces:
            total_bytes += len(piece)
            if total_bytes > bytes_max:
                raise TooLongError(f"more than {bytes_max} bytes after decompression")
            kept.append(piece)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise UndecodableError(str(error)) from error
    return kept[0] if len(kept) == 1 else b"".join(kept)


def _gunzip(body: bytes) -> Iterator[bytes]:
    return _inflate(body, _GZIP_OR_ZLIB)


def _undeflate(body: bytes) -> Iterator[bytes]:
    # A zlib header says method 8 and is a multiple of 31; old clients send deflate without any header.
    zlib_wrapped = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
    return _inflate(body, _GZIP_OR_ZLIB if zlib_wrapped else _RAW_DEFLATE)


def _inflate(body: bytes, window_bits: int) -> Iterator[bytes]:
    stream = zlib.decompressobj(window_bits)
    for slice_ in _slices(body, _INPUT_BYTES):
        yield stream.decompress(slice_, _PIECE_BYTES)
        while stream.unconsumed_tail:
            yield stream.decompress(stream.unconsumed_tail, _PIECE_BYTES)
        _refuse_trailing(stream.unused_data)
    while not stream.eof:
        yield _not_ended(stream.decompress(b"", _PIECE_BYTES))


def _unbrotli(body: bytes) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    for slice_ in _slices(body, _INPUT_BYTES):
        yield stream.process(slice_, output_buffer_limit=_PIECE_BYTES)
        while not stream.can_accept_more_data():
            yield stream.process(b"", output_buffer_limit=_PIECE_BYTES)
    while not stream.is_finished():
        yield _not_ended(stream.process(b"", output_buffer_limit=_PIECE_BYTES))


def _unzstd(body: bytes) -> Iterator[bytes]:
    stream = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES_MAX).decompressobj()
    for slice_ in _slices(body, _ZSTD_INPUT_BYTES):
        yield stream.decompress(slice_)
        _refuse_trailing(stream.unused_data)
    if not stream.eof:
        _not_ended(b"")


def _slices(body: bytes, slice_bytes: int) -> Iterator[bytes]:
    for start in range(0, len(body), slice_bytes):
        yield body[start : start + slice_bytes]


def _not_ended(piece: bytes) -> bytes:
    if not piece:
        raise UndecodableError("the compressed data ends too early")
    return piece


def _refuse_trailing(unused: bytes) -> None:
    # Concatenated members are legal and nobody sends them; thousands of empty ones would cost without end.
    if unused:
        raise UndecodableError("something follows the end of the compressed data")


_DECOMPRESSORS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
