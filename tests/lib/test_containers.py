import bz2
import gzip
import lzma

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tocsin.lib.containers import unpacked
from tocsin.lib.decoding import TooLongError, UndecodableError

PACKERS = [(gzip.compress, ".gz"), (lzma.compress, ".xz"), (bz2.compress, ".bz2"), (zstandard.compress, ".zst")]


@pytest.mark.parametrize(("pack", "suffix"), PACKERS)
@pytest.mark.parametrize("size_bytes", [0, 1, 300_000, 1_000_000])
def test_what_was_packed_comes_out_with_its_suffix(pack, suffix, size_bytes):
    data = b"x" * size_bytes
    assert unpacked(pack(data), bytes_max=1_000_000) == (data, suffix)


@pytest.mark.parametrize(("pack", "suffix"), PACKERS)
def test_a_bomb_costs_no_more_than_the_limit(pack, suffix):
    with pytest.raises(TooLongError):
        unpacked(pack(bytes(50_000_000)), bytes_max=1_000_000)


@pytest.mark.parametrize(("pack", "suffix"), PACKERS)
@given(keep=st.integers(8, 60))
def test_a_container_that_is_cut_off_is_said_to_be_damaged(pack, suffix, keep):
    packed = pack(bytes(range(256)) * 9)
    with pytest.raises(UndecodableError):
        unpacked(packed[: min(keep, len(packed) - 1)], bytes_max=1_000_000)


def test_anything_else_is_left_as_it_is():
    assert unpacked(b"MDMP", bytes_max=1) == (b"MDMP", "")
