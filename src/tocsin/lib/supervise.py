"""A parent that keeps one child program running: the part of ``tocsin serve`` that must never fail."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

LIFELINE = "LIFELINE_FD"
"""Environment variable that names the pipe whose end tells the child that its parent is gone; no setting."""

_QUICK_SECONDS = 10.0
_QUICK_DEATHS_MAX = 5
_PAUSE_SECONDS_MAX = 5.0


def supervise(arguments: Sequence[str], *, report: Callable[[str], None], final_codes: frozenset[int]) -> int:
    """Run *arguments* as a child and start it again whenever it dies; return the exit code to leave with.

    SIGTERM and SIGINT are passed on and end the supervision. An exit code in *final_codes* is an answer, not a crash.
    A child that dies five times in a row within ten seconds of its start is given up.
    """
    stopping = threading.Event()
    child = _Child(arguments)

    def stop(signum: int, _frame: FrameType | None) -> None:
        stopping.set()
        child.send(signum)

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, stop)

    quick_deaths = 0
    while True:
        started = time.monotonic()
        code = child.run(cancelled=stopping.is_set)
        if stopping.is_set() or code in final_codes:
            return max(code, 0) if code in final_codes else 0
        quick_deaths = quick_deaths + 1 if time.monotonic() - started < _QUICK_SECONDS else 0
        if quick_deaths >= _QUICK_DEATHS_MAX:
            report(f"The server died {quick_deaths} times right after its start (last exit code {code}); giving up.")
            return 1
        report(f"The server died with exit code {code}; starting it again.")
        stopping.wait(min(_PAUSE_SECONDS_MAX, 0.2 * 2**quick_deaths))


class _Child:
    """The one child, and the pipe that tells it whether we are still here."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = list(arguments)
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, *, cancelled: Callable[[], bool]) -> int:
        reading, writing = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, started again
                self._arguments,
                env={**os.environ, LIFELINE: str(reading)},
                pass_fds=(reading,),
                start_new_session=True,
            )
            if cancelled():
                self._process.terminate()
            return self._process.wait()
        finally:
            os.close(reading)
            os.close(writing)

    def send(self, signum: int) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signum)


def watch_lifeline() -> None:
    """In the child: leave as if asked with SIGTERM when the parent that holds the other end of the pipe is gone."""
    descriptor = os.environ.pop(LIFELINE, None)
    if descriptor is None:
        return

    def wait_for_end() -> None:
        os.read(int(descriptor), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_end, name="lifeline", daemon=True).start()


def own_command(*arguments: str) -> list[str]:
    """Return the command line that runs this same program with *arguments*."""
    return [sys.executable, "-m", "tocsin", *arguments]
