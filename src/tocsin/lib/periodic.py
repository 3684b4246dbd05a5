"""Jobs that come round: each in its own time, one after the other, in one thread."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

import msgspec


class _Job(msgspec.Struct):
    seconds: float
    name: str
    work: Callable[[], object]
    due: float


class Periodic:
    """Runs jobs every so many seconds until stopped. A job that fails is logged and comes round again."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._jobs: list[_Job] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="periodic", daemon=True)

    def every(self, seconds: float, name: str, work: Callable[[], object]) -> None:
        """Add a job, to be called before ``start``."""
        self._jobs.append(_Job(seconds, name, work, monotonic() + seconds))

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the job at hand."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            job = min(self._jobs, key=lambda one: one.due)
            if self._stopping.wait(max(0.0, job.due - monotonic())):
                return
            try:
                job.work()
            except Exception as error:  # noqa: BLE001 - one bad job must not end the others
                self._log.error("job failed", job=job.name, exc_info=error)
            job.due = monotonic() + job.seconds
