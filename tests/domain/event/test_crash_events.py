"""Events that come in attachments of envelopes (spec/ingest.md 2.4)."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.event.minidump import crash_reason
from tocsin.domain.pipeline import digest

ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def digested(*items):
    """Return what an envelope of (headers, payload) amounts to, and the payload of its event."""
    body = b"{}"
    for headers, payload in items:
        body += b"\n" + msgspec.json.encode({**headers, "length": len(payload)}) + b"\n" + payload
    made = digest(
        Accepted(project_id=1, public_key="k", received=datetime(2026, 1, 31, tzinfo=UTC), event_id=ID, body=body),
        IntakeLimits(),
    )
    return made, [msgspec.json.decode(event.payload) for event in made.events]


def file(kind, payload):
    return {"type": "attachment", "attachment_type": kind, "filename": "f"}, payload


@pytest.mark.parametrize(
    ("kind", "mechanism", "title"),
    [
        ("event.minidump", "minidump", "Minidump"),
        ("event.applecrashreport", "applecrashreport", "Apple crash report"),
    ],
)
def test_a_crash_report_alone_makes_a_fatal_event_and_is_kept(kind, mechanism, title):
    made, (payload,) = digested(file(kind, b"MDMP"))
    (event,) = made.events
    assert (event.event_id, event.level, event.platform, event.title) == (ID, "fatal", "native", title)
    assert payload["exception"]["values"][0]["mechanism"]["type"] == mechanism
    assert [one.attachment_type for one in made.attachments] == [kind]
    assert made.outcomes == ()


def test_a_crash_report_adds_to_the_event_that_came_with_it():
    event = {"type": "event"}, b'{"release":"a@1","level":"info","exception":[{"type":"SIGSEGV"}]}'
    made, (payload,) = digested(file("event.minidump", b"MDMP"), event)
    assert (made.events[0].title, made.events[0].level, payload["release"]) == ("SIGSEGV", "fatal", "a@1")


def test_a_messagepack_event_is_an_event_and_no_file():
    made, (payload,) = digested(file("event.payload", msgspec.msgpack.encode({"message": "hi", "tags": {"a": "b"}})))
    assert (payload["logentry"]["formatted"], made.attachments, made.outcomes) == ("hi", (), ())


def test_the_event_item_wins_over_a_messagepack_event():
    packed = file("event.payload", msgspec.msgpack.encode({"message": "packed", "server_name": "s"}))
    _, (payload,) = digested(packed, ({"type": "event"}, b'{"message":"item"}'))
    assert payload["logentry"]["formatted"] == "item"
    assert dict(payload["tags"])["server_name"] == "s"


def test_breadcrumbs_alone_make_an_event():
    crumbs = b"".join(msgspec.msgpack.encode({"message": text}) for text in "ab")
    _, (payload,) = digested(file("event.breadcrumbs", crumbs))
    assert [crumb["message"] for crumb in payload["breadcrumbs"]["values"]] == ["a", "b"]


@given(st.binary(max_size=100))
def test_any_bytes_make_an_event_or_an_invalid_one(data):
    made, events = digested(file("event.payload", data), file("event.breadcrumbs", data))
    assert len(events) + len(made.outcomes) == 1


def test_an_event_that_is_no_json_is_invalid_and_the_dump_stays():
    made, events = digested(file("event.minidump", b"MDMP"), ({"type": "event"}, b"{oops"))
    assert (events, [one.attachment_type for one in made.attachments]) == ([], ["event.minidump"])
    assert [outcome.verdict for outcome in made.outcomes] == ["invalid"]


@pytest.mark.parametrize("kind", [["event.minidump"], {"a": 1}, 7, None])
def test_a_type_of_no_text_is_a_plain_attachment(kind):
    made, events = digested(file(kind, b"x"))
    assert (events, len(made.attachments)) == ([], 1)


@given(st.binary(max_size=200))
def test_any_bytes_have_a_reason_or_none(data):
    assert isinstance(crash_reason(b"MDMP" + data), str)
