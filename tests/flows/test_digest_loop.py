"""The loop around batches: what breaks one is isolated, what breaks the stores is waited out."""

import os
import signal

import pytest
from tests.running import wait_for

from tocsin.domain.errors import Unavailable
from tocsin.domain.event.limits import IntakeLimits
from tocsin.flows.configure import Configure
from tocsin.flows.digest.loop import WORKER_MODULES, DigestLimits, DigestLoop
from tocsin.lib.worker_pool import WorkerPool
from tocsin.storage.spool.opening import open_spool
from tocsin.storage.state.key_cache import ProjectCache

LIMITS = DigestLimits(batch_entries_max=10, batch_bytes_max=1 << 20, tries_max=2, intake=IntakeLimits())


@pytest.fixture(scope="module")
def workers():
    pool = WorkerPool(1, WORKER_MODULES)
    yield pool
    pool.close()


@pytest.fixture
def loop(shop, workers, tmp_path, monkeypatch):
    monkeypatch.setattr("tocsin.flows.digest.loop.BACKOFF_SECONDS", (0,))
    monkeypatch.setattr("tocsin.flows.digest.loop.WAIT_SECONDS", 0.01)
    spool = open_spool((tmp_path / "spool").as_uri())
    projects = ProjectCache(shop.state)
    made = DigestLoop(spool, shop.writer, workers, LIMITS, lambda: shop.now, projects)
    made.spool = spool
    yield made
    projects.close()
    spool.close()


def drain(loop):
    for _ in range(100):
        if not loop.spool.depth().entries:
            return
        loop.step()
    raise AssertionError("the spool does not drain")


def test_everything_accepted_is_digested(shop, loop):
    loop.spool.append_many([shop.accepted() for _ in range(25)])
    drain(loop)
    assert shop.issue().times_seen == shop.stored_events() == 25


def test_a_changed_filter_holds_for_the_next_event(shop, loop):
    configure = Configure(shop.state)
    for patterns, stored in ((["1.*"], 0), (["2.*"], 1), ([], 2)):
        configure.project(shop.project.id, {"options": {"filters:releases": patterns}}, None, shop.now)
        loop.spool.append_many([shop.accepted(release="1.4")])
        drain(loop)
        assert shop.stored_events() == stored


def test_a_body_that_cannot_be_read_becomes_a_dead_letter_and_the_rest_goes_on(shop, loop):
    broken = shop.accepted()
    broken = type(broken)(**{name: getattr(broken, name) for name in broken.__struct_fields__} | {"body": b"{broken"})
    loop.spool.append_many([shop.accepted(), broken, shop.accepted()])
    drain(loop)
    (letter,) = loop.spool.dead_letters(10)
    assert letter.reason.startswith("malformed")
    assert shop.issue().times_seen == 2


def test_an_entry_that_breaks_its_batch_is_found_and_set_aside(shop, loop, monkeypatch):
    poison = shop.accepted(exception={"values": [{"type": "PoisonError"}]})
    write = shop.writer.write

    def break_on_poison(batch_id, digested):
        if any(event.title == "PoisonError" for one in digested for event in one.events):
            raise ValueError("this event cannot be written")
        return write(batch_id, digested)

    monkeypatch.setattr(shop.writer, "write", break_on_poison)
    loop.spool.append_many([shop.accepted(), shop.accepted(), poison, shop.accepted()])
    drain(loop)
    (letter,) = loop.spool.dead_letters(10)
    assert "this event cannot be written" in letter.reason
    assert letter.accepted.event_id == poison.event_id
    assert shop.issue().times_seen == shop.stored_events() == 3


def test_stores_that_do_not_answer_are_waited_out(shop, loop, monkeypatch):
    write, failures = shop.writer.write, iter(range(20))

    def fail_for_a_while(batch_id, digested):
        if next(failures, None) is not None:
            raise Unavailable("The event store is away.")
        return write(batch_id, digested)

    monkeypatch.setattr(shop.writer, "write", fail_for_a_while)
    loop.spool.append_many([shop.accepted(), shop.accepted()])
    drain(loop)
    assert loop.spool.dead_letters(10) == []
    assert shop.issue().times_seen == 2


def test_a_fault_while_the_stores_are_away_costs_no_try(shop, loop, monkeypatch):
    write, failures = shop.writer.write, iter(range(20))

    def fail_for_a_while(batch_id, digested):
        if next(failures, None) is not None:
            raise OSError("connection lost")
        return write(batch_id, digested)

    monkeypatch.setattr(shop.writer, "write", fail_for_a_while)
    monkeypatch.setattr(shop.writer, "stores_answer", lambda: False)
    loop.spool.append_many([shop.accepted()])
    drain(loop)
    assert (loop.spool.dead_letters(10), shop.issue().times_seen) == ([], 1)


def test_a_worker_that_dies_costs_no_event(shop, loop, workers):
    pid = workers.submit(os.getpid).result()
    loop.spool.append_many([shop.accepted() for _ in range(3)])
    os.kill(pid, signal.SIGKILL)
    drain(loop)
    assert (loop.spool.dead_letters(10), shop.issue().times_seen) == ([], 3)


def test_it_runs_in_its_own_thread_until_stopped(shop, loop):
    loop.start()
    loop.spool.append_many([shop.accepted()])
    loop.notify()
    wait_for(lambda: not loop.spool.depth().entries, "the digest")
    assert loop.is_alive
    assert loop.stop(10)
    assert shop.issue().times_seen == 1
