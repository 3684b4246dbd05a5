from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest

from tocsin.storage.state import attachments, outbox
from tocsin.storage.state.attachments import Attachment
from tocsin.storage.state.engine import State
from tocsin.storage.state.outbox import Notice

LEASE = timedelta(minutes=1)


@pytest.fixture
def now(cast):
    return cast.issue().last_seen


@pytest.fixture
def kind() -> str:
    return uuid4().hex


def test_a_notice_is_claimed_once_within_its_lease(state: State, now, kind) -> None:
    with state.write() as tx:
        outbox.add(tx, [Notice(kind=kind, payload={"n": 1}), Notice(kind="other", payload={})], now)
        [claimed] = outbox.claim(tx, [kind], now, lease=LEASE, limit=10)
        assert (claimed.payload, claimed.tries, claimed.created_at) == ({"n": 1}, 1, now)
        assert outbox.claim(tx, [kind], now, lease=LEASE, limit=10) == []
        [again] = outbox.claim(tx, [kind], now + LEASE, lease=LEASE, limit=10)
        assert (again.id, again.tries) == (claimed.id, 2)
        outbox.done(tx, [claimed.id])
        assert outbox.claim(tx, [kind], now + 9 * LEASE, lease=LEASE, limit=10) == []


def test_a_notice_put_off_is_due_when_it_says(state: State, now, kind) -> None:
    with state.write() as tx:
        outbox.add(tx, [Notice(kind=kind, payload={})], now)
        [claimed] = outbox.claim(tx, [kind], now, lease=LEASE, limit=10)
        outbox.put_off(tx, [claimed.id], now + 3 * LEASE)
        assert outbox.claim(tx, [kind], now + 2 * LEASE, lease=LEASE, limit=10) == []
        assert len(outbox.claim(tx, [kind], now + 3 * LEASE, lease=LEASE, limit=10)) == 1


def test_workers_share_notices_out(state: State, now, kind) -> None:
    with state.write() as tx:
        outbox.add(tx, [Notice(kind=kind, payload={"n": n}) for n in range(40)], now)
    together = Barrier(4)

    def work(_number: int) -> list[int]:
        together.wait(10)
        with state.write() as tx:
            return [one.payload["n"] for one in outbox.claim(tx, [kind], now, lease=LEASE, limit=10)]

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(work, range(4)))
    assert sorted(n for share in shares for n in share) == list(range(40))


def _attachment(cast, event_id: str, sha256: str, name: str = "log.txt") -> Attachment:
    return Attachment(
        project_id=cast.project_id,
        event_id=event_id,
        name=name,
        type="event.attachment",
        content_type="text/plain",
        size_bytes=12,
        sha256=sha256,
        created_at=cast.issue().last_seen,
    )


def test_attachments_of_an_event_come_in_order(state: State, cast) -> None:
    event_id, other_id = uuid4().hex, uuid4().hex
    with state.write() as tx:
        attachments.add(tx, [_attachment(cast, event_id, "ab" * 32, name) for name in ("b", "a")])
        attachments.add(tx, [_attachment(cast, other_id, "cd" * 32)])
        found = attachments.of_events(tx, cast.project_id, [event_id])
        assert [one.name for one in found] == ["b", "a"]
        assert attachments.by_id(tx, found[0].id) == found[0]
        assert attachments.of_events(tx, cast.project_id + 1_000_000, [event_id]) == []


def test_a_blob_is_dropped_with_its_last_attachment(state: State, cast) -> None:
    event_id, sha256 = uuid4().hex, uuid4().hex * 2
    with state.write() as tx:
        attachments.add(tx, [_attachment(cast, event_id, sha256) for _ in range(2)])
        first, second = (one.id for one in attachments.of_events(tx, cast.project_id, [event_id]))
        assert attachments.remove(tx, [first]) == set()
        assert attachments.remove(tx, [second]) == {sha256}
        attachments.add(tx, [_attachment(cast, event_id, sha256)])
        assert attachments.prune(tx, cast.issue().last_seen, 10) == set()
        assert sha256 in attachments.prune(tx, cast.issue().last_seen + LEASE, 10_000)
