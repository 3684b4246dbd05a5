"""Ten minutes at four fifths of what digest can take, one request in a hundred hostile: does everything add up?

    .venv/bin/python -m benchmarks.soak --seconds 600

Starts ``tocsin serve``, finds out how many events of 27 KB a second it digests, and sends at 80 % of that over eight
connections. Every second it notes the depth of the spool and the memory; every answer's time is kept. Of each request
it knows what must become of its items, and in the end compares that with the outcomes that the API tells.
"""

import argparse
import asyncio
import gzip
import json
import random
import statistics
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from benchmarks.corpus import tool
from benchmarks.server import Server, fresh_server

CONNECTIONS = 8
HOSTILE_SHARE = 0.01
CAPACITY_SHARE = 0.8
DRAIN_SECONDS_MAX = 120
Outcomes = Counter[tuple[str, str]]
"""Quantities by category and outcome."""


@dataclass(frozen=True)
class Sent:
    """A request and what must become of it."""

    body: bytes
    status: int = 200
    outcomes: tuple[tuple[str, str, int], ...] = ()
    headers: tuple[str, ...] = ()


@dataclass
class Told:
    """What was sent and answered."""

    milliseconds: list[float] = field(default_factory=list)
    expected: Outcomes = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)


class Corpus:
    """Endless requests, the same ones in each run."""

    def __init__(self) -> None:
        self._bodies = [
            json.dumps(body, separators=(",", ":")).encode() for body in tool("make_events").make_corpus(200)
        ]
        self._numbers = count(1)
        self._choice = random.Random(7)
        self._hostile = list(hostile())

    def requests(self) -> Iterator[Sent]:
        while True:
            if self._choice.random() < HOSTILE_SHARE:
                yield self._choice.choice(self._hostile)(f"{next(self._numbers):032x}".encode())
            else:
                yield self.event()

    def event(self) -> Sent:
        number = next(self._numbers)
        event = self._bodies[number % len(self._bodies)]
        header = b'{"event_id":"%032x"}\n{"type":"event","length":%d}\n' % (number, len(event))
        return Sent(header + event + b"\n", outcomes=(("error", "accepted", 1),))


def hostile() -> Iterator[object]:
    """Yield what makes a hostile request of an event id: some to be refused, some to be stored as far as they go."""
    deep = b'{"extra":' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}"
    keys = json.dumps({"extra": {f"k{number}": number for number in range(50_000)}}).encode()
    bomb = gzip.compress(b"\0" * (220 * 2**20), 9)
    stored, invalid = (("error", "accepted", 1),), (("error", "invalid", 1),)

    def item(payload: bytes, outcomes: tuple[tuple[str, str, int], ...], item_type: bytes = b"event") -> object:
        def made(event_id: bytes) -> Sent:
            header = b'{"event_id":"%b"}\n{"type":"%b","length":%d}\n' % (event_id, item_type, len(payload))
            return Sent(header + payload + b"\n", outcomes=outcomes)

        return made

    yield item(deep, stored)
    yield item(keys, stored)
    yield item(b'{"message":"\\ud800","extra":{"n":NaN,"i":' + b"9" * 5000 + b"}}", stored)
    yield item(b'{"exception":[1,{"type":{},"value":[],"stacktrace":"no"}],"tags":7,"level":[]}', stored)
    yield item(b"{oops", invalid)
    yield item(b"[]", invalid)
    yield item(b"{}", (("transaction", "filtered", 1),), b"transaction")
    yield item(b"?" * 100, (("internal", "filtered", 1),), b"never_heard_of")
    yield lambda event_id: Sent(b'{"event_id":"%b"}\n{"type":"event","length":99}\n{}\n' % event_id, 400, invalid)
    yield lambda _: Sent(b"\xff\xfe not an envelope", 400, invalid)
    yield lambda _: Sent(bomb, 413, invalid, headers=("Content-Encoding: gzip",))
    yield lambda _: Sent(zlib.compress(b"{}\n")[:-3], 400, invalid, headers=("Content-Encoding: deflate",))
    yield lambda _: Sent(b"{}\n", 415, invalid, headers=("Content-Encoding: snappy",))


class Client:
    """One kept connection that sends requests one after the other."""

    def __init__(self, server: Server) -> None:
        self._port = server.port
        key, project = server.first["dsn"].split("//")[1].split("@")[0], server.first["dsn"].rsplit("/", 1)[1]
        self._head = (
            f"POST /api/{project}/envelope/ HTTP/1.1\r\nHost: t\r\nX-Sentry-Auth: Sentry sentry_key={key},"
            " sentry_version=7\r\n"
        )

    async def run(self, requests: Iterator[Sent], told: Told, pace: "Pace") -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while await pace.next():
            sent = next(requests)
            lines = "".join(f"{line}\r\n" for line in sent.headers)
            started = time.perf_counter()
            writer.write(f"{self._head}{lines}Content-Length: {len(sent.body)}\r\n\r\n".encode() + sent.body)
            status, is_kept = await self._answer(reader)
            told.milliseconds.append(1000 * (time.perf_counter() - started))
            if status != sent.status:
                told.surprises.append(f"{status} instead of {sent.status} to {sent.body[:60]!r}")
            for category, outcome, quantity in sent.outcomes:
                told.expected[category, outcome] += quantity
            if not is_kept:
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.close()

    @staticmethod
    async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r")[0] or 0)
        await reader.readexactly(length)
        return int(head.split(" ", 2)[1]), "connection: close" not in head


class Pace:
    """Lets so many requests a second through, for so long; late ones are caught up."""

    def __init__(self, per_second: float, requests_max: int) -> None:
        self._per_second = per_second
        self._left = requests_max
        self._started = time.perf_counter()
        self._passed = 0

    async def next(self) -> bool:
        if self._passed >= self._left:
            return False
        self._passed += 1
        if self._per_second:
            due = self._started + self._passed / self._per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        return True


async def send(server: Server, requests: Iterator[Sent], told: Told, pace: Pace) -> None:
    await asyncio.gather(*(Client(server).run(requests, told, pace) for _ in range(CONNECTIONS)))


def capacity(server: Server, corpus: Corpus, told: Told, events: int) -> float:
    """Return how many events a second are digested when there is always one to digest."""
    started = time.perf_counter()
    asyncio.run(send(server, iter(corpus.event, None), told, Pace(0, events)))
    drain(server)
    return events / (time.perf_counter() - started)


def drain(server: Server) -> None:
    """Wait until nothing is left to digest."""
    deadline = time.perf_counter() + DRAIN_SECONDS_MAX
    while server.metric("tocsin_spool_entries"):
        assert time.perf_counter() < deadline, "the spool does not empty"
        time.sleep(0.05)


class Watch:
    """What the server is like while it is under load."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.depths: list[float] = []
        self.memory_mib: list[float] = []

    async def run(self, until: asyncio.Task[None]) -> None:
        while not until.done():
            await asyncio.wait([until], timeout=1)
            self.depths.append(await asyncio.to_thread(self._server.metric, "tocsin_spool_entries"))
            self.memory_mib.append((await asyncio.to_thread(self._server.memory_mib))["Anonymous"])


async def soak(server: Server, corpus: Corpus, told: Told, pace: Pace) -> Watch:
    watch = Watch(server)
    sending = asyncio.create_task(send(server, corpus.requests(), told, pace))
    await watch.run(sending)
    await sending
    return watch


def outcomes(server: Server) -> Outcomes:
    asked = "statsPeriod=1d&interval=1h&field=sum(quantity)&groupBy=outcome&groupBy=category"
    told = json.loads(server.get(f"/api/0/organizations/acme/stats_v2/?{asked}"))
    return Counter(
        {
            (group["by"]["category"], group["by"]["outcome"]): group["totals"]["sum(quantity)"]
            for group in told["groups"]
        }
    )


def report(told: Told, watch: Watch) -> None:
    taken = sorted(told.milliseconds)
    p99, p50 = taken[int(len(taken) * 0.99)], statistics.median(taken)
    print(f"{len(taken)} requests: p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {taken[-1]:.0f} ms")
    fifth = max(1, len(watch.memory_mib) // 5)
    early, late = statistics.median(watch.memory_mib[fifth : 2 * fifth]), statistics.median(watch.memory_mib[-fifth:])
    print(f"spool: p50 {statistics.median(watch.depths):.0f} entries, at most {max(watch.depths):.0f}")
    print(
        f"anonymous memory: {early:.0f} MiB in the second fifth, {late:.0f} MiB in the last, ratio {late / early:.2f}"
    )
    print(f"answers that surprised: {len(told.surprises)}", *told.surprises[:5], sep="\n  ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--probe", type=int, default=5000)
    options = parser.parse_args()
    corpus, told = Corpus(), Told()
    with fresh_server() as server:
        server.start()
        capacity(server, corpus, told, options.probe // 5)
        per_second = capacity(server, corpus, told, options.probe)
        print(f"capacity: {per_second:.0f} events/s; sending {CAPACITY_SHARE * per_second:.0f} requests/s")
        before = Told(expected=told.expected)
        pace = Pace(CAPACITY_SHARE * per_second, int(CAPACITY_SHARE * per_second * options.seconds))
        watch = asyncio.run(soak(server, corpus, before, pace))
        drain(server)
        report(before, watch)
        time.sleep(3)
        found = outcomes(server)
        for key in sorted(found.keys() | before.expected.keys()):
            mark = "" if found[key] == before.expected[key] else "   <- differs"
            print(f"{key[0]:>12} {key[1]:<14} expected {before.expected[key]:>8} told {found[key]:>8}{mark}")


if __name__ == "__main__":
    main()
