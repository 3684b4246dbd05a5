"""Rules of the whole suite: in CI nothing may be skipped, and one process has one event store."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.postgresql import Cluster
from tests.running import Tocsin, running

from tocsin.storage.history.store import History

# The machines that run this are shared and slow at times: what takes long is no failure, what hangs is (timeout).
settings.register_profile("tocsin", deadline=None)
settings.load_profile("tocsin")


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    """One engine for all tests of the process: it can open one directory only. Each test has a project of its own."""
    with History.open(f"chdb://{tmp_path_factory.mktemp('history')}") as opened:
        yield opened


@pytest.fixture
def empty_history(history: History) -> History:
    """The same engine without any event, for tests whose projects are numbered from one."""
    history.command("TRUNCATE TABLE event")
    history.command("TRUNCATE TABLE session")
    return history


@pytest.fixture(scope="session")
def tocsin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tocsin]:
    """A running server that all acceptance and browser tests of the process share: each makes a project of its own."""
    with running(tmp_path_factory.mktemp("tocsin")) as started:
        yield started


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return _without_skips((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return _without_skips((yield))


def _without_skips(report):
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report
