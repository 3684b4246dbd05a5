"""Milliseconds to count a million session updates: two weeks by the hour and by release, against a bare count.

.venv/bin/python -m benchmarks.sessions --updates 1000000
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tocsin.domain.query.window import Window, aligned_grid
from tocsin.storage.history.schema import session_table
from tocsin.storage.history.sessions import Dimension, Sessions, health, series
from tocsin.storage.history.store import History

DAYS = 14
RELEASES = 20
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
PARTS = 20
ENGINES = {
    "rows merged by session": session_table(),
    "rows as they came": session_table().replace("AggregatingMergeTree", "MergeTree"),
}


def fill(history: History, updates: int) -> None:
    """Write the updates in parts: two of each session, in two parts, as they would come; a fiftieth went wrong."""
    for part in range(PARTS):
        history.command(
            "INSERT INTO session SELECT 1,"
            f" toStartOfHour(toDateTime({int(NOW.timestamp())}, 'UTC') - cityHash64(number) % {DAYS * 86_400}),"
            f" concat('web@1.', toString(cityHash64(number, 1) % {RELEASES})), 'production',"
            f" cityHash64(number, 2), cityHash64(cityHash64(number, 3) % {max(updates // 10, 1)}),"
            f" if(cityHash64(number) % 50 = 0, cityHash64(number, 4) % 5, 0), {part} < {PARTS // 2}, 1.5, 0, 0, 0, 0, 0"
            f" FROM numbers({part % (PARTS // 2) * (updates // PARTS)}, {updates // PARTS})"
        )


def milliseconds(ask: Callable[[], object], runs: int) -> float:
    figures = []
    for _ in range(runs):
        start = time.perf_counter()
        ask()
        figures.append((time.perf_counter() - start) * 1000)
    return statistics.median(figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    window = Window(start=NOW - timedelta(days=DAYS), end=NOW)
    which = Sessions(project_ids=(1,), start=window.start, end=window.end)
    grid = aligned_grid(window, 3600)
    questions: dict[str, Callable[[History], object]] = {
        "bare count": lambda history: history.rows("SELECT count() FROM session WHERE session != 0"),
        "totals": lambda history: health(history, which),
        "totals by release": lambda history: health(history, which, [Dimension.RELEASE]),
        "by hour": lambda history: series(history, which, [], grid),
        "by hour and release": lambda history: series(history, which, [Dimension.RELEASE], grid),
    }
    with tempfile.TemporaryDirectory() as folder, History.open(f"chdb://{folder}") as history:
        for name, table in ENGINES.items():
            history.command("DROP TABLE session")
            history.command(table)
            start = time.perf_counter()
            fill(history, options.updates)
            print(f"{name}: written in {time.perf_counter() - start:.1f} s")
            for state in ("in 20 parts", "merged"):
                if state == "merged":
                    history.command("OPTIMIZE TABLE session FINAL")
                [[rows, size]] = history.rows(
                    "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE table = 'session' AND active"
                )
                print(f"  {state}: {rows:,} rows, {size / options.updates:.1f} bytes an update")
                base = 0.0
                for question, ask in questions.items():
                    took = milliseconds(lambda ask=ask: ask(history), options.runs)
                    base = base or took
                    print(f"    {question}: {took:.0f} ms, {took / base:.1f} of the bare count")


if __name__ == "__main__":
    main()
