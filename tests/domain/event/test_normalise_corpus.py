"""Every event that the recorded SDKs sent, normalised and derived."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tocsin.domain.event.accepted import BodyForm
from tocsin.domain.event.arrival import Arrival
from tocsin.domain.event.decode import decode_event
from tocsin.domain.event.derive import derive
from tocsin.domain.event.envelope import EVENT_TYPES, open_body
from tocsin.domain.event.event import Event
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.event.normalise import normalise

CORPUS = Path(__file__).parents[2] / "corpus"
NAMES = sorted(path.stem for path in CORPUS.glob("*.envelope"))


class Grouped(msgspec.Struct, frozen=True):
    hashes: tuple[str, ...] = ("b" * 32,)
    main_exception_id: int | None = None
    title: str | None = None


def sent_events(name: str) -> list[tuple[bytes, Arrival]]:
    request = json.loads((CORPUS / f"{name}.json").read_text())
    form = BodyForm.STORE if "/store/" in request["path"] else BodyForm.ENVELOPE
    encoding = request["content_encoding"].replace("identity", "")
    envelope = open_body((CORPUS / f"{name}.envelope").read_bytes(), form, encoding, IntakeLimits())
    arrival = Arrival(
        project_id=42,
        event_id="a" * 32,
        received=datetime.fromtimestamp(request["received_at"], UTC),
        client_ip="203.0.113.9",
        sdk=envelope.headers.get("sdk"),
    )
    return [(bytes(item.payload), arrival) for item in envelope.items if item.type in EVENT_TYPES]


NAMES_WITH_EVENT = [name for name in NAMES if sent_events(name)]


def event_of(name: str) -> tuple[dict[str, Any], Event]:
    ((body, arrival),) = sent_events(name)
    payload = normalise(decode_event(body), arrival)
    return payload, derive(payload, Grouped(), arrival)


def without_remarks(payload: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in payload.items() if key not in {"errors", "_meta"}}


def test_the_corpus_is_there():
    assert len(NAMES) == 106
    assert len(NAMES_WITH_EVENT) > 60


@pytest.mark.parametrize("name", NAMES_WITH_EVENT)
def test_a_recorded_event_normalises_and_normalising_again_changes_nothing(name):
    ((body, arrival),) = sent_events(name)
    payload = normalise(decode_event(body), arrival)
    event = derive(payload, Grouped(), arrival)
    assert without_remarks(normalise(decode_event(event.payload), arrival)) == without_remarks(payload)
    assert event.title
    assert event.release
    assert abs(event.timestamp - event.received).total_seconds() < 60
    assert event.tags == tuple(sorted(dict(event.tags).items()))


@pytest.mark.parametrize("name", [name for name in NAMES_WITH_EVENT if name != "python-message-scope"])
def test_recorded_sdks_send_little_that_has_to_be_removed(name):
    payload, _ = event_of(name)
    removed = [error["name"] for error in payload.get("errors", ())]
    assert removed in ([], ["tags.long"], ["tags"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "python-message-plain", {"title": "plain info message", "level": "info", "type": "default"}, id="ingest-E02"
        ),
        pytest.param(
            "node-exception-cause-2",
            {"title": "PaymentError: payment failed for order 1234", "culprit": "outer(cap)"},
            id="ingest-E03",
        ),
        pytest.param("python-unhandled", {"handled": False, "level": "error"}, id="ingest-E09"),
        ("raven-legacy-1", {"title": "KeyError: 'missing'", "level": "error", "release": "raven@0.1"}),
        ("raven-legacy-2", {"title": "hello 'world'", "level": "warning", "logger": "my.log"}),
        ("node-unhandled-2", {"level": "fatal", "handled": False}),
        ("browser-exception-2", {"location": "/static/js/main.8f3a2c1b.js", "user": "ip:203.0.113.9"}),
        ("node-transaction-1", {"type": "transaction", "level": "info", "title": "GET /orders/:id"}),
    ],
)
def test_recorded_events_are_called_as_expected(name, expected):
    _, event = event_of(name)
    assert {attribute: getattr(event, attribute) for attribute in expected} == expected


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        pytest.param("python-unhandled", {"handled": "no", "mechanism": "excepthook"}, id="ingest-E09"),
        pytest.param("python-message-scope", {"region": "eu-west", "user": "id:7"}, id="ingest-C13"),
        pytest.param(
            "python-wsgi-request",
            {"browser.name": "Chrome", "client_os.name": "Windows", "client_os": "Windows >=10"},
            id="ingest-C48",
        ),
        pytest.param(
            "node-http-request-2",
            {"browser.name": "Mobile Safari", "device": "iPhone", "client_os.name": "iOS"},
            id="ingest-C49",
        ),
    ],
)
def test_recorded_events_have_the_tags_that_follow_from_them(name, tags):
    _, event = event_of(name)
    assert tags.items() <= dict(event.tags).items()


def test_a_tag_key_of_250_characters_costs_only_that_tag():
    payload, event = event_of("python-message-scope")
    assert [error["type"] for error in payload["errors"]] == ["value_too_long"]
    assert max(len(key) for key, _ in event.tags) < 200
    assert payload["_meta"]["extra"]["cart"]["deep"]["a"]["b"]["c"] == {"": {"rem": [["!limit", "x"]]}}


@pytest.mark.parametrize("name", [pytest.param("python-long-values-2", id="ingest-C27")])
def test_a_recursion_of_302_frames_keeps_250_and_the_details_of_fifty(name):
    payload, event = event_of(name)
    frames = payload["exception"]["values"][-1]["stacktrace"]["frames"]
    assert len(frames) == 250
    assert sum("vars" in frame for frame in frames) == 50
    assert payload["_meta"]["exception"]["values"]["0"]["stacktrace"]["frames"][""]["len"] == 302
    assert event.title == "RecursionError: deep"


def test_a_parametrised_message_keeps_its_template():
    payload, _ = event_of("python-logging-error")
    assert payload["logentry"] == {
        "message": "could not bill user %s in %d tries",
        "formatted": "could not bill user u-17 in 3 tries",
        "params": ["u-17", 3],
    }
