import gzip
import tracemalloc
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tocsin.lib.decoding import TooLongError, UndecodableError, UnknownCodingError, decoded


def raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(body) + stream.flush()


def fast_brotli(body: bytes) -> bytes:
    return brotli.compress(body, quality=3)


CODINGS = [
    pytest.param("gzip", gzip.compress, id="gzip"),
    pytest.param("x-gzip", gzip.compress, id="x-gzip"),
    pytest.param("deflate", zlib.compress, id="zlib"),
    pytest.param("deflate", raw_deflate, id="raw-deflate"),
    pytest.param("br", fast_brotli, id="brotli"),
    pytest.param("zstd", zstandard.compress, id="zstd"),
]
PIECE_BYTES = 256 * 1024
bodies = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda size: b"a" * size, st.integers(PIECE_BYTES - 2, PIECE_BYTES + 2)),
    st.builds(lambda seed, size: (seed * size)[: 3 * PIECE_BYTES], st.binary(min_size=1), st.integers(1, 9000)),
)


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
@given(body=bodies)
def test_every_coding_is_undone(coding, compress, body):
    assert decoded(compress(body), coding, bytes_max=len(body)) == body


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
@given(body=bodies, data=st.data())
def test_a_body_cut_short_is_undecodable(coding, compress, body, data):
    wire = compress(body)
    cut = data.draw(st.integers(0, len(wire) - 1))
    with pytest.raises(UndecodableError):
        decoded(wire[:cut], coding, bytes_max=len(body) + 1)


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
def test_something_after_the_end_is_undecodable(coding, compress):
    for extra in (b"x", compress(b"two")):
        with pytest.raises(UndecodableError):
            decoded(compress(b"one") + extra, coding, bytes_max=1000)


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
def test_one_byte_over_the_limit_is_too_long(coding, compress):
    with pytest.raises(TooLongError):
        decoded(compress(b"x" * 1001), coding, bytes_max=1000)


@pytest.mark.parametrize(("coding", "compress"), CODINGS)
def test_a_bomb_costs_little_memory(coding, compress):
    bomb = compress(bytes(100_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(TooLongError):
            decoded(bomb, coding, bytes_max=1_000_000)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 50_000_000


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@given(body=st.binary(max_size=200))
def test_noise_is_undecodable_or_something(coding, body):
    try:
        assert isinstance(decoded(body, coding, bytes_max=10_000), bytes)
    except (UndecodableError, TooLongError):
        return


def test_lists_are_undone_from_the_last_to_the_first():
    wire = fast_brotli(gzip.compress(b"hello"))
    assert decoded(wire, "gzip, BR", bytes_max=100) == b"hello"


@pytest.mark.parametrize("coding", ["", "identity", " Identity ", "identity,identity"])
def test_identity_changes_nothing(coding):
    assert decoded(b"hello", coding, bytes_max=5) == b"hello"
    with pytest.raises(TooLongError):
        decoded(b"hello", coding, bytes_max=4)


@pytest.mark.parametrize("coding", ["rot13", "gzip, rot13", "gzip,gzip,gzip,gzip,gzip"])
def test_unknown_codings_and_long_lists_are_refused(coding):
    with pytest.raises(UnknownCodingError):
        decoded(b"", coding, bytes_max=5)
