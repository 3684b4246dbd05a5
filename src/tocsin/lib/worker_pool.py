"""A pool of processes for pure functions: it never outlives its parent, and a lost worker is replaced."""

import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

__all__ = ["BrokenProcessPool", "WorkerPool"]


def _die_with_parent() -> None:
    """Make this worker end when its parent does, also when the parent was killed and could tell nobody."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait_for_parent() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_for_parent, name="parent-watch", daemon=True).start()


def _ready() -> None:
    """Do nothing: a task that proves a worker is up."""


class WorkerPool:
    """Runs pure functions in *processes* spawned processes.

    Spawned, not forked: the parent has threads, locks and an open database engine that no child may inherit.
    """

    def __init__(self, processes: int, preload: Sequence[str] = ()) -> None:
        self._processes = processes
        self._preload = tuple(preload)
        self._lock = threading.Lock()
        self._executor = self._new_executor()

    @property
    def processes(self) -> int:
        """How many workers there are."""
        return self._processes

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run ``function(*arguments)`` in a worker.

        The future raises BrokenProcessPool when the worker died; the next ``submit`` then starts new workers.
        """
        with self._lock:
            try:
                return self._executor.submit(function, *arguments)
            except BrokenProcessPool:
                self._executor.shutdown(wait=False, cancel_futures=True)
                self._executor = self._new_executor()
                return self._executor.submit(function, *arguments)

    def warm_up(self) -> None:
        """Start the workers and wait until one answers."""
        self.submit(_ready).result()

    def close(self) -> None:
        """Finish what runs, drop what waits, end the workers."""
        with self._lock:
            self._executor.shutdown(wait=True, cancel_futures=True)

    def _new_executor(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_worker,
            initargs=(self._preload,),
        )


def _start_worker(preload: Sequence[str]) -> None:
    _die_with_parent()
    for module in preload:
        __import__(module)
    # What is loaded now stays: looking through it at every collection took 5 % of a worker's time.
    gc.collect()
    gc.freeze()
