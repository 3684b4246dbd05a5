"""The whole program under the load tools: processor time per event, bytes on disk, start-up, idle memory.

    .venv/bin/python -m benchmarks.server

Starts ``tocsin serve`` on a fresh directory as a user would, sends events with the load tools over HTTP, and waits
until all are digested. Processor time is that of the supervisor and everything below it.
"""

import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.corpus import TOOLS

TOCSIN = str(Path(sys.executable).with_name("tocsin"))
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A running Tocsin and what it prints of itself."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = {
            **os.environ,
            "TOCSIN_DATA": folder,
            "TOCSIN_PORT": str(self.port),
            "TOCSIN_LOG_LEVEL": "warning",
        }
        made = self.tocsin("init", "--org", "acme", "--project", "shop", "--email", "a@example.com", "--json")
        self.first = json.loads(made)

    def tocsin(self, *arguments: str) -> str:
        done = subprocess.run(
            [TOCSIN, *arguments], env=self.environment, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def start(self) -> float:
        """Start and return the seconds until the first answer."""
        started = time.perf_counter()
        self.process = subprocess.Popen([TOCSIN, "serve"], env=self.environment)
        while True:
            try:
                self.get("/healthz")
            except OSError:
                if time.perf_counter() - started > 60:
                    raise
                time.sleep(0.01)
            else:
                return time.perf_counter() - started

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def get(self, path: str) -> bytes:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {self.first['token']}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def metric(self, name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.get("/metrics").decode(), re.MULTILINE)
        return float(found[1]) if found else 0.0

    def load(self, events: int, corpus: int, per_second: float = 0) -> dict[str, object]:
        """Send that many events, as fast as they are taken or at a steady rate."""
        done = subprocess.run(
            [
                sys.executable,
                str(TOOLS / "ingest_load.py"),
                "--dsn",
                self.first["dsn"],
                "--events",
                str(events),
                "--corpus",
                str(corpus),
                "--concurrency",
                "8",
                "--rate",
                str(per_second),
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=600,
        )
        return json.loads(done.stdout)

    def drain(self, events: float) -> None:
        while self.metric('tocsin_digested_total{outcome="accepted"}') < events or self.metric("tocsin_spool_entries"):
            time.sleep(0.1)

    def processes(self) -> list[int]:
        """Return the supervisor and everything below it."""
        found, children = [], [self.process.pid]
        while children:
            pid = children.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").iterdir():
                children += map(int, (task / "children").read_text().split())
        return found

    def cpu_seconds(self) -> float:
        total = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))
        return total / TICKS

    def memory_mib(self) -> dict[str, float]:
        total = {"Anonymous": 0, "Pss": 0}
        for pid in self.processes():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                name, _, rest = line.partition(":")
                if name in total:
                    total[name] += int(rest.split()[0])
        return {name: kib / 1024 for name, kib in total.items()}

    def disk_bytes(self) -> int:
        return sum(path.stat().st_blocks * 512 for path in self.folder.rglob("*") if path.is_file())


@contextmanager
def fresh_server() -> Iterator[Server]:
    with TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            yield server
        finally:
            server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    options = parser.parse_args()
    with fresh_server() as server:
        starts = [server.start()]
        for _ in range(2):
            server.stop()
            starts.append(server.start())
        server.get("/readyz")
        time.sleep(5)
        idle = server.memory_mib()
        print(f"start: {statistics.median(starts):.2f} s to the first answer")
        print(f"idle: {idle['Anonymous']:.0f} MiB anonymous, {idle['Pss']:.0f} MiB proportional with mapped files")
        before = server.cpu_seconds()
        result = server.load(options.events, 200)
        server.drain(options.events)
        cpu = server.cpu_seconds() - before
        print(f"load: {result['accepted_per_s']} accepted/s, p99 {result['p99_ms']} ms, {result['status']}")
        print(f"load: {1000 * cpu / options.events:.2f} CPU seconds per 1,000 events, HTTP to history (aim 1.5)")
        issues = json.loads(server.get("/api/0/organizations/acme/issues/?limit=100&query="))
        counted = sum(int(issue["count"]) for issue in issues)
        print(f"load: {len(issues)} issues (50 groups), {counted} events counted of {options.events}")
        after = server.memory_mib()
        print(f"after load: {after['Anonymous']:.0f} MiB anonymous, {after['Pss']:.0f} MiB proportional")
    with fresh_server() as server:
        server.start()
        empty = server.disk_bytes()
        server.load(options.events, 5000)
        server.drain(options.events)
        # The log of state is folded into its file once a minute; merges of history are done by then too.
        time.sleep(70)
        used = server.disk_bytes() - empty
        print(f"disk: {used / options.events:.0f} bytes per event, --corpus 5000 (aim 2000)")


if __name__ == "__main__":
    main()
