"""Stores to test on: SQLite in a file, and PostgreSQL in a private cluster that lives as long as the session."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec
import psycopg
import pytest

from tocsin.domain.access import Role
from tocsin.domain.issue.issue import UNSAVED, Issue, ProjectId, UserId
from tocsin.domain.organization import OrganizationId
from tocsin.storage.state import organizations, projects, users
from tocsin.storage.state.engine import State, StateLimits
from tocsin.storage.state.migration import migrate

NOW = datetime(2026, 1, 31, 10, 0, 0, 123456, tzinfo=UTC)
LIMITS = StateLimits(lock_wait_seconds_max=20)
PROGRAMS = [*os.get_exec_path(), *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)]


class Cluster:
    """A PostgreSQL server of our own on a Unix socket, and databases copied from a migrated template."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._as_owner: list[str] = []
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root; the folder's owner does it instead.
            shutil.chown(folder, "postgres", "postgres")
            self._as_owner = ["runuser", "-u", "postgres", "--"]

    def start(self) -> None:
        data = str(self.folder / "data")
        settings = f"-k {self.folder} -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=200"
        self._run("initdb", "-D", data, "-A", "trust", "-U", "tocsin", "--no-sync", "-E", "UTF8", "--no-locale")
        self._run("pg_ctl", "-D", data, "-w", "-o", settings, "-l", str(self.folder / "log"), "start")
        self._sql("CREATE DATABASE template_tocsin")
        migrate(self.url("template_tocsin"))

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def url(self, database: str) -> str:
        return f"postgresql://tocsin@/{database}?host={self.folder}"

    def copy(self, template: str = "template_tocsin") -> str:
        name = f"test_{uuid4().hex}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    def _sql(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        found = shutil.which(program, path=os.pathsep.join(PROGRAMS))
        if found is None:
            pytest.skip(f"PostgreSQL's {program} is not installed (Debian: apt install postgresql)")
        command = [*self._as_owner, found, *arguments]
        with (self.folder.parent / "output").open("w+") as output:
            finished = subprocess.run(command, stdout=output, stderr=output, cwd="/", timeout=60, check=False)
            output.seek(0)
            assert finished.returncode == 0, output.read()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    # A socket's path may have 107 bytes at most, so not pytest's long folder.
    with tempfile.TemporaryDirectory(prefix="tocsin-pg-", dir="/tmp", ignore_cleanup_errors=True) as parent:
        Path(parent).chmod(0o755)
        folder = Path(parent) / "pg"
        folder.mkdir()
        server = Cluster(folder)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("state") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


ENGINES = [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=ENGINES)
def module_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated store for one module; its tests keep apart by organizations of their own."""
    if request.param == "postgresql":
        return request.getfixturevalue("cluster").copy()
    path = tmp_path_factory.mktemp("state") / "state.db"
    shutil.copy(request.getfixturevalue("sqlite_template"), path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def state(module_url: str) -> Iterator[State]:
    opened = State.open(module_url, LIMITS)
    yield opened
    opened.close()


@pytest.fixture(params=ENGINES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store that nobody has migrated, for one test."""
    if request.param == "postgresql":
        return request.getfixturevalue("cluster").copy("template0")
    return f"sqlite:///{tmp_path / 'state.db'}"


class Cast(msgspec.Struct, frozen=True):
    """One organization, one project, and a user who owns both."""

    organization_id: OrganizationId
    project_id: ProjectId
    user_id: UserId

    def issue(self, number: int = 1, **fields) -> Issue:
        """Return an issue of the project that was never saved."""
        usual = {
            "id": UNSAVED,
            "project_id": self.project_id,
            "number": number,
            "level": "error",
            "platform": "python",
            "type": "error",
            "title": "ValueError: boom",
            "metadata": {"type": "ValueError", "value": "boom"},
            "first_seen": NOW,
            "last_seen": NOW,
            "active_at": NOW,
        }
        return Issue(**usual | fields)


@pytest.fixture
def cast(state: State) -> Cast:
    unique = uuid4().hex
    with state.write() as tx:
        organization_id = organizations.create(tx, f"acme-{unique}", "Acme", NOW)
        project_id = projects.create(tx, organization_id, f"pump-{unique}", "Pump", NOW, platform="python")
        user_id = users.create(tx, f"alice-{unique}@acme.io", NOW, name="Alice")
        organizations.set_member(tx, organization_id, user_id, Role.OWNER, NOW)
    return Cast(organization_id, project_id, user_id)
