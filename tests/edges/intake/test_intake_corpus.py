import json
from pathlib import Path

import pytest

from tocsin.domain.event.envelope import open_accepted
from tocsin.domain.event.limits import IntakeLimits

CORPUS = Path(__file__).parents[2] / "corpus"
CASES = {
    "python-message-plain": "ingest-A01",
    "pythongzip-message-scope": "ingest-A02",
    "raven-legacy-1": "ingest-A04",
    "raven-legacy-2": "ingest-A05",
    "node5-legacy-1": "ingest-A07",
    "node-message-1": "ingest-A08",
    "browser-message-1": "ingest-A10",
    "node-tunnel-1": "ingest-A22",
    "python-attachment": "ingest-B19",
    **dict.fromkeys(
        [
            "python-logs-2",
            "python-metrics",
            "node-logs-1",
            "node-metrics-1",
            "node-profile-none-1",
            "python-transaction",
        ],
        "ingest-B23",
    ),
}
RECORDED = sorted(path.stem for path in CORPUS.glob("*.json"))
KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"


def posted(make_intake, name, path=None):
    """Post one recorded request in small chunks; return what is known of it, the intake and the answer."""
    recorded = json.loads((CORPUS / f"{name}.json").read_text())
    body = (CORPUS / f"{name}.envelope").read_bytes()
    found = recorded["path"].split("/")
    project_id = int(found[2]) if found[1] == "api" else 43
    intake = make_intake(key={"project_id": project_id}, tunnel_paths=["/my-tunnel"])
    headers = [(header, value) for header, value in recorded["headers"]]
    chunks = tuple(body[start : start + 1000] for start in range(0, len(body), 1000))
    return recorded, intake, intake.send("POST", path or recorded["path"], *headers, chunks=chunks)


def test_all_recorded_requests_are_here():
    assert len(RECORDED) == 106


@pytest.mark.parametrize("name", [pytest.param(name, id=f"{CASES.get(name, 'recorded')}-{name}") for name in RECORDED])
def test_recorded_requests_are_kept_whole(make_intake, name):
    recorded, intake, answer = posted(make_intake, name)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    (kept,) = intake.kept
    assert kept.body == (CORPUS / f"{name}.envelope").read_bytes()
    assert kept.public_key == KEY

    envelope = open_accepted(kept, IntakeLimits())
    assert [item.type for item in envelope.items] == [
        kind.replace("store-json", "event") for kind in recorded["item_types"]
    ]
    for item in envelope.items:
        assert item.type == "attachment" or json.loads(bytes(item.payload)) is not None

    event_ids = {json.loads(bytes(item.payload)).get("event_id") for item in envelope.items if item.type == "event"}
    if event_ids:
        assert {answer.json["id"]} == {kept.event_id} == event_ids


def test_a_tunnelled_envelope_may_come_straight_to_the_project(make_intake):
    _, intake, answer = posted(make_intake, "node-tunnel-1", "/api/43/envelope/")
    assert (answer.status, intake.kept[0].project_id) == (200, 43)
