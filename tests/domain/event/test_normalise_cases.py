"""The rows C of spec/ingest.md, and what sections 3.1 to 3.12 say besides."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tocsin.domain.event.arrival import Arrival, InvalidEvent
from tocsin.domain.event.normalise import normalise
from tocsin.domain.event.normalise.remarks import Remarks
from tocsin.domain.event.normalise.texts import clean_text

RECEIVED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NOW = RECEIVED.timestamp()
PEER = "203.0.113.9"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)


def arrival(**known: Any) -> Arrival:
    return Arrival(**{"project_id": 7, "event_id": "a" * 32, "received": RECEIVED, "client_ip": PEER} | known)


def normalised(raw: dict[str, Any], **known: Any) -> dict[str, Any]:
    return normalise(msgspec.json.decode(msgspec.json.encode(raw)), arrival(**known))


def error_types(event: dict[str, Any]) -> list[str]:
    return [error["type"] for error in event.get("errors", [])]


def errors(event: dict[str, Any]) -> list[tuple[str, str]]:
    return [(error["type"], error["name"]) for error in event.get("errors", [])]


def note(event: dict[str, Any], *path: str) -> dict[str, Any]:
    node = event["_meta"]
    for key in (*path, ""):
        node = node[key]
    return node


@pytest.mark.parametrize(
    "sent",
    [1304358096.0, "2011-05-02T17:41:36", "2011-05-02T17:41:36Z", "2011-05-02T17:41:36.000", "1304358096"],
    ids=lambda sent: f"ingest-C01-{sent}",
)
def test_an_event_older_than_thirty_days_happened_on_arrival(sent):
    event = normalised({"timestamp": sent})
    assert event["timestamp"] == NOW
    assert [(e["type"], e["sdk_time"]) for e in event["errors"]] == [("past_timestamp", 1304358096.0)]


@pytest.mark.parametrize(
    ("sent_seconds_ago", "timestamp_seconds_ago", "expected_seconds_ago", "expected_errors"),
    [
        pytest.param(86400, 86405, 5, ["clock_drift"], id="ingest-C03"),
        pytest.param(600, 605, 605, [], id="ingest-C04"),
        pytest.param(-7200, -7190, 10, ["clock_drift"], id="clock-ahead"),
        pytest.param(3299, 3299, 3299, [], id="just-below-55-minutes"),
        pytest.param(3300, 3300, 0, ["clock_drift"], id="55-minutes"),
    ],
)
def test_a_clock_that_is_off_by_55_minutes_is_corrected(
    sent_seconds_ago, timestamp_seconds_ago, expected_seconds_ago, expected_errors
):
    sent_at = RECEIVED - timedelta(seconds=sent_seconds_ago)
    event = normalised({"timestamp": NOW - timestamp_seconds_ago}, sent_at=sent_at)
    assert event["timestamp"] == pytest.approx(NOW - expected_seconds_ago, abs=1e-5)
    assert error_types(event) == expected_errors


def test_an_event_from_the_future_happened_on_arrival_and_its_breadcrumbs_keep_their_distance():
    event = normalised({"timestamp": NOW + 3600, "breadcrumbs": [{"timestamp": NOW + 3590}]})
    assert event["timestamp"] == NOW
    assert event["breadcrumbs"]["values"][0]["timestamp"] == NOW - 10
    assert error_types(event) == ["future_timestamp"]


def test_a_minute_in_the_future_is_believed():
    assert normalised({"timestamp": NOW + 59})["timestamp"] == NOW + 59


def test_drift_shifts_breadcrumbs_and_spans_too():
    day_ago = NOW - 86400
    raw = {
        "type": "transaction",
        "timestamp": day_ago,
        "start_timestamp": day_ago - 2,
        "spans": [{"start_timestamp": day_ago - 1, "timestamp": day_ago}, {"start_timestamp": -5, "timestamp": 3}],
        "breadcrumbs": {"values": [{"timestamp": day_ago - 3}]},
    }
    event = normalised(raw, sent_at=RECEIVED - timedelta(days=1))
    assert event["start_timestamp"] == NOW - 2
    assert event["spans"] == [{"start_timestamp": NOW - 1, "timestamp": NOW}]
    assert event["breadcrumbs"]["values"][0]["timestamp"] == NOW - 3


@pytest.mark.parametrize("sent", [-1, -0.5, "1969-12-31T23:59:59Z", "-1"])
def test_an_event_from_before_1970_is_invalid(sent):
    with pytest.raises(InvalidEvent, match="1970"):
        normalised({"timestamp": sent})


@pytest.mark.parametrize("sent", [pytest.param(-1, id="ingest-C06"), -0.5, "1969-12-31T00:00:00Z"])
def test_a_breadcrumb_from_before_1970_is_removed(sent):
    event = normalised({"breadcrumbs": {"values": [{"timestamp": sent, "message": "a"}, {"message": "b"}]}})
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["b"]


@pytest.mark.parametrize(
    "sent", [pytest.param("yesterday", id="ingest-C07"), True, [], {}, "2011-13-45T00:00:00", "nan"]
)
def test_a_timestamp_that_is_none_is_replaced_by_the_time_of_arrival(sent):
    event = normalised({"timestamp": sent})
    assert event["timestamp"] == NOW
    assert errors(event) == [("invalid_data", "timestamp")]


@pytest.mark.parametrize(
    ("raw", "level"),
    [
        pytest.param({"type": "transaction"}, "info", id="ingest-C09"),
        ({}, "error"),
        ({"level": "log"}, "info"),
        ({"level": "WARN"}, "warning"),
        ({"level": "critical"}, "fatal"),
        ({"level": 40}, "error"),
        ({"level": "30"}, "warning"),
        ({"level": 10}, "debug"),
        ({"level": "sample"}, "error"),
        ({"level": True}, "error"),
        ({"level": None}, "error"),
    ],
)
def test_a_level_has_five_values_and_many_spellings(raw, level):
    assert normalised(raw)["level"] == level


@pytest.mark.parametrize(
    ("length", "limit", "expected"),
    [pytest.param(46, 20, "x" * 17 + "...", id="ingest-C12"), (20, 20, "x" * 20), (21, 20, "x" * 17 + "...")],
)
def test_a_text_over_its_limit_ends_in_dots(length, limit, expected):
    remarks = Remarks()
    assert clean_text("x" * length, limit, ("a",), remarks) == expected
    trimmed = {"a": {"": {"rem": [["!limit", "s", limit - 3, limit]], "len": length}}}
    assert remarks.meta() == (trimmed if length > limit else {})


@pytest.mark.parametrize("raw", [{}, {"platform": "klingon"}, {"platform": 3}], ids=lambda raw: f"ingest-C10-{raw}")
def test_an_unknown_platform_is_other(raw):
    assert normalised(raw)["platform"] == "other"


def test_a_tag_with_a_key_of_250_characters_is_dropped():
    event = normalised({"tags": {"region": "eu", "k" * 250: "v"}})
    assert event["tags"] == [["region", "eu"]]
    assert error_types(event) == ["value_too_long"]


@pytest.mark.parametrize(
    ("sent", "tags"),
    [
        pytest.param(
            [["bool", True], ["foo bar", "baz"], [23, 42], ["bam", None]],
            [["bool", "True"], ["foo-bar", "baz"], ["23", "42"]],
            id="ingest-C15",
        ),
        pytest.param([["a", "1"], ["a", "2"]], [["a", "1"]], id="ingest-C18"),
        pytest.param({"k" * 250: "v"}, None, id="ingest-C13"),
        pytest.param({"a": "x\ny"}, None, id="ingest-C19"),
        ({"a": "v" * 201}, None),
        ({"a": " v "}, [["a", "v"]]),
        ({"a": ""}, None),
        ({"a": {}}, None),
        ({"a/b": "c"}, None),
        ([{"key": "a", "value": 1.5}], [["a", "1.5"]]),
        ({"release": "1", "dist": "2", "user": "3", "filename": "4", "function": "5", "device.class": "6"}, None),
        ({str(n): n for n in range(300)}, [[str(n), str(n)] for n in range(200)]),
        ("text", None),
        ([["a"], 3, None, ["b", "c"]], [["b", "c"]]),
    ],
)
def test_tags_are_kept_or_dropped_but_never_cut(sent, tags):
    assert normalised({"tags": sent}).get("tags") == tags


@pytest.mark.parametrize("sent", [{"a": "x\ny"}, {"a": "v" * 201}, {"a": ""}, {"a/b": "c"}, {"": "c"}, "text", [3]])
def test_a_dropped_tag_leaves_an_error(sent):
    assert len(normalised({"tags": sent})["errors"]) == 1


@pytest.mark.parametrize(
    ("raw", "environment"),
    [
        pytest.param({"tags": {"environment": "qa"}}, "qa", id="ingest-C16"),
        ({"tags": {"environment": "qa"}, "environment": "prod"}, "prod"),
        ({"tags": {"environment": "none"}}, None),
    ],
)
def test_the_environment_tag_is_an_attribute(raw, environment):
    event = normalised(raw)
    assert event.get("environment") == environment
    assert "tags" not in event


@pytest.mark.parametrize(
    ("name", "sent", "kept", "expected_errors"),
    [
        pytest.param("dist", "d" * 65, None, 1, id="ingest-C21"),
        pytest.param("environment", "None", None, 1, id="ingest-C22-none"),
        pytest.param("environment", "a/b", None, 1, id="ingest-C22-slash"),
        pytest.param("environment", "", None, 0, id="ingest-C22-empty"),
        ("environment", " prod ", "prod", 0),
        ("environment", "a\nb", None, 1),
        ("environment", 3, None, 1),
        ("dist", " 42 ", "42", 0),
        ("dist", 42, "42", 0),
        ("dist", "a b", None, 1),
        ("dist", "", None, 0),
        ("release", " 1.0 ", "1.0", 0),
        ("release", 42, "42", 0),
        ("release", "a/b", None, 1),
        ("release", "a\\b", None, 1),
        ("release", "a\tb", None, 1),
        ("release", "..", None, 1),
        ("release", ".", None, 1),
        ("release", "  ", None, 0),
        ("release", "r" * 250, "r" * 197 + "...", 0),
        ("logger", "", None, 0),
        ("logger", "a\nb", None, 1),
        ("logger", "long." * 13 + "name", "*" + "long." * 11 + "name", 0),
        ("transaction", " /a ", "/a", 0),
        ("transaction", "t" * 300, "t" * 197 + "...", 0),
        ("checksum", "c" * 130, "c" * 125 + "...", 0),
        ("culprit", 5, None, 1),
        ("time_spent", 2**31 - 1, None, 0),
        ("time_spent", 12, 12, 0),
        ("time_spent", "12", None, 1),
    ],
)
def test_short_attributes_are_trimmed_cut_or_removed(name, sent, kept, expected_errors):
    event = normalised({"release": "r1", name: sent})
    assert event.get(name) == kept
    assert len(event.get("errors", [])) == expected_errors


def test_a_dist_without_a_release_is_ignored():
    assert "dist" not in normalised({"dist": "42"})


@pytest.mark.parametrize(
    ("sent", "values", "type_"),
    [
        pytest.param(
            {"type": "E", "value": {"a": [1]}}, [{"type": "E", "value": '{"a":[1]}'}], "error", id="ingest-C24"
        ),
        pytest.param({"values": [{"module": "m"}]}, None, "default", id="ingest-C25"),
        ({"values": []}, None, "default"),
        ([{"type": "E"}], [{"type": "E"}], "error"),
        ([None, 3, {"value": "v"}], [{"value": "v"}], "error"),
        ({"value": "ValueError: bad: worse"}, [{"value": "bad: worse", "type": "ValueError"}], "error"),
        ({"value": "not a type: x"}, [{"value": "not a type: x"}], "error"),
        ({"type": "T" * 300}, [{"type": "T" * 253 + "..."}], "error"),
        ({"type": "E", "mechanism": {}}, [{"type": "E", "mechanism": {}}], "error"),
        (
            {"type": "E", "mechanism": {"handled": "no", "synthetic": False}},
            [{"type": "E", "mechanism": {"synthetic": False, "type": "generic"}}],
            "error",
        ),
        ("E", None, "default"),
    ],
)
def test_exceptions_are_a_list_of_values(sent, values, type_):
    event = normalised({"exception": sent})
    assert event.get("exception") == (values and {"values": values})
    assert event["type"] == type_


def test_an_exception_that_says_nothing_leaves_an_error():
    assert errors(normalised({"exception": [{"type": "E"}, {"module": "m"}]})) == [
        ("missing_attribute", "exception.values.1")
    ]


def frames_after(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return normalised({"stacktrace": {"frames": frames}})["stacktrace"]["frames"]


@pytest.mark.parametrize("count", [pytest.param(302, id="ingest-C27"), 251])
def test_of_a_long_stack_the_newest_250_frames_stay(count):
    frames = frames_after([{"function": "f", "lineno": n} for n in range(count)])
    assert [frame["lineno"] for frame in frames] == list(range(count - 250, count))


def test_beyond_fifty_frames_the_middle_ones_lose_their_details_libraries_first():
    frames = frames_after(
        [
            {"lineno": n, "in_app": n % 2 == 0, "vars": {"a": 1}, "pre_context": ["x"], "context_line": "y"}
            for n in range(80)
        ]
    )
    slim = {frame["lineno"] for frame in frames if "vars" not in frame}
    assert len(slim) == 30
    assert all(number % 2 for number in slim)
    assert {1, 3, 5, 7, 9, 71, 73, 75, 77, 79}.isdisjoint(slim)
    assert all("context_line" in frame and ("pre_context" in frame) == ("vars" in frame) for frame in frames)


def test_when_libraries_do_not_suffice_in_app_frames_lose_their_details_too():
    frames = frames_after([{"lineno": n, "in_app": n >= 10, "vars": {"a": 1}} for n in range(80)])
    slim = [frame["lineno"] for frame in frames if "vars" not in frame]
    assert len(slim) == 30
    assert slim[:10] == list(range(10))
    assert slim[10:] == list(range(35, 55))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param("abc", None, id="ingest-C28"),
        ([], None),
        ([None], None),
        (["a", None, 3, True, 2.0, 1.5, {}], ["a", "3", "True", "2"]),
        (["{{ default }}", "x"], ["{{ default }}", "x"]),
    ],
)
def test_a_fingerprint_is_a_list_of_texts(sent, kept):
    assert normalised({"fingerprint": sent}).get("fingerprint") == kept


@pytest.mark.parametrize(
    ("sent", "logentry"),
    [
        pytest.param(
            {"message": "hello, %s!", "params": ["world"]},
            {"formatted": "hello, world!", "message": "hello, %s!", "params": ["world"]},
            id="ingest-C30",
        ),
        pytest.param(
            {"message": "hello, {}!", "params": ["w"]},
            {"formatted": "hello, w!", "message": "hello, {}!", "params": ["w"]},
            id="ingest-C31-braces",
        ),
        pytest.param(
            {"message": "hello, {0}!", "params": ["w"]},
            {"formatted": "hello, w!", "message": "hello, {0}!", "params": ["w"]},
            id="ingest-C31-index",
        ),
        pytest.param(
            {"message": "hello, %(name)s!", "params": {"name": "w"}},
            {"formatted": "hello, w!", "message": "hello, %(name)s!", "params": {"name": "w"}},
            id="ingest-C31-name",
        ),
        (
            {"message": "{a} {{b}}", "params": {"a": 1}},
            {"formatted": "1 {b}", "message": "{a} {{b}}", "params": {"a": 1}},
        ),
        ({"message": "%d%% of %s", "params": [5]}, {"formatted": "%d%% of %s", "params": [5]}),
        ({"message": "{x}", "params": [5]}, {"formatted": "{x}", "params": [5]}),
        ({"message": "same", "formatted": "same"}, {"formatted": "same"}),
        ({"message": "t", "formatted": "f"}, {"formatted": "f", "message": "t"}),
        ({"params": [1]}, None),
        ({"code": 5}, {"formatted": '{"code":5}'}),
        ([1, 2], {"formatted": "[1,2]"}),
        (5, {"formatted": "5"}),
        ("", None),
        ("m" * 9000, {"formatted": "m" * 8189 + "..."}),
    ],
)
@pytest.mark.parametrize("attribute", ["message", "logentry", "sentry.interfaces.Message"])
def test_a_log_message_in_any_form_becomes_a_logentry(attribute, sent, logentry):
    event = normalised({attribute: sent})
    assert event.get("logentry") == logentry
    assert "message" not in event


@pytest.mark.parametrize("sent", [pytest.param(False, id="ingest-C33")])
def test_the_message_false_is_no_message(sent):
    assert "logentry" not in normalised({"message": sent})


def test_a_format_with_a_huge_width_costs_nothing():
    event = normalised({"logentry": {"message": "%999999999d", "params": [1]}})
    assert event["logentry"]["formatted"] == "1"


def test_the_canonical_attribute_wins_over_its_alias():
    event = normalised({"user": {"id": "1"}, "sentry.interfaces.User": {"id": "2"}})
    assert event["user"] == {"id": "1"}
    assert "sentry.interfaces.User" not in event


@pytest.mark.parametrize(
    ("sent", "request_"),
    [
        pytest.param(
            {"url": "http://e.com/p?a=1#f"},
            {"url": "http://e.com/p", "query_string": [["a", "1"]], "fragment": "f"},
            id="ingest-C34",
        ),
        pytest.param({"headers": {"Cookie": "a=b;c=d"}}, {"cookies": [["a", "b"], ["c", "d"]]}, id="ingest-C36"),
        pytest.param(
            {"data": '{"foo":"bar"}'},
            {"data": {"foo": "bar"}, "inferred_content_type": "application/json"},
            id="ingest-C37",
        ),
        (
            {"data": "a=1&b=x+y&a=2"},
            {"data": {"a": ["1", "2"], "b": "x y"}, "inferred_content_type": "application/x-www-form-urlencoded"},
        ),
        (
            {"data": "plain text", "headers": [["content-type", "text/plain; charset=utf-8"]]},
            {
                "data": "plain text",
                "headers": [["Content-Type", "text/plain; charset=utf-8"]],
                "inferred_content_type": "text/plain",
            },
        ),
        ({"data": "YWJj="}, {"data": "YWJj="}),
        ({"url": "http://e.com/p?a=1", "query_string": "b=2"}, {"url": "http://e.com/p", "query_string": [["b", "2"]]}),
        ({"url": "http://bücher.example/"}, {"url": "http://xn--bcher-kva.example/"}),
        ({"url": "http://e.com/long…"}, {"url": "http://e.com/long..."}),
        ({"query_string": "?a=%20b&c&a=2"}, {"query_string": [["a", " b"], ["c", ""], ["a", "2"]]}),
        ({"query_string": {"a": ["1", 2], "b": None}}, {"query_string": [["a", "1"], ["a", "2"], ["b", ""]]}),
        ({"query_string": [["a", "1"], ["b"]]}, {"query_string": [["a", "1"]]}),
        ({"method": "get"}, {"method": "GET"}),
        ({"method": "a"}, None),
        ({"method": "GET 1"}, None),
        ({"headers": {"user-agent": "x", "X-ID": 5}}, {"headers": [["User-Agent", "x"], ["X-Id", "5"]]}),
        ({"cookies": {"a": "b"}, "headers": [["Cookie", "c=d"]]}, {"cookies": [["a", "b"]]}),
        ({"env": {"A": "b"}}, {"env": {"A": "b"}}),
        ("GET /", None),
    ],
)
def test_requests_are_taken_apart(sent, request_):
    assert normalised({"request": sent}).get("request") == request_


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        pytest.param({"user": {"ip_address": "{{auto}}"}}, PEER, id="ingest-C39"),
        pytest.param({"platform": "javascript"}, PEER, id="ingest-C40"),
        pytest.param({"request": {"env": {"REMOTE_ADDR": "198.51.100.7"}}}, "198.51.100.7", id="ingest-C42"),
        pytest.param({"platform": "javascript", "sdk": {"settings": {"infer_ip": "never"}}}, None, id="ingest-C43"),
        ({"platform": "javascript", "sdk": {"settings": {"infer_ip": "legacy"}}}, PEER),
        ({"platform": "python", "sdk": {"settings": {"infer_ip": "auto"}}}, PEER),
        ({"platform": "python"}, None),
        ({"user": {"ip_address": "::1"}, "platform": "javascript"}, "::1"),
        ({"user": {"ip_address": "no"}}, None),
        ({"request": {"env": {"REMOTE_ADDR": "{{auto}}"}}}, PEER),
        ({"request": {"env": {"REMOTE_ADDR": "hello"}}}, None),
        ({"user": {"ip_address": "192.0.2.1"}, "request": {"env": {"REMOTE_ADDR": "198.51.100.7"}}}, "192.0.2.1"),
    ],
)
def test_the_address_of_the_user_is_sent_asked_for_or_implied(raw, address):
    assert normalised(raw).get("user", {}).get("ip_address") == address


def test_without_a_client_address_auto_means_nothing():
    assert "user" not in normalised({"user": {"ip_address": "{{auto}}"}}, client_ip="")


def test_unknown_attributes_of_the_user_are_gathered_under_data():
    event = normalised({"user": {"id": 7, "plan": "pro", "data": {"a": 1}, "email": ["x"], "name": ""}})
    assert event["user"] == {"id": "7", "data": {"plan": "pro", "a": 1}}
    assert errors(event) == [("invalid_data", "user.email")]


@pytest.mark.parametrize(
    ("frame", "abs_path", "filename"),
    [
        pytest.param({"abs_path": "http://foo.com/"}, "http://foo.com/", "http://foo.com/", id="ingest-C45"),
        ({"filename": "https://h/static/app.js"}, "https://h/static/app.js", "/static/app.js"),
        ({"filename": "app/a.py"}, "app/a.py", "app/a.py"),
        ({"abs_path": "/srv/a.py", "filename": ""}, "/srv/a.py", "/srv/a.py"),
        ({"abs_path": "https://h/x.js", "filename": "x.js"}, "https://h/x.js", "x.js"),
        ({"filename": "http://[broken/x"}, "http://[broken/x", "http://[broken/x"),
        (
            {"filename": "d/" * 200 + "end.py"},
            "..." + ("d/" * 200 + "end.py")[-253:],
            "..." + ("d/" * 200 + "end.py")[-253:],
        ),
        ({"function": "f"}, None, None),
    ],
)
def test_absolute_path_and_file_name_stand_in_for_each_other(frame, abs_path, filename):
    (kept,) = frames_after([frame])
    assert (kept.get("abs_path"), kept.get("filename")) == (abs_path, filename)


def test_a_bad_attribute_costs_the_attribute_not_the_frame():
    event = normalised(
        {"stacktrace": {"frames": [{"function": 5, "lineno": 12.0, "colno": "3", "vars": ["a"], "in_app": "yes"}]}}
    )
    assert event["stacktrace"]["frames"] == [{"lineno": 12, "vars": {"0": "a"}}]
    assert sorted(name for _, name in errors(event)) == [
        "stacktrace.frames.0.colno",
        "stacktrace.frames.0.function",
        "stacktrace.frames.0.in_app",
    ]
    assert note(event, "stacktrace", "frames", "0", "function") == {"err": ["invalid_data"], "val": 5}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param({"os": {"name": "Linux", "type": 17}}, {"os": {"name": "Linux", "type": "os"}}, id="ingest-C46"),
        ({"a": {"type": ""}, "b": None, "c": 3, "d": {}}, {"a": {"type": "a"}}),
        ({"mine": {"type": "os"}}, {"mine": {"type": "os"}}),
        ([], None),
    ],
)
def test_every_context_has_a_type(sent, kept):
    assert normalised({"contexts": sent}).get("contexts") == kept


@pytest.mark.parametrize(
    ("agent", "platform", "contexts"),
    [
        pytest.param(
            CHROME,
            "python",
            {
                "browser": {"name": "Chrome", "version": "126.0.0", "type": "browser"},
                "client_os": {"name": "Windows", "version": ">=10", "type": "os"},
            },
            id="ingest-C48",
        ),
        pytest.param(
            IPHONE,
            "node",
            {
                "browser": {"name": "Mobile Safari", "version": "17.5", "type": "browser"},
                "client_os": {"name": "iOS", "version": "17.5", "type": "os"},
                "device": {"family": "iPhone", "model": "iPhone", "brand": "Apple", "type": "device"},
            },
            id="ingest-C49",
        ),
        (
            CHROME,
            "javascript",
            {
                "browser": {"name": "Chrome", "version": "126.0.0", "type": "browser"},
                "os": {"name": "Windows", "version": ">=10", "type": "os"},
            },
        ),
        ("nothing known", "javascript", None),
    ],
)
def test_the_user_agent_describes_the_client(agent, platform, contexts):
    event = normalised({"platform": platform, "request": {"headers": {"user-agent": agent}}})
    assert event.get("contexts") == contexts


def test_a_frozen_version_of_macos_is_a_lower_bound():
    event = normalised({"platform": "javascript", "request": {"headers": {"User-Agent": SAFARI}}})
    assert event["contexts"]["os"] == {"name": "Mac OS X", "version": ">=10.15.7", "type": "os"}


def test_client_hints_are_preferred_to_the_user_agent_and_contexts_of_the_sdk_to_both():
    headers = {
        "User-Agent": CHROME,
        "Sec-CH-UA": '"Not/A)Brand";v="8", "Chromium";v="126", "Brave";v="126"',
        "Sec-CH-UA-Platform": '"Windows"',
        "Sec-CH-UA-Platform-Version": '"15.0.0"',
        "Sec-CH-UA-Model": '"Pixel 8"',
    }
    raw = {"platform": "javascript", "request": {"headers": headers}, "contexts": {"device": {"model": "own"}}}
    assert normalised(raw)["contexts"] == {
        "browser": {"name": "Brave", "version": "126", "type": "browser"},
        "os": {"name": "Windows", "version": "15.0.0", "type": "os"},
        "device": {"model": "own", "type": "device"},
    }


@pytest.mark.parametrize("key", [pytest.param("favourite", id="ingest-C51")])
def test_an_unknown_attribute_is_kept(key):
    assert normalised({key: {"colour": "red"}})[key] == {"colour": "red"}


def test_the_id_and_the_time_of_arrival_are_ours():
    event = normalised({"event_id": "b" * 32, "received": 5})
    assert (event["event_id"], event["received"]) == ("a" * 32, NOW)


@pytest.mark.parametrize(
    ("raw", "type_"),
    [
        ({"type": "transaction", "exception": [{"type": "E"}]}, "transaction"),
        ({"type": "feedback"}, "feedback"),
        ({"type": "default", "exception": [{"type": "E"}]}, "error"),
        ({"type": "csp"}, "default"),
        ({"csp": {"blocked-uri": "x"}}, "csp"),
        ({"expectct": {"hostname": "x"}}, "expectct"),
        ({"threads": [{"id": 1, "stacktrace": {"frames": [{"function": "f"}]}}]}, "default"),
    ],
)
def test_the_type_is_inferred(raw, type_):
    assert normalised(raw)["type"] == type_


def test_the_stack_trace_of_the_event_belongs_to_its_only_exception():
    frames = {"frames": [{"function": "f"}]}
    event = normalised({"exception": [{"type": "E", "stacktrace": {"frames": []}}], "stacktrace": frames})
    assert event["exception"]["values"][0]["stacktrace"] == frames
    assert "stacktrace" not in event


def test_names_of_server_and_site_are_tags():
    event = normalised({"server_name": "web-03", "site": "eu", "tags": {"server_name": "x", "a": "b"}})
    assert event["tags"] == [["server_name", "web-03"], ["a", "b"], ["site", "eu"]]
    assert "server_name" not in event


def test_of_many_breadcrumbs_the_newest_stay_and_gaps_are_filled():
    event = normalised({"breadcrumbs": [{"message": str(n), "ty": "http"} for n in range(600)]})
    crumbs = event["breadcrumbs"]["values"]
    assert [crumbs[0]["message"], crumbs[-1]["message"], len(crumbs)] == ["100", "599", 500]
    assert crumbs[0] == {"message": "100", "type": "http", "level": "info"}


@pytest.mark.parametrize(
    ("known", "sdk"),
    [
        ({"sdk": {"name": "sentry.x", "version": "1"}, "client": "raven/6"}, {"name": "sentry.x", "version": "1"}),
        ({"client": "raven-python/6.10.0"}, {"name": "raven-python", "version": "6.10.0"}),
        ({"client": "curl"}, None),
    ],
)
def test_the_sdk_of_the_envelope_stands_in_for_a_missing_one(known, sdk):
    assert normalised({}, **known).get("sdk") == sdk
    assert normalised({"sdk": {"name": "own"}}, **known)["sdk"] == {"name": "own"}


def test_the_browser_that_sent_a_security_report_is_described():
    event = normalised({"csp": {"blocked-uri": "x"}, "platform": "javascript"}, user_agent=CHROME)
    assert event["csp"] == {"blocked_uri": "x"}
    assert event["contexts"]["browser"]["name"] == "Chrome"


def test_modules_may_be_pairs_and_errors_of_the_client_are_kept():
    event = normalised({"modules": [["a", "1"], ["b"], 3], "errors": [{"type": "js_no_source"}, 3], "level": "x"})
    assert event["modules"] == {"a": "1"}
    assert error_types(event) == ["js_no_source", "invalid_data"]


def test_no_event_has_more_than_a_hundred_errors():
    event = normalised({"exception": [{} for _ in range(90)], "tags": [3 for _ in range(90)]})
    assert len(event["errors"]) == 100


def test_remarks_of_the_sdk_are_kept_under_ours_and_follow_what_is_moved():
    event = normalised(
        {
            "message": "m" * 9000,
            "breadcrumbs": [{"message": "x"}],
            "stacktrace": {"frames": [{"lineno": n} for n in range(251)]},
            "_meta": {
                "message": {"": {"rem": [["!sdk", "x"]], "len": 20000}},
                "breadcrumbs": {"0": {"message": {"": {"len": 5}}}},
                "stacktrace": {"frames": {"0": {"": {"len": 1}}, "250": {"": {"len": 2}}}},
                "extra": {"a": {"": {"rem": [["!limit", "x"]]}}},
            },
        }
    )
    assert note(event, "logentry", "formatted") == {"rem": [["!sdk", "x"], ["!limit", "s", 8189, 8192]], "len": 9000}
    assert note(event, "breadcrumbs", "values", "0", "message") == {"len": 5}
    assert event["_meta"]["stacktrace"]["frames"] == {"249": {"": {"len": 2}}, "": {"len": 251}}
    assert note(event, "extra", "a") == {"rem": [["!limit", "x"]]}


def test_remarks_of_the_sdk_follow_what_moves_into_an_exception_or_the_data_of_a_user():
    removed = {"": {"rem": [["!config", "x"]]}}
    event = normalised(
        {
            "exception": [{"type": "E"}],
            "stacktrace": {"frames": [{"function": "f"}]},
            "user": {"id": 7, "shoe": "[Filtered]"},
            "_meta": {"stacktrace": {"frames": {"0": {"vars": removed}}}, "user": {"shoe": removed, "id": removed}},
        }
    )
    assert event["_meta"] == {
        "exception": {"values": {"0": {"stacktrace": {"frames": {"0": {"vars": removed}}}}}},
        "user": {"id": removed, "data": {"shoe": removed}},
    }


def test_remarks_of_the_sdk_follow_headers_cookies_and_a_query_into_their_lists():
    filtered = {"": {"rem": [["!config", "s"]]}}
    event = normalised(
        {
            "request": {
                "headers": {"host": "a", "cookie": "x=1", "authorization": "[Filtered]", "gone": None},
                "cookies": {"sid": "[Filtered]", "lang": "de"},
                "query_string": {"a": "1", "token": "[Filtered]"},
            },
            "_meta": {
                "request": {
                    "headers": {"authorization": filtered, "elsewhere": filtered, "": {"len": 9}},
                    "cookies": {"sid": filtered},
                    "query_string": {"token": filtered},
                }
            },
        }
    )
    assert event["request"]["headers"] == [["Host", "a"], ["Authorization", "[Filtered]"], ["Gone", ""]]
    assert event["_meta"]["request"] == {
        "headers": {"1": {"1": filtered}, "": {"len": 9}},
        "cookies": {"0": {"1": filtered}},
        "query_string": {"1": {"1": filtered}},
    }


@pytest.mark.parametrize(
    "sent", [3, [], "x", {"a": 3}, {"breadcrumbs": 3, "message": "x"}, {"message": {}, "logentry": 3}]
)
def test_a_meta_of_the_wrong_form_does_no_harm(sent):
    assert normalised({"_meta": sent, "breadcrumbs": [{"message": "m"}], "message": "x"})["logentry"] == {
        "formatted": "x"
    }


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({"debug_meta": {"images": [{"type": "sourcemap"}, 3]}}, None),
        ({"template": {"filename": "a.html", "lineno": "x"}}, "template.lineno"),
        ({"transaction_info": {"source": "magic"}}, None),
        ({"threads": {"values": [{"id": 1.5, "name": "main"}]}}, "threads.values.0.id"),
        ({"stacktrace": {"frames": 3}}, "stacktrace.frames"),
        ({"exception": {"values": 3}}, "exception"),
        ({"extra": []}, "extra"),
    ],
)
def test_parts_of_the_wrong_type_go_alone(raw, path):
    assert [name for _, name in errors(normalised(raw))] == ([path] if path else [])
