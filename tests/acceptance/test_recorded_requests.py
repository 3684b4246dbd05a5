"""All recorded SDK requests, posted as recorded to a running server: every one is answered, every event is stored."""

import json
from pathlib import Path

import pytest
from sqlalchemy import insert
from tests.running import running, wait_for

from tocsin.domain.event.accepted import BodyForm
from tocsin.domain.event.envelope import open_body
from tocsin.domain.event.limits import IntakeLimits
from tocsin.storage.state import organizations, project_keys, projects
from tocsin.storage.state.engine import State
from tocsin.storage.state.tables import project

CORPUS = Path(__file__).parents[1] / "corpus"
RECORDED_KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
PROJECT_IDS = (42, 43, 44, 45, 46, 47)
KEYS = {project_id: f"{project_id:032x}" for project_id in PROJECT_IDS}


class Recorded:
    """One recorded request, its key exchanged for the one of its project."""

    def __init__(self, name):
        described = json.loads((CORPUS / f"{name}.json").read_text())
        self.name = name
        path = described["path"]
        self.project_id = 43 if path == "/my-tunnel" else int(path.split("/")[2])
        key = KEYS[self.project_id]
        self.path = path.replace(RECORDED_KEY, key).replace("/my-tunnel", "/api/43/envelope/")
        self.encoding = described["content_encoding"]
        left_out = {"host", "content-length", "transfer-encoding", "connection"}
        self.headers = {
            header: value.replace(RECORDED_KEY, key)
            for header, value in described["headers"]
            if header.lower() not in left_out
        }
        body = (CORPUS / f"{name}.envelope").read_bytes()
        self.body = body.replace(RECORDED_KEY.encode(), key.encode()) if path == "/my-tunnel" else body
        self.is_store = path.endswith("/store/")

    def envelope(self):
        form = BodyForm.STORE if self.is_store else BodyForm.ENVELOPE
        return open_body(self.body, form, "" if self.encoding == "identity" else self.encoding, IntakeLimits())

    @property
    def has_event(self):
        return any(item.type == "event" for item in self.envelope().items)


NAMES = sorted(path.stem for path in CORPUS.glob("*.envelope"))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with running(tmp_path_factory.mktemp("recorded")) as tocsin:
        state = State.open(f"sqlite:///{tocsin.folder}/state.db")
        with state.write() as connection:
            acme = organizations.by_slug(connection, "acme")
            for project_id in PROJECT_IDS:
                row = {"id": project_id, "organization_id": acme.id, "slug": f"p{project_id}", "name": "p"}
                row |= {"platform": "", "options": {}, "next_issue_number": 1, "created_at": acme.created_at}
                connection.execute(insert(project).values(row))
                project_keys.ensure(connection, project_id, KEYS[project_id], "s", acme.created_at)
            projects.save(connection, projects.by_ids(connection, [42])[42])
        state.close()
        yield tocsin


def test_there_are_as_many_as_were_recorded():
    assert len(NAMES) == 106


def test_every_recorded_request_is_accepted_and_every_event_stored(served):
    recorded = [Recorded(name) for name in NAMES]
    answered = {}
    for request in recorded:
        # In chunks where the SDK sent chunks: Node announces no length.
        content = iter([request.body]) if request.name.startswith("node") else request.body
        answer = served.api.post(f"{served.url}{request.path}", content=content, headers=request.headers)
        assert answer.status_code == 200, (request.name, answer.text)
        assert answer.headers["access-control-allow-origin"] == "*"
        answered[request.name] = answer.json()
    events = [request for request in recorded if request.has_event]
    assert len(events) > 60
    wait_for(served.drained, "the digest of everything")
    unique = {(request.project_id, answered[request.name]["id"]): request for request in events}
    for (project_id, event_id), request in unique.items():
        stored = served.get(f"/projects/acme/p{project_id}/events/{event_id}/")
        assert stored["id"] == event_id, request.name
        assert stored["title"], request.name
        sent = json.loads(bytes(next(item for item in request.envelope().items if item.type == "event").payload))
        exceptions = sent.get("exception") or sent.get("sentry.interfaces.Exception")
        if exceptions:
            assert "exception" in {entry["type"] for entry in stored["entries"]}, request.name
    # Feedback and failing monitors make issues too.
    counted = sum(int(issue["count"]) for issue in served.issues("issue.category:error", limit=100))
    assert counted == len(unique)
    assert served.metric('tocsin_digested_total{outcome="dead_letter"}') == 0
