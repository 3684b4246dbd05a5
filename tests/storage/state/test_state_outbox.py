from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy.exc import OperationalError

from tocsin.storage.state import attachments, outbox
from tocsin.storage.state.attachments import Attachment
from tocsin.storage.state.engine import State, StateLimits
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


def _doomed(tx, sha256: str, now) -> bool:
    found = outbox.claim(tx, [attachments.BLOB_KIND], now, lease=LEASE, limit=10_000)
    outbox.done(tx, [one.id for one in found])
    return sha256 in {one.payload["sha256"] for one in found}


def test_a_blob_is_doomed_with_its_last_attachment(state: State, cast, now) -> None:
    event_id, sha256 = uuid4().hex, uuid4().hex * 2
    with state.write() as tx:
        attachments.add(tx, [_attachment(cast, event_id, sha256) for _ in range(2)])
        first, second = (one.id for one in attachments.of_events(tx, cast.project_id, [event_id]))
        attachments.remove(tx, [first], now)
        assert (attachments.named(tx, [sha256]), _doomed(tx, sha256, now)) == ({sha256}, False)
        attachments.remove(tx, [second], now)
        assert (attachments.named(tx, [sha256]), _doomed(tx, sha256, now)) == (set(), True)
        attachments.add(tx, [_attachment(cast, event_id, sha256)])
        attachments.prune(tx, now, 10, now)
        assert not _doomed(tx, sha256, now)
        attachments.prune(tx, now + LEASE, 10_000, now)
        assert _doomed(tx, sha256, now)


def test_a_blob_is_kept_and_deleted_by_one_at_a_time(state: State, module_url: str) -> None:
    impatient = StateLimits(lock_wait_seconds_max=1)
    with closing(State.open(module_url, impatient)) as other:
        with state.write() as tx:
            attachments.lock_contents(tx, ["ab" * 32, "cd" * 32])
            with pytest.raises(OperationalError), other.write() as waiting:
                attachments.lock_contents(waiting, ["cd" * 32])
        with other.write() as tx:
            attachments.lock_contents(tx, ["cd" * 32])
