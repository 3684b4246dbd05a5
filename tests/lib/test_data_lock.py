import os
import subprocess
import sys

import pytest

from tocsin.lib.data_lock import DataDirectoryBusy, DataLock

HOLDING = """
import sys
from pathlib import Path
from tocsin.lib.data_lock import DataLock
lock = DataLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


def test_a_lock_released_can_be_taken_again(path):
    for _ in range(2):
        with DataLock(path):
            assert path.read_text() == f"{os.getpid()}\n"


def test_a_lock_never_taken_can_be_released(path):
    DataLock(path).release()
    assert not path.exists()


def test_a_held_lock_is_refused_with_the_holder_and_what_to_do(path):
    with (
        DataLock(path),
        pytest.raises(DataDirectoryBusy, match=rf"{path.parent} is in use .* id {os.getpid()}\. Stop"),
    ):
        DataLock(path).acquire()


def test_a_lock_goes_with_the_process_that_held_it(path):
    arguments = [sys.executable, "-c", HOLDING, str(path)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DataDirectoryBusy, match=f"id {holder.pid}"):
            DataLock(path).acquire()
        holder.kill()
    with DataLock(path):
        assert path.read_text() == f"{os.getpid()}\n"


def test_a_forked_child_does_not_keep_the_lock(path):
    lock = DataLock(path)
    lock.acquire()
    ready, parent_left = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.write(ready[1], b".")
        os.read(parent_left[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    with pytest.raises(DataDirectoryBusy):
        DataLock(path).acquire()
    lock.release()
    with DataLock(path):
        pass
    os.write(parent_left[1], b".")
    assert os.waitpid(child, 0)[1] == 0
    for descriptor in (*ready, *parent_left):
        os.close(descriptor)


def test_a_started_program_does_not_keep_the_lock(path):
    lock = DataLock(path)
    lock.acquire()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False) as program:
        lock.release()
        with DataLock(path):
            assert program.poll() is None
        program.stdin.close()
