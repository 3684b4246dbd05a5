"""Gates of several processes agree within a round of storing, and forget nothing that is stored."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tocsin.domain.outcome import Category, Outcome, Source, Verdict
from tocsin.domain.rate_limit import Cap, CapScope, Meter
from tocsin.flows.limits import Gate, KeepCounts
from tocsin.storage.state.tables import outcome, spending

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
CAP = Cap(meter=Meter(CapScope.KEY, "a1", 60), events_max=5, reason="key_quota")
DECLINED = Outcome(category=Category.ERROR, verdict=Verdict.RATE_LIMITED, reason="key_quota")


class Process:
    """One accepting process with a clock that tests set."""

    def __init__(self, state):
        self.now = NOON
        self.gate = Gate()
        self.counts = KeepCounts(state, self.gate, lambda: self.now)
        self.counts.begin()

    def send(self, events):
        return sum(not self.gate.admit([CAP], self.now.timestamp()) for _ in range(events))


def stored(shop, table):
    with shop.state.read() as connection:
        return connection.execute(select(table)).mappings().all()


def test_one_process_is_exact(shop):
    process = Process(shop.state)
    assert process.send(9) == 5
    process.counts.run()
    assert process.send(1) == 0
    assert process.gate.closed_by([CAP], process.now.timestamp()) == (CAP,)


def test_a_restart_forgets_nothing_that_is_stored(shop):
    before = Process(shop.state)
    before.send(3)
    before.counts.run()
    assert Process(shop.state).send(9) == 2


def test_processes_hear_of_one_another_with_each_round(shop):
    one, other = Process(shop.state), Process(shop.state)
    assert (one.send(2), other.send(1)) == (2, 1)
    one.counts.run()
    other.counts.run()
    assert other.send(9) == 2
    other.counts.run()
    assert one.send(1) == 1
    one.counts.run()
    assert one.send(9) == 0


def test_a_new_window_begins_at_nothing_and_old_ones_are_forgotten(shop):
    process = Process(shop.state)
    process.send(9)
    process.counts.run()
    process.now += timedelta(minutes=1)
    assert process.send(9) == 5
    process.counts.run()
    (row,) = stored(shop, spending)
    assert (row["began_at"], row["ends_at"], row["events"]) == (process.now, process.now + timedelta(minutes=1), 5)


def test_what_was_spent_in_a_window_that_is_over_is_not_stored(shop):
    process = Process(shop.state)
    process.send(2)
    process.now += timedelta(minutes=5)
    process.counts.run()
    assert stored(shop, spending) == []


def test_outcomes_are_stored_with_each_round_and_once(shop):
    process = Process(shop.state)
    source = Source(project_id=shop.project.id, public_key="k", received=NOON)
    process.gate.count(source, [DECLINED, DECLINED])
    process.counts.run()
    process.counts.run()
    process.gate.count(source, [DECLINED])
    process.counts.run()
    (row,) = stored(shop, outcome)
    assert (row["verdict"], row["reason"], row["quantity"]) == ("rate_limited", "key_quota", 3)


def test_what_cannot_be_stored_is_stored_the_next_time(shop):
    process = Process(shop.state)
    process.send(2)
    process.gate.count(Source(project_id=shop.project.id, public_key="k", received=NOON), [DECLINED])
    with shop.state.write() as connection:
        connection.exec_driver_sql("ALTER TABLE spending RENAME TO hidden")
    with pytest.raises(Exception, match="spending"):
        process.counts.run()
    with shop.state.write() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO spending")
    process.counts.run()
    assert [row["events"] for row in stored(shop, spending)] == [2]
    assert [row["quantity"] for row in stored(shop, outcome)] == [1]
    assert process.send(9) == 3
