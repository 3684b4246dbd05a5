"""How often grouping answers what a person would: precision and recall over labelled pairs of events.

    python -m tests.checks.grouping_quality            the table by category, and the pairs that are misjudged
    python -m tests.checks.grouping_quality --write    put the table into docs/grouping.md too

A pair counts as the same when the second event would join the issue of the first: when they share a hash
(spec/ingest.md 6.1).
"""

import argparse
import importlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from tests.corpus.grouping.pair import Event, Pair

from tocsin.domain.event.accepted import Accepted, BodyForm
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.filters import Filters
from tocsin.domain.grouping import group
from tocsin.domain.pipeline import digest
from tocsin.domain.project_rules import ProjectRules

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "grouping"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "grouping.md"
BEGIN, END = "<!-- quality -->", "<!-- /quality -->"
LIMITS = IntakeLimits()


def _pairs() -> list[Pair]:
    modules = sorted(path.stem for path in CORPUS.glob("*.py"))
    found = (importlib.import_module(f"tests.corpus.grouping.{name}") for name in modules)
    return [pair for module in found for pair in getattr(module, "PAIRS", ())]


PAIRS = _pairs()


class Figures(NamedTuple):
    """How many pairs there are of each label, and how many of each were judged to be the same."""

    same: int
    same_joined: int
    different: int
    different_joined: int

    @property
    def precision(self) -> float:
        """Of the pairs that are joined, how many should be."""
        joined = self.same_joined + self.different_joined
        return self.same_joined / joined if joined else 1.0

    @property
    def recall(self) -> float:
        """Of the pairs that should be joined, how many are."""
        return self.same_joined / self.same if self.same else 1.0


UNFILTERED = ProjectRules(filters=Filters(on=frozenset()))


def _digested(event: Event) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the hashes of an event, and what the first was made of."""
    accepted = Accepted(
        project_id=1, public_key="a" * 32, received=datetime(2026, 11, 20, tzinfo=UTC), event_id="a" * 32,
        form=BodyForm.STORE, body=msgspec.json.encode(event),
    )  # fmt: skip
    (digested,) = digest(accepted, LIMITS, UNFILTERED).events
    return digested.hashes, group(msgspec.json.decode(digested.payload)).variants[0].values


def is_joined(pair: Pair) -> bool:
    return not set(_digested(pair.one)[0]).isdisjoint(_digested(pair.other)[0])


def figures(pairs: Iterable[Pair]) -> Figures:
    judged = [(pair.is_same, is_joined(pair)) for pair in pairs]
    return Figures(
        same=sum(same for same, _ in judged),
        same_joined=sum(same and joined for same, joined in judged),
        different=sum(not same for same, _ in judged),
        different_joined=sum(joined and not same for same, joined in judged),
    )


def misjudged() -> list[Pair]:
    return [pair for pair in PAIRS if is_joined(pair) is not pair.is_same]


def table() -> str:
    """Return the figures of each category as a table of Markdown."""
    categories = sorted({pair.category.partition(":")[0] for pair in PAIRS}, key=str.lower)
    lines = ["| what differs | one issue | of these joined | two issues | of these joined |", "|---|--:|--:|--:|--:|"]
    for name in categories:
        each = figures(pair for pair in PAIRS if pair.category.partition(":")[0] == name)
        lines.append("| " + " | ".join([name, *map(str, each)]) + " |")
    lines.append("| **all** | " + " | ".join(map(str, figures(PAIRS))) + " |")
    return "\n".join(lines)


def page(text: str) -> str:
    """Return the documentation of grouping with the figures as they are now."""
    whole = figures(PAIRS)
    summary = f"{len(PAIRS)} pairs: precision {whole.precision:.3f}, recall {whole.recall:.3f}."
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n{summary}\n\n{table()}\n{end}{after}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the table into docs/grouping.md")
    if parser.parse_args().write:
        PAGE.write_text(page(PAGE.read_text()))
    print(table())
    whole = figures(PAIRS)
    print(f"\n{len(PAIRS)} pairs: precision {whole.precision:.3f}, recall {whole.recall:.3f}\n")
    for pair in misjudged():
        print(f"{'apart' if pair.is_same else 'joined'}: {pair.category}: {pair.what}")
        print(*(f"    {_digested(event)[1]}" for event in (pair.one, pair.other)), sep="\n")


if __name__ == "__main__":
    main()
