"""How a search was carried out: its plan, and the rows and the time of each step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

import msgspec

from tocsin.domain.query.split import split
from tocsin.domain.query.tree import Query
from tocsin.domain.query.window import Window
from tocsin.flows.search.plan import Plan


class Step(msgspec.Struct, kw_only=True):
    """One step of a search; who takes it fills in the rows."""

    name: str
    rows: int = 0
    """What came out of it: issues, or grouping hashes."""
    milliseconds: float = 0


class Stopwatch:
    """Takes the time of the steps of one search. Not safe to share among threads."""

    def __init__(self, tick: Callable[[], float] = perf_counter) -> None:
        self._tick = tick
        self.steps: list[Step] = []

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Yield a step whose time runs until the block ends."""
        step, started = Step(name=name), self._tick()
        self.steps.append(step)
        yield step
        step.milliseconds = round((self._tick() - started) * 1000, 3)


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What one search came to."""

    plan: Plan
    sort: str
    query: Query
    window: Window
    """As far as the query leaves it open."""
    hits: int | None
    steps: tuple[Step, ...]

    @property
    def milliseconds(self) -> float:
        """How long all steps took."""
        return round(sum(step.milliseconds for step in self.steps), 3)

    @property
    def places(self) -> dict[str, str]:
        """Which terms are answered where: on projects, on issues in state, on events, on what these add up to."""
        parts = split(self.query)
        return {
            "projects": str(Query(parts.scope_terms)),
            "state": str(Query(parts.issue_terms)),
            "events": str(Query(parts.event_terms)),
            "aggregates": str(Query(parts.aggregate_terms)),
        }
