"""Small real stores for flows: SQLite in a file, chDB, blobs in a directory."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from tocsin.domain.access import SCOPES_OF, Role
from tocsin.domain.caller import Reach
from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.issue.issue import UNSAVED, Issue, IssueId
from tocsin.domain.organization import Project
from tocsin.domain.pipeline import Digested, digest
from tocsin.flows.digest.apply import Applied, BatchWriter
from tocsin.flows.triage import Acting, Triage
from tocsin.storage.blobs import BlobStore
from tocsin.storage.history.store import History
from tocsin.storage.state import issues, organizations, projects, users
from tocsin.storage.state.engine import State
from tocsin.storage.state.migration import migrate

SHARE_ID = "5" * 32
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


class Shop:
    """One project, its stores, and a way to send it events as an SDK does."""

    def __init__(self, state: State, history: History, folder: Path) -> None:
        self.state, self.history = state, history
        self.blobs = BlobStore(f"file://{folder}/blobs")
        self.now = NOON
        self.writer = BatchWriter(state, history, self.blobs, lambda: self.now)
        self.numbers = count(1)
        with state.write() as connection:
            organization_id = organizations.ensure(connection, "acme", "acme", NOON)
            project_id = projects.ensure(connection, organization_id, "shop", "shop", NOON, platform="python")
            self.project: Project = projects.by_ids(connection, [project_id])[project_id]

    def accepted(self, **event: object) -> Accepted:
        """Return one event as accepted; by default an error that always groups alike."""
        number = next(self.numbers)
        body = {
            "event_id": f"{number:032x}",
            "platform": "python",
            "timestamp": self.now.timestamp(),
            "exception": {"values": [{"type": "ValueError", "value": "bad pressure"}]},
        } | event
        payload = msgspec.json.encode(body)
        header = msgspec.json.encode({"event_id": body["event_id"]})
        return Accepted(
            project_id=self.project.id,
            public_key="k",
            received=self.now,
            event_id=str(body["event_id"]),
            body=header + b'\n{"type":"event"}\n' + payload + b"\n",
        )

    def digested(self, *accepted: Accepted) -> list[Digested]:
        return [digest(one, IntakeLimits()) for one in accepted]

    def write(self, *accepted: Accepted, batch: str | None = None) -> Applied:
        return self.writer.write(batch or f"{next(self.numbers):032x}", self.digested(*accepted))

    def send(self, **event: object) -> Applied:
        return self.write(self.accepted(**event))

    def issues(self) -> list[object]:
        with self.state.read() as connection:
            return list(issues.load(connection, range(1, 1000)).values())

    def issue(self) -> object:
        (only,) = self.issues()
        return only

    def stored_events(self) -> int:
        return self.history.rows("SELECT count() FROM event")[0][0]

    def clock(self) -> datetime:
        return self.now

    def later(self, **passed: float) -> None:
        self.now += timedelta(**passed)


@pytest.fixture
def shop(tmp_path: Path, empty_history: History) -> Iterator[Shop]:
    url = f"sqlite:///{tmp_path}/state.db"
    migrate(url)
    state = State.open(url)
    yield Shop(state, empty_history, tmp_path)
    state.close()


@pytest.fixture
def triage(shop: Shop) -> Triage:
    return Triage(shop.state, shop.history, lambda: SHARE_ID)


def member(shop: Shop) -> Acting:
    """Return somebody who owns the organization."""
    with shop.state.write() as connection:
        organization = organizations.by_slug(connection, "acme")
        user_id = users.create(connection, "jane@acme.io", shop.now)
        organizations.set_member(connection, organization.id, user_id, Role.OWNER, shop.now)
        user = users.by_id(connection, user_id)
    reach = Reach(organization=organization, role=Role.OWNER, scopes=SCOPES_OF[Role.OWNER], projects=(shop.project,))
    return Acting(user=user, reach=reach, shown={"id": str(user_id)})


@pytest.fixture
def by(shop: Shop) -> Acting:
    return member(shop)


def many(shop: Shop, count: int) -> list[IssueId]:
    """Store that many issues of the project."""
    new = Issue(
        id=UNSAVED,
        project_id=shop.project.id,
        number=0,
        level="error",
        platform="python",
        type="error",
        title="ValueError: boom",
        metadata={"type": "ValueError", "value": "boom"},
        first_seen=shop.now,
        last_seen=shop.now,
        active_at=shop.now,
    )
    with shop.state.write() as connection:
        return issues.create(connection, [replace(new, number=number) for number in range(1, count + 1)])
