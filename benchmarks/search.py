"""How long searches take over ten million events, and how that compares with the bare SQL of the same questions.

    .venv/bin/python -m benchmarks.search --keep DIR

Makes the store of ``benchmarks.search_corpus`` in DIR unless it is there, asks it bare SQL in a process of its own,
then starts ``tocsin serve`` on it and asks over HTTP. Bare SQL is what somebody would write by hand for the one
question, for the same stores, tags from their columns, with nothing done to the rows but what the next statement needs.
The first answer to a question is told apart: what it counted of issues without new events is remembered. With
``--growth`` the same is asked of a store with a tenth of the events, and the ratio of the two times is printed.
"""

import argparse
import http.client
import json
import re
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self
from urllib.parse import quote

import clickhouse_connect
import msgspec

from benchmarks.search_corpus import Made, kept
from benchmarks.server import Server

ISSUES = "/api/0/organizations/acme/issues/"
FAR = 2**53 - 2
SHOWN = "status IN ('unresolved', 'resolved', 'ignored')"
UNRESOLVED = "status = 'unresolved'"
LISTED = 25
BEFORE_PAGE_50 = 49 * LISTED
PAIRS = "event ARRAY JOIN tags AS pair"


# What is asked in bare SQL


class Bare:
    """Both stores, with no program around them."""

    def __init__(self, folder: Path, made: Made) -> None:
        self.state = sqlite3.connect(f"file:{folder}/state.db?mode=ro", uri=True)
        self.state.execute("PRAGMA cache_size = -16384")
        # The limits that Tocsin sets its engine by default.
        engine = {"max_server_memory_usage": 2 << 30, "mark_cache_size": 64 << 20}
        settings = {"max_threads_min_free_memory_per_thread": 0, "use_query_condition_cache": 0}
        url = f"chdb://{folder}/history"
        self.history = clickhouse_connect.get_client(dsn=url, settings=settings, chdb_options=engine)
        self.now = datetime.now(UTC)
        self.busiest = f"primary_hash = toFixedString(unhex('{made.busiest_hash}'), 16)"

    def columns(self, sql: str) -> Sequence[Sequence]:
        return self.history.query(sql, column_oriented=True).result_columns

    def since(self, **ago: int) -> str:
        return f"timestamp >= fromUnixTimestamp64Micro({self.micros(**ago)})"

    def micros(self, **ago: int) -> int:
        return int((self.now - timedelta(**ago)).timestamp() * 1e6)

    def figures(self, ids: Sequence[int]) -> None:
        """Count the events of a page of issues: ever, in the window, and hour by hour."""
        marks = ", ".join(map(str, ids))
        self.state.execute(f"SELECT * FROM issue WHERE id IN ({marks})").fetchall()
        owned = self.state.execute(f"SELECT hash FROM issue_hash WHERE issue_id IN ({marks})").fetchall()
        hashes = ", ".join(f"unhex('{name.hex()}')" for (name,) in owned)
        self.columns(
            "SELECT primary_hash, count(), uniqExact(user), argMax((handled, event_id), timestamp),"
            " countResample(0, 24, 1)(intDiv(toUnixTimestamp(now()) - toUnixTimestamp(timestamp), 3600))"
            f" FROM event WHERE project_id IN (1, 2, 3, 4) AND primary_hash IN ({hashes}) GROUP BY primary_hash"
        )

    def from_state(self, column: str, condition: str, skipped: int = 0) -> None:
        """Show a page that an index of state has in order. A cursor would know where its page begins."""
        met = f"FROM issue WHERE project_id IN (1, 2, 3, 4) AND {condition}"
        page = f"SELECT id {met} ORDER BY {column} DESC, id DESC LIMIT {LISTED} OFFSET {skipped}"
        ids = [issue_id for (issue_id,) in self.state.execute(page)]
        self.state.execute(f"SELECT count(*) {met}").fetchone()
        self.figures(ids)

    def from_history(self, where: str, score: str = "max(timestamp)", condition: str = SHOWN, skipped: int = 0) -> None:
        """Show a page of the issues with such events, by a figure over these."""
        hashes, scores = self.columns(
            f"SELECT primary_hash, toFloat64({score}) FROM event WHERE project_id IN (1, 2, 3, 4) AND {where}"
            " GROUP BY project_id, primary_hash"
        ) or ((), ())
        owners = dict(
            self.state.execute(
                f"SELECT hash, issue_id FROM issue_hash JOIN issue ON issue.id = issue_id WHERE {condition}"
            )
        )
        ranked = sorted(
            ((score, owners[name]) for name, score in zip(hashes, scores, strict=True) if name in owners), reverse=True
        )
        self.figures([issue_id for _, issue_id in ranked[skipped : skipped + LISTED]])

    def one(self, columns: str, more: str = "", source: str = "event") -> None:
        """Ask about the events of the busiest issue."""
        self.columns(f"SELECT {columns} FROM {source} WHERE project_id IN (1, 2, 3, 4) AND {self.busiest} {more}")

    def top_tags(self) -> None:
        self.one(
            "pair.1 AS key, pair.2 AS value, count() AS events, min(timestamp), max(timestamp)",
            "GROUP BY key, value ORDER BY key, events DESC LIMIT 10 BY key",
            PAIRS,
        )

    def tag_values(self) -> None:
        self.one(
            "`tag:tenant` AS value, count(), min(timestamp) AS first, max(timestamp)",
            "GROUP BY value ORDER BY first DESC LIMIT 100",
        )


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of question: how it is asked over HTTP, what it is in SQL, and how long it may take."""

    name: str
    path: str
    bare: Callable[[Bare], None]
    aim_ms: float
    aim_ratio: float | None = None
    """At most so many times as long as the bare SQL."""
    page_50: bool = False


def listed(name: str, parameters: str, bare: Callable[[Bare, int], None], **more: object) -> list[Shape]:
    """Return the first and the fiftieth page of a list."""
    aim = {"aim_ms": 700, "aim_ratio": 2} | more
    path = f"{ISSUES}?{parameters}"
    return [
        Shape(name=f"{name}, page 1", path=path, bare=lambda at: bare(at, 0), **aim),
        Shape(name=f"{name}, page 50", path=path, bare=lambda at: bare(at, BEFORE_PAGE_50), page_50=True, **aim),
    ]


def found(query: str, where: str, parameters: str = "", aim_ms: float = 700) -> Shape:
    """Return a list of issues with certain events."""
    path = f"{ISSUES}?query={quote(query)}{parameters}"
    name = " ".join(filter(None, (query, parameters.strip("&"))))
    return Shape(
        name=name, path=path, bare=lambda at: at.from_history(f"{where} AND {at.since(days=90)}"), aim_ms=aim_ms,
        aim_ratio=2,
    )  # fmt: skip


def in_order(sort: str, score: str) -> list[Shape]:
    def bare(at: Bare, skipped: int) -> None:
        at.from_history(at.since(days=90), score, UNRESOLVED, skipped)

    return listed(f"sort {sort}", f"sort={sort}", bare)


def within(period: str, ago: dict[str, int], aim_ms: float) -> list[Shape]:
    def bare(at: Bare) -> None:
        at.from_history(at.since(**ago), "count()", UNRESOLVED)

    def dated(at: Bare) -> None:
        at.from_state("last_seen", f"{UNRESOLVED} AND last_seen >= {at.micros(**ago)}")

    path = f"{ISSUES}?statsPeriod={period}"
    return [
        Shape(name=f"last {period}", path=path, bare=dated, aim_ms=aim_ms),
        Shape(name=f"last {period}, sort freq", path=f"{path}&sort=freq", bare=bare, aim_ms=aim_ms),
        Shape(name=f"last {period}, sort user", path=f"{path}&sort=user", aim_ms=aim_ms,
              bare=lambda at: at.from_history(at.since(**ago), "uniqExact(user)", UNRESOLVED)),
    ]  # fmt: skip


HOURS = "(toUnixTimestamp(now()) - toUnixTimestamp(timestamp)) / 3600"
TRENDS = f"sum(exp2(-{HOURS} / 4)) + countIf({HOURS} < 1) + countIf({HOURS} < 168)"
RECOMMENDED = f"countIf({HOURS} < 6) + countIf({HOURS} < 72) + max(level = 'fatal') + uniqExact(user) + count()"

LISTS = [
    *listed("default", "", lambda at, skipped: at.from_state("last_seen", UNRESOLVED, skipped),
            aim_ms=100, aim_ratio=None),
    *listed("sort new", "sort=new", lambda at, skipped: at.from_state("first_seen", UNRESOLVED, skipped),
            aim_ms=100, aim_ratio=None),
    *listed("sort inbox", f"sort=inbox&query={quote('is:unresolved is:for_review')}",
            lambda at, skipped: at.from_state("first_seen", f"{UNRESOLVED} AND id IN (SELECT issue_id FROM inbox)",
                                              skipped), aim_ms=100, aim_ratio=None),
    *in_order("freq", "count()"),
    *in_order("user", "uniqExact(user)"),
    *in_order("trends", TRENDS),
    *in_order("recommended", RECOMMENDED),
    *within("24h", {"days": 1}, 150),
    *within("14d", {"days": 14}, 700),
]  # fmt: skip

FILTERS = [
    found("browser.name:Firefox", "`tag:browser/name` = 'Firefox'"),
    found("browser.name:Firefox", "`tag:browser/name` = 'Firefox' AND timestamp >= now() - 86400",
          "&statsPeriod=24h", aim_ms=150),
    found("tenant:tenant-7", "`tag:tenant` = 'tenant-7'"),
    found("release:shop@1.80.0", "release = 'shop@1.80.0'"),
    found("", "environment = 'staging'", "&environment=staging"),
    found("user.id:77", "JSONExtractString(payload, 'user', 'id') = '77'"),
    found("error.type:ValueError", "has(error_types, 'ValueError')"),
    found("!os:Linux", "`tag:os` != 'Linux'"),
    found("server_name:web-1*", "`tag:server_name` LIKE 'web-1%'"),
    found("browser.name:Firefox region:eu-1", "`tag:browser/name` = 'Firefox' AND `tag:region` = 'eu-1'"),
    found("ledger", "message ILIKE '%ledger%'"),
    Shape(name="timesSeen:>100", path=f"{ISSUES}?query={quote('timesSeen:>100')}", aim_ms=700, aim_ratio=2,
          bare=lambda at: at.from_history(at.since(days=90), "if(count() > 100, max(timestamp), 0)")),
    Shape(name="firstSeen:-7d", path=f"{ISSUES}?query={quote('firstSeen:-7d')}", aim_ms=100,
          bare=lambda at: at.from_state("last_seen", f"{SHOWN} AND first_seen >= {at.micros(days=7)}")),
    Shape(name="is:archived", path=f"{ISSUES}?query={quote('is:archived')}", aim_ms=100,
          bare=lambda at: at.from_state("last_seen", "status = 'ignored'")),
    Shape(name="assigned:me", path=f"{ISSUES}?query={quote('assigned:me')}", aim_ms=100,
          bare=lambda at: at.from_state("last_seen", f"{SHOWN} AND (assignee_user_id = 1 OR assignee_team_id = 1)")),
    Shape(name="a short id", path=f"{ISSUES}?query=SHOP-1&shortIdLookup=1", aim_ms=80, bare=lambda at: at.figures([1])),
]  # fmt: skip

NUMBERS = [
    Shape(name="issues-count of 3 queries", aim_ms=100,
          path="/api/0/organizations/acme/issues-count/?query=is%3Aunresolved&query=is%3Aresolved&query=is%3Aarchived",
          bare=lambda at: at.state.execute("SELECT count(*) FROM (SELECT id FROM issue WHERE project_id IN (1, 2, 3, 4)"
                                           f" AND {UNRESOLVED} LIMIT 100)").fetchone()),
    Shape(name="issues-stats of 25 issues", path="/api/0/organizations/acme/issues-stats/?{groups}", aim_ms=150,
          bare=lambda at: at.from_state("last_seen", UNRESOLVED)),
    Shape(name="busiest issue", path="{busiest}", aim_ms=150, aim_ratio=2,
          bare=lambda at: (at.one("count(), uniqExact(user), argMax(event_id, timestamp)"),
                           at.one("pair.1 AS key, count(), uniqExact(pair.2)", "GROUP BY key", PAIRS))),
    Shape(name="busiest issue, latest event", path="{busiest}events/latest/", aim_ms=80,
          bare=lambda at: at.one("*", "ORDER BY timestamp DESC, event_id DESC LIMIT 1")),
    Shape(name="quiet issue", path="{quiet}", aim_ms=80, bare=lambda at: at.figures([100])),
    Shape(name="quiet issue, latest event", path="{quiet}events/latest/", aim_ms=80,
          bare=lambda at: at.figures([100])),
    Shape(name="busiest issue, events", path="{busiest}events/", aim_ms=150,
          bare=lambda at: at.one("* EXCEPT payload", "ORDER BY timestamp DESC, event_id DESC LIMIT 100")),
    Shape(name="busiest issue, tags", path="{busiest}tags/", aim_ms=700, bare=Bare.top_tags),
    Shape(name="busiest issue, values of a tag", path="{busiest}tags/tenant/values/", aim_ms=150,
          bare=Bare.tag_values),
    Shape(name="… page 5", path="{busiest}tags/tenant/values/?{values_page_5}", aim_ms=150, bare=Bare.tag_values),
    Shape(name="events-stats, 14 d by hour", path="/api/0/organizations/acme/events-stats/?statsPeriod=14d&interval=1h",
          bare=lambda at: at.columns("SELECT toStartOfHour(timestamp) AS hour, count() FROM event WHERE project_id"
                                     f" IN (1, 2, 3, 4) AND {at.since(days=14)} GROUP BY hour"), aim_ms=150),
]  # fmt: skip

SHAPES = [*LISTS, *FILTERS, *NUMBERS]


# Asking


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """How long one question took, in milliseconds: the first time, and each time it was asked again."""

    first: float
    taken: list[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.taken)

    @property
    def p95(self) -> float:
        return sorted(self.taken)[int(len(self.taken) * 0.95)]


def timed(question: Callable[[], object], options: argparse.Namespace) -> Answers:
    """Ask at least thrice, and until enough was asked or so much time is over; the first time is told apart."""
    taken, until = [], time.perf_counter() + options.seconds
    while len(taken) < 4 or (len(taken) < options.tries + 1 and time.perf_counter() < until):
        started = time.perf_counter()
        question()
        taken.append(1000 * (time.perf_counter() - started))
    return Answers(first=taken[0], taken=taken[1:])


def told(kind: str, shape: Shape, answers: dict[str, Answers]) -> None:
    """Show that something goes on; figures come at the end."""
    print(f"{kind}: {shape.name}: {answers[shape.name].p50:.0f} ms", file=sys.stderr, flush=True)


class Client:
    """Asks a server over one connection."""

    def __init__(self, server: Server) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {server.first['token']}"}

    def get(self, path: str) -> tuple[bytes, str]:
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status, body[:500])
        return body, answer.headers.get("Link", "")

    def next_cursor(self, path: str, cursor: str) -> str:
        _, link = self.get(f"{path}{'&' if '?' in path else '?'}cursor={cursor}")
        return re.findall(r'cursor="([^"]+)"', link)[1]


class Memory:
    """The most that a server and everything below it had in memory, MiB."""

    def __init__(self, server: Server) -> None:
        self.server, self.anonymous, self.mapped, self.is_over = server, 0.0, 0.0, threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.thread.join()

    def _watch(self) -> None:
        while not self.is_over.wait(0.05):
            anonymous = mapped = 0
            for pid in self.server.processes():
                text = Path(f"/proc/{pid}/status").read_text()
                anonymous += int(re.search(r"RssAnon:\s+(\d+)", text)[1])
                mapped += int(re.search(r"RssFile:\s+(\d+)", text)[1])
            self.anonymous, self.mapped = max(self.anonymous, anonymous / 1024), max(self.mapped, mapped / 1024)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    server = Server(str(folder))
    server.start()
    try:
        yield server
    finally:
        server.stop()


def ask_bare(folder: Path, made: Made, chosen: Sequence[Shape], options: argparse.Namespace) -> dict[str, Answers]:
    bare = Bare(folder, made)
    answers = {}
    for shape in chosen:
        answers[shape.name] = timed(lambda shape=shape: shape.bare(bare), options)
        told("bare", shape, answers)
    return answers


def ask_http(
    folder: Path, made: Made, chosen: Sequence[Shape], options: argparse.Namespace
) -> tuple[dict[str, Answers], Memory]:
    answers = {}
    with serving(folder) as server, Memory(server) as memory:
        client = Client(server)
        names = known_names(client, folder, made)
        for shape in chosen:
            path = shape.path.format(**names)
            if shape.page_50:
                joint = "&" if "?" in path else "?"
                path += f"{joint}cursor={client.next_cursor(path, f'{FAR}:{BEFORE_PAGE_50 - LISTED}:0')}"
            answers[shape.name] = timed(lambda path=path: client.get(path), options)
            told("HTTP", shape, answers)
    return answers, memory


def known_names(client: Client, folder: Path, made: Made) -> dict[str, str]:
    """Return what stands in the paths of shapes for something of this store."""
    with sqlite3.connect(f"file:{folder}/state.db?mode=ro", uri=True) as state:
        wanted = (bytes.fromhex(made.busiest_hash),)
        [[busiest]] = state.execute("SELECT issue_id FROM issue_hash WHERE hash = ?", wanted).fetchall()
    busiest_path = f"/api/0/organizations/acme/issues/{busiest}/"
    page = json.loads(client.get(f"{ISSUES}?collapse=stats")[0])
    values = f"{busiest_path}tags/tenant/values/?per_page=100"
    return {
        "busiest": busiest_path,
        "quiet": "/api/0/organizations/acme/issues/100/",
        "groups": "&".join(f"groups={issue['id']}" for issue in page),
        "values_page_5": f"per_page=100&cursor={client.next_cursor(values, f'{FAR}:300:0')}",
    }


def measured(folder: Path, made: Made, options: argparse.Namespace) -> tuple[dict, dict, Memory]:
    command = [sys.executable, "-m", "benchmarks.search", "--run-bare", str(folder), *passed_on(options)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=1800).stdout
    bare = msgspec.json.decode(output, type=dict[str, Answers])
    whole, memory = ask_http(folder, made, shapes(options), options)
    return bare, whole, memory


def passed_on(options: argparse.Namespace) -> list[str]:
    return ["--tries", str(options.tries), "--seconds", str(options.seconds), "--only", options.only]


def shapes(options: argparse.Namespace) -> list[Shape]:
    return [shape for shape in SHAPES if re.search(options.only, shape.name)]


def row(shape: Shape, bare: Answers, whole: Answers, growth: float | None) -> str:
    ratio = whole.p50 / bare.p50
    missed = whole.p95 > shape.aim_ms or (shape.aim_ratio and ratio > shape.aim_ratio)
    aim = f"{shape.aim_ms:.0f} ms" + (f", {shape.aim_ratio:.0f}x" if shape.aim_ratio else "")
    cells = [
        shape.name,
        f"{whole.first:.0f}",
        f"{whole.p50:.0f}",
        f"{whole.p95:.0f}",
        f"{bare.p50:.0f}",
        f"{ratio:.2f}",
    ]
    cells += [f"{growth:.1f}"] if growth else []
    return f"| {' | '.join(cells)} | {aim}{', **missed**' if missed else ''} |"


def report(made: Made, options: argparse.Namespace, parent: Path) -> None:
    bare, whole, memory = measured(folder_of(parent, options.issues, options.events), made, options)
    before = {}
    if options.growth:
        smaller = options.events // 10
        folder = folder_of(parent, options.issues, smaller)
        before, _ = ask_http(folder, kept(folder, options.issues, smaller), shapes(options), options)
    print(f"{made.events} events of {made.issues} issues, made {made.made_at:%Y-%m-%d %H:%M} UTC")
    growth = " x from a tenth |" if options.growth else ""
    print(f"| | first ms | p50 ms | p95 ms | bare p50 ms | ratio |{growth} aim |")
    print("|" + "---|" * (8 if options.growth else 7))
    for shape in shapes(options):
        name = shape.name
        grown = whole[name].p50 / before[name].p50 if before else None
        print(row(shape, bare[name], whole[name], grown))
    print(f"memory at the most: {memory.anonymous:.0f} MiB anonymous, {memory.mapped:.0f} MiB of mapped files")


def folder_of(parent: Path, issue_count: int, event_count: int) -> Path:
    return parent / f"{issue_count}-{event_count}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--issues", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where stores stay, to be used again")
    parser.add_argument("--growth", action="store_true", help="ask a store with a tenth of the events too")
    parser.add_argument("--only", default="", metavar="REGEX", help="only the shapes whose names match")
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=3, help="for one shape, unless five tries take longer")
    parser.add_argument("--run-bare", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run_bare:
        made = msgspec.json.decode((options.run_bare / "corpus.json").read_bytes(), type=Made)
        answers = ask_bare(options.run_bare, made, shapes(options), options)
        sys.stdout.buffer.write(msgspec.json.encode(answers))
        return
    with TemporaryDirectory() as folder:
        parent = options.keep or Path(folder)
        made = kept(folder_of(parent, options.issues, options.events), options.issues, options.events)
        report(made, options, parent)


if __name__ == "__main__":
    main()
