"""What holds for any JSON object somebody sends as an event."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.domain.event.arrival import Arrival, InvalidEvent
from tocsin.domain.event.decode import decode_event
from tocsin.domain.event.derive import derive
from tocsin.domain.event.normalise import normalise
from tocsin.domain.event.normalise.attributes import _ALIASES, _CLEANERS
from tocsin.domain.event.normalise.clock import seconds_of
from tocsin.domain.event.normalise.databags import Bounds
from tocsin.domain.event.normalise.remarks import ERRORS_MAX, NOTES_MAX, Remarks
from tocsin.domain.event.normalise.request import _Request
from tocsin.domain.event.normalise.stacktraces import _Frame

ARRIVAL = Arrival(
    project_id=7,
    event_id="a" * 32,
    received=datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
    client_ip="203.0.113.9",
    user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
)


class Grouped(msgspec.Struct, frozen=True):
    hashes: tuple[str, ...] = ("b" * 32,)
    main_exception_id: int | None = 1
    title: str | None = None


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(
        [
            "",
            " ",
            "a\nb",
            "x" * 300,
            "%s %(a)s",
            "{0} {}",
            "{{auto}}",
            "http://[x",
            "2026-11-20T11:00:00Z",
            "a=b&c",
            "[1]",
        ]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=6,
)


def objects(*names: str, inner: st.SearchStrategy[Any] = JSON) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(names) | st.text(max_size=6), inner | JSON, max_size=6)


FRAMES = objects("frames", inner=st.lists(objects(*_Frame.__struct_fields__), max_size=4))
VALUES = objects(
    "type", "value", "mechanism", "module", "stacktrace", "raw_stacktrace", "message", "data", "level", "timestamp", "id",
    inner=FRAMES | objects("type", "handled", "synthetic", "exception_id", "data", "meta"),
)  # fmt: skip
PARTS = (
    objects("values", inner=st.lists(VALUES | JSON, max_size=4))
    | st.lists(VALUES | JSON, max_size=4)
    | objects(
        *_Request.__struct_fields__, "headers", "cookies", "query_string", "data", "id", "email", "ip_address", "message",
        "params", "formatted", "settings", "images", "name", "version", "User-Agent", "browser", "os", "device",
        "effective_directive", "blocked_uri", "hostname", "infer_ip", "REMOTE_ADDR",
        inner=objects("infer_ip", "REMOTE_ADDR", "name", "version", "model", "rooted", "User-Agent", "Cookie"),
    )
    | FRAMES
)  # fmt: skip
EVENTS = st.dictionaries(
    st.sampled_from([*_CLEANERS, *_ALIASES, "_meta", "event_id"]) | st.text(max_size=6), PARTS | JSON, max_size=10
)


def settled(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in {"errors", "_meta"}}


@given(EVENTS)
@settings(max_examples=100, deadline=None)
def test_any_json_object_is_an_event_or_from_before_1970(raw):
    try:
        event = normalise(decode_event(msgspec.json.encode(raw)), ARRIVAL)
    except InvalidEvent as invalid:
        assert "1970" in invalid.reason  # noqa: PT017 - valid events have more to show below
        return
    derived = derive(event, Grouped(), ARRIVAL)
    assert settled(normalise(decode_event(derived.payload), ARRIVAL)) == settled(event)
    assert derived.title


@given(JSON, st.integers(1, 4), st.integers(16, 200))
def test_a_bag_is_cut_to_its_bounds_and_then_stays(value, depth_max, bytes_max):
    bag = {"bag": value}
    kept = Bounds(depth_max, bytes_max).kept(msgspec.json.decode(msgspec.json.encode(bag)), ("extra",), Remarks())
    assert len(msgspec.json.encode(kept)) <= bytes_max
    assert depth(kept) <= depth_max
    assert Bounds(depth_max, bytes_max).kept(kept, ("extra",), Remarks()) == kept
    if len(msgspec.json.encode(bag)) <= bytes_max and depth(bag) <= depth_max:
        assert kept == bag


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def test_what_was_cut_from_a_bag_is_remembered():
    remarks = Remarks()
    kept = Bounds(2, 60).kept({"deep": {"er": {"est": 1}}, "long": "x" * 100, "last": 5}, ("extra",), remarks)
    assert kept == {"deep": {"er": '{"est":1}'}, "long": "x" * 18 + "..."}
    assert len(msgspec.json.encode(kept)) == 60
    assert remarks.meta()["extra"] == {
        "": {"len": 3},
        "deep": {"er": {"": {"rem": [["!limit", "s"]]}}},
        "long": {"": {"rem": [["!limit", "s", 18, 21]], "len": 100}},
    }


def test_an_event_in_which_everything_is_wrong_does_not_grow_by_what_is_said_about_it():
    event = normalise({"tags": {f"no tag {number}!": [] for number in range(50_000)}, "logger": 5}, ARRIVAL)
    assert len(event["errors"]) == ERRORS_MAX
    assert len(event["_meta"]["tags"][""]["err"]) == NOTES_MAX


def test_a_stack_trace_as_the_sdk_saw_it_is_checked_like_any_other():
    event = normalise({"raw_stacktrace": {"frames": [{"lineno": []}] * 300}}, ARRIVAL)
    assert event["raw_stacktrace"]["frames"] == [{}] * 250
    assert "raw_stacktrace" not in normalise({"raw_stacktrace": 1}, ARRIVAL)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9000, 1, 1)), st.integers(-23, 23))  # noqa: DTZ001
def test_every_spelling_of_a_time_is_the_same_time(naive, hours):
    moment = naive.replace(tzinfo=UTC)
    seconds = seconds_of(moment.timestamp())
    assert seconds is not None
    for text in (
        naive.isoformat(),
        naive.isoformat() + "Z",
        naive.isoformat(" ", timespec="microseconds") + "000Z",
        repr(moment.timestamp()),
        (moment + timedelta(hours=hours)).replace(tzinfo=None).isoformat()
        + f"{'-' if hours < 0 else '+'}{abs(hours):02}:00",
    ):
        assert seconds_of(text) == pytest.approx(seconds, abs=2e-5)


@pytest.mark.parametrize(
    "sent", [None, True, [], {}, "", "x", "1e999", "nan", 10**30, -(10**12), "2026-99-01", "12-3-4-"]
)
def test_what_is_no_time_is_none(sent):
    assert seconds_of(sent) is None


@pytest.mark.parametrize(
    ("body", "event"),
    [
        (b'{"a":1}', {"a": 1}),
        (b'{"a":NaN,"b":-Infinity,"c":1e999}', {"a": None, "b": None, "c": None}),
        (b'{"a":"\\ud800x"}', {"a": "?x"}),
        (b'\xef\xbb\xbf{"a":"\xff"}', {"a": "\ufffd"}),
    ],
)
def test_careless_json_is_read(body, event):
    assert decode_event(body) == event


@pytest.mark.parametrize("body", [b"", b"[]", b"3", b"{", b"null", b"[" * 100_000, b'{"a":' * 100_000, b"\x00"])
def test_what_is_no_json_object_is_invalid(body):
    with pytest.raises(InvalidEvent):
        decode_event(body)


@pytest.mark.parametrize("levels", [50, 200, 800, 900, 950, 980, 990])
@pytest.mark.parametrize("key", ["extra", "unknown", "stacktrace", "user", "message", "_meta", "tags", "errors"])
def test_deep_nesting_is_flattened_or_invalid(key, levels):
    body = b'{"%s":' % key.encode() + b'{"frames":' * levels + b"[1]" + b"}" * levels + b"}"
    try:
        raw = decode_event(body)
        derived = derive(normalise(raw, ARRIVAL), Grouped(), ARRIVAL)
    except InvalidEvent as invalid:
        assert "nested" in invalid.reason  # noqa: PT017 - either outcome is right, only the reason is checked
    else:
        assert derived.payload
