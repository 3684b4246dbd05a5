"""A parent that keeps one child running."""

import pathlib
import signal
import subprocess
import sys

import pytest
from tests.running import wait_for

SUPERVISOR = """
import sys
from tocsin.lib.supervise import supervise
code = supervise([sys.executable, *sys.argv[1:]], report=lambda text: print(text, flush=True), final_codes=frozenset({0, 2, 3}))
sys.exit(code)
"""
DIES_ONCE = """
import pathlib, sys, time
mark = pathlib.Path(sys.argv[1])
if not mark.exists():
    mark.write_text("died")
    sys.exit(7)
print("alive", flush=True)
time.sleep(60)
"""
WATCHES = """
import time
from tocsin.lib.supervise import watch_lifeline
watch_lifeline()
print("watching", flush=True)
time.sleep(60)
"""


@pytest.fixture
def supervised(tmp_path):
    started = []

    def start(program, *arguments):
        (tmp_path / "supervisor.py").write_text(SUPERVISOR)
        (tmp_path / "child.py").write_text(program)
        command = [sys.executable, str(tmp_path / "supervisor.py"), str(tmp_path / "child.py"), *arguments]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(10)
        process.stdout.close()


def test_a_child_that_dies_is_started_again_until_we_are_told_to_stop(supervised, tmp_path):
    process = supervised(DIES_ONCE, str(tmp_path / "mark"))
    assert "exit code 7" in process.stdout.readline()
    assert process.stdout.readline() == "alive\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


@pytest.mark.parametrize("code", [0, 2, 3])
def test_an_answer_is_passed_on_and_not_tried_again(supervised, code):
    assert supervised(f"import sys; sys.exit({code})").wait(20) == code


def test_a_child_that_never_lives_is_given_up(supervised):
    process = supervised("import sys; sys.exit(9)")
    assert process.wait(60) == 1
    assert "giving up" in process.stdout.read()


def test_a_child_ends_when_its_parent_is_killed(supervised):
    process = supervised(WATCHES)
    assert process.stdout.readline() == "watching\n"
    with pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").open(encoding="ascii") as children:
        (child,) = map(int, children.read().split())
    process.kill()
    wait_for(lambda: not pathlib.Path(f"/proc/{child}").exists() or is_zombie(child), "the end of the child")


def is_zombie(pid):
    with pathlib.Path(f"/proc/{pid}/stat").open(encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "Z"
