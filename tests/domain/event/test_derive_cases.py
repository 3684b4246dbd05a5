"""The rows E of spec/ingest.md, and what section 4 says besides."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tocsin.domain.event.arrival import Arrival, InvalidEvent
from tocsin.domain.event.derive import derive
from tocsin.domain.event.event import Event
from tocsin.domain.event.normalise import normalise

RECEIVED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ARRIVAL = Arrival(project_id=7, event_id="a" * 32, received=RECEIVED)


class Grouped(msgspec.Struct, frozen=True):
    hashes: tuple[str, ...] = ("b" * 32,)
    main_exception_id: int | None = None
    title: str | None = None


def derived(raw: dict[str, Any], **grouped: Any) -> Event:
    return derive(normalise(msgspec.json.decode(msgspec.json.encode(raw)), ARRIVAL), Grouped(**grouped), ARRIVAL)


def raised(type_: str | None = "ValueError", value: str | None = "bad", *frames: dict[str, Any], **more: Any) -> dict:
    return {"type": type_, "value": value, **({"stacktrace": {"frames": list(frames)}} if frames else {}), **more}


def frame(function: str | None = "f", filename: str = "a.py", **more: Any) -> dict[str, Any]:
    return {"function": function, "filename": filename, **more}


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        pytest.param({"exception": [raised("KeyError", None)]}, "KeyError", id="ingest-E06"),
        pytest.param(
            {"exception": [raised("Error", "x", frame("f"), mechanism={"type": "g", "synthetic": True})]},
            "f",
            id="ingest-E05",
        ),
        pytest.param({"message": False}, "<unlabeled event>", id="ingest-C33"),
        ({"exception": [raised("A", "first"), raised("B", "last\nmore")]}, "B: last"),
        ({"exception": [raised("B", "v" * 150)]}, "B: " + "v" * 97 + "..."),
        ({"exception": [raised(None, "text only")]}, "<unknown>"),
        ({"exception": [raised(None, "text only", frame("g"))]}, "g"),
        ({"exception": [raised("E", "x", frame("<redacted>"), mechanism={"synthetic": True})]}, "<unknown>"),
        ({"exception": [raised(None, "x", frame("f" * 500))]}, "f" * 253 + "..."),
        (
            {"csp": {"effective_directive": "img-src", "blocked_uri": f"http://{'e' * 300}/"}},
            f"Blocked 'image' from '{'e' * 231}...",
        ),
        ({"message": "first line\nsecond"}, "first line"),
        ({"message": "\n  padded \n"}, "padded"),
        ({"message": "m" * 101}, "m" * 97 + "..."),
        ({"type": "transaction", "transaction": "/a"}, "/a"),
        (
            {"csp": {"effective_directive": "img-src", "blocked_uri": "http://evil.example/x.png"}},
            "Blocked 'image' from 'evil.example'",
        ),
        (
            {"csp": {"violated_directive": "script-src-elem 'self'", "blocked_uri": "inline"}},
            "Blocked unsafe inline 'script'",
        ),
        ({"csp": {"effective_directive": "script-src", "blocked_uri": "eval"}}, "Blocked unsafe eval() 'script'"),
        (
            {"csp": {"effective_directive": "style-src", "blocked_uri": "data:text/css,x"}},
            "Blocked 'style' from 'data:'",
        ),
        ({"csp": {"effective_directive": "style-src"}}, "Blocked 'style' from 'self'"),
        ({"csp": {"effective_directive": "odd-src", "blocked_uri": "x"}}, "Blocked by 'odd-src'"),
        ({"csp": {"blocked_uri": 3}}, "Blocked by the content security policy"),
        ({"expectct": {"hostname": "e.com"}}, "Expect-CT validation failed for 'e.com'"),
        ({"hpkp": {"port": 443}}, "Public key pinning validation failed"),
    ],
)
def test_titles_say_what_happened(raw, title):
    assert derived(raw).title == title


def test_a_rule_may_give_the_title():
    assert derived({"message": "x"}, title=" \n ").title == "x"
    assert derived({"message": "x"}, title="\n" + "y" * 300 + "\nz").title == "y" * 253 + "..."
    event = derived({"message": "x"}, title="Ours")
    assert (event.title, event.metadata) == ("Ours", {"title": "Ours"})


def test_grouping_may_choose_the_exception_that_names_the_event():
    exceptions = [
        raised("Inner", "i", mechanism={"exception_id": 1}),
        raised("Group", "g", mechanism={"exception_id": 0}),
    ]
    assert derived({"exception": exceptions}).title == "Group: g"
    assert derived({"exception": exceptions}, main_exception_id=1).title == "Inner: i"
    assert derived({"exception": exceptions}, main_exception_id=9).title == "Group: g"


@pytest.mark.parametrize(
    ("raw", "culprit"),
    [
        pytest.param({"exception": [raised("E", "x", frame("f"), mechanism={"synthetic": True})]}, "", id="ingest-E05"),
        pytest.param(
            {"platform": "native", "exception": [raised("E", "x", frame("main", "m.c", module="m"))]},
            "main",
            id="ingest-E08",
        ),
        pytest.param(
            {"platform": "node", "exception": [raised("E", "x", frame("outer", "/srv/cap.cjs", module="cap"))]},
            "outer(cap)",
            id="ingest-E03",
        ),
        ({"platform": "python", "exception": [raised("E", "x", frame("f", "a.py"))]}, "a.py in f"),
        ({"platform": "python", "exception": [raised("E", "x", frame(None, "a.py", module="a"))]}, "a in ?"),
        ({"platform": "javascript", "exception": [raised("E", "x", frame(None, "a.js"))]}, "?(a.js)"),
        ({"exception": [raised("E", "x", frame("f", in_app=True), frame("g"))]}, "a.py in f"),
        ({"exception": [raised("A", "x", frame("f")), raised("B", "y")]}, "a.py in f"),
        ({"stacktrace": {"frames": [frame("f")]}, "message": "m"}, "a.py in f"),
        ({"culprit": "mine", "transaction": "/t"}, "mine"),
        ({"transaction": "/t", "exception": [raised("E", "x", frame())]}, "/t"),
        ({"request": {"url": "http://e.com/p?a=1"}}, "http://e.com/p"),
        ({"request": {"url": "http://e.com/" + "p" * 300}}, "http://e.com/" + "p" * 184 + "..."),
        ({"csp": {"violated_directive": "img-src 'self'"}}, "img-src"),
        ({}, ""),
    ],
)
def test_the_culprit_says_where(raw, culprit):
    assert derived(raw).culprit == culprit


@pytest.mark.parametrize(
    ("frames", "function"),
    [
        pytest.param([frame("old"), frame("new")], "new", id="ingest-E15"),
        ([frame("old", in_app=True), frame("new")], "old"),
        ([frame("old", in_app=True), frame("<unknown>", in_app=True)], "old"),
        ([frame("old"), frame(None), frame("")], "old"),
        ([frame("<redacted>")], None),
    ],
)
def test_the_crash_frame_is_the_newest_in_app_frame_with_a_name(frames, function):
    for raw in (
        {"exception": [raised("A", "a", frame("other")), raised("B", "b", *frames)]},
        {"exception": [raised("B", "b")], "threads": [{"stacktrace": {"frames": frames}}]},
    ):
        assert derived(raw).metadata.get("function") == function


def test_metadata_of_an_error_holds_type_value_and_place():
    event = derived({"exception": [raised("E" * 200, "v" * 2000, frame("f", "a.py", in_app=True), frame("g"))]})
    assert event.metadata == {
        "type": "E" * 125 + "...",
        "value": "v" * 1021 + "...",
        "filename": "a.py",
        "function": "f",
        "in_app_frame_mix": "mixed",
    }
    assert event.location == "a.py"


@pytest.mark.parametrize(
    ("raw", "tags"),
    [
        pytest.param({"user": {"id": "7", "email": "j@e.com"}}, {"user": "id:7"}, id="ingest-E11"),
        pytest.param({"user": {"email": "j@e.com"}}, {"user": "email:j@e.com"}, id="ingest-E12"),
        pytest.param({"server_name": "web-03"}, {"server_name": "web-03"}, id="ingest-E14"),
        pytest.param(
            {"exception": [raised(mechanism={"type": "excepthook", "handled": False})]},
            {"mechanism": "excepthook", "handled": "no"},
            id="ingest-E09",
        ),
        pytest.param(
            {"contexts": {"os": {"name": "Linux", "type": 17}}}, {"os": "Linux", "os.name": "Linux"}, id="ingest-C46"
        ),
        ({"user": {"username": "jane", "email": "j@e.com"}}, {"user": "username:jane"}),
        ({"user": {"ip_address": "::1"}}, {"user": "ip:::1"}),
        (
            {"exception": [raised(), raised(mechanism={"handled": True}), raised(mechanism={"handled": False})]},
            {"mechanism": "generic", "handled": "yes"},
        ),
        (
            {"release": "r", "dist": "d", "environment": "e", "transaction": "/t", "logger": "l", "level": "info"},
            {"release": "r", "dist": "d", "environment": "e", "transaction": "/t", "logger": "l", "level": "info"},
        ),
        ({"request": {"url": "http://e.com/?a"}}, {"url": "http://e.com/"}),
        ({"request": {"url": "http://e.com/"}, "tags": {"url": "mine"}}, {"url": "mine"}),
        (
            {"contexts": {"runtime": {"name": "CPython", "version": "3.12"}}, "tags": {"runtime": "mine"}},
            {"runtime": "CPython 3.12", "runtime.name": "CPython"},
        ),
        (
            {"contexts": {"os": {"name": "iOS", "version": 17, "rooted": False}}},
            {"os": "iOS 17", "os.name": "iOS", "os.rooted": "no"},
        ),
        (
            {"contexts": {"client_os": {"version": "5"}, "browser": {"name": "Chrome"}}},
            {"client_os": "5", "browser": "Chrome", "browser.name": "Chrome"},
        ),
        (
            {
                "contexts": {
                    "device": {"model": "iPhone14,2", "family": "iPhone"},
                    "gpu": {"name": "n", "vendor_name": "v"},
                }
            },
            {"device": "iPhone14,2", "device.family": "iPhone", "gpu.name": "n", "gpu.vendor": "v"},
        ),
        (
            {"contexts": {"app": {"device_app_hash": "h"}, "monitor": {"id": "m"}}},
            {"app.device": "h", "monitor.id": "m"},
        ),
        (
            {"transaction": "t" * 199, "contexts": {"os": {"name": "n" * 300}}},
            {"transaction": "t" * 199, "os": "n" * 197 + "...", "os.name": "n" * 197 + "..."},
        ),
    ],
)
def test_what_the_event_says_becomes_tags(raw, tags):
    assert dict(derived(raw).tags) == {"level": "error"} | tags


def test_tags_are_sorted_by_key():
    event = derived({"tags": {"z": "1", "a": "2"}, "level": "fatal", "release": "r"})
    assert event.tags == (("a", "2"), ("level", "fatal"), ("release", "r"), ("z", "1"))


@pytest.mark.parametrize(
    ("handled", "expected"),
    [([], True), ([None], True), ([True], True), ([False], False), ([True, False], False), ([False, True], False)],
)
def test_an_event_is_unhandled_when_some_exception_says_so(handled, expected):
    assert derived({"exception": [raised(mechanism={"handled": each}) for each in handled]}).handled is expected


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ({"message": "Disk full"}, "Disk full"),
        ({"message": "one\ntwo", "transaction": "/t"}, "one\ntwo /t"),
        (
            {"exception": [raised("ValueError", "bad", frame("read", "app/pump.py"))]},
            "ValueError bad app/pump.py read app/pump.py in read ValueError: bad",
        ),
        ({"message": "said bad", "exception": [raised("E", "bad")]}, "said bad E E: bad"),
    ],
)
def test_the_search_text_holds_each_part_once(raw, text):
    assert derived(raw).message == text


def test_every_value_comes_from_the_payload():
    event = derived(
        {
            "timestamp": RECEIVED.timestamp() - 1.25,
            "platform": "python",
            "sdk": {"name": "sentry.python", "version": "2.0"},
            "exception": [
                raised("A", "a", frame("f", "a.py", module="m"), frame("f", "a.py", module="m")),
                raised("B", "b", frame("g", "b.py", abs_path="/srv/b.py"), mechanism={"type": "django"}),
            ],
        },
        hashes=("c" * 32, "d" * 32),
    )
    assert event.timestamp == RECEIVED.replace(second=58, minute=59, hour=11, microsecond=750000)
    assert (event.project_id, event.event_id, event.received, event.type) == (7, "a" * 32, RECEIVED, "error")
    assert (event.error_types, event.error_values, event.error_mechanisms) == (("A", "B"), ("a", "b"), ("django",))
    assert (event.stack_filenames, event.stack_abs_paths) == (("a.py", "b.py"), ("a.py", "/srv/b.py"))
    assert (event.stack_functions, event.stack_modules) == (("f", "g"), ("m",))
    assert (event.sdk_name, event.sdk_version, event.platform) == ("sentry.python", "2.0", "python")
    assert (event.hashes, event.primary_hash) == (("c" * 32, "d" * 32), "c" * 32)
    assert msgspec.json.decode(event.payload)["event_id"] == "a" * 32


def test_frames_of_threads_are_searched_when_nothing_else_has_frames():
    event = derived({"message": "x", "threads": [{"stacktrace": {"frames": [frame("f")]}}, {"id": 2}]})
    assert event.stack_functions == ("f",)


def test_a_payload_nested_beyond_measure_is_invalid():
    payload = normalise({}, ARRIVAL)
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    with pytest.raises(InvalidEvent):
        derive(payload | {"other": deep}, Grouped(), ARRIVAL)
