from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from tocsin.storage.state import config_version, organizations, projects
from tocsin.storage.state.engine import State, StateLimits, is_sqlite
from tocsin.storage.state.migration import migrate
from tocsin.storage.state.tables import issue


def test_sixteen_threads_that_read_then_write_all_succeed(state: State, cast) -> None:
    together = Barrier(16)

    def read_then_write(_number: int) -> int:
        together.wait(10)
        with state.write() as tx:
            tx.execute(select(issue)).all()
            return projects.take_issue_numbers(tx, cast.project_id, 1)

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(read_then_write, range(16))) == list(range(1, 17))


def test_a_write_that_raises_leaves_nothing(state: State, cast) -> None:
    with suppress(ZeroDivisionError), state.write() as tx:
        projects.take_issue_numbers(tx, cast.project_id, 5)
        raise ZeroDivisionError
    with state.write() as tx:
        assert projects.take_issue_numbers(tx, cast.project_id, 1) == 1


def test_a_read_keeps_its_snapshot_while_others_write(state: State) -> None:
    with state.read() as before:
        version = config_version.current(before)
        with state.write() as tx:
            config_version.bump(tx)
        assert config_version.current(before) == version
    with state.read() as after:
        assert config_version.current(after) == version + 1


def test_a_read_cannot_write(state: State) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"), state.read() as tx:
        config_version.bump(tx)


def test_a_statement_that_takes_too_long_is_ended(module_url: str) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with (
        closing(State.open(module_url, StateLimits(statement_seconds_max=1))) as state,
        pytest.raises(OperationalError, match=r"interrupted|statement timeout"),
        state.read() as tx,
    ):
        tx.execute(text(endless))


def test_a_store_goes_on_after_a_statement_was_ended(module_url: str) -> None:
    with closing(State.open(module_url, StateLimits(statement_seconds_max=1, read_connections_max=1))) as state:
        with pytest.raises(OperationalError), state.read() as tx:
            tx.execute(text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"))
        with state.read() as tx:
            assert config_version.current(tx) >= 0


def test_sqlite_is_set_up_to_lose_nothing(state: State) -> None:
    with state.write() as tx:
        if not is_sqlite(tx):
            return
        pragmas = {
            name: tx.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_the_log_of_sqlite_is_folded_into_the_file(tmp_path):
    url = f"sqlite:///{tmp_path}/state.db"
    migrate(url)
    state = State.open(url)
    log = tmp_path / "state.db-wal"
    with state.write() as connection:
        organizations.ensure(connection, "acme", "acme", datetime(2026, 1, 1, tzinfo=UTC))
    assert log.stat().st_size > 0
    state.fold_log()
    assert log.stat().st_size == 0
    with state.read() as connection:
        assert organizations.by_slug(connection, "acme") is not None
    state.close()
