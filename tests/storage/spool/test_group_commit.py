"""Entries that wait together go to disk together, and every waiter gets an answer."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from tocsin.domain.errors import Unavailable
from tocsin.domain.event.accepted import Accepted
from tocsin.storage.spool.contract import EntryId
from tocsin.storage.spool.group_commit import GroupCommit
from tocsin.storage.spool.local import LocalSpool

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
SECONDS_MAX = 10


class SlowDiskSpool(LocalSpool):
    """A spool whose disk answers only when told to, and that remembers the size of each group."""

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.groups: list[int] = []
        self.reached = threading.Event()
        self.may_write = threading.Event()

    def append_many(self, entries: Sequence[Accepted]) -> list[EntryId]:
        self.groups.append(len(entries))
        self.reached.set()
        assert self.may_write.wait(SECONDS_MAX)
        return super().append_many(entries)

    def kept(self) -> list[str]:
        batch = self.claim(10_000, 2**30, NOW)
        return [entry.accepted.event_id for entry in batch.entries] if batch else []


@pytest.fixture
def spool(tmp_path):
    spool = SlowDiskSpool(tmp_path)
    yield spool
    spool.may_write.set()
    spool.close()


def accepted(name: str = "", body: bytes = b"{}") -> Accepted:
    return Accepted(project_id=1, public_key="a" * 32, received=NOW, event_id=name, body=body)


def run(scenario) -> None:
    async def limited() -> None:
        async with asyncio.timeout(SECONDS_MAX):
            await scenario

    asyncio.run(limited())


async def reaches_the_disk(spool: SlowDiskSpool) -> None:
    assert await asyncio.to_thread(spool.reached.wait, SECONDS_MAX)


async def appending(commit: GroupCommit, *names: str, body: bytes = b"{}") -> list[asyncio.Task[EntryId]]:
    """Start appends and let each of them get as far as waiting."""
    tasks = [asyncio.create_task(commit.append(accepted(name, body))) for name in names]
    await asyncio.sleep(0)
    return tasks


def test_an_append_returns_once_the_entry_is_on_disk(spool):
    async def scenario():
        commit = GroupCommit(spool)
        (task,) = await appending(commit, "one")
        await reaches_the_disk(spool)
        assert not task.done()
        spool.may_write.set()
        entry_id = await task
        assert [entry.id for entry in spool.claim(10, 2**20, NOW).entries] == [entry_id]
        await commit.close()

    run(scenario())


def test_appends_of_the_same_moment_and_those_during_a_write_make_one_group_each(spool):
    async def scenario():
        commit = GroupCommit(spool)
        first = await appending(commit, "a", "b", "c")
        await reaches_the_disk(spool)
        second = await appending(commit, *"defgh")
        spool.may_write.set()
        ids = await asyncio.gather(*first, *second)
        await commit.close()
        assert spool.groups == [3, 5]
        assert ids == sorted(ids)
        assert spool.kept() == list("abcdefgh")

    run(scenario())


def test_a_group_holds_no_more_entries_than_its_limit(spool):
    async def scenario():
        spool.may_write.set()
        commit = GroupCommit(spool, group_entries_max=4)
        await asyncio.gather(*await appending(commit, *"abcdefghij"))
        await commit.close()
        assert spool.groups == [4, 4, 2]

    run(scenario())


def test_a_group_holds_no_more_bytes_than_its_limit_and_at_least_one_entry(spool):
    async def scenario():
        spool.may_write.set()
        commit = GroupCommit(spool, group_bytes_max=250)
        tasks = await appending(commit, *"abcd", body=b"x" * 100)
        tasks += await appending(commit, "large", body=b"x" * 1000)
        await asyncio.gather(*tasks)
        await commit.close()
        assert spool.groups == [2, 2, 1]

    run(scenario())


def test_too_many_waiting_entries_are_refused_until_some_are_answered(spool):
    async def scenario():
        commit = GroupCommit(spool, held_entries_max=2)
        tasks = await appending(commit, "a", "b")
        with pytest.raises(Unavailable, match="wait"):
            await commit.append(accepted("c"))
        spool.may_write.set()
        await asyncio.gather(*tasks)
        await commit.append(accepted("d"))
        await commit.close()
        assert spool.kept() == ["a", "b", "d"]

    run(scenario())


def test_too_many_waiting_bytes_are_refused_until_some_are_answered(spool):
    async def scenario():
        commit = GroupCommit(spool, held_bytes_max=150)
        tasks = await appending(commit, "a", body=b"x" * 100)
        with pytest.raises(Unavailable, match="wait"):
            await commit.append(accepted("b", b"x" * 51))
        tasks += await appending(commit, "c", body=b"x" * 50)
        spool.may_write.set()
        await asyncio.gather(*tasks)
        await commit.append(accepted("d", b"x" * 150))
        await commit.close()
        assert spool.kept() == ["a", "c", "d"]

    run(scenario())


def test_a_failing_group_fails_all_of_its_waiters_and_the_next_group_goes_on(spool):
    async def scenario():
        commit = GroupCommit(spool)
        free_bytes_min, spool._free_bytes_min = spool._free_bytes_min, 2**62
        failing = await appending(commit, "a", "b")
        spool.may_write.set()
        answers = await asyncio.gather(*failing, return_exceptions=True)
        assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
        assert answers[0] is answers[1]
        spool._free_bytes_min = free_bytes_min
        await commit.append(accepted("c"))
        await commit.close()
        assert spool.kept() == ["c"]

    run(scenario())


def test_an_error_that_is_no_refusal_reaches_the_waiters_too(spool):
    async def scenario():
        spool.may_write.set()
        commit = GroupCommit(spool)
        undated = Accepted(project_id=1, public_key="a" * 32, received=NOW.replace(tzinfo=None), body=b"")
        with pytest.raises(TypeError, match="naive"):
            await commit.append(undated)
        await commit.close()

    run(scenario())


def test_each_group_that_came_to_disk_is_told_of_once_and_a_failed_one_is_not(spool):
    async def scenario():
        told = []
        spool.may_write.set()
        commit = GroupCommit(spool, group_entries_max=2, on_kept=told.append)
        await asyncio.gather(*await appending(commit, "a", "b", "c"))
        free_bytes_min, spool._free_bytes_min = spool._free_bytes_min, 2**62
        with pytest.raises(Unavailable, match="full"):
            await commit.append(accepted("d"))
        spool._free_bytes_min = free_bytes_min
        await commit.close()
        assert told == [2, 1]

    run(scenario())


def test_a_cancelled_waiter_harms_nobody(spool):
    async def scenario():
        commit = GroupCommit(spool)
        first = await appending(commit, "a", "b", "c")
        await reaches_the_disk(spool)
        second = await appending(commit, "d", "e")
        first[1].cancel()
        second[0].cancel()
        spool.may_write.set()
        answers = await asyncio.gather(*first, *second, return_exceptions=True)
        await commit.close()
        assert [isinstance(answer, asyncio.CancelledError) for answer in answers] == [False, True, False, True, False]
        assert {"a", "c", "e"} <= set(spool.kept())

    run(scenario())


def test_closing_writes_what_waits_and_refuses_what_comes(spool):
    async def scenario():
        commit = GroupCommit(spool, group_entries_max=2)
        tasks = await appending(commit, *"abcde")
        closing = asyncio.create_task(commit.close())
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="shutting down"):
            await commit.append(accepted("late"))
        assert not closing.done()
        spool.may_write.set()
        await closing
        assert all(task.done() for task in tasks)
        assert spool.kept() == list("abcde")

    run(scenario())


def test_a_thousand_appends_at_once_are_all_answered_in_few_groups(spool):
    async def scenario():
        spool.may_write.set()
        commit = GroupCommit(spool)
        ids = await asyncio.gather(*(commit.append(accepted(str(number))) for number in range(1000)))
        await commit.close()
        assert len(set(ids)) == 1000
        assert spool.kept() == [str(number) for number in range(1000)]
        assert len(spool.groups) <= 8

    run(scenario())
