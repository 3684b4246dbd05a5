"""Processes killed at any moment lose nothing, double nothing and keep every batch together."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from tocsin.storage.spool.local import LocalSpool

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
PROCESS = Path(__file__).with_name("spooling_process.py")
ROUNDS = 15


@dataclass
class Told:
    """What the killed processes said, in the order they said it."""

    begun: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    batches: dict[str, list[str]] = field(default_factory=dict)
    maybe_finished: set[str] = field(default_factory=set)
    finished: set[str] = field(default_factory=set)
    maybe_split: set[str] = field(default_factory=set)

    def hear(self, what: str, names: list[str] = (), batch: str = "") -> None:
        match what:
            case "appending":
                self.begun |= set(names)
            case "appended":
                self.acknowledged |= set(names)
            case "claimed":
                assert batch not in self.finished, "a finished batch came back"
                assert self.batches.setdefault(batch, names) == names, "a batch changed"
            case "finishing":
                self.maybe_finished.add(batch)
            case "finished":
                self.finished.add(batch)
            case "splitting":
                self.maybe_split.add(batch)

    def entries_of(self, batches: set[str]) -> set[str]:
        return {name for batch in batches for name in self.batches[batch]}


def run_until_killed(directory: Path, seed: int, told: Told, lines_max: int) -> None:
    arguments = [sys.executable, "-W", "error", str(PROCESS), str(directory), str(seed)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            told.hear(**json.loads(line))
            lines_max -= 1
            if lines_max == 0:
                process.kill()
                break
        # What it had said before the blow fell still lies in the pipe; its last line may be cut.
        for line in process.stdout:
            if line.endswith(b"\n"):
                told.hear(**json.loads(line))
    assert process.returncode == -9


def remaining(spool: LocalSpool) -> list[tuple[str, list[str]]]:
    batches = []
    while batch := spool.claim(entries_max=50, bytes_max=2**24, now=NOW):
        batches.append((batch.id, [entry.accepted.event_id for entry in batch.entries]))
    return batches


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_processes_lose_and_double_nothing_and_batches_stay_the_same(tmp_path, seed):
    told, random = Told(), Random(seed)
    for round_number in range(ROUNDS):
        run_until_killed(tmp_path, seed * 1000 + round_number, told, lines_max=random.randint(1, 60))
    spool = LocalSpool(tmp_path)
    spool.recover()
    left = remaining(spool)
    spool.close()

    present = Counter(name for _, names in left for name in names)
    assert set(present.values()) <= {1}, "an entry is there twice"
    assert set(present) <= told.begun
    gone = told.acknowledged - set(present)
    assert gone <= told.entries_of(told.maybe_finished), "an acknowledged entry is lost"
    assert not set(present) & told.entries_of(told.finished), "a finished entry came back"
    for batch, names in left:
        told.hear("claimed", names, batch)
    open_batches = set(told.batches) - told.maybe_finished - told.maybe_split
    assert open_batches <= {batch for batch, _ in left}
    assert len(told.acknowledged) > ROUNDS
