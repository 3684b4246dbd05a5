"""Deleting issues: what goes, what stays, and what a crash in between changes (spec/mutation.md 7)."""

from datetime import timedelta

import msgspec
import pytest

from tocsin.domain.issue.issue import Status
from tocsin.flows.remove import KIND, LEASE, SETTLED_AFTER, Remove
from tocsin.storage.history.insert import insert
from tocsin.storage.state import attachments, inbox, issue_hashes, issues, outbox


@pytest.fixture
def remove(shop) -> Remove:
    return Remove(shop.state, shop.history, shop.blobs, lambda: shop.now)


def with_file(shop, content: bytes, **event):
    """Return an accepted event that brings a file along."""
    accepted = shop.accepted(**event)
    header = msgspec.json.encode({"type": "attachment", "length": len(content), "filename": "a.txt"})
    return msgspec.structs.replace(accepted, body=accepted.body + header + b"\n" + content + b"\n")


def files(shop):
    with shop.state.read() as connection:
        ids = [row[0].hex() for row in shop.history.rows("SELECT event_id FROM event")]
        known = [f"{number:032x}" for number in range(1, 50)]
        return attachments.of_events(connection, shop.project.id, {*ids, *known})


def test_a_scheduled_issue_is_out_of_sight_and_its_hashes_are_free(shop, remove):
    shop.send()
    issue = shop.issue()
    shop.later(minutes=1)
    remove.schedule([issue.id, 999])
    leaving = shop.issue()
    assert (leaving.status, leaving.substatus) == (Status.PENDING_DELETION, None)
    with shop.state.read() as connection:
        assert inbox.waiting(connection, [issue.id]) == {}
        assert issue_hashes.of_issues(connection, [issue.id]) == []


def test_events_go_with_their_issue_and_later_ones_stay_with_theirs(shop, remove):
    for _ in range(3):
        shop.send()
    old = shop.issue()
    shop.later(minutes=1)
    remove.schedule([old.id])
    shop.later(minutes=1)
    shop.send()
    assert remove.run(shop.now) == 1
    new = shop.issue()
    assert new.id != old.id
    assert new.number == old.number + 1
    assert (new.times_seen, shop.stored_events()) == (1, 1)


def test_other_issues_stay(shop, remove):
    shop.send(fingerprint=["one"])
    shop.send(fingerprint=["two"])
    one, two = shop.issues()
    shop.later(minutes=1)
    remove.schedule([one.id])
    remove.run(shop.now)
    assert [issue.id for issue in shop.issues()] == [two.id]
    assert shop.stored_events() == 1


def test_files_go_unless_somebody_else_has_the_same(shop, remove):
    shop.write(with_file(shop, b"only here", fingerprint=["one"]))
    shop.write(with_file(shop, b"everywhere", fingerprint=["one"]))
    shop.write(with_file(shop, b"everywhere", fingerprint=["two"]))
    one, two = shop.issues()
    own, shared, _ = files(shop)
    shop.later(minutes=1)
    remove.schedule([one.id])
    remove.run(shop.now)
    assert [file.sha256 for file in files(shop)] == [shared.sha256]
    assert [shop.blobs.exists(content_hash) for content_hash in (own.sha256, shared.sha256)] == [False, True]
    assert shop.issues()[0].id == two.id


def test_scheduling_twice_is_scheduling_once(shop, remove):
    shop.send()
    shop.later(minutes=1)
    for _ in range(2):
        remove.schedule([shop.issue().id])
    assert remove.run(shop.now) == 1


def test_what_a_crash_interrupted_is_done_after_the_lease(shop, remove):
    shop.send()
    shop.later(minutes=1)
    remove.schedule([shop.issue().id])
    with shop.state.write() as connection:
        assert len(outbox.claim(connection, [KIND], shop.now, lease=LEASE, limit=10)) == 1
    again = Remove(shop.state, shop.history, shop.blobs, lambda: shop.now)
    assert again.run(shop.now) == 0
    assert again.run(shop.now + LEASE) == 1
    assert (shop.issues(), shop.stored_events()) == ([], 0)


def test_a_batch_that_was_on_its_way_into_history_is_swept_later(shop, remove):
    shop.send()
    digested_at = shop.now
    shop.later(minutes=1)
    remove.schedule([shop.issue().id])
    remove.run(shop.now)
    [late] = shop.digested(shop.accepted())
    insert(shop.history, "f" * 32, late.events, digested_at)
    assert remove.run(shop.now + timedelta(minutes=1)) == 0
    assert shop.stored_events() == 1
    assert remove.run(shop.now + SETTLED_AFTER) == 1
    assert shop.stored_events() == 0
    assert remove.run(shop.now + 3 * SETTLED_AFTER) == 0


def test_many_issues_go_in_one_run(shop, remove):
    shop.write(*(shop.accepted(fingerprint=[str(number)]) for number in range(300)))
    shop.later(minutes=1)
    remove.schedule([issue.id for issue in shop.issues()])
    assert remove.run(shop.now) == 300
    assert (shop.issues(), shop.stored_events()) == ([], 0)


def test_rows_that_hang_on_an_issue_go_with_it(shop, remove):
    shop.send(environment="production", release="app@1.0")
    issue_id = shop.issue().id
    shop.later(minutes=1)
    remove.schedule([issue_id])
    remove.run(shop.now)
    with shop.state.read() as connection:
        assert issues.load(connection, [issue_id]) == {}
