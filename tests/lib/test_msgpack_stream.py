from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.lib.msgpack_stream import values_in

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.sampled_from(["x" * 300, "x" * 70_000, b"x" * 300, b"x" * 70_000, datetime(2026, 1, 1, 0, 0, 0, 7, UTC)])
)
VALUES = st.recursive(SCALARS, lambda some: st.lists(some, max_size=20) | st.dictionaries(st.text(), some, max_size=20))


@given(st.lists(VALUES, max_size=5))
def test_values_come_out_as_they_were_put_in(values):
    stream = b"".join(map(msgspec.msgpack.encode, values))
    whole = [msgspec.msgpack.decode(msgspec.msgpack.encode(value)) for value in values]
    assert list(values_in(stream)) == whole


@given(st.binary(max_size=200))
def test_any_bytes_are_values_or_a_value_error(data):
    try:
        found = list(values_in(data))
    except ValueError:
        return
    assert len(found) <= len(data)


@pytest.mark.parametrize("data", [b"\x93\x01\x02", b"\xd9\x05ab", b"\xc1", b"\xdd\xff\xff\xff\xff\x01", b"\x81\xa1a"])
def test_a_value_that_is_cut_off_or_none_is_said_to_be_so(data):
    with pytest.raises(ValueError):
        list(values_in(data))
