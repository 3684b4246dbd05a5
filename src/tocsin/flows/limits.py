"""Counting at the intake: what was spent of caps, and what became of items that never reached the spool.

Requests are judged by counts in memory, without a query and without waiting. About once a second ``KeepCounts`` adds
what is new to state and learns what other processes have spent. So one process is exact; each further one may let
through what it accepts within a second before it hears of the others. Who is killed forgets a second at most.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from threading import Lock

import msgspec

from tocsin.domain.outcome import Outcome, OutcomeKey, Source
from tocsin.domain.rate_limit import Cap, Meter, Spent, exhausted, one_more
from tocsin.storage.state import outcomes, spendings
from tocsin.storage.state.engine import State


class Changes(msgspec.Struct, frozen=True):
    """What a gate has counted since it was asked last."""

    spent: dict[tuple[Meter, int], int]
    """Events by meter and beginning of the window, seconds since 1970."""
    outcomes: Counter[OutcomeKey]


class Gate:
    """Judges events by their caps and counts what it is told of, in memory. Safe to share among threads."""

    def __init__(self) -> None:
        self._spent: dict[Meter, Spent] = {}
        """All that is known, what is not stored yet included."""
        self._fresh: Counter[tuple[Meter, int]] = Counter()
        self._outcomes: Counter[OutcomeKey] = Counter()
        self._turn = Lock()

    def closed_by(self, caps: Sequence[Cap], now: float) -> tuple[Cap, ...]:
        """Return the caps that let no event through at *now*, seconds since 1970."""
        with self._turn:
            return exhausted(caps, self._spent, now)

    def admit(self, caps: Sequence[Cap], now: float) -> tuple[Cap, ...]:
        """Let one event through and count it, unless some caps do not: then return these and count nothing."""
        with self._turn:
            if closed := exhausted(caps, self._spent, now):
                return closed
            for cap in caps:
                spent = self._spent[cap.meter] = one_more(cap.meter, self._spent.get(cap.meter), now)
                self._fresh[cap.meter, spent.began_at] += 1
        return ()

    def count(self, source: Source, what: Iterable[Outcome]) -> None:
        """Count what became of items."""
        with self._turn:
            for outcome in what:
                self._outcomes[source.key(outcome)] += outcome.quantity

    def take(self, now: float) -> Changes:
        """Return what is new since the last call, and forget windows that are over."""
        with self._turn:
            changes = Changes(dict(self._fresh), self._outcomes)
            self._fresh, self._outcomes = Counter(), Counter()
            over = [meter for meter, spent in self._spent.items() if spent.began_at + meter.window_seconds <= now]
            for meter in over:
                del self._spent[meter]
        return changes

    def put_back(self, changes: Changes) -> None:
        """Keep what could not be stored for the next time."""
        with self._turn:
            self._fresh.update(changes.spent)
            self._outcomes.update(changes.outcomes)

    def learn(self, totals: Iterable[tuple[Meter, Spent]]) -> None:
        """Take in what is stored, to which comes what has not been taken from here."""
        with self._turn:
            for meter, stored in totals:
                known = self._spent.get(meter)
                if known is None or known.began_at <= stored.began_at:
                    events = stored.events + self._fresh[meter, stored.began_at]
                    self._spent[meter] = Spent(stored.began_at, events)


class KeepCounts:
    """Stores what a gate has counted, and tells it what other gates have."""

    def __init__(self, state: State, gate: Gate, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._gate = gate
        self._clock = clock

    def begin(self) -> None:
        """Tell the gate what was spent before it was there."""
        with self._state.read() as connection:
            self._gate.learn(spendings.current(connection, self._clock()))

    def run(self) -> None:
        """Store what is new, in one transaction. Without anything new nothing is asked."""
        now = self._clock()
        changes = self._gate.take(now.timestamp())
        if not changes.spent and not changes.outcomes:
            return
        try:
            with self._state.write() as connection:
                outcomes.add(connection, changes.outcomes)
                totals = spendings.add(connection, _by_meter(changes, now))
                spendings.prune(connection, now)
        except BaseException:
            self._gate.put_back(changes)
            raise
        self._gate.learn(totals)


def _by_meter(changes: Changes, now: datetime) -> dict[Meter, list[Spent]]:
    """Return what was spent in windows that are not over; nobody asks for the others."""
    spent: dict[Meter, list[Spent]] = {}
    for (meter, began_at), events in changes.spent.items():
        if began_at + meter.window_seconds > now.timestamp():
            spent.setdefault(meter, []).append(Spent(began_at, events))
    return spent
