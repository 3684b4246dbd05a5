"""Stores to test on: SQLite in a file, and PostgreSQL in the cluster of the session."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from tocsin.domain.access import Role
from tocsin.domain.issue.issue import UNSAVED, Issue, ProjectId, UserId
from tocsin.domain.organization import OrganizationId
from tocsin.storage.state import organizations, projects, users
from tocsin.storage.state.engine import State, StateLimits
from tocsin.storage.state.migration import migrate

NOW = datetime(2026, 1, 31, 10, 0, 0, 123456, tzinfo=UTC)
LIMITS = StateLimits(lock_wait_seconds_max=20)


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
