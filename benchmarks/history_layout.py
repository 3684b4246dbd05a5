"""Measure layouts of the event table: bytes per event, CPU per event, and the time of each question.

    .venv/bin/python benchmarks/history_layout.py --events 1000000 --full 20000

Part one inserts *full* events of about 27 KB, all distinct, as the digest flow does, in batches of 200, and then
rewrites them under each codec. Part two multiplies 5,000 events with small payloads to *events* inside the engine and
asks the same questions of each layout. Figures are medians; run it on a machine that does nothing else.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from tempfile import TemporaryDirectory

from tocsin.domain.event.event import Event, EventId, GroupingHash
from tocsin.storage.history import events, filters, schema, seen, tags
from tocsin.storage.history.deletion import delete_events
from tocsin.storage.history.insert import insert
from tocsin.storage.history.scope import EVERYTHING, IssueScope, Page, ProjectScope, Selection
from tocsin.storage.history.store import History, HistoryLimits

END = datetime(2026, 11, 23, tzinfo=UTC)
WORDS = (  # noqa: SIM905 - words read better in a row
    "account invoice payment order cart session token profile shipment ledger refund webhook tenant quota report "
    "export import batch worker cache index query cursor schema migration document template mailer subscription coupon"
).split()
ERRORS = ("ValueError", "KeyError", "TypeError", "AttributeError", "IntegrityError", "TimeoutError", "RuntimeError")
BATCH = 200
GROUPS = 400
PROJECT = ProjectScope((1,))
LIMITS = HistoryLimits(engine_memory_bytes_max=8 << 30, query_memory_bytes_max=6 << 30, query_seconds_max=900)


# Events


def name(r: random.Random, words: int = 2) -> str:
    return "_".join(r.choices(WORDS, k=words))


def source_line(r: random.Random) -> str:
    return r.choice(
        (
            f"        {name(r)} = self.{name(r)}({name(r, 1)}, timeout={r.randint(1, 60)})",
            f"        if {name(r)} is None and {name(r, 1)}.{name(r, 1)} > {r.randint(0, 999)}:",
            f"        return {name(r, 1)}.objects.filter({name(r, 1)}_id={name(r)}.pk).first()",
        )
    )


def frames(r: random.Random, context: int) -> list[dict]:
    """The stack of a group: every event of it has the same."""
    return [
        {
            "filename": f"shop/{name(r, 1)}/{name(r, 1)}.py",
            "abs_path": f"/srv/app/shop/{name(r, 1)}/{name(r, 1)}.py",
            "module": f"shop.{name(r, 1)}.{name(r, 1)}",
            "function": name(r),
            "lineno": r.randint(12, 900),
            "in_app": r.random() < 0.35,
            "pre_context": [source_line(r) for _ in range(context)],
            "context_line": source_line(r),
            "post_context": [source_line(r) for _ in range(context)],
        }
        for _ in range(r.randint(16, 46))
    ]


def payload(group: random.Random, r: random.Random, *, small: bool) -> dict:
    stack = frames(group, 0 if small else 3)[: 4 if small else 60]
    for frame in stack:
        if frame["in_app"] and not small:
            frame["vars"] = {name(r): str(r.randint(1, 10**6)) for _ in range(4)}
    crumbs = [
        {
            "timestamp": 1.79e9 + r.random() * 1e6,
            "category": "query",
            "message": f"SELECT {name(r)}, {name(r)} FROM {name(r)} WHERE {name(r)} = %s LIMIT {r.randint(1, 99)}",
        }
        for _ in range(0 if small else r.randint(5, 30))
    ]
    return {
        "exception": {"values": [{"type": group.choice(ERRORS), "value": name(r, 4), "stacktrace": {"frames": stack}}]},
        "breadcrumbs": {"values": crumbs},
        "contexts": {"trace": {"trace_id": f"{r.getrandbits(128):032x}", "span_id": f"{r.getrandbits(64):016x}"}},
        "request": {"url": f"https://shop.example.com/{name(r)}/{r.randint(1, 99999)}", "data": {name(r): name(r)}},
        "extra": {name(r): name(r, 9) for _ in range(1 if small else 8)},
    }


def event(number: int, *, small: bool) -> Event:
    group, r = random.Random(f"g{number % GROUPS}"), random.Random(f"e{number}")
    body = payload(group, r, small=small)
    [error] = body["exception"]["values"]
    stack = error["stacktrace"]["frames"]
    level, release = r.choice(("error",) * 8 + ("fatal", "warning")), f"shop@{r.randint(1, 3)}.{r.randint(0, 9)}.0"
    environment, user = r.choice(("production", "production", "staging")), f"id:{r.randint(1, 5000)}"
    moment = END - timedelta(microseconds=r.randrange(7 * 86_400 * 10**6))
    found_tags = {
        "browser": r.choice(("Chrome 128", "Firefox 130", "Safari 17")),
        "browser.name": r.choice(("Chrome", "Firefox", "Safari")),
        "environment": environment,
        "http.status": r.choice(("400", "404", "500", "502")),
        "level": level,
        "os": r.choice(("Linux", "Windows 11", "macOS 15")),
        "region": r.choice(("eu-1", "us-2", "ap-3")),
        "release": release,
        "runtime": "CPython 3.12.4",
        "server_name": f"web-{r.randint(1, 12)}",
        "tenant": name(r),
        "user": user,
    }
    return Event(
        project_id=1,
        event_id=EventId(f"{r.getrandbits(128):032x}"),
        timestamp=moment,
        received=moment + timedelta(microseconds=r.randrange(10**6)),
        type="error",
        level=level,
        platform="python",
        title=f"{error['type']}: {error['value']}",
        culprit=f"{stack[-1]['module']} in {stack[-1]['function']}",
        location=stack[-1]["filename"],
        message=f"{error['type']} {error['value']} {stack[-1]['filename']} {stack[-1]['function']}",
        metadata={"type": error["type"], "value": error["value"], "filename": stack[-1]["filename"]},
        transaction=f"/{group.choice(WORDS)}/",
        release=release,
        environment=environment,
        user=user,
        handled=r.random() < 0.3,
        tags=tuple(sorted(found_tags.items())),
        hashes=(GroupingHash(md5(str(number % GROUPS).encode()).hexdigest()),),
        error_types=(error["type"],),
        error_values=(error["value"],),
        stack_filenames=tuple({frame["filename"]: 0 for frame in stack}),
        stack_abs_paths=tuple({frame["abs_path"]: 0 for frame in stack}),
        stack_functions=tuple({frame["function"]: 0 for frame in stack}),
        stack_modules=tuple({frame["module"]: 0 for frame in stack}),
        sdk_name="sentry.python",
        sdk_version="2.14.0",
        payload=json.dumps(body, separators=(",", ":")).encode(),
    )


# Measuring


@contextmanager
def measured(label: str, per_events: int) -> Iterator[None]:
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    cpu_us = (time.process_time() - cpu) / per_events * 1e6
    print(f"| {label} | {cpu_us:.0f} | {(time.perf_counter() - wall) / per_events * 1e6:.0f} |", flush=True)


def median_ms(question: Callable[[], object], tries: int = 5) -> float:
    def once() -> float:
        start = time.perf_counter()
        question()
        return (time.perf_counter() - start) * 1000

    once()
    return statistics.median(once() for _ in range(tries))


def bytes_per_event(history: History) -> float:
    [[size]] = history.rows("SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts WHERE active AND table = 'event'")
    return float(size)


def columns_per_event(history: History, count: int) -> Sequence[Sequence[object]]:
    return history.rows(
        "SELECT column, sum(column_data_compressed_bytes) / sum(rows) AS packed,"
        " sum(column_data_uncompressed_bytes) / sum(rows) FROM system.parts_columns"
        f" WHERE active AND table = 'event' GROUP BY column ORDER BY packed DESC LIMIT {count}"
    )


def rebuilt(history: History, **changes: object) -> None:
    """Put the rows of the table ``source`` into a table ``event`` of another layout, merged into one part a week."""
    projection = changes.pop("projection", None)
    history.command("DROP TABLE IF EXISTS event SYNC")
    history.command(schema.event_table(**changes))
    if projection:
        history.command(f"ALTER TABLE event ADD PROJECTION {projection}")
    history.command("INSERT INTO event SELECT * FROM source SETTINGS max_insert_threads = 1")
    history.command("OPTIMIZE TABLE event FINAL")


def packed(column: str, codec: str) -> tuple[schema.Column, ...]:
    return tuple(each._replace(codec=codec) if each.name == column else each for each in schema.EVENT_COLUMNS)


# Part one: what an event costs


def measure_full_events(history: History, count: int) -> None:
    batches = [[event(n, small=False) for n in range(at, at + BATCH)] for at in range(0, count, BATCH)]
    mean = statistics.mean(len(each.payload) for batch in batches for each in batch)
    print(f"\n{count} distinct events in {GROUPS} groups, payloads of {mean:.0f} bytes, batches of {BATCH}\n")
    print("| | CPU µs per event | wall µs per event |\n|---|---|---|")
    with measured("insert, then the merges until none is left", count):
        with measured("insert", count):
            for number, batch in enumerate(batches):
                insert(history, f"batch-{number}", batch, END)
        while history.rows("SELECT count() FROM system.merges")[0][0]:
            time.sleep(0.1)
    history.command("OPTIMIZE TABLE event FINAL")
    print("\n| column | bytes per event on disk | before packing |\n|---|---|---|")
    for column, on_disk, before in columns_per_event(history, 12):
        print(f"| {column} | {on_disk:.1f} | {before:.0f} |")
    print(f"| **all, with indexes and marks** | **{bytes_per_event(history):.0f}** | |")
    history.command("RENAME TABLE event TO source")
    measure_packings(history, count)
    history.command("DROP TABLE source SYNC")


def measure_packings(history: History, count: int) -> None:
    print("\n| payload | CPU µs per event to rewrite twice | bytes per event | one payload, ms |\n|---|---|---|---|")
    variants: dict[str, dict] = {codec: {"columns": packed("payload", codec)} for codec in ("LZ4", "ZSTD(1)")}
    variants |= {
        "ZSTD(3)": {},
        "ZSTD(6)": {"columns": packed("payload", "ZSTD(6)")},
        "ZSTD(3), granules of 1 MB": {"settings": {**schema.EVENT_SETTINGS, "index_granularity_bytes": 1 << 20}},
        "ZSTD(3), blocks of 1 to 4 MB": {
            "settings": {
                **schema.EVENT_SETTINGS,
                "min_compress_block_size": 1 << 20,
                "max_compress_block_size": 4 << 20,
            }
        },
    }
    scope = IssueScope(1, ((GroupingHash(md5(b"7").hexdigest()), None),))
    for label, changes in variants.items():
        cpu = time.process_time()
        rebuilt(history, **changes)
        spent = (time.process_time() - cpu) / count * 1e6
        latest_ms = median_ms(lambda: events.latest(history, scope))
        print(f"| {label} | {spent:.0f} | {bytes_per_event(history):.0f} | {latest_ms:.1f} |", flush=True)
    history.command("DROP TABLE event SYNC")


# Part two: what a question costs


def multiply(history: History, count: int) -> None:
    """Make *count* events over four weeks in 20,000 groups, the busiest with a tenth of all, from 5,000 small ones."""
    history.command(schema.event_table())
    for at in range(0, 5000, BATCH):
        insert(history, f"seed-{at}", [event(n, small=True) for n in range(at, at + BATCH)], END)
    history.command("RENAME TABLE event TO seed")
    history.command(schema.event_table())
    varied = {
        "primary_hash": "unhex(hex(MD5(toString(group))))",
        "hashes": "[toFixedString(unhex(hex(MD5(toString(group)))), 16)]",
        "timestamp": "moment",
        "received": "moment + INTERVAL 1 SECOND",
        "event_id": "reinterpretAsFixedString(toUInt128(rand64(7)) * 18446744073709551557 + rand64(8))",
        "user": "concat('id:', toString(rand(4) % 50000))",
        "payload": "concat(payload, hex(rand64(5)), hex(rand64(6)))",
    }
    chosen = ", ".join(varied.get(column, f"`{column}`") for column in schema.EVENT_COLUMN_NAMES)
    history.command(
        f"INSERT INTO event SELECT {chosen} FROM (SELECT seed.*,"
        " if(rand(1) % 10 = 0, 0, toUInt32(20000 * pow(rand(2) / 4294967296, 3))) AS group,"
        f" toDateTime64('{END:%Y-%m-%d %H:%M:%S}', 6, 'UTC') - toIntervalSecond(rand(3) % 2419200) AS moment"
        f" FROM numbers({count // 5000}) AS copy CROSS JOIN seed) SETTINGS max_insert_threads = 1"
    )
    history.command("RENAME TABLE event TO source")
    history.command("DROP TABLE seed SYNC")


def questions(history: History) -> dict[str, Callable[[], object]]:
    day, fortnight = Selection(start=END - timedelta(days=1)), Selection(start=END - timedelta(days=14), end=END)
    two_tags = filters.is_one_of(filters.tag("browser.name"), ["Chrome"]) & filters.is_one_of(
        filters.tag("region"), ["eu-1"]
    )
    tagged = Selection(start=END - timedelta(days=14), where=two_tags)
    needle = Selection(start=END - timedelta(days=14), where=filters.message_contains("cart_webhook"))
    hashes = [
        row.primary_hash for row in seen.seen_hashes(history, [1], EVERYTHING, order=seen.SeenOrder.EVENTS, limit=100)
    ]
    issues = [IssueScope(1, ((each, None),)) for each in hashes]
    busiest = issues[0]
    known = events.page(history, issues[50], EVERYTHING, Page(1))[0].event_id
    dated = Selection(start=END - timedelta(days=1), end=END)
    return {
        "hashes of 24 h": lambda: seen.seen_hashes(history, [1], day, limit=1000),
        "hashes of 14 d": lambda: seen.seen_hashes(history, [1], fortnight, limit=1000),
        "… with two tags": lambda: seen.seen_hashes(history, [1], tagged, limit=1000),
        "… with a word of the message": lambda: seen.seen_hashes(history, [1], needle, limit=1000),
        "figures of 100 issues, 14 d": lambda: seen.seen(history, issues, fortnight),
        "24 h series of 100 issues": lambda: seen.series(history, issues, dated, 3600),
        "event by id": lambda: events.event(history, PROJECT, known),
        "latest event of the busiest issue": lambda: events.latest(history, busiest),
        "100 events of the busiest issue": lambda: events.page(history, busiest, EVERYTHING, Page(100)),
        "100 newest of the project": lambda: events.page(history, PROJECT, day, Page(100)),
        "tag keys of the busiest issue": lambda: tags.tag_keys(history, busiest),
        "values of a tag there": lambda: tags.tag_values(history, busiest, "tenant", EVERYTHING, Page(100)),
    }


HOURLY = (
    "hourly (SELECT project_id, primary_hash, toStartOfHour(timestamp) AS hour, count(), min(timestamp), max(timestamp)"
    " GROUP BY project_id, primary_hash, hour)"
)


def layouts() -> dict[str, dict]:
    settings = schema.EVENT_SETTINGS
    return {
        "as built": {},
        "granules of 1 MB": {"settings": {**settings, "index_granularity_bytes": 1 << 20}},
        "granules of 8,192 rows": {"settings": {**settings, "index_granularity": 8192}},
        "map in buckets": {
            "settings": {**settings, "map_serialization_version": "with_buckets", "map_buckets_min_avg_size": 0}
        },
        "n-gram index": {
            "indexes": (*schema.EVENT_INDEXES, "words lower(message) TYPE ngrambf_v1(4, 4096, 2, 0) GRANULARITY 1")
        },
        "hourly projection": {
            "projection": HOURLY,
            "settings": {**settings, "lightweight_mutation_projection_mode": "rebuild"},
        },
    }


def measure_questions(history: History, count: int) -> None:
    multiply(history, count)
    found: dict[str, dict[str, float]] = {}
    for label, changes in layouts().items():
        cpu = time.process_time()
        rebuilt(history, **changes)
        figures = {"bytes per event": bytes_per_event(history), "CPU µs per event": 0.0}
        figures["CPU µs per event"] = (time.process_time() - cpu) / count * 1e6
        figures |= {question: median_ms(asked) for question, asked in questions(history).items()}
        figures["by hour, 14 d, counts only"] = median_ms(lambda: hourly_counts(history))
        figures["deleting the busiest issue"] = deletion_ms(history)
        found[label] = figures
        print(f"<!-- {label} done -->", flush=True)
    print(f"\n{count} events; milliseconds, median of 5\n\n| | {' | '.join(found)} |\n|---{'|---' * len(found)}|")
    for question in next(iter(found.values())):
        print(f"| {question} | {' | '.join(f'{figures[question]:.1f}' for figures in found.values())} |")


def hourly_counts(history: History) -> None:
    history.rows(
        "SELECT primary_hash, count(), min(timestamp), max(timestamp) FROM event WHERE project_id = 1"
        f" AND toStartOfHour(timestamp) >= toDateTime('{END - timedelta(days=14):%Y-%m-%d %H:%M:%S}', 'UTC')"
        " GROUP BY primary_hash ORDER BY count() DESC LIMIT 1000"
    )


def deletion_ms(history: History) -> float:
    [busiest] = seen.seen_hashes(history, [1], EVERYTHING, order=seen.SeenOrder.EVENTS, limit=1)
    start = time.perf_counter()
    delete_events(history, 1, [busiest.primary_hash], END + timedelta(days=1))
    return (time.perf_counter() - start) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--full", type=int, default=20_000)
    parser.add_argument("--in", dest="parent", type=Path, help="where to put the store; needs about 4 GB")
    options = parser.parse_args()
    with TemporaryDirectory(dir=options.parent) as directory, History.open(f"chdb://{directory}", LIMITS) as history:
        measure_full_events(history, options.full)
        measure_questions(history, options.events)


if __name__ == "__main__":
    main()
