from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

from tocsin.storage.state import applied
from tocsin.storage.state.engine import State


def _events(cast, count: int = 3) -> list[tuple[int, str]]:
    return [(cast.project_id, uuid4().hex) for _ in range(count)]


def test_an_event_is_new_to_the_first_batch_only(state: State, cast) -> None:
    events, now = _events(cast), cast.issue().last_seen
    with state.write() as tx:
        assert applied.claim_events(tx, uuid4().hex, events[:2], now) == set(events[:2])
        assert applied.claim_events(tx, uuid4().hex, events, now) == {events[2]}


def test_a_batch_done_again_gets_its_own_events_again(state: State, cast) -> None:
    events, now, batch_id = _events(cast), cast.issue().last_seen, uuid4().hex
    for _ in range(2):
        with state.write() as tx:
            assert applied.claim_events(tx, batch_id, [*events, events[0]], now) == set(events)


def test_the_same_event_id_in_another_project_is_another_event(state: State, cast) -> None:
    event_id, now = uuid4().hex, cast.issue().last_seen
    with state.write() as tx:
        applied.claim_events(tx, uuid4().hex, [(cast.project_id, event_id)], now)
        other = (cast.project_id + 1_000_000, event_id)
        assert applied.claim_events(tx, uuid4().hex, [other], now) == {other}


def test_a_batch_is_applied_once_recorded(state: State, cast) -> None:
    batch_id, now = uuid4().hex, cast.issue().last_seen
    with state.write() as tx:
        assert applied.applied_at(tx, batch_id) is None
        applied.record(tx, batch_id, now)
        applied.record(tx, batch_id, now + timedelta(seconds=1))
        assert applied.applied_at(tx, batch_id) == now


def test_an_event_let_go_of_is_new_to_the_next_batch(state: State, cast) -> None:
    events, now, batch_id, other_id = _events(cast, 2), cast.issue().last_seen, uuid4().hex, uuid4().hex
    with state.write() as tx:
        applied.claim_events(tx, batch_id, events, now)
        applied.disown(tx, other_id, events)
        applied.disown(tx, batch_id, events[:1])
        assert applied.claim_events(tx, other_id, events, now) == {events[0]}


def test_what_was_applied_long_ago_is_forgotten_bit_by_bit(state: State, cast) -> None:
    now, long_ago = cast.issue().last_seen, cast.issue().last_seen - timedelta(days=30)
    old, fresh, batch_id = _events(cast, 5), _events(cast, 1), uuid4().hex
    with state.write() as tx:
        applied.claim_events(tx, batch_id, old, long_ago)
        applied.record(tx, batch_id, long_ago)
        applied.claim_events(tx, uuid4().hex, fresh, now)
        forgotten = [applied.prune(tx, now - timedelta(days=1), 3) for _ in range(3)]
        assert forgotten == [4, 2, 0]
        assert applied.applied_at(tx, batch_id) is None
        assert applied.claim_events(tx, uuid4().hex, [*old, *fresh], now) == set(old)


def test_workers_that_digest_the_same_events_at_once_share_them_out(state: State, cast) -> None:
    events, together = _events(cast, 50), Barrier(4)

    def claim(order: int) -> set[tuple[int, str]]:
        together.wait(10)
        with state.write() as tx:
            return applied.claim_events(tx, uuid4().hex, events[::order], cast.issue().last_seen)

    with ThreadPoolExecutor(4) as pool:
        claimed = [key for keys in pool.map(claim, (1, -1, 1, -1)) for key in keys]
    assert sorted(claimed) == sorted(events)
