"""Events in JSON: every recorded one, and the shapes that recorded ones happen not to have."""

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tocsin.domain.event.accepted import Accepted, BodyForm
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.issue.issue import IssueId
from tocsin.domain.pipeline import digest
from tocsin.edges.api.serialize.entries import entries, entry_remarks
from tocsin.edges.api.serialize.event import event_detail, event_full, event_summary
from tocsin.storage.history.events import Neighbours
from tocsin.storage.views.events import EventDetail, FoundEvent, StoredEvent

CORPUS = Path(__file__).parents[2] / "corpus"
NAMES = sorted(path.stem for path in CORPUS.glob("*.envelope"))
RECEIVED = datetime(2026, 11, 18, 12, 0, 0, 5000, tzinfo=UTC)


def stored(event):
    fields = {name: getattr(event, name) for name in StoredEvent.__struct_fields__ if name != "digested_at"}
    return StoredEvent(**fields, digested_at=event.received)


def recorded(name):
    request = json.loads((CORPUS / f"{name}.json").read_text())
    accepted = Accepted(
        project_id=2,
        public_key="k",
        received=datetime.fromtimestamp(request["received_at"], UTC),
        event_id="a" * 32,
        form=BodyForm.STORE if "/store/" in request["path"] else BodyForm.ENVELOPE,
        encoding=request["content_encoding"].replace("identity", ""),
        body=(CORPUS / f"{name}.envelope").read_bytes(),
    )
    return [stored(event) for event in digest(accepted, IntakeLimits()).events]


def sent(**body):
    header = msgspec.json.encode({"event_id": "a" * 32})
    accepted = Accepted(
        project_id=2,
        public_key="k",
        received=RECEIVED,
        event_id="a" * 32,
        body=header + b'\n{"type":"event"}\n' + msgspec.json.encode(body) + b"\n",
    )
    (event,) = digest(accepted, IntakeLimits()).events
    return FoundEvent(event=stored(event), issue_id=IssueId(7))


def detail_of(event):
    neighbours = Neighbours(None, None)
    return event_detail(
        EventDetail(event=event, issue_id=IssueId(7), neighbours=neighbours, release=None, crash_file=None)
    )


OPTIONAL_TEXT, OPTIONAL_OBJECT = (str, type(None)), (dict, type(None))
SHARED_KEYS = {
    "id": str,
    "eventID": str,
    "groupID": OPTIONAL_TEXT,
    "projectID": str,
    "title": str,
    "location": OPTIONAL_TEXT,
    "culprit": OPTIONAL_TEXT,
    "user": OPTIONAL_OBJECT,
    "tags": list,
    "platform": OPTIONAL_TEXT,
    "dateCreated": str,
    "metadata": dict,
    "message": OPTIONAL_TEXT,
    "crashFile": OPTIONAL_OBJECT,
}
SUMMARY_KEYS = SHARED_KEYS | {"event.type": str}
FULL_KEYS = SHARED_KEYS | {
    "_meta": dict,
    "context": OPTIONAL_OBJECT,
    "contexts": OPTIONAL_OBJECT,
    "dateReceived": OPTIONAL_TEXT,
    "dist": OPTIONAL_TEXT,
    "entries": list,
    "errors": list,
    "fingerprints": list,
    "groupingConfig": dict,
    "occurrence": OPTIONAL_OBJECT,
    "packages": dict,
    "sdk": OPTIONAL_OBJECT,
    "size": int,
    "type": str,
}
DETAIL_KEYS = FULL_KEYS | {
    "nextEventID": OPTIONAL_TEXT,
    "previousEventID": OPTIONAL_TEXT,
    "release": OPTIONAL_OBJECT,
    "resolvedWith": list,
    "sdkUpdates": list,
    "userReport": OPTIONAL_OBJECT,
}


def assert_has_exactly(shown, keys):
    assert shown.keys() == keys.keys()
    assert [name for name, kind in keys.items() if not isinstance(shown[name], kind)] == []


@pytest.mark.parametrize("name", [name for name in NAMES if recorded(name)])
def test_a_recorded_event_is_shown_with_every_key_of_the_right_type(name):
    for event in recorded(name):
        found = FoundEvent(event=event, issue_id=IssueId(7))
        detail = detail_of(event)
        assert_has_exactly(event_summary(found), SUMMARY_KEYS)
        assert_has_exactly(event_full(found), FULL_KEYS)
        assert_has_exactly(detail, DETAIL_KEYS)
        assert json.loads(json.dumps(detail)) == detail
        assert_entries_are_whole(detail["entries"])
        assert all(isinstance(context, dict) and context["type"] for context in detail["contexts"].values())
        assert all(isinstance(tag["value"], str) for tag in detail["tags"])
        assert detail["user"] is None or isinstance(detail["user"]["id"], OPTIONAL_TEXT)


def assert_entries_are_whole(shown):
    for entry in shown:
        assert entry.keys() == {"type", "data"}
        for value in entry["data"].get("values", ()) if entry["type"] in {"exception", "threads"} else ():
            for frame in (value["stacktrace"] or {"frames": ()})["frames"]:
                assert isinstance(frame["inApp"], bool)
                assert isinstance(frame["lineNo"], (int, type(None)))
                assert all(isinstance(number, int) and isinstance(line, str) for number, line in frame["context"])
        for crumb in entry["data"]["values"] if entry["type"] == "breadcrumbs" else ():
            assert datetime.fromisoformat(crumb["timestamp"]).tzinfo is UTC


def test_entries_stand_in_order_of_importance():
    event = sent(
        breadcrumbs=[{"message": "before", "timestamp": 1763400000.25}],
        request={"url": "https://acme.io/x?a=1#top", "headers": {"cookie": "s=1", "accept": "*/*"}, "method": "get"},
        debug_meta={"images": [{"type": "elf", "debug_id": "x"}]},
        threads=[{"id": 1, "current": True, "held_locks": {"a": {"type": 1}}}],
        template={"filename": "t.html", "lineno": 2, "context_line": "b", "pre_context": ["a"]},
        exception=[{"type": "E", "value": "v"}],
        logentry={"message": "hello %s", "params": ["you"]},
    )
    shown = {entry["type"]: entry["data"] for entry in event_full(event)["entries"]}
    assert list(shown) == ["message", "exception", "threads", "template", "breadcrumbs", "request", "debugmeta"]
    assert shown["message"] == {"formatted": "hello you", "message": "hello %s", "params": ["you"]}
    assert shown["threads"]["values"][0]["heldLocks"] == {"a": {"type": 1}}
    assert shown["template"]["context"] == [[1, "a"], [2, "b"]]
    assert shown["breadcrumbs"]["values"][0]["timestamp"] == "2025-11-17T17:20:00.250000Z"
    assert shown["request"] == {
        "method": "GET",
        "url": "https://acme.io/x",
        "query": [["a", "1"]],
        "fragment": "top",
        "data": None,
        "headers": [["Accept", "*/*"]],
        "cookies": [["s", "1"]],
        "env": None,
        "inferredContentType": None,
        "apiTarget": None,
    }


def test_a_policy_report_keeps_its_own_spelling():
    event = sent(csp={"effective-directive": "img-src", "blocked-uri": "https://evil.io/x.png"})
    (entry,) = [entry for entry in event_full(event)["entries"] if entry["type"] == "csp"]
    assert entry["data"]["effective_directive"] == "img-src"
    assert entry["data"]["blocked_uri"] == "https://evil.io/x.png"
    assert entry["data"]["source_file"] is None


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([True, False], True),
        ([False, False], False),
        ([True, True], False),
    ],
)
def test_system_frames_are_those_beside_frames_of_the_application(frames, expected):
    stacktrace = {"frames": [{"function": "f", "filename": "a.py", "in_app": in_app} for in_app in frames]}
    data = entries({"exception": {"values": [{"type": "E", "stacktrace": stacktrace}]}})[0]["data"]
    assert data["hasSystemFrames"] is expected
    assert data["values"][0]["stacktrace"]["hasSystemFrames"] is expected


@pytest.mark.parametrize(
    ("frame", "context"),
    [
        ({"lineno": 3, "context_line": "c", "pre_context": ["a", "b"]}, [[1, "a"], [2, "b"], [3, "c"]]),
        ({"lineno": 1, "context_line": "c", "post_context": ["d", None]}, [[1, "c"], [2, "d"], [3, ""]]),
        ({"lineno": 3}, []),
        ({"context_line": "c"}, []),
    ],
)
def test_source_lines_are_numbered_from_the_line_that_failed(frame, context):
    (shown,) = entries({"stacktrace": {"frames": [frame]}})
    assert shown["data"]["frames"][0]["context"] == context


def test_remarks_follow_what_they_are_about_but_leave_foreign_names_alone():
    remark = {"": {"rem": [["!config", "s"]]}}
    frame = {"vars": {"lineno": remark}, "abs_path": remark}
    payload = {
        "logentry": {"formatted": "x"},
        "exception": {"values": [{"type": "E"}]},
        "_meta": {"exception": {"values": {"0": {"stacktrace": {"frames": {"1": frame}}, "thread_id": remark}}}},
    }
    value = {"stacktrace": {"frames": {"1": {"vars": {"lineno": remark}, "absPath": remark}}}, "threadId": remark}
    assert entry_remarks(payload) == {"1": {"data": {"values": {"0": value}}}}


def test_remarks_stand_under_the_names_that_are_shown():
    remark = {"": {"rem": [["!config", "s"]]}}
    event = event_full(
        sent(
            logentry={"formatted": "hello"},
            extra={"note": "x"},
            tags={"a": "1", "b": "2"},
            _meta={"extra": {"note": remark}, "tags": {"b": remark}, "logentry": {"formatted": remark}},
        )
    )
    assert event["_meta"]["context"] == {"note": remark}
    assert event["_meta"]["message"] == remark
    position = [tag["key"] for tag in event["tags"]].index("b")
    assert event["_meta"]["tags"] == {str(position): {"value": remark}}
    assert event["_meta"]["entries"] == {"0": {"data": {"formatted": remark}}}


def test_errors_about_details_are_hidden():
    shown = event_full(
        sent(
            logentry={"formatted": "hello"},
            environment="a/b",
            breadcrumbs=["not an object"],
            exception=[{"type": "E", "stacktrace": {"frames": ["no frame"]}}],
        )
    )
    (error,) = shown["errors"]
    assert error["type"] == "invalid_data"
    assert error["message"] == "Discarded invalid value"
    assert error["data"]["name"] == "environment"


@pytest.mark.parametrize(
    ("user", "query"),
    [
        ({"id": 'a"b'}, 'user.id:"a\\"b"'),
        ({"email": "jane@acme.io"}, 'user.email:"jane@acme.io"'),
        ({"ip_address": "2001:db8::1"}, 'user.ip:"2001:db8::1"'),
    ],
)
def test_the_user_tag_carries_its_search(user, query):
    tags = event_summary(sent(user=user))["tags"]
    assert [tag["query"] for tag in tags if "query" in tag] == [query]


@pytest.mark.parametrize(
    ("release", "expected"), [pytest.param("app@9", {"version": "app@9"}, id="search-E29"), (None, None)]
)
def test_a_release_nobody_knows_is_its_version(release, expected):
    assert detail_of(sent(release=release).event)["release"] == expected
