import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.lib.lenient_json import repaired


@pytest.mark.parametrize(
    ("careless", "strict"),
    [
        (b'{"a":NaN,"b":[Infinity,-Infinity]}', {"a": None, "b": [None, None]}),
        (b'{"a":1e999}', {"a": None}),
        (b'{"a":' + b"9" * 10_000 + b',"b":-12}', {"a": None, "b": -12}),
        (b'{"a":"\xff"}', {"a": "\ufffd"}),
        (b'{"a":"x\\ud83d"}', {"a": "x?"}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'{"a":"x\ty"}', {"a": "x\ty"}),
    ],
)
def test_careless_json_is_repaired(careless, strict):
    assert msgspec.json.decode(repaired(careless)) == strict


@pytest.mark.parametrize("text", [b"", b"{", b"{'a':1}", b"nope", b'{"a":1}{"b":2}'])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError):
        repaired(text)


@given(st.recursive(st.none() | st.floats() | st.text() | st.integers(-(2**53), 2**53), st.lists))
def test_whatever_python_writes_can_be_read_strictly(value):
    def without_odd_numbers(inner):
        if isinstance(inner, list):
            return [without_odd_numbers(one) for one in inner]
        return None if isinstance(inner, float) and not math.isfinite(inner) else inner

    assert msgspec.json.decode(repaired(json.dumps(value).encode())) == without_odd_numbers(value)
