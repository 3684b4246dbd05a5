"""Worker processes: they answer, they are replaced when they die, and they never outlive their parent."""

import os
import pathlib
import signal
import subprocess
import sys

import pytest
from tests.running import wait_for

from tocsin.lib.worker_pool import BrokenProcessPool, WorkerPool

PARENT = """
import os, sys, time
from tocsin.lib.worker_pool import WorkerPool
if __name__ == "__main__":
    pool = WorkerPool(1)
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(60)
"""


def test_a_dead_worker_is_told_and_replaced():
    pool = WorkerPool(1, ("tocsin.domain.errors",))
    pool.warm_up()
    first = pool.submit(os.getpid).result()
    with pytest.raises(BrokenProcessPool):
        pool.submit(os.kill, first, signal.SIGKILL).result()
    assert pool.submit(os.getpid).result() != first
    assert pool.processes == 1
    pool.close()


def test_workers_end_when_their_parent_is_killed(tmp_path):
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    parent = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait(10)
    parent.stdout.close()
    wait_for(lambda: not is_running(worker), "the end of the worker")


def is_running(pid):
    try:
        with pathlib.Path(f"/proc/{pid}/stat").open(encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
