"""Claim batches, let workers do the pure part ahead of time, write one batch after the other."""

import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from time import monotonic

import msgspec
import structlog

from tocsin import observe
from tocsin.domain.errors import Unavailable
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.pipeline import Chunk, Digested, Failed, decode_results, digest_chunk, encode_chunk
from tocsin.domain.project_rules import ProjectRules, project_rules
from tocsin.flows.digest.apply import Applied, BatchWriter
from tocsin.lib.worker_pool import BrokenProcessPool, WorkerPool
from tocsin.storage.spool.contract import Batch, Entry, Spool
from tocsin.storage.state.key_cache import ProjectCache

WORKER_MODULES = ("tocsin.domain.pipeline",)
AHEAD = 2
"""Batches in the workers while one is being written: enough to keep both busy, few enough to stay small."""
PAUSE_SECONDS = 0.25
"""Least time between two batches that are not full: a steady trickle is written in few inserts."""
WAIT_SECONDS = 1.0
"""How long an idle loop sleeps before it looks for entries that another process put back."""
BACKOFF_SECONDS = (1, 2, 5, 15, 60)

_log = structlog.get_logger("tocsin.digest")


class DigestLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much is digested at a time, and how often it is tried."""

    batch_entries_max: int
    batch_bytes_max: int
    tries_max: int
    intake: IntakeLimits


class _Prepared(msgspec.Struct):
    """A claimed batch whose pure part is in the workers."""

    batch: Batch
    chunks: list[Future[bytes]]


class DigestLoop:
    """Digests what the spool holds until it is told to stop. Runs in a thread of its own."""

    def __init__(
        self,
        spool: Spool,
        writer: BatchWriter,
        workers: WorkerPool,
        limits: DigestLimits,
        clock: Callable[[], datetime],
        projects: ProjectCache,
    ) -> None:
        self._spool = spool
        self._writer = writer
        self._workers = workers
        self._limits = limits
        self._clock = clock
        self._projects = projects
        self._prepared: deque[_Prepared] = deque()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="digest", daemon=True)

    def start(self) -> None:
        """Free what an earlier run had claimed, and begin."""
        self._spool.recover()
        self._thread.start()

    def notify(self) -> None:
        """Say that something was accepted just now. Costs nothing; may be called from any thread."""
        self._wake.set()

    def stop(self, seconds_max: float) -> bool:
        """Finish the batch at hand and end; return False if that took longer than *seconds_max*."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(seconds_max)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        """Whether the loop runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            started = monotonic()
            try:
                full = self.step()
            except Exception:  # noqa: BLE001 - see below
                # Nothing may end the loop: what it was doing is still in the spool and is tried again.
                _log.exception("digest failed")
                observe.DIGEST_FAILURES.inc()
                full = False
                self._stopping.wait(BACKOFF_SECONDS[0])
            if not full:
                self._stopping.wait(max(0.0, PAUSE_SECONDS - (monotonic() - started)))

    def step(self) -> bool:
        """Digest one batch, waiting for one if need be; return whether there may be another full one."""
        self._wake.clear()
        self._prepare()
        if not self._prepared:
            self._wake.wait(WAIT_SECONDS)
            return True
        prepared = self._prepared.popleft()
        with observe.DIGEST_SECONDS.time():
            self._finish(prepared)
        return len(prepared.batch.entries) >= self._limits.batch_entries_max

    def _prepare(self) -> None:
        while len(self._prepared) < AHEAD and not self._stopping.is_set():
            batch = self._spool.claim(self._limits.batch_entries_max, self._limits.batch_bytes_max, self._clock())
            if batch is None:
                return
            try:
                self._prepared.append(_Prepared(batch, self._submit(batch.entries)))
            except Exception as error:  # noqa: BLE001 - whatever it is, the batch stays in the spool
                _log.exception("batch could not be prepared", batch=batch.id)
                self._give_back(batch, type(error).__name__)
                return
            if len(batch.entries) < self._limits.batch_entries_max:
                return

    def _submit(self, entries: Sequence[Entry]) -> list[Future[bytes]]:
        size = -(-len(entries) // self._workers.processes)
        chunks = [entries[start : start + size] for start in range(0, len(entries), size)]
        rules = self._rules({entry.accepted.project_id for entry in entries})
        return [
            self._workers.submit(
                digest_chunk,
                encode_chunk(Chunk(self._limits.intake, rules, tuple(entry.accepted for entry in chunk))),
            )
            for chunk in chunks
        ]

    def _rules(self, project_ids: Collection[int]) -> dict[int, ProjectRules]:
        """Return what the projects want now; a project that is gone wants nothing, and gets nothing either."""
        found = self._projects.with_organizations(project_ids)
        return {
            project_id: project_rules(organization.options, project.options)
            for project_id, (project, organization) in found.items()
        }

    def _finish(self, prepared: _Prepared) -> None:
        batch = prepared.batch
        try:
            results = [result for chunk in prepared.chunks for result in decode_results(chunk.result())]
        except BrokenProcessPool:
            self._isolate(batch, "a worker process died while digesting this")
            return
        try:
            self._write(batch, results)
        except Unavailable as unavailable:
            self._give_back(batch, unavailable.detail)
        except Exception as error:  # noqa: BLE001 - whatever it is, the batch stays in the spool
            _log.exception("batch could not be written", batch=batch.id, entries=len(batch.entries), tries=batch.tries)
            self._isolate(batch, f"{type(error).__name__}: {error}"[:1000])

    def _write(self, batch: Batch, results: Sequence[Digested | Failed]) -> None:
        digested = [result for result in results if isinstance(result, Digested)]
        applied = self._writer.write(batch.id, digested)
        failures = [
            (entry, result) for entry, result in zip(batch.entries, results, strict=True) if isinstance(result, Failed)
        ]
        for entry, failed in failures:
            _log.error("entry became a dead letter", entry=entry.id, reason=failed.reason)
            self._spool.bury(batch.id, [entry.id], failed.reason, self._clock())
        if len(failures) < len(batch.entries):
            self._spool.done(batch.id)
        _count(applied, digested, len(failures))

    def _isolate(self, batch: Batch, reason: str) -> None:
        """Find the entry that breaks its batch: try each alone, and set it aside when its tries are used up."""
        observe.DIGEST_FAILURES.inc()
        if self._is_worth_another_try(batch):
            self._give_back(batch, reason)
        elif len(batch.entries) > 1:
            self._spool.split(batch.id)
        else:
            _log.error("entry became a dead letter", entry=batch.entries[0].id, reason=reason)
            self._spool.bury(batch.id, [batch.entries[0].id], reason, self._clock())

    def _is_worth_another_try(self, batch: Batch) -> bool:
        if not self._writer.stores_answer() or self._writer.is_applied(batch.id):
            return True
        return batch.tries + 1 < self._limits.tries_max

    def _give_back(self, batch: Batch, reason: str) -> None:
        seconds = BACKOFF_SECONDS[min(batch.tries, len(BACKOFF_SECONDS) - 1)]
        _log.warning("batch is tried again later", batch=batch.id, reason=reason, seconds=seconds)
        self._spool.give_back(batch.id, reason, self._clock() + timedelta(seconds=seconds))


def _count(applied: Applied, digested: Sequence[Digested], failures: int) -> None:
    observe.DIGESTED.labels("accepted").inc(applied.taken)
    observe.DIGESTED.labels("duplicate").inc(applied.duplicates)
    observe.DIGESTED.labels("dropped").inc(applied.dropped)
    observe.DIGESTED.labels("dead_letter").inc(failures)
    for result in digested:
        for outcome in result.outcomes:
            observe.DIGESTED.labels(outcome.verdict).inc(outcome.quantity)
