"""The API over small real stores: SQLite in a file, chDB, blobs in a directory, and events sent as SDKs send them."""

import shutil
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

from tocsin.config import Settings
from tocsin.domain.access import Role, Scope
from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.issue.issue import Issue, IssueId, TeamId, UserId
from tocsin.domain.organization import OrganizationId, Project, User
from tocsin.domain.outcome import Source
from tocsin.domain.pipeline import Digested, digest
from tocsin.domain.session.session import SessionUpdate, Told
from tocsin.edges.api.app import make_app
from tocsin.edges.services import Services
from tocsin.flows.authenticate import Authenticate
from tocsin.flows.comment import Comment
from tocsin.flows.configure import Configure
from tocsin.flows.digest.apply import BatchWriter
from tocsin.flows.monitors import Monitors
from tocsin.flows.ownership import KeepOwnership
from tocsin.flows.people import People
from tocsin.flows.project_keys import ProjectKeys
from tocsin.flows.projects import Projects
from tocsin.flows.releases import Releases
from tocsin.flows.remove import Remove
from tocsin.flows.replay.replay import Replay
from tocsin.flows.repositories import Repositories
from tocsin.flows.saved_searches import SavedSearches
from tocsin.flows.search import Search, Sort
from tocsin.flows.triage import Hashes, Triage
from tocsin.flows.user_reports import UserReports
from tocsin.storage.blobs import BlobStore
from tocsin.storage.history.store import History
from tocsin.storage.spool.opening import open_spool
from tocsin.storage.state import issues, organizations, projects, teams, tokens, users
from tocsin.storage.state.engine import State
from tocsin.storage.state.migration import migrate
from tocsin.storage.views import Views

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
EVERY_SCOPE = tuple(Scope)


_apps: list[Litestar] = []


def _app_for(services: Services) -> Litestar:
    """Return the one application of the process, asking *services* now: to build its routes takes a second."""
    if not _apps:
        _apps.append(make_app(services))
    _apps[0].state["services"] = services
    return _apps[0]


class Api:
    """Organization ``acme`` with project ``p`` of team ``crew``, whose member jane asks with a token."""

    def __init__(self, state: State, history: History, folder: Path) -> None:
        self.state, self.history = state, history
        self.blobs = BlobStore(f"file://{folder}/blobs")
        self.now = NOON
        self.numbers = count(1)
        self.writer = BatchWriter(state, history, self.blobs, self.clock)
        self.spool = open_spool(f"file://{folder}/spool")
        self.services = self._services(folder)
        self.org = self.organization("acme")
        self.project = self.make_project("p")
        self.team = self.make_team("crew", projects=[self.project])
        self.jane = self.make_user("jane@acme.io", name="Jane Doe", role=Role.OWNER, teams=[self.team])
        self.token = self.make_token(self.jane)
        self.client = TestClient(_app_for(self.services), base_url="http://tocsin.test")

    def clock(self) -> datetime:
        return self.now

    def later(self, **passed: float) -> None:
        self.now += timedelta(**passed)

    def _services(self, folder: Path) -> Services:
        return Services(
            settings=Settings(url="http://tocsin.test", data=str(folder)),
            clock=self.clock,
            views=Views(self.state, self.history, self.blobs),
            authenticate=Authenticate(self.state, lambda: uuid4().hex, 30),
            search=Search(self.state, self.history),
            saved_searches=SavedSearches(self.state, frozenset(Sort)),
            ownership=KeepOwnership(self.state),
            monitors=Monitors(self.state),
            user_reports=UserReports(self.state, self.history),
            projects=Projects(self.state, self.history, self.clock, lambda: uuid4().hex),
            project_keys=ProjectKeys(self.state, lambda: uuid4().hex),
            people=People(self.state, self.clock),
            triage=Triage(self.state, self.history, lambda: uuid4().hex),
            comment=Comment(self.state),
            configure=Configure(self.state),
            hashes=Hashes(self.state, self.history),
            remove=Remove(self.state, self.history, self.blobs, self.clock),
            releases=Releases(self.state),
            repositories=Repositories(self.state),
            replay=Replay(self.state, self.history),
            health=dict,
            spool_depth=self.spool.depth,
        )

    # People and what they own

    def organization(self, slug: str, **options: object) -> OrganizationId:
        with self.state.write() as connection:
            organization_id = organizations.ensure(connection, slug, slug.title(), self.now)
            known = organizations.by_id(connection, organization_id)
            organizations.save(connection, msgspec.structs.replace(known, options=known.options | options))
        return organization_id

    def make_project(self, slug: str, *, org: OrganizationId | None = None, **options: object) -> Project:
        with self.state.write() as connection:
            project_id = projects.create(connection, org or self.org, slug, slug.title(), self.now, platform="python")
            project = projects.by_ids(connection, [project_id])[project_id]
            projects.save(connection, msgspec.structs.replace(project, options=options))
            return projects.by_ids(connection, [project_id])[project_id]

    def make_team(self, slug: str, *, projects: Collection[Project] = (), org: OrganizationId | None = None) -> TeamId:
        with self.state.write() as connection:
            team_id = teams.create(connection, org or self.org, slug, slug.title(), self.now)
            for project in projects:
                teams.add_project(connection, team_id, project.id)
        return team_id

    def make_user(
        self,
        email: str,
        *,
        name: str = "",
        role: Role = Role.MEMBER,
        teams: Collection[TeamId] = (),
        org: OrganizationId | None = None,
        options: dict[str, Any] | None = None,
    ) -> User:
        with self.state.write() as connection:
            user_id = users.create(connection, email, self.now, name=name)
            user = users.by_id(connection, user_id)
            users.save(connection, msgspec.structs.replace(user, options=options or {}))
            organizations.set_member(connection, org or self.org, user_id, role, self.now)
            self._join(connection, user_id, teams)
            return users.by_id(connection, user_id)

    @staticmethod
    def _join(connection: Any, user_id: UserId, team_ids: Collection[TeamId]) -> None:
        for team_id in team_ids:
            teams.add_member(connection, team_id, user_id)

    def make_token(self, user: User, scopes: Sequence[Scope] = EVERY_SCOPE) -> str:
        secret = uuid4().hex
        with self.state.write() as connection:
            tokens.create(
                connection, secret, tokens.Grant(user_id=user.id, scopes=frozenset(scopes), created_at=self.now)
            )
        return secret

    def make_organization_token(
        self,
        scopes: Sequence[Scope] = EVERY_SCOPE,
        *,
        org: OrganizationId | None = None,
        expires_in_hours: float = 9999,
    ) -> str:
        secret = uuid4().hex
        grant = tokens.Grant(
            organization_id=org or self.org,
            scopes=frozenset(scopes),
            created_at=self.now,
            expires_at=self.now + timedelta(hours=expires_in_hours),
        )
        with self.state.write() as connection:
            tokens.create(connection, secret, grant)
        return secret

    # Events and issues

    def send(self, project: Project | None = None, **event: Any) -> None:
        """Digest one event; by default an error that always groups alike."""
        self._digest([self._accepted(project, event)])

    def send_groups(self, groups: int, project: Project | None = None) -> None:
        """Digest one event of each of that many kinds, in one batch."""
        self._digest([self._accepted(project, {"fingerprint": [f"many-{number}"]}) for number in range(groups)])

    def _accepted(self, project: Project | None, event: dict[str, Any]) -> Accepted:
        body = {
            "event_id": f"{next(self.numbers):032x}",
            "platform": "python",
            "timestamp": self.now.timestamp(),
            "exception": {"values": [{"type": "ValueError", "value": "bad pressure"}]},
        } | event
        header, payload = msgspec.json.encode({"event_id": body["event_id"]}), msgspec.json.encode(body)
        return Accepted(
            project_id=(project or self.project).id,
            public_key="k",
            received=self.now,
            event_id=body["event_id"],
            body=header + b'\n{"type":"event"}\n' + payload + b"\n",
        )

    def _digest(self, accepted: Sequence[Accepted]) -> None:
        self.writer.write(f"{next(self.numbers):032x}", [digest(one, IntakeLimits()) for one in accepted])

    def tell(self, *told: Told, project: Project | None = None) -> None:
        """Digest what is told of sessions of a project."""
        source = Source(project_id=(project or self.project).id, public_key="k", received=self.now)
        named = tuple(msgspec.structs.replace(one, project_id=source.project_id) for one in told)
        self.writer.write(f"{next(self.numbers):032x}", [Digested(source=source, sessions=named)])

    def session(self, session: int, **fields: Any) -> SessionUpdate:
        """Return what is told of a session that began now, of release ``web@1.0`` in production by default."""
        usual = {"release": "web@1.0", "environment": "production", "started": self.now, "is_first": True}
        return SessionUpdate(**{"project_id": 0, "session": session, **usual, **fields})

    def new_issue(self, project: Project | None = None, **event: Any) -> IssueId:
        """Send an event that is like no other and return the id of the issue it makes."""
        before = set(self.issues())
        self.send(project, **{"fingerprint": [f"group-{next(self.numbers)}"], **event})
        (made,) = set(self.issues()) - before
        return made

    def issues(self) -> dict[IssueId, Issue]:
        with self.state.read() as connection:
            return issues.load(connection, range(1, 10_000))

    def issue(self, issue_id: IssueId) -> Issue:
        return self.issues()[issue_id]

    def change(self, issue_id: IssueId, **fields: Any) -> Issue:
        """Write fields of an issue past all rules, to begin a case with."""
        with self.state.write() as connection:
            changed = msgspec.structs.replace(issues.load(connection, [issue_id], lock=True)[issue_id], **fields)
            issues.save(connection, [changed])
        return changed

    # Requests, as jane unless a token says otherwise

    def get(self, path: str, **options: Any) -> Response:
        return self.request("GET", path, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> Response:
        return self.request("PUT", path, json=json, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Response:
        return self.request("POST", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> Response:
        return self.request("DELETE", path, **options)

    def request(self, method: str, path: str, *, token: str | None = None, **options: Any) -> Response:
        """Ask the API; *path* is relative to ``/api/0``, a *token* of ``""`` means no credentials."""
        secret = self.token if token is None else token
        headers = {"authorization": f"Bearer {secret}"} if secret else {}
        return self.client.request(method, f"/api/0{path}", headers=headers | options.pop("headers", {}), **options)


@pytest.fixture(scope="session")
def migrated_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("state") / "state.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def api(tmp_path: Path, migrated_state: Path, empty_history: History) -> Iterator[Api]:
    yield from _opened(tmp_path, migrated_state, empty_history)


@pytest.fixture(scope="module")
def shared_api(tmp_path_factory: pytest.TempPathFactory, migrated_state: Path, history: History) -> Iterator[Api]:
    """The same, once for all tests of a module that only read; no test of that module may use another one."""
    history.command("TRUNCATE TABLE event")
    history.command("TRUNCATE TABLE session")
    yield from _opened(tmp_path_factory.mktemp("shared"), migrated_state, history)


def _opened(folder: Path, migrated_state: Path, history: History) -> Iterator[Api]:
    shutil.copy(migrated_state, folder / "state.db")
    state = State.open(f"sqlite:///{folder}/state.db")
    made = Api(state, history, folder)
    with made.client:
        yield made
    made.spool.close()
    state.close()
