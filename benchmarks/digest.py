"""Digested events per second against a bare loop of the same work without meaning.

    .venv/bin/python -m benchmarks.digest --events 4000

The bare loop, in one process: decompress, JSON parse, JSON write, zstd, and the history insert of the same events in
batches of 500. Ours: the real digest from a filled spool to an empty one, with state, grouping and worker processes.
Both start with gzipped envelopes; each runs in a process of its own because an engine opens one directory only.
"""

import argparse
import gzip
import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from tempfile import TemporaryDirectory

import msgspec
import zstandard

from benchmarks.corpus import envelopes
from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.pipeline import digest
from tocsin.flows.digest.apply import BatchWriter
from tocsin.flows.digest.loop import WORKER_MODULES, DigestLimits, DigestLoop
from tocsin.lib.worker_pool import WorkerPool
from tocsin.storage.blobs import BlobStore
from tocsin.storage.history.insert import insert
from tocsin.storage.history.store import History
from tocsin.storage.spool.opening import open_spool
from tocsin.storage.state import organizations, projects
from tocsin.storage.state.engine import State
from tocsin.storage.state.key_cache import ProjectCache
from tocsin.storage.state.migration import migrate

BATCH = 500


def accepted(count: int) -> list[Accepted]:
    received = datetime.now(UTC)
    return [
        Accepted(
            project_id=1,
            public_key="k",
            received=received,
            event_id=event_id,
            encoding="gzip",
            body=gzip.compress(body, 5),
        )
        for event_id, body in envelopes(count)
    ]


def cpu_seconds() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def bare(count: int, folder: str) -> tuple[float, float]:
    """Return wall and processor seconds of the bare loop."""
    entries = accepted(count)
    events = [digest(entry, IntakeLimits()).events[0] for entry in entries]
    packer = zstandard.ZstdCompressor(level=3)
    with History.open(f"chdb://{folder}/history") as history:
        insert(history, "warm", events[:1], datetime.now(UTC))
        wall, cpu = time.perf_counter(), cpu_seconds()
        for start in range(0, count, BATCH):
            rows = []
            for entry, event in zip(entries[start : start + BATCH], events[start : start + BATCH], strict=True):
                body = gzip.decompress(entry.body).split(b"\n")[2]
                payload = msgspec.json.encode(msgspec.json.decode(body))
                packer.compress(payload)
                rows.append(msgspec.structs.replace(event, payload=payload))
            insert(history, f"{start:032x}", rows, datetime.now(UTC))
        return time.perf_counter() - wall, cpu_seconds() - cpu


def ours(count: int, folder: str, processes: int) -> tuple[float, float]:
    """Return wall and processor seconds of the real digest."""
    url = f"sqlite:///{folder}/state.db"
    migrate(url)
    state, spool = State.open(url), open_spool(f"file://{folder}/spool")
    now = lambda: datetime.now(UTC)  # noqa: E731
    with state.write() as connection:
        projects.ensure(connection, organizations.ensure(connection, "acme", "acme", now()), "shop", "shop", now())
    entries = accepted(count)
    with History.open(f"chdb://{folder}/history") as history:
        workers = WorkerPool(processes, WORKER_MODULES)
        workers.warm_up()
        # What a worker needs to start is no part of digesting.
        start_up = processes * workers.submit(time.process_time).result()
        limits = DigestLimits(batch_entries_max=BATCH, batch_bytes_max=1 << 26, tries_max=3, intake=IntakeLimits())
        writer = BatchWriter(state, history, BlobStore(f"file://{folder}/blobs"), now)
        cache = ProjectCache(state)
        loop = DigestLoop(spool, writer, workers, limits, now, cache)
        for start in range(0, count, 500):
            spool.append_many(entries[start : start + 500])
        wall, cpu = time.perf_counter(), cpu_seconds()
        loop.start()
        while spool.depth().entries:
            time.sleep(0.01)
        wall = time.perf_counter() - wall
        loop.stop(10)
        workers.close()
        cache.close()
        state.close()
        spool.close()
        return wall, cpu_seconds() - cpu - start_up


def in_process(kind: str, count: int, processes: int) -> tuple[float, float]:
    """Run one side in a fresh interpreter that may have children of its own."""
    arguments = [sys.executable, "-m", "benchmarks.digest", "--side", kind, "--events", str(count)]
    out = subprocess.run(
        [*arguments, "--processes", str(processes)], capture_output=True, text=True, check=True, timeout=600
    )
    wall, cpu = out.stdout.split()
    return float(wall), float(cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--side", choices=["bare", "ours"])
    options = parser.parse_args()
    if options.side:
        with TemporaryDirectory() as folder:
            extra = [options.processes] if options.side == "ours" else []
            print(*{"bare": bare, "ours": ours}[options.side](options.events, folder, *extra))
        return
    rounds = [
        (in_process("bare", options.events, 1), in_process("ours", options.events, options.processes))
        for _ in range(options.runs)
    ]
    bare_rate = statistics.median(options.events / one[0][0] for one in rounds)
    our_rate = statistics.median(options.events / one[1][0] for one in rounds)
    ratio = statistics.median(one[0][0] / one[1][0] for one in rounds)
    cpu = statistics.median(1000 * one[1][1] / options.events for one in rounds)
    bare_cpu = statistics.median(1000 * one[0][1] / options.events for one in rounds)
    print(f"digest: {our_rate:.0f} events/s, bare loop {bare_rate:.0f} events/s, ratio {ratio:.2f} (aim 0.5)")
    print(f"digest: {cpu:.2f} CPU seconds per 1,000 events, bare loop {bare_cpu:.2f}")


if __name__ == "__main__":
    main()
