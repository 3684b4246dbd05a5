"""What only the spool on a local disk does."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tocsin.domain.errors import Unavailable
from tocsin.domain.event.accepted import Accepted
from tocsin.storage.spool.local import FILE_NAME, LocalSpool
from tocsin.storage.spool.opening import open_spool

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
MANY = {"entries_max": 10_000, "bytes_max": 2**30}


@pytest.fixture
def spool(tmp_path):
    spool = LocalSpool(tmp_path)
    yield spool
    spool.close()


def several(count: int, size_bytes: int = 10) -> list[Accepted]:
    return [
        Accepted(
            project_id=1, public_key="a" * 32, received=NOW + timedelta(microseconds=number), body=b"x" * size_bytes
        )
        for number in range(count)
    ]


def disk_bytes(directory) -> int:
    return sum(path.stat().st_size for path in directory.iterdir())


def test_a_url_names_its_directory_which_is_made(tmp_path):
    spool = open_spool(f"file://{tmp_path}/new/spool%20one")
    spool.append_many(several(1))
    spool.close()
    assert (tmp_path / "new" / "spool one" / FILE_NAME).is_file()


@pytest.mark.parametrize("url", ["nats://localhost", "file://host/path", "/plain/path", "file:relative"])
def test_a_url_of_no_local_directory_is_refused(url):
    with pytest.raises(ValueError, match="file:///"):
        open_spool(url)


def test_a_disk_with_little_room_left_is_full(tmp_path):
    with pytest.raises(Unavailable, match="full"):
        LocalSpool(tmp_path, free_bytes_min=2**62).append_many(several(1))


def test_a_full_disk_refuses_all_of_a_group_and_keeps_what_was_accepted(spool):
    ids = spool.append_many(several(10, 20_000))
    (pages,) = spool._writer.execute("PRAGMA page_count").fetchone()
    spool._writer.execute(f"PRAGMA max_page_count = {pages + 5}").fetchall()
    with pytest.raises(Unavailable, match="full"):
        spool.append_many(several(10, 20_000))
    batch = spool.claim(**MANY, now=NOW)
    assert [entry.id for entry in batch.entries] == ids
    spool.done(batch.id)
    assert spool.append_many(several(1, 20_000))


def test_a_spool_held_by_another_writer_is_unavailable(spool, tmp_path):
    other = LocalSpool(tmp_path)
    spool._writer.execute("PRAGMA busy_timeout = 20").fetchall()
    with other._transaction(), pytest.raises(Unavailable, match="another process"):
        spool.append_many(several(1))
    assert spool.append_many(several(1))
    other.close()


def test_what_is_accepted_is_synced_before_the_call_returns(spool, monkeypatch):
    statements = []
    spool._writer.set_trace_callback(statements.append)
    spool.append_many(several(1))
    batch = spool.claim(**MANY, now=NOW)
    spool.done(batch.id)
    durable = [last for last, then in pairwise(statements) if then.startswith("BEGIN")]
    assert durable == ["PRAGMA synchronous = FULL", "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"]


def test_reading_does_not_wait_for_a_writer(spool):
    spool.append_many(several(3))
    with spool._transaction() as db:
        db.execute("DELETE FROM entry")
        assert spool.depth().entries == 3
        assert spool.dead_letters(limit=1) == []
        db.execute("ROLLBACK")
        db.execute("BEGIN")
    assert spool.depth().entries == 3


def test_an_idle_spool_gives_the_disk_back_step_by_step(spool, tmp_path):
    for _ in range(5):
        spool.append_many(several(100, 200_000))
    for _ in range(5):
        spool.done(spool.claim(100, 2**30, NOW).id)
    full = disk_bytes(tmp_path)
    for _ in range(6):
        assert spool.claim(**MANY, now=NOW) is None
    assert full > 100_000_000
    assert (tmp_path / FILE_NAME).stat().st_size < 18_000_000
    spool.append_many(several(1))
    assert disk_bytes(tmp_path) < 40_000_000


def test_many_threads_append_and_claim_without_losing_or_doubling(spool):
    claimed, groups, producers = [], 30, 3

    def produce():
        for _ in range(groups):
            spool.append_many(several(4, 1000))

    def consume():
        while len(claimed) < groups * producers * 4:
            batch = spool.claim(7, 2**20, NOW)
            if batch is not None:
                claimed.extend(entry.id for entry in batch.entries)
                spool.done(batch.id)

    threads = [threading.Thread(target=produce) for _ in range(producers)]
    threads.append(threading.Thread(target=consume, daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(set(claimed)) == len(claimed) == groups * producers * 4
    assert spool.depth().entries == 0
