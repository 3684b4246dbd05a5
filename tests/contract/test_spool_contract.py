"""What every spool keeps to, whatever it is made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tocsin.domain.event.accepted import Accepted, BodyForm
from tocsin.storage.spool.contract import Batch, BatchId, Spool
from tocsin.storage.spool.local import LocalSpool

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
MANY = {"entries_max": 100, "bytes_max": 2**20}

Open = Callable[[Path], Spool]
IMPLEMENTATIONS: dict[str, Open] = {"local": LocalSpool}


@pytest.fixture(params=IMPLEMENTATIONS)
def implementation(request) -> Open:
    return IMPLEMENTATIONS[request.param]


@pytest.fixture
def reopened(implementation, tmp_path):
    """Return a function that opens the same spool again, as the next run of the process or a second process does."""
    opened = []

    def reopen() -> Spool:
        opened.append(implementation(tmp_path / "spool"))
        return opened[-1]

    yield reopen
    for spool in opened:
        spool.close()


@pytest.fixture
def spool(reopened) -> Spool:
    return reopened()


def accepted(number: int = 0, body: bytes = b"{}") -> Accepted:
    return Accepted(
        project_id=1,
        public_key="a" * 32,
        received=NOW + timedelta(microseconds=number),
        event_id=f"{number:032x}",
        body=body,
    )


def several(count: int, body: bytes = b"{}") -> list[Accepted]:
    return [accepted(number, body) for number in range(count)]


def ids_of(batch: Batch | None) -> list[int]:
    return [] if batch is None else [entry.id for entry in batch.entries]


def test_what_is_appended_comes_back_as_it_was(spool):
    full = Accepted(
        project_id=7,
        public_key="b" * 32,
        received=NOW + timedelta(microseconds=123456),
        event_id="c" * 32,
        client_ip="2001:db8::1",
        client="sentry.python/2.0",
        user_agent="curl/8",
        origin="https://example.com",
        form=BodyForm.STORE,
        encoding="gzip",
        body=bytes(range(256)) * 100,
    )
    spool.append_many([full, accepted()])
    assert [entry.accepted for entry in spool.claim(**MANY, now=NOW).entries] == [full, accepted()]


def test_ids_ascend_in_the_order_of_acceptance(spool):
    ids = spool.append_many(several(3)) + spool.append_many(several(2))
    assert ids == sorted(set(ids))
    assert ids_of(spool.claim(**MANY, now=NOW)) == ids


def test_an_id_is_not_used_again_once_the_spool_is_empty(spool):
    first = spool.append_many(several(3))
    spool.done(spool.claim(**MANY, now=NOW).id)
    assert min(spool.append_many(several(1))) > max(first)


def test_appending_nothing_is_no_entry(spool):
    assert spool.append_many([]) == []
    assert spool.depth().entries == 0


def test_an_empty_spool_has_nothing_to_claim(spool):
    assert spool.claim(**MANY, now=NOW) is None


def test_a_batch_takes_no_more_entries_than_asked(spool):
    ids = spool.append_many(several(5))
    assert ids_of(spool.claim(entries_max=2, bytes_max=2**20, now=NOW)) == ids[:2]


def test_a_batch_takes_no_more_bytes_than_asked(spool):
    ids = spool.append_many(several(5, body=b"x" * 1000))
    batch = spool.claim(entries_max=100, bytes_max=3900, now=NOW)
    assert ids_of(batch) == ids[:3]


def test_a_batch_takes_one_entry_that_is_larger_than_asked(spool):
    ids = spool.append_many(several(2, body=b"x" * 1000))
    assert ids_of(spool.claim(entries_max=100, bytes_max=10, now=NOW)) == ids[:1]


def test_a_claimed_batch_is_not_claimed_again(spool):
    ids = spool.append_many(several(4))
    batches = [spool.claim(entries_max=2, bytes_max=2**20, now=NOW) for _ in range(3)]
    assert [ids_of(batch) for batch in batches] == [ids[:2], ids[2:], []]


def test_a_second_opening_does_not_claim_what_is_claimed(spool, reopened):
    spool.append_many(several(2))
    spool.claim(**MANY, now=NOW)
    assert reopened().claim(**MANY, now=NOW) is None


def test_a_batch_done_leaves_nothing(spool):
    spool.append_many(several(2))
    spool.done(spool.claim(**MANY, now=NOW).id)
    assert spool.claim(**MANY, now=LATER) is None
    assert spool.depth().entries == 0


def test_a_batch_done_leaves_the_others(spool):
    ids = spool.append_many(several(4))
    first = spool.claim(entries_max=2, bytes_max=2**20, now=NOW)
    second = spool.claim(entries_max=2, bytes_max=2**20, now=NOW)
    spool.done(second.id)
    spool.give_back(first.id, "database is away", NOW)
    assert ids_of(spool.claim(**MANY, now=NOW)) == ids[:2]


def test_a_batch_given_back_returns_as_it_was_one_try_older(spool):
    spool.append_many(several(3))
    first = spool.claim(entries_max=2, bytes_max=2**20, now=NOW)
    spool.give_back(first.id, "database is away", NOW)
    again = spool.claim(entries_max=100, bytes_max=2**20, now=NOW)
    assert (again.id, ids_of(again), again.tries) == (first.id, ids_of(first), 1)
    assert {entry.tries for entry in again.entries} == {1}


def test_a_batch_given_back_waits_until_it_is_due_and_others_go_on(spool):
    ids = spool.append_many(several(3))
    first = spool.claim(entries_max=2, bytes_max=2**20, now=NOW)
    spool.give_back(first.id, "database is away", LATER)
    assert ids_of(spool.claim(**MANY, now=LATER - timedelta(microseconds=1))) == ids[2:]
    assert spool.claim(**MANY, now=LATER).id == first.id


def test_a_batch_of_a_lost_run_comes_first_with_the_same_id_and_entries(spool, reopened):
    spool.append_many(several(3))
    lost = spool.claim(entries_max=2, bytes_max=2**20, now=NOW)
    spool.append_many(several(3))
    spool.close()
    next_run = reopened()
    assert next_run.recover() == 1
    again = next_run.claim(**MANY, now=NOW)
    assert (again.id, again.tries) == (lost.id, 1)
    assert [entry.accepted for entry in again.entries] == [entry.accepted for entry in lost.entries]


def test_recovering_with_nothing_claimed_frees_nothing(spool):
    spool.append_many(several(1))
    assert spool.recover() == 0
    assert spool.claim(**MANY, now=NOW).tries == 0


def test_a_batch_split_becomes_one_batch_for_each_entry_with_the_tries_it_had(spool):
    ids = spool.append_many(several(3))
    whole = spool.claim(**MANY, now=NOW)
    spool.give_back(whole.id, "crashed", NOW)
    spool.claim(**MANY, now=NOW)
    parts = spool.split(whole.id)
    claimed = [spool.claim(**MANY, now=NOW) for _ in parts]
    assert [batch.id for batch in claimed] == parts
    assert [ids_of(batch) for batch in claimed] == [[id_] for id_ in ids]
    assert {batch.tries for batch in claimed} == {1}
    assert whole.id not in parts
    assert spool.claim(**MANY, now=NOW) is None


def test_a_waiting_batch_can_be_split(spool):
    ids = spool.append_many(several(2))
    whole = spool.claim(**MANY, now=NOW)
    spool.give_back(whole.id, "crashed", LATER)
    spool.split(whole.id)
    assert ids_of(spool.claim(**MANY, now=NOW)) == ids[:1]


def test_a_buried_entry_is_a_dead_letter_and_the_rest_stays_in_the_batch(spool):
    ids = spool.append_many(several(3))
    batch = spool.claim(**MANY, now=NOW)
    spool.bury(batch.id, [ids[1]], "not JSON", LATER)
    (letter,) = spool.dead_letters(limit=10)
    assert (letter.id, letter.reason, letter.tries, letter.buried_at) == (ids[1], "not JSON", 1, LATER)
    assert (letter.project_id, letter.accepted) == (1, accepted(1))
    assert letter.size_bytes >= len(letter.accepted.body)
    spool.give_back(batch.id, "go on", NOW)
    assert ids_of(spool.claim(**MANY, now=NOW)) == [ids[0], ids[2]]


def test_a_batch_with_all_entries_buried_is_gone(spool):
    ids = spool.append_many(several(2))
    batch = spool.claim(**MANY, now=NOW)
    spool.bury(batch.id, ids, "not JSON", NOW)
    assert spool.recover() == 0
    with pytest.raises(LookupError):
        spool.done(batch.id)


def test_burying_what_is_not_in_the_batch_buries_nothing(spool):
    ids = spool.append_many(several(3))
    batch = spool.claim(entries_max=2, bytes_max=2**20, now=NOW)
    with pytest.raises(LookupError):
        spool.bury(batch.id, [ids[0], ids[2]], "not JSON", NOW)
    assert spool.depth().dead == 0
    assert spool.depth().entries == 3


@pytest.mark.parametrize("change", ["done", "split", "give_back", "bury"])
def test_a_batch_that_is_not_open_cannot_be_changed(spool, change):
    arguments = {"give_back": ("why", NOW), "bury": ([], "why", NOW)}.get(change, ())
    with pytest.raises(LookupError, match="no open batch"):
        getattr(spool, change)(BatchId("f" * 32), *arguments)


def test_dead_letters_come_in_pages(spool):
    ids = spool.append_many(several(5))
    spool.bury(spool.claim(**MANY, now=NOW).id, ids, "not JSON", NOW)
    first = spool.dead_letters(limit=2)
    second = spool.dead_letters(limit=2, after=first[-1].id)
    assert [letter.id for letter in first + second] == ids[:4]
    assert [letter.id for letter in spool.dead_letters(limit=2, after=second[-1].id)] == ids[4:]


def test_a_dead_letter_retried_is_the_newest_entry_and_remembers_its_tries(spool):
    ids = spool.append_many(several(2))
    spool.bury(spool.claim(**MANY, now=NOW).id, ids[:1], "not JSON", NOW)
    assert spool.retry(ids) == 1
    (entry,) = spool.claim(**MANY, now=NOW).entries
    assert (entry.accepted, entry.tries) == (accepted(0), 1)
    assert entry.id > max(ids)
    assert spool.dead_letters(limit=10) == []


def test_a_dead_letter_that_dies_again_counts_the_tries_of_both_lives(spool):
    spool.append_many(several(1))
    for tries in (1, 2):
        batch = spool.claim(**MANY, now=NOW)
        spool.bury(batch.id, ids_of(batch), "not JSON", NOW)
        (letter,) = spool.dead_letters(limit=10)
        assert letter.tries == tries
        spool.retry([letter.id])


def test_a_dead_letter_dropped_is_gone(spool):
    ids = spool.append_many(several(2))
    spool.bury(spool.claim(**MANY, now=NOW).id, ids, "not JSON", NOW)
    assert spool.drop([*ids[:1], 10**9]) == 1
    assert [letter.id for letter in spool.dead_letters(limit=10)] == ids[1:]


def test_another_opening_lists_retries_and_drops_dead_letters_meanwhile(spool, reopened):
    ids = spool.append_many(several(3))
    batch = spool.claim(**MANY, now=NOW)
    spool.bury(batch.id, ids[:2], "not JSON", NOW)
    other = reopened()
    assert [letter.id for letter in other.dead_letters(limit=10)] == ids[:2]
    assert (other.retry(ids[:1]), other.drop(ids[1:2])) == (1, 1)
    spool.done(batch.id)
    assert [entry.accepted for entry in spool.claim(**MANY, now=NOW).entries] == [accepted(0)]
    assert other.depth() == spool.depth()


def test_the_depth_counts_what_waits_and_what_is_dead(spool):
    assert spool.depth().oldest_received is None
    ids = spool.append_many(several(4, body=b"x" * 500))
    depth = spool.depth()
    assert (depth.entries, depth.oldest_received, depth.dead) == (4, NOW, 0)
    assert 2000 <= depth.bytes <= 4000
    batch = spool.claim(entries_max=2, bytes_max=2**20, now=NOW)
    assert spool.depth() == depth
    spool.bury(batch.id, ids[:1], "not JSON", NOW)
    assert (spool.depth().entries, spool.depth().dead) == (3, 1)
    assert spool.depth().oldest_received == NOW + timedelta(microseconds=1)


@dataclass
class ModelBatch:
    entries: list[int]
    tries: int = 0
    due: datetime = ALWAYS
    claimed: bool = True

    @property
    def order(self):
        return self.due, self.entries[0]


@dataclass
class Model:
    """The contract as plainly as it can be said: every entry is fresh, in one batch, or dead."""

    fresh: list[int] = field(default_factory=list)
    batches: dict[str, ModelBatch] = field(default_factory=dict)
    dead: dict[int, int] = field(default_factory=dict)
    tries: dict[int, int] = field(default_factory=dict)
    content: dict[int, Accepted] = field(default_factory=dict)

    @property
    def alive(self) -> list[int]:
        return self.fresh + [id_ for batch in self.batches.values() for id_ in batch.entries]

    def due_at(self, now: datetime) -> str | None:
        due = {id_: batch for id_, batch in self.batches.items() if not batch.claimed and batch.due <= now}
        return min(due, key=lambda id_: due[id_].order, default=None)


def spool_machine(open_spool: Open) -> type[RuleBasedStateMachine]:
    class SpoolMachine(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.directory = TemporaryDirectory()
            self.spool = open_spool(Path(self.directory.name))
            self.model = Model()
            self.batch_ids: set[str] = set()
            self.now = NOW
            self.number = 0

        def teardown(self):
            self.spool.close()
            self.directory.cleanup()

        def any_batch(self, data) -> str:
            oldest_first = sorted(self.model.batches, key=lambda id_: self.model.batches[id_].entries)
            return oldest_first[data.draw(st.integers(0, len(oldest_first) - 1), label="batch, by age")]

        @rule(sizes=st.lists(st.integers(0, 20_000), max_size=6))
        def append(self, sizes):
            entries = [accepted(self.number + index, b"x" * size) for index, size in enumerate(sizes)]
            self.number += len(sizes)
            ids = self.spool.append_many(entries)
            assert len(ids) == len(entries)
            assert all(id_ > max(self.model.content, default=0) for id_ in ids)
            self.model.content |= dict(zip(ids, entries, strict=True))
            self.model.tries |= dict.fromkeys(ids, 0)
            self.model.fresh += ids

        @rule(entries_max=st.integers(1, 5), bytes_max=st.sampled_from([1, 10_000, 30_000, 2**30]))
        def claim(self, entries_max, bytes_max):
            batch = self.spool.claim(entries_max, bytes_max, self.now)
            expected = self.model.due_at(self.now)
            if expected:
                assert batch.id == expected
                self.model.batches[expected].claimed = True
            elif not self.model.fresh:
                assert batch is None
                return
            else:
                assert batch.id not in self.batch_ids
                self.take_fresh(batch, entries_max, bytes_max)
            model = self.model.batches[batch.id]
            assert (ids_of(batch), batch.tries) == (model.entries, model.tries)
            for entry in batch.entries:
                assert entry.accepted == self.model.content[entry.id]
                assert entry.tries == self.model.tries[entry.id] + model.tries

        def take_fresh(self, batch, entries_max, bytes_max):
            count = len(batch.entries)
            body_bytes = sum(len(entry.accepted.body) for entry in batch.entries)
            assert 1 <= count <= entries_max
            assert count == 1 or body_bytes <= bytes_max
            assert bytes_max < 2**30 or count == min(entries_max, len(self.model.fresh))
            self.batch_ids.add(batch.id)
            self.model.batches[batch.id] = ModelBatch(self.model.fresh[:count])
            self.model.fresh = self.model.fresh[count:]

        @precondition(lambda self: self.model.batches)
        @rule(data=st.data())
        def done(self, data):
            id_ = self.any_batch(data)
            self.spool.done(BatchId(id_))
            del self.model.batches[id_]

        @precondition(lambda self: self.model.batches)
        @rule(data=st.data(), minutes=st.integers(-1, 3))
        def give_back(self, data, minutes):
            id_ = self.any_batch(data)
            retry_at = self.now + timedelta(minutes=minutes)
            self.spool.give_back(BatchId(id_), "away", retry_at)
            batch = self.model.batches[id_]
            batch.tries, batch.due, batch.claimed = batch.tries + 1, retry_at, False

        @precondition(lambda self: self.model.batches)
        @rule(data=st.data())
        def split(self, data):
            id_ = self.any_batch(data)
            parts = self.spool.split(BatchId(id_))
            assert not self.batch_ids & set(parts)
            self.batch_ids |= set(parts)
            whole = self.model.batches.pop(id_)
            for part, entry_id in zip(parts, whole.entries, strict=True):
                self.model.batches[part] = ModelBatch([entry_id], whole.tries, claimed=False)

        @precondition(lambda self: self.model.batches)
        @rule(data=st.data())
        def bury(self, data):
            id_ = self.any_batch(data)
            batch = self.model.batches[id_]
            buried = data.draw(st.lists(st.sampled_from(batch.entries), unique=True), label="buried")
            self.spool.bury(BatchId(id_), buried, "poison", self.now)
            self.model.dead |= {entry_id: self.model.tries[entry_id] + batch.tries + 1 for entry_id in buried}
            batch.entries = [entry_id for entry_id in batch.entries if entry_id not in buried]
            if not batch.entries:
                del self.model.batches[id_]

        @precondition(lambda self: self.model.dead)
        @rule(data=st.data())
        def retry(self, data):
            ids = data.draw(st.lists(st.sampled_from(sorted(self.model.dead)), unique=True), label="retried")
            before = max(self.model.content)
            assert self.spool.retry(ids) == len(ids)
            for number, old in enumerate(ids, start=1):
                new = before + number
                self.model.content[new] = self.model.content[old]
                self.model.tries[new] = self.model.dead.pop(old)
                self.model.fresh.append(new)

        @precondition(lambda self: self.model.dead)
        @rule(data=st.data())
        def drop(self, data):
            ids = data.draw(st.lists(st.sampled_from(sorted(self.model.dead)), unique=True), label="dropped")
            assert self.spool.drop(ids) == len(ids)
            for id_ in ids:
                del self.model.dead[id_]

        @rule()
        def restart(self):
            self.spool.close()
            self.spool = open_spool(Path(self.directory.name))
            claimed = [batch for batch in self.model.batches.values() if batch.claimed]
            assert self.spool.recover() == len(claimed)
            for batch in claimed:
                batch.claimed, batch.tries = False, batch.tries + 1

        @rule(minutes=st.integers(1, 3))
        def wait(self, minutes):
            self.now += timedelta(minutes=minutes)

        @invariant()
        def depth_and_dead_letters_agree(self):
            depth = self.spool.depth()
            alive = [self.model.content[id_] for id_ in self.model.alive]
            assert (depth.entries, depth.dead) == (len(alive), len(self.model.dead))
            assert depth.oldest_received == min((one.received for one in alive), default=None)
            letters = self.spool.dead_letters(limit=1000)
            assert [(letter.id, letter.tries) for letter in letters] == sorted(self.model.dead.items())

    return SpoolMachine


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_any_sequence_of_calls_agrees_with_the_model(name):
    machine = spool_machine(IMPLEMENTATIONS[name])
    machine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
    machine.TestCase("runTest").runTest()
