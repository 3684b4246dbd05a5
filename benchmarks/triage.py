"""Resolving a hundred thousand issues in one request, against the bare SQL that writes the same rows.

    .venv/bin/python -m benchmarks.triage --issues 100000

The bare statements, in one transaction of one process: an UPDATE of all unresolved issues, and an INSERT … SELECT each
of the activities and of the subscriptions. Ours: one PUT without ids through the whole application, which searches,
locks, decides, writes, keeps a journal to undo it by, and answers; then undoing it. A process of its own for each, on a
copy of the same store; the smallest of several runs counts.
"""

import argparse
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from litestar.testing import TestClient

from tocsin import app
from tocsin.config import Settings
from tocsin.domain.access import Role, Scope
from tocsin.domain.issue.issue import UNSAVED, InboxReason, Issue
from tocsin.edges.api.app import make_app
from tocsin.storage.state import inbox, issues, organizations, projects, teams, tokens, users
from tocsin.storage.state.engine import State
from tocsin.storage.state.migration import migrate

NOW = datetime.now(UTC)
TOKEN = "t" * 32
AT_A_TIME = 10_000


def fill(folder: Path, count: int) -> None:
    """Make an organization with that many unresolved issues, each different and each in the inbox."""
    url = f"sqlite:///{folder}/state.db"
    migrate(url)
    state = State.open(url)
    with state.write() as connection:
        organization = organizations.create(connection, "acme", "Acme", NOW)
        project = projects.create(connection, organization, "p", "P", NOW, platform="python")
        user = users.create(connection, "jane@acme.io", NOW)
        organizations.set_member(connection, organization, user, Role.OWNER, NOW)
        team = teams.create(connection, organization, "crew", "Crew", NOW)
        teams.add_member(connection, team, user)
        teams.add_project(connection, team, project)
        grant = tokens.Grant(user_id=user, scopes=frozenset(Scope), created_at=NOW)
        tokens.create(connection, TOKEN, grant)
    for start in range(0, count, AT_A_TIME):
        with state.write() as connection:
            new = [made(project, number) for number in range(start + 1, min(start + AT_A_TIME, count) + 1)]
            ids = issues.create(connection, new)
            inbox.put(connection, dict.fromkeys(ids, InboxReason.NEW), NOW)
    state.close()


def made(project: int, number: int) -> Issue:
    seen = NOW - timedelta(seconds=number)
    text = f"pressure {number} is out of range in pump {number % 97}"
    return Issue(
        id=UNSAVED, project_id=project, number=number, level="error", platform="python", type="error",
        title=f"ValueError: {text}", culprit=f"pumps.station_{number % 301} in check", message=text,
        metadata={"type": "ValueError", "value": text, "filename": "pumps.py", "function": "check"},
        first_seen=seen - timedelta(days=1), last_seen=seen, active_at=seen - timedelta(days=1),
        times_seen=number % 1000 + 1,
    )  # fmt: skip


def bare(folder: Path) -> float:
    """Return the seconds of the bare statements."""
    connection = sqlite3.connect(folder / "state.db", isolation_level=None)
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {setting}")
    at = int(NOW.timestamp() * 1e6)
    started = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "UPDATE issue SET status = 'resolved', substatus = NULL, resolved_at = ?, version = version + 1"
        " WHERE status = 'unresolved'",
        (at,),
    )
    connection.execute(
        "INSERT INTO activity (issue_id, type, data, user_id, created_at)"
        " SELECT id, 'set_resolved', '{}', 1, ? FROM issue WHERE status = 'resolved'",
        (at,),
    )
    connection.execute(
        "INSERT INTO subscription (issue_id, user_id, is_active, reason, created_at)"
        " SELECT id, 1, 1, 'changed_status', ? FROM issue WHERE status = 'resolved'",
        (at,),
    )
    connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def ours(folder: Path) -> tuple[float, float, float, float]:
    """Return the seconds of the request and of undoing it, and the memory in MiB before and at the most."""

    with ExitStack() as stack:
        settings = Settings(url="http://bench.test", data=str(folder))
        application = make_app(app.make_services(settings, app.open_stores(settings, stack)))
        client = stack.enter_context(TestClient(application, base_url="http://bench.test"))
        headers = {"authorization": f"Bearer {TOKEN}"}
        assert len(client.get("/api/0/organizations/acme/issues/", headers=headers).json()) == 25
        before = peak()
        started = time.perf_counter()
        answer = client.put("/api/0/organizations/acme/issues/", json={"status": "resolved"}, headers=headers)
        seconds = time.perf_counter() - started
        assert answer.json() == {"status": "resolved", "statusDetails": {}, "inbox": None}
        most = peak()
        started = time.perf_counter()
        mutation = answer.headers["x-tocsin-mutation"]
        undone = client.post(f"/api/0/organizations/acme/mutations/{mutation}/undo/", headers=headers)
        undo_seconds = time.perf_counter() - started
        assert undone.json()["leftAloneCount"] == 0
    return seconds, undo_seconds, before, most


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def copied(template: Path, folder: Path) -> Path:
    copy = folder / uuid4().hex
    copy.mkdir()
    shutil.copy(template / "state.db", copy)
    return copy


def apart(template: Path, folder: Path, what: str) -> list[float]:
    """Return the figures of one run in a process of its own."""
    copy = copied(template, folder)
    command = [sys.executable, "-m", "benchmarks.triage", "--run", what, "--folder", str(copy)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout
    shutil.rmtree(copy)
    return [float(figure) for figure in output.splitlines()[-1].split()]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--issues", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--run", choices=["bare", "ours"])
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.run:
        figures = ours(arguments.folder) if arguments.run == "ours" else (bare(arguments.folder),)
        print(*figures)
        return
    with TemporaryDirectory() as parent:
        template = Path(parent) / "template"
        template.mkdir()
        fill(template, arguments.issues)
        plain, whole = [], []
        for _ in range(arguments.runs):
            plain.append(apart(template, Path(parent), "bare"))
            whole.append(apart(template, Path(parent), "ours"))
    seconds, undo_seconds, before, most = min(whole)
    baseline = min(plain)[0]
    print(f"{arguments.issues} issues resolved in one request: {seconds:.2f} s, bare SQL {baseline:.2f} s,"
          f" ratio {seconds / baseline:.2f}")  # fmt: skip
    print(f"undone in {undo_seconds:.2f} s, ratio {undo_seconds / baseline:.2f}")
    print(f"memory: {before:.0f} MiB before, {most:.0f} MiB at the most")


if __name__ == "__main__":
    main()
