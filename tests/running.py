"""A real Tocsin in processes of its own, as a user starts it: for acceptance tests, browser tests and benchmarks."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

TOCSIN = str(Path(sys.executable).with_name("tocsin"))
PATIENCE_SECONDS = 30
PASSWORD = "correct horse battery"
FIRST = (
    "--org", "acme", "--project", "backend", "--platform", "python",
    "--email", "jane@example.com", "--password", PASSWORD,
)  # fmt: skip


def wait_for(question: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """Ask until the answer is true, and return it; fail after *seconds*."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)
    return answer


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Tocsin:
    """One data directory, and the program that serves it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {"TOCSIN_DATA": str(folder), "TOCSIN_PORT": str(self.port), "TOCSIN_LOG_LEVEL": "warning"}
        self.settings |= settings
        self.process: subprocess.Popen[bytes] | None = None
        self.first = json.loads(self.run("init", *FIRST, "--json"))
        self.api = httpx.Client(
            base_url=f"{self.url}/api/0",
            headers={"Authorization": f"Bearer {self.first['token']}"},
            timeout=PATIENCE_SECONDS,
        )

    @property
    def dsn(self) -> str:
        return self.first["dsn"]

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        return inherited | self.settings

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command to its end and return what it printed."""
        done = subprocess.run(
            [TOCSIN, *arguments], env=self.environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr if code else done.stdout

    def start(self) -> "Tocsin":
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            [TOCSIN, "serve"], env=self.environment, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        try:
            wait_for(self.is_up, "the first answer")
        except AssertionError as vain:
            raise AssertionError(self.log()[-3000:]) from vain
        return self

    def is_up(self) -> bool:
        try:
            return self.api.get(f"{self.url}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def log(self) -> str:
        path = self.folder / "server.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self) -> int:
        """Ask it to stop and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """Kill it, and everything it started, without a word."""
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait(PATIENCE_SECONDS)

    def pids(self) -> list[int]:
        """Return the supervisor and everything below it, parents first."""
        found, below = [], [self.process.pid]
        while below:
            pid = below.pop(0)
            found.append(pid)
            try:
                for task in Path(f"/proc/{pid}/task").iterdir():
                    below += map(int, (task / "children").read_text().split())
            except FileNotFoundError:
                continue
        return found

    def close(self) -> None:
        self.api.close()
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def get(self, path: str, **parameters: Any) -> Any:
        answer = self.api.get(path, params=parameters)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    def issues(self, query: str = "", **parameters: Any) -> list[dict[str, Any]]:
        return self.get("/organizations/acme/issues/", query=query, **parameters)

    def metric(self, name: str) -> float:
        for line in self.api.get(f"{self.url}/metrics").text.splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        return 0.0

    def drained(self) -> bool:
        return self.metric("tocsin_spool_entries") == 0


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Tocsin]:
    """Yield a started Tocsin; whatever happens, nothing of it is left running."""
    tocsin = Tocsin(folder, **settings)
    try:
        yield tocsin.start()
    finally:
        tocsin.close()
