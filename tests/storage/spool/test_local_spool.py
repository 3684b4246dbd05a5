"""What only the spool on a local disk does."""

import errno
import os
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tocsin.domain.errors import Unavailable
from tocsin.domain.event.accepted import Accepted
from tocsin.storage.spool import entry_log
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


def test_a_full_disk_in_the_middle_of_a_group_keeps_none_of_it_and_all_before_it(spool, tmp_path, monkeypatch):
    ids = spool.append_many(several(10, 20_000))

    def cut_short(descriptor, buffers, offset):
        os.pwrite(descriptor, b"".join(buffers)[:70_000], offset)
        raise OSError(errno.ENOSPC, "No space left on device")

    before = disk_bytes(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwritev", cut_short)
        with pytest.raises(Unavailable, match="full"):
            spool.append_many(several(10, 20_000))
    assert disk_bytes(tmp_path) == before
    more = spool.append_many(several(1, 20_000))
    assert [entry.id for entry in spool.claim(**MANY, now=NOW).entries] == ids + more


def test_a_disk_that_takes_half_a_write_at_a_time_gets_all_of_it(spool, monkeypatch):
    whole = os.pwritev
    monkeypatch.setattr(os, "pwritev", lambda file, buffers, offset: whole(file, [b"".join(buffers)[:999]], offset))
    spool.append_many(several(3, 2000))
    assert [len(entry.accepted.body) for entry in spool.claim(**MANY, now=NOW).entries] == [2000] * 3


def test_an_error_that_no_room_would_cure_is_no_refusal(spool, monkeypatch):
    def broken(_descriptor):
        raise OSError(errno.EIO, "Input/output error")

    before = spool.append_many(several(1))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", broken)
        with pytest.raises(OSError, match="Input/output"):
            spool.append_many(several(2))
    after = spool.append_many(several(1))
    assert [entry.id for entry in spool.claim(**MANY, now=NOW).entries] == before + after
    assert after[0] > before[0] + 2, "ids that another process may have read were used again"


def test_a_full_disk_refuses_a_dead_letter_a_new_life_and_keeps_it(spool, monkeypatch):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    ids = spool.append_many(several(1))
    spool.bury(spool.claim(**MANY, now=NOW).id, ids, "not JSON", NOW)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwritev", full)
        with pytest.raises(Unavailable, match="full"):
            spool.retry(ids)
    assert spool.retry(ids) == 1


def test_a_spool_held_by_another_process_is_unavailable(spool, tmp_path, monkeypatch):
    monkeypatch.setattr(entry_log, "_LOCK_SECONDS_MAX", 0.02)
    other = LocalSpool(tmp_path)
    with other._log._alone(), pytest.raises(Unavailable, match="another process"):
        spool.append_many(several(1))
    spool._writer.execute("PRAGMA busy_timeout = 20").fetchall()
    with other._transaction(), pytest.raises(Unavailable, match="another process"):
        spool.claim(**MANY, now=NOW)
    assert spool.append_many(several(1))
    other.close()


def test_what_is_accepted_is_synced_before_the_call_returns(spool, monkeypatch):
    calls, write, sync = [], os.pwritev, os.fdatasync
    monkeypatch.setattr(os, "pwritev", lambda *arguments: (calls.append("write"), write(*arguments))[1])
    monkeypatch.setattr(os, "fdatasync", lambda *arguments: (calls.append("sync"), sync(*arguments))[1])
    spool.append_many(several(300))
    assert calls == ["write", "sync"]


def test_a_claim_is_synced_and_done_is_left_to_the_next_write(spool):
    statements = []
    spool._writer.set_trace_callback(statements.append)
    spool.append_many(several(1))
    batch = spool.claim(**MANY, now=NOW)
    spool.done(batch.id)
    durable = [last for last, then in pairwise(statements) if then.startswith("BEGIN")]
    assert durable == ["PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"]


def test_reading_does_not_wait_for_a_writer(spool):
    spool.append_many(several(3))
    with spool._log._appending, spool._transaction() as db:
        db.execute("UPDATE progress SET claimed = 3")
        assert spool.depth().entries == 3
        assert spool.dead_letters(limit=1) == []
        db.execute("ROLLBACK")
        db.execute("BEGIN")
    assert spool.depth().entries == 3


def test_an_idle_spool_gives_the_disk_back(spool, tmp_path):
    for _ in range(10):
        spool.append_many(several(50, 200_000))
    full = disk_bytes(tmp_path)
    for _ in range(5):
        spool.done(spool.claim(100, 2**30, NOW).id)
    for _ in range(2):
        assert spool.claim(**MANY, now=NOW) is None
    assert full > 100_000_000
    assert disk_bytes(tmp_path) < 1_000_000
    spool.append_many(several(1))
    assert spool.depth().entries == 1


def test_buried_bodies_are_given_back_step_by_step(spool, tmp_path):
    ids = spool.append_many(several(100, 500_000))
    spool.bury(spool.claim(**MANY, now=NOW).id, ids, "not JSON", NOW)
    assert (tmp_path / FILE_NAME).stat().st_size > 40_000_000
    spool.drop(ids)
    full = disk_bytes(tmp_path)
    for _ in range(5):
        assert spool.claim(**MANY, now=NOW) is None
    assert disk_bytes(tmp_path) < min(full, 40_000_000)


def test_a_spool_of_an_older_layout_is_not_touched(tmp_path):
    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        db.execute("PRAGMA user_version = 1")
    db.close()
    with pytest.raises(RuntimeError, match="drain it"):
        LocalSpool(tmp_path)


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
