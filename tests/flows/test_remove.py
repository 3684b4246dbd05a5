"""Deleting issues: what goes, what stays, and what a crash in between changes (spec/mutation.md 7)."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event

import msgspec
import pytest
from sqlalchemy import insert

from tocsin.domain.issue.issue import Status
from tocsin.domain.issue.workflow import LEAVING
from tocsin.flows.digest.apply import BatchWriter
from tocsin.flows.remove import LEASE, SETTLED_AFTER, Remove
from tocsin.storage.history.insert import insert as insert_events
from tocsin.storage.state import attachments, deletions, inbox, issue_hashes, issues, outbox
from tocsin.storage.state.tables import issue_merge


@pytest.fixture
def remove(shop) -> Remove:
    return Remove(shop.state, shop.history, shop.blobs, lambda: shop.now)


def schedule(shop, issue_ids, actor_id=None):
    """Begin to delete issues, and return the id of the deletion."""
    remove = Remove(shop.state, shop.history, shop.blobs, lambda: shop.now)
    return remove.schedule(issue_ids, shop.project.organization_id, actor_id)


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
    schedule(shop, [issue.id, 999])
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
    schedule(shop, [old.id])
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
    schedule(shop, [one.id])
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
    schedule(shop, [one.id])
    remove.run(shop.now)
    assert remove.drop_blobs(shop.now) == 1
    assert [file.sha256 for file in files(shop)] == [shared.sha256]
    assert [shop.blobs.exists(content_hash) for content_hash in (own.sha256, shared.sha256)] == [False, True]
    assert shop.issues()[0].id == two.id


def test_scheduling_twice_is_scheduling_once(shop, remove):
    shop.send()
    shop.later(minutes=1)
    for _ in range(2):
        schedule(shop, [shop.issue().id])
    assert remove.run(shop.now) == 1


def test_what_a_crash_interrupted_is_done_after_the_lease(shop, remove):
    shop.send()
    shop.later(minutes=1)
    schedule(shop, [shop.issue().id])
    with shop.state.write() as connection:
        assert len(outbox.claim(connection, [deletions.KIND], shop.now, lease=LEASE, limit=10)) == 1
    again = Remove(shop.state, shop.history, shop.blobs, lambda: shop.now)
    assert again.run(shop.now) == 0
    assert again.run(shop.now + LEASE) == 1
    assert (shop.issues(), shop.stored_events()) == ([], 0)


def test_a_batch_that_was_on_its_way_into_history_is_swept_later(shop, remove):
    shop.send()
    digested_at = shop.now
    shop.later(minutes=1)
    schedule(shop, [shop.issue().id])
    remove.run(shop.now)
    [late] = shop.digested(shop.accepted())
    insert_events(shop.history, "f" * 32, late.events, digested_at)
    assert remove.run(shop.now + timedelta(minutes=1)) == 0
    assert shop.stored_events() == 1
    assert remove.run(shop.now + SETTLED_AFTER) == 1
    assert shop.stored_events() == 0
    assert remove.run(shop.now + 3 * SETTLED_AFTER) == 0


def test_a_server_that_was_down_for_long_sweeps_twice_all_the_same(shop, remove):
    shop.send()
    digested_at = shop.now
    schedule(shop, [shop.issue().id])
    [late] = shop.digested(shop.accepted())
    assert remove.run(shop.now + 5 * SETTLED_AFTER) == 1
    insert_events(shop.history, "f" * 32, late.events, digested_at)
    assert remove.run(shop.now + 6 * SETTLED_AFTER) == 1
    assert shop.stored_events() == 0


def test_many_issues_go_in_one_run(shop, remove):
    shop.write(*(shop.accepted(fingerprint=[str(number)]) for number in range(300)))
    shop.later(minutes=1)
    schedule(shop, [issue.id for issue in shop.issues()])
    assert remove.run(shop.now) == 300
    assert (shop.issues(), shop.stored_events()) == ([], 0)


def deletion_of(shop, deletion_id):
    with shop.state.read() as connection:
        return deletions.by_id(connection, deletion_id)


def left_to_do(shop):
    """Return how many notices of ours wait, whenever they are due."""
    with shop.state.write() as connection:
        kinds = [deletions.KIND, attachments.BLOB_KIND]
        return len(outbox.claim(connection, kinds, shop.now + timedelta(days=9), lease=LEASE, limit=100))


def test_a_deletion_tells_how_far_it_got(shop, remove):
    for group in ("one", "one", "two"):
        shop.send(fingerprint=[group])
    shop.later(minutes=1)
    deletion_id = schedule(shop, [issue.id for issue in shop.issues()])
    begun = deletion_of(shop, deletion_id)
    remove.run(shop.now + timedelta(seconds=1))
    over = deletion_of(shop, deletion_id)
    remove.run(shop.now + 2 * SETTLED_AFTER)
    assert (begun.issues, begun.issues_deleted, begun.events_deleted, begun.finished_at) == (2, 0, 0, None)
    assert (over.issues_deleted, over.events_deleted) == (2, 3)
    assert over.finished_at == shop.now + timedelta(seconds=1)
    assert deletion_of(shop, deletion_id) == over
    assert left_to_do(shop) == 0


def test_nothing_is_scheduled_for_nothing(shop):
    assert schedule(shop, []) is None
    assert schedule(shop, [404]) is None
    assert left_to_do(shop) == 0


def test_an_issue_is_in_progress_while_it_is_being_deleted(shop):
    shop.send()
    issue_id = shop.issue().id
    schedule(shop, [issue_id])
    seen = []

    class Watching(Fused):
        def command(self, *arguments):
            seen.append(shop.issue().status)
            return super().command(*arguments)

    Remove(shop.state, Watching(shop.history, Fuse(0)), shop.blobs, shop.clock).run(shop.now)
    assert seen == [Status.DELETION_IN_PROGRESS]
    assert shop.issues() == []


# In the same instant


def test_at_one_frozen_instant_each_event_is_on_one_side(shop, remove):
    ids = []
    for _ in range(4):
        shop.send()
        ids.append(shop.issue().id)
        schedule(shop, [shop.issue().id])
        shop.send()
        (kept,) = [issue for issue in shop.issues() if issue.id not in ids]
        remove.run(shop.now)
        assert (shop.issue(), shop.stored_events()) == (kept, 1)
        assert kept.times_seen == 1
        ids.append(kept.id)
        schedule(shop, [kept.id])
        remove.run(shop.now)
        assert (shop.issues(), shop.stored_events()) == ([], 0)


def test_a_clock_that_went_back_loses_no_event(shop, remove):
    shop.send()
    schedule(shop, [shop.issue().id])
    shop.later(minutes=-5)
    shop.send()
    shop.later(minutes=10)
    remove.run(shop.now)
    assert (shop.issue().times_seen, shop.stored_events()) == (1, 1)


def test_events_and_deletions_at_the_same_time_agree_on_every_event(shop, remove):
    """Events keep coming while their issue is deleted again and again, all of it at one instant."""
    batches = [[shop.accepted() for _ in range(3)] for _ in range(25)]
    stop = Event()

    def delete_again_and_again():
        begun = set()
        while not stop.is_set():
            begun.add(schedule(shop, [issue.id for issue in shop.issues()]))
            remove.run(shop.now)
        return begun - {None}

    with ThreadPoolExecutor(2) as pool:
        deleting = pool.submit(delete_again_and_again)
        for number, batch in enumerate(batches):
            shop.write(*batch, batch=f"{number:032x}")
        stop.set()
        begun = deleting.result(60)
    # What history got late is taken by the second sweep.
    for sweep in range(2):
        remove.run(shop.now + (1 + sweep) * SETTLED_AFTER)
    kept = [issue for issue in shop.issues() if issue.status not in LEAVING]
    assert shop.stored_events() == sum(issue.times_seen for issue in kept)
    assert {deletion_of(shop, one).finished_at is None for one in begun} <= {False}
    # One that comes between counting and deleting goes uncounted.
    gone = sum(deletion_of(shop, one).events_deleted for one in begun)
    assert 0 < gone <= 75 - shop.stored_events()


# Blobs


class Meddling:
    """A blob store where somebody does something right after a blob was kept."""

    def __init__(self, blobs, then):
        self.blobs, self.then = blobs, then

    def put(self, content):
        content_hash = self.blobs.put(content)
        then, self.then = self.then, lambda: None
        then()
        return content_hash

    def exists(self, content_hash):
        return self.blobs.exists(content_hash)


def test_a_blob_deleted_while_somebody_stores_the_same_is_there_afterwards(shop, remove):
    shop.write(with_file(shop, b"the same", fingerprint=["one"]))
    schedule(shop, [shop.issue().id])
    remove.run(shop.now)
    went = []
    meddling = Meddling(shop.blobs, lambda: went.append(remove.drop_blobs(shop.now)))
    shop.writer = BatchWriter(shop.state, shop.history, meddling, shop.clock)
    shop.write(with_file(shop, b"the same", fingerprint=["two"]))
    (kept,) = files(shop)
    assert went == [1]
    assert shop.blobs.get(kept.sha256) == b"the same"


def test_a_blob_somebody_stored_again_stays(shop, remove):
    shop.write(with_file(shop, b"the same", fingerprint=["one"]))
    schedule(shop, [shop.issue().id])
    remove.run(shop.now)
    shop.write(with_file(shop, b"the same", fingerprint=["two"]))
    assert remove.drop_blobs(shop.now) == 1
    (kept,) = files(shop)
    assert shop.blobs.get(kept.sha256) == b"the same"


# Power cuts


class PowerCutError(Exception):
    pass


class Fuse:
    """Blows at the n-th thing that is done to a store, never when n is 0."""

    def __init__(self, blows_at):
        self.blows_at, self.done = blows_at, 0

    def touch(self):
        self.done += 1
        if self.done == self.blows_at:
            raise PowerCutError


class Fused:
    """A store behind a fuse: it may blow before or after each thing, and before a transaction is committed."""

    def __init__(self, store, fuse):
        self.store, self.fuse = store, fuse

    @contextmanager
    def write(self):
        self.fuse.touch()
        with self.store.write() as connection:
            yield connection
            self.fuse.touch()
        self.fuse.touch()

    def rows(self, *arguments):
        self.fuse.touch()
        return self.store.rows(*arguments)

    def command(self, *arguments):
        self.fuse.touch()
        self.store.command(*arguments)
        self.fuse.touch()

    def undisturbed(self):
        return self.store.undisturbed()

    def delete(self, content_hash):
        self.fuse.touch()
        self.store.delete(content_hash)
        self.fuse.touch()


def merge(shop, child_id, parent_id):
    """Let one issue be merged into another, as the store keeps it."""
    with shop.state.write() as connection:
        [owned] = issue_hashes.by_issue(connection, [child_id])[child_id]
        issue_hashes.claim(connection, [(owned.project_id, owned.hash)])
        issue_hashes.link(connection, {(owned.project_id, owned.hash): parent_id})
        connection.execute(
            insert(issue_merge).values(
                parent_id=parent_id,
                child_id=child_id,
                hashes=[],
                parent_before={},
                child_before={},
                created_at=shop.now,
            )
        )
        issues.retire(connection, [child_id], Status.PENDING_MERGE)


TOUCHES = 24
"""How often a deletion of this kind touches the stores, begun and carried out once."""


def family_with_a_file(shop):
    """Make two issues of three events, one of them with a file; the one merged into the other; return the file."""
    shop.write(with_file(shop, b"only here", fingerprint=["one"]))
    shop.write(shop.accepted(fingerprint=["one"]), shop.accepted(fingerprint=["two"]))
    merge(shop, *[issue.id for issue in shop.issues()])
    (file,) = files(shop)
    return file


def cut_at(shop, blows_at):
    """Begin a deletion and carry it out until the power goes, and return how often the stores were touched."""
    fuse = Fuse(blows_at)
    remove = Remove(*(Fused(store, fuse) for store in (shop.state, shop.history, shop.blobs)), shop.clock)
    with suppress(PowerCutError):
        remove.schedule([issue.id for issue in shop.issues()], shop.project.organization_id, None)
        remove.run(shop.now)
        remove.drop_blobs(shop.now)
    return fuse.done


def test_a_deletion_touches_the_stores_so_often(shop):
    family_with_a_file(shop)
    assert cut_at(shop, blows_at=0) == TOUCHES


@pytest.mark.parametrize("blows_at", range(1, TOUCHES + 1))
def test_a_power_cut_at_any_moment_is_made_good(shop, remove, blows_at):
    file = family_with_a_file(shop)
    assert cut_at(shop, blows_at) == blows_at
    # Whatever was not begun is begun now, whatever was is finished after its lease.
    schedule(shop, [issue.id for issue in shop.issues()])
    shop.later(seconds=LEASE.total_seconds())
    remove.run(shop.now)
    remove.drop_blobs(shop.now)
    assert (shop.issues(), shop.stored_events(), files(shop)) == ([], 0, [])
    assert not shop.blobs.exists(file.sha256)
    with shop.state.read() as connection:
        [only] = deletions.page(connection, shop.project.organization_id, offset=0, limit=9)
    assert (only.issues, only.issues_deleted, only.events_deleted) == (1, 1, 3)
    assert only.finished_at is not None
    shop.later(seconds=SETTLED_AFTER.total_seconds())
    remove.run(shop.now)
    assert left_to_do(shop) == 0
