"""How fast the spool accepts and drains, as ratios to a bare append with fsync of the same groups.

Run ``python benchmarks/spool.py [directory]``; the directory decides which disk is measured.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

from tocsin.domain.event.accepted import Accepted
from tocsin.storage.spool.group_commit import GroupCommit
from tocsin.storage.spool.local import LocalSpool

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
GROUPS = 150
ROUNDS = 5
WAITERS = 200


@contextmanager
def seconds(into: list[float]) -> Iterator[None]:
    start = perf_counter()
    yield
    into.append(perf_counter() - start)


def entries(count: int, body_bytes: int) -> list[Accepted]:
    return [
        Accepted(project_id=1, public_key="a" * 32, received=NOW, event_id="b" * 32, body=os.urandom(body_bytes))
        for _ in range(count)
    ]


def bare_append(directory: Path, group: list[Accepted]) -> None:
    with (directory / "bare").open("ab", buffering=0) as file:
        for _ in range(GROUPS):
            file.write(b"".join(accepted.body for accepted in group))
            os.fdatasync(file.fileno())


def append(spool: LocalSpool, group: list[Accepted]) -> None:
    for _ in range(GROUPS):
        spool.append_many(group)


def drain(spool: LocalSpool) -> None:
    while batch := spool.claim(entries_max=200, bytes_max=8 * 2**20, now=NOW):
        spool.done(batch.id)


async def append_from_a_loop(spool: LocalSpool, group: list[Accepted]) -> None:
    commit = GroupCommit(spool)

    async def client() -> None:
        for number in range(max(1, GROUPS * len(group) // WAITERS)):
            await commit.append(group[number % len(group)])

    await asyncio.gather(*(client() for _ in range(WAITERS)))
    await commit.close()


def measure(group_entries: int, body_bytes: int) -> None:
    group = entries(group_entries, body_bytes)
    times: dict[str, list[float]] = {name: [] for name in ("bare append + fsync", "append", "claim + done", "loop")}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
            directory = Path(name)
            spool = LocalSpool(directory / "spool")
            with seconds(times["bare append + fsync"]):
                bare_append(directory, group)
            with seconds(times["append"]):
                append(spool, group)
            with seconds(times["claim + done"]):
                drain(spool)
            with seconds(times["loop"]):
                asyncio.run(append_from_a_loop(spool, group))
            spool.close()
    bare = median(times["bare append + fsync"])
    print(f"{body_bytes:,} bytes in groups of {group_entries}, median of {ROUNDS}:")
    for name, taken in times.items():
        rate = GROUPS * group_entries / median(taken)
        print(f"  {name:<20} {rate:>8,.0f} entries/s   {bare / median(taken):5.2f} × bare")


def main() -> None:
    for group_entries, body_bytes in ((1, 27_000), (8, 27_000), (16, 27_000), (32, 27_000), (16, 4_000)):
        measure(group_entries, body_bytes)


if __name__ == "__main__":
    main()
