"""Accepted events per second, durable, against a bare server; and what each step costs.

Serves in turn, each in a process of its own under uvicorn: a bare ASGI application that only reads the same bodies and
answers, the intake keeping nothing, and the intake as it is, every envelope in the spool and on disk before the answer.
Each is sent the same 27 KB envelopes over 64 keep-alive connections. Prints requests per second, processor time per
request, and the ratios.

    .venv/bin/python -m benchmarks.intake [--seconds 5] [--gzip]
"""

import argparse
import asyncio
import atexit
import gzip
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import msgspec
import uvicorn
import uvloop

from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.event.project_key import ProjectKey
from tocsin.edges.intake.app import IntakeApp
from tocsin.storage.spool.group_commit import GroupCommit
from tocsin.storage.spool.opening import open_spool

KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
CONNECTIONS = 64
EVENT_BYTES = 27_000
ANSWER = b'{"id":"%b"}' % uuid4().hex.encode()


async def keep_nothing(accepted: Accepted) -> None:
    """Stand where the spool would be."""


async def bare(_scope, receive, send) -> None:
    """Read the whole body and answer as briefly as the intake does."""
    chunks = []
    more = True
    while more:
        message = await receive()
        chunks.append(message["body"])
        more = message["more_body"]
    body = b"".join(chunks)
    length = str(len(ANSWER)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 200 if body else 400, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


def intake(append: Callable[[Accepted], Awaitable[object]]) -> IntakeApp:
    key = ProjectKey(public_key=KEY, project_id=42, is_active=True)
    return IntakeApp(
        keys={KEY: key}.get,
        append=append,
        limits=IntakeLimits(),
        clock=lambda: datetime.now(UTC),
        new_event_id=lambda: uuid4().hex,
    )


def durable() -> Callable[..., Awaitable[None]]:
    """Return the intake with a spool in a temporary directory; the group commit begins with the first request."""
    directory = Path(mkdtemp(prefix="tocsin-intake-"))
    atexit.register(shutil.rmtree, directory)
    spool = open_spool(directory.as_uri())
    commits: list[GroupCommit] = []

    async def append(accepted: Accepted) -> None:
        if not commits:
            commits.append(GroupCommit(spool))
        await commits[0].append(accepted)

    return intake(append)


def serve(name: str) -> None:
    """Serve until told to stop; print the port first and the processor seconds of every request last."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        {"bare": lambda: bare, "unkept": lambda: intake(keep_nothing), "intake": durable}[name](),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        proxy_headers=False,
        log_level="warning",
    )
    print(listener.getsockname()[1], flush=True)
    started = time.process_time()
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
    print(time.process_time() - started, flush=True)


def request(*, compressed: bool) -> bytes:
    frames = [{"function": f"f{n}", "lineno": n, "vars": {"token": os.urandom(200).hex()}} for n in range(55)]
    payload = msgspec.json.encode({"exception": {"values": [{"type": "E", "stacktrace": {"frames": frames}}]}})
    assert EVENT_BYTES * 0.8 < len(payload) < EVENT_BYTES * 1.2
    head = b'{"event_id":"%b","sent_at":"2026-01-31T10:00:00Z"}\n{"type":"event","length":%d}\n'
    body = head % (uuid4().hex.encode(), len(payload)) + payload + b"\n"
    body = gzip.compress(body) if compressed else body
    lines = [
        "POST /api/42/envelope/ HTTP/1.1",
        "Host: localhost",
        "User-Agent: sentry.python/2.75.0",
        "Content-Type: application/x-sentry-envelope",
        f"X-Sentry-Auth: Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sentry.python/2.75.0",
        *(["Content-Encoding: gzip"] if compressed else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def load(port: int, sent: bytes, seconds: float) -> int:
    """Send the request over and over on every connection; return how many were answered."""
    deadline = time.perf_counter() + seconds

    async def one_connection() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answered = 0
        while time.perf_counter() < deadline:
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            await reader.readexactly(len(ANSWER))
            answered += 1
        writer.close()
        await writer.wait_closed()
        return answered

    return sum(await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS))))


@contextmanager
def server(name: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    with subprocess.Popen([sys.executable, __file__, "--serve", name], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline()), process
        except BaseException:
            process.kill()
            raise


def measure(name: str, sent: bytes, seconds: float) -> tuple[float, float]:
    """Return requests per second and processor microseconds per request."""
    with server(name) as (port, process):
        answered = uvloop.run(load(port, sent, seconds))
        process.send_signal(signal.SIGINT)
        cpu_us = float(process.stdout.readline()) / answered * 1e6
    return answered / seconds, cpu_us


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--serve", choices=["bare", "unkept", "intake"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    sent = request(compressed=options.gzip)
    names = ("bare", "unkept", "intake")
    rounds = [{name: measure(name, sent, options.seconds) for name in names} for _ in range(options.rounds)]
    for name in names:
        rate = statistics.median(one[name][0] for one in rounds)
        cpu = statistics.median(one[name][1] for one in rounds)
        ratio = statistics.median(one[name][0] / one["bare"][0] for one in rounds)
        print(f"{name:8} {rate:8.0f} requests/s {cpu:8.1f} µs of processor each, {ratio:.2f} of bare")
    print("aim: intake at least 0.5 of bare")


if __name__ == "__main__":
    main()
