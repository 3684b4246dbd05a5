"""The issues that spec/search.md 7 calls FX, in real stores, and a way to search them."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from msgspec.structs import replace

from tocsin.domain.access import Role
from tocsin.domain.event.event import Event, EventId, GroupingHash
from tocsin.domain.issue.effects import SetBookmark
from tocsin.domain.issue.issue import Assignee, InboxReason, Issue, IssueId, Priority, Status, Substatus
from tocsin.domain.organization import Project
from tocsin.domain.outcome import Source
from tocsin.domain.pipeline import Digested
from tocsin.domain.query.paging import Page, parse_cursor
from tocsin.domain.query.parse import parse_issue_query
from tocsin.domain.query.window import read_window
from tocsin.flows.digest.apply import BatchWriter
from tocsin.flows.search import FoundIssue, IssueSearch, Search, Viewer
from tocsin.storage.blobs import BlobStore
from tocsin.storage.history.store import History
from tocsin.storage.state import effects, inbox, issue_hashes, issues, organizations, projects, teams, users
from tocsin.storage.state.engine import State
from tocsin.storage.state.migration import migrate

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_event_numbers = count(1)


def _source_of(event: Event) -> Source:
    return Source(project_id=event.project_id, public_key="k", received=event.received)


class World:
    """An organization with two projects, and jane, whose team looks after both."""

    def __init__(self, state: State, history: History, folder: Path) -> None:
        self.state, self.history = state, history
        self.search = Search(state, history)
        self.now = self.clock = NOW
        self.writer = BatchWriter(state, history, BlobStore(f"file://{folder}/blobs"), lambda: self.clock)
        self.named: dict[str, IssueId] = {}
        unique = uuid4().hex[:8]
        with state.write() as connection:
            self.organization_id = organizations.create(connection, f"acme-{unique}", "acme", NOW)
            self.mail = f"jane-{unique}@acme.io"
            self.jane = users.create(connection, self.mail, NOW)
            self.backend = teams.create(connection, self.organization_id, "backend", "backend", NOW)
            organizations.set_member(connection, self.organization_id, self.jane, Role.MEMBER, NOW)
            teams.add_member(connection, self.backend, self.jane)
            self.projects = [self._project(connection, slug) for slug in ("pump", "valve")]
        self.pump, self.valve = self.projects

    def _project(self, connection, slug: str) -> Project:
        project_id = projects.create(connection, self.organization_id, slug, slug, NOW)
        teams.add_project(connection, self.backend, project_id)
        return projects.by_ids(connection, [project_id])[project_id]

    def event(self, group: str, ago: timedelta, project: Project | None = None, **fields) -> Event:
        """Return an event; its tags are those given and those of its columns, as the pipeline derives them."""
        tags = dict(fields.pop("tags", {}))
        payload = fields.pop("payload", {})
        for name in ("environment", "release", "user", "level"):
            if fields.get(name):
                tags[name] = fields[name]
        usual = {
            "project_id": (project or self.pump).id,
            "event_id": EventId(f"{next(_event_numbers):032x}"),
            "timestamp": NOW - ago,
            "received": NOW - ago,
            "type": "default",
            "level": "error",
            "platform": "python",
            "title": group,
            "message": fields.get("title", group),
            "metadata": {},
            "hashes": (hash_of(group),),
        }
        return Event(**usual | fields, tags=tuple(sorted(tags.items())), payload=msgspec.json.encode(payload))

    def send(self, *events: Event) -> None:
        self.writer.write(uuid4().hex, [Digested(source=_source_of(event), events=(event,)) for event in events])

    def name(self, **groups: str) -> None:
        """Remember the issues of these groups by name."""
        with self.state.read() as connection:
            for name, group in groups.items():
                keys = [(project.id, hash_of(group)) for project in self.projects]
                self.named[name] = next(
                    owner.issue_id for owner in issue_hashes.owners(connection, keys).values() if owner.issue_id
                )

    def change(self, name: str, **fields) -> None:
        with self.state.write() as connection:
            stored = issues.load(connection, [self.named[name]], lock=True)[self.named[name]]
            issues.save(connection, [replace(stored, **fields)])

    def issue(self, name: str) -> Issue:
        with self.state.read() as connection:
            return issues.load(connection, [self.named[name]])[self.named[name]]

    def asked(self, query: str = "", now: datetime = NOW, **parameters) -> IssueSearch:
        period = [parameters.pop(name, None) for name in ("stats_period", "start", "end")]
        cursor = parameters.pop("cursor", None)
        usual = {
            "organization_id": self.organization_id,
            "viewer": Viewer(user_id=self.jane, team_ids=(self.backend,)),
            "projects": tuple(self.projects),
            "limit": 100,
        }
        return IssueSearch(
            query=parse_issue_query(query, now=now),
            window=read_window(*period, now),
            cursor=parse_cursor(cursor) if cursor else None,
            **usual | parameters,
        )

    def page(self, query: str = "", now: datetime = NOW, **parameters) -> Page[FoundIssue]:
        return self.search.issues(self.asked(query, now, **parameters), now)

    def found(self, query: str = "", **parameters) -> str:
        """Return the names of the issues found, in order."""
        names = {issue_id: name for name, issue_id in self.named.items()}
        return " ".join(names[row.issue.id] for row in self.page(query, **parameters).rows)

    def numbers(self, name: str, query: str = "", **parameters) -> FoundIssue:
        return next(row for row in self.page(query, **parameters).rows if row.issue.id == self.named[name])


def hash_of(group: str) -> GroupingHash:
    return GroupingHash(group.encode().hex().rjust(32, "0")[-32:])


def fill_with_fx(world: World) -> None:
    """Store the base fixture of spec/search.md 7."""
    chrome, firefox = {"browser": "Chrome"}, {"browser": "Firefox"}
    pressure = {
        "type": "error",
        "title": "ValueError: bad pressure",
        "message": "bad pressure ValueError app/pump.py ValueError: bad pressure",
        "error_types": ("ValueError",),
        "stack_filenames": ("app/pump.py",),
    }
    undefined = {
        "type": "error",
        "title": "TypeError: x is undefined",
        "message": "x is undefined TypeError app/main.js TypeError: x is undefined",
        "error_types": ("TypeError",),
        "level": "fatal",
        "environment": "staging",
    }

    def person(number: int) -> dict:
        return {"user": f"id:{number}", "payload": {"user": {"id": str(number)}}}

    e1, e2, e3 = (
        world.event("I1", age, **pressure, environment=environment, release=release, handled=handled, **person(number),
                    tags=browser | {"server": server})
        for age, browser, environment, server, release, number, handled in (
            (HOUR, chrome, "production", "web-1", "app@1.2.3", 1, False),
            (2 * HOUR, chrome, "production", "web-2", "app@1.2.4", 2, True),
            (30 * HOUR, firefox, "staging", "web-1", "app@1.2.3", 1, True),
        )
    )  # fmt: skip
    world.e1, world.e2 = e1.event_id, e2.event_id
    world.send(e3)
    world.send(e1, e2)
    world.send(
        world.event("I2", 3 * HOUR, title="Disk full", level="warning", environment="production",
                    tags={"server": "web-2"})
    )  # fmt: skip
    world.disk = world.event("I2", 3 * HOUR).event_id
    world.send(
        *(world.event("I3", 5 * DAY + minute * timedelta(minutes=1), **undefined, user=f"username:user{minute}")
          for minute in range(1, 11))
    )  # fmt: skip
    world.send(
        *(world.event("I4", timedelta(minutes=ago), world.valve, title="Timeout", release="app@2.0.0")
          for ago in (10, 20))
    )  # fmt: skip
    world.send(world.event("I5", 40 * DAY, title="cats or dogs", level="info"))
    world.name(I1="I1", I2="I2", I3="I3", I4="I4", I5="I5")
    world.change("I1", substatus=Substatus.ONGOING, priority=Priority.HIGH)
    world.change("I2", status=Status.RESOLVED, substatus=None, assignee=Assignee(user_id=world.jane))
    forever = Substatus.ARCHIVED_FOREVER
    world.change("I3", status=Status.IGNORED, substatus=forever, assignee=Assignee(team_id=world.backend))
    world.change("I4", substatus=Substatus.NEW)
    world.change("I5", substatus=Substatus.ONGOING)
    with world.state.write() as connection:
        effects.apply(connection, SetBookmark(world.jane, is_set=True), [world.named["I2"]], NOW)
        inbox.take_out(connection, list(world.named.values()))
        inbox.put(connection, {world.named["I4"]: InboxReason.NEW}, NOW - HOUR)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "state.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def module_world(migrated: Path, history: History, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    shutil.copy(migrated, folder / "state.db")
    history.command("TRUNCATE TABLE event")
    state = State.open(f"sqlite:///{folder}/state.db")
    yield World(state, history, folder)
    state.close()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def each_world(
    request: pytest.FixtureRequest, migrated: Path, history: History, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A world for one module on each engine that state may have."""
    folder = tmp_path_factory.mktemp("world")
    shutil.copy(migrated, folder / "state.db")
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{folder}/state.db" if is_sqlite else request.getfixturevalue("cluster").copy()
    history.command("TRUNCATE TABLE event")
    state = State.open(url)
    yield World(state, history, folder)
    state.close()


@pytest.fixture(scope="module")
def fx(module_world: World) -> World:
    """FX, to be read only."""
    fill_with_fx(module_world)
    return module_world


@pytest.fixture
def world(migrated: Path, history: History, tmp_path: Path) -> Iterator[World]:
    """An empty world of the test's own."""
    shutil.copy(migrated, tmp_path / "state.db")
    state = State.open(f"sqlite:///{tmp_path}/state.db")
    history.command("TRUNCATE TABLE event")
    yield World(state, history, tmp_path)
    state.close()
