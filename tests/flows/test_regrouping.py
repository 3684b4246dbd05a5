"""What comes between: batches on their way, deletions, tombstones, and commands that are undone out of order."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from threading import Barrier

import msgspec
import pytest
from msgspec.structs import replace
from tests.flows.test_merging import Family

from tocsin.domain.errors import Conflict, NotFound, Unavailable
from tocsin.domain.issue.effects import SetSubscription, Subscribe
from tocsin.domain.issue.issue import Assignee, Snooze, Status, SubscriptionReason, Substatus
from tocsin.flows.digest.apply import BatchWriter
from tocsin.flows.recount import SETTLED_AFTER, Recount
from tocsin.flows.remove import Remove
from tocsin.flows.retain import Retain
from tocsin.flows.triage.merging import merge
from tocsin.flows.triage.parting import Deed, merges_of_mutation, take_apart
from tocsin.storage.history.store import History, HistoryLimits
from tocsin.storage.state import (
    attachments,
    effects,
    inbox,
    issue_hashes,
    issue_merges,
    issues,
    marks,
    outbox,
    tombstones,
)
from tocsin.storage.state.holding import hold
from tocsin.storage.state.recounts import KIND, SOON


@pytest.fixture
def family(shop) -> Family:
    return Family(shop)


@pytest.fixture
def recount(shop) -> Recount:
    return Recount(shop.state, shop.history)


class Delayed:
    """A batch that state has taken in, and history not yet."""

    def __init__(self, shop, kind: str, events: int) -> None:
        shop.later(seconds=1)
        self.shop = shop
        self.accepted = [shop.accepted(fingerprint=[kind]) for _ in range(events)]
        self.batch = f"{next(shop.numbers):032x}"
        cut_off = BatchWriter(shop.state, History([], HistoryLimits()), shop.blobs, lambda: shop.now)
        with pytest.raises(Unavailable):
            cut_off.write(self.batch, shop.digested(*self.accepted))

    def arrive(self) -> None:
        self.shop.write(*self.accepted, batch=self.batch)


def counts(family, *issue_ids):
    return [family.load(issue_id).times_seen for issue_id in issue_ids]


# Batches on their way


def test_what_history_did_not_know_yet_is_corrected_once(family, recount):
    one, two = family.issue("one", 2), family.issue("two", 3)
    family.merge(one, two)
    delayed = Delayed(family.shop, "one", 4)
    family.apart(two)
    assert counts(family, one, two) == [2, 7]
    assert recount.run(family.shop.now) == 0
    delayed.arrive()
    family.issue("one", 1)
    for passed, split in [(SOON, 1), (SOON, 0), (SETTLED_AFTER, 1), (SETTLED_AFTER, 0)]:
        family.shop.now += passed
        assert recount.run(family.shop.now) == split
        assert counts(family, one, two) == [7, 3]


def test_what_arrives_late_is_corrected_when_all_has_settled(family, recount):
    one, two = family.issue("one"), family.issue("two", 3)
    family.merge(one, two)
    delayed = Delayed(family.shop, "one", 4)
    seen = family.load(two).last_seen
    family.apart(two)
    family.shop.now += SOON
    assert recount.run(family.shop.now) == 1
    assert counts(family, one, two) == [1, 7]
    delayed.arrive()
    family.shop.now += SETTLED_AFTER
    assert recount.run(family.shop.now) == 1
    assert counts(family, one, two) == [5, 3]
    assert family.load(one).last_seen == seen


def test_a_correction_follows_issues_that_were_merged_meanwhile(family, recount):
    one, two, three = family.issue("one"), family.issue("two", 3), family.issue("three", 30)
    family.merge(one, two)
    delayed = Delayed(family.shop, "one", 4)
    family.apart(two)
    family.merge(one, three)
    delayed.arrive()
    family.shop.now += SOON
    recount.run(family.shop.now)
    assert counts(family, two, three) == [3, 35]
    family.apart(three)
    assert counts(family, one, two, three) == [5, 3, 30]


def test_a_correction_of_an_issue_that_is_gone_is_no_mistake(family, recount):
    one, two = family.issue("one"), family.issue("two", 3)
    family.merge(one, two)
    delayed = Delayed(family.shop, "one", 4)
    family.apart(two)
    with family.shop.state.write() as connection:
        issues.remove(connection, [one])
    delayed.arrive()
    family.shop.now += SOON
    assert recount.run(family.shop.now) == 1
    assert counts(family, two) == [3]


def test_moved_hashes_are_counted_again_too(family, recount):
    one, two = family.issue("one", 2), family.issue("two", 3)
    family.merge(one, two)
    delayed = Delayed(family.shop, "one", 4)
    new = family.move("one")
    assert counts(family, new, two) == [2, 7]
    delayed.arrive()
    family.shop.now += SOON
    recount.run(family.shop.now)
    assert counts(family, new, two) == [6, 3]


@pytest.mark.parametrize("attempt", range(2))
def test_events_digested_while_issues_are_merged_are_counted_once(family, attempt):
    kinds = ["a", "b", "c", "d"]
    first = [family.issue(kind) for kind in kinds]
    batches = [[family.shop.accepted(fingerprint=[kind]) for kind in kinds] for _ in range(30)]
    digested = [family.shop.digested(*batch) for batch in batches]
    together = Barrier(2)

    def digest():
        together.wait(10)
        for number, some in enumerate(digested):
            family.shop.writer.write(f"{0xF0 + attempt:02x}{number:030x}", some)

    def triage():
        together.wait(10)
        for _ in range(10):
            family.triage.carry_out(first, {"merge": True}, family.by, family.shop.now)
            family.triage.carry_out(first, {"merge": False}, family.by, family.shop.now)
        family.triage.carry_out(first, {"merge": True}, family.by, family.shop.now)

    with ThreadPoolExecutor(2) as pool:
        for work in [pool.submit(digest), pool.submit(triage)]:
            work.result(60)
    [survivor] = family.live()
    assert survivor.times_seen == family.shop.stored_events() == 124


# Undoing


def merged(family, *issue_ids, mutation_id=None):
    """Merge as a recorded command does."""
    family.shop.later(seconds=1)
    with family.shop.state.write() as connection:
        hold(connection, issue_ids)
        chosen = list(issues.load(connection, issue_ids, lock=True).values())
        return merge(connection, chosen, by=family.by.user.id, now=family.shop.now, mutation_id=mutation_id)


def undo(family, mutation_id):
    """Undo the merges of a recorded command."""
    family.shop.later(seconds=1)
    with family.shop.state.write() as connection:
        merges = merges_of_mutation(connection, mutation_id)
        hold(connection, {one.parent_id for one in merges})
        return take_apart(connection, family.shop.history, merges, Deed(by=family.by.user.id, now=family.shop.now))


def test_merges_of_a_command_are_undone_while_later_ones_stay(family):
    one, two, parent = family.issue("one", 2), family.issue("two", 3, environment="staging"), family.issue("big", 9)
    people = family.people
    with family.shop.state.write() as connection:
        for issue_id, user_id in [(one, people[0]), (one, people[1]), (two, people[1]), (two, people[2])]:
            heard = Subscribe(frozenset({user_id}), SubscriptionReason.COMMENT)
            effects.apply(connection, heard, [issue_id], family.shop.now)
        for issue_id, user_id in [(one, people[0]), (two, people[1])]:
            owned = replace(issues.load(connection, [issue_id])[issue_id], assignee=Assignee(user_id=user_id))
            issues.save(connection, [owned])
    before = family.picture()
    assert merged(family, one, parent, mutation_id=1).child_ids == (one,)
    merged(family, two, parent, mutation_id=2)
    assert undo(family, 1) == (one,)
    assert undo(family, 1) == ()
    left = family.load(parent)
    assert (left.times_seen, left.assignee) == (12, Assignee(user_id=people[1]))
    with family.shop.state.read() as connection:
        assert set(marks.subscribers(connection, [parent])[parent]) == {people[1], people[2]}
        assert issues.survivors(connection, [one, two]) == {two: parent}
    assert undo(family, 2) == (two,)
    assert family.picture() == before


def test_what_people_said_since_about_the_parent_stays(family):
    one, parent = family.issue("one"), family.issue("big", 9)
    user = family.people[1]
    with family.shop.state.write() as connection:
        effects.apply(connection, SetSubscription(user, is_active=True), [one], family.shop.now)
    merged(family, one, parent, mutation_id=1)
    family.shop.later(seconds=1)
    with family.shop.state.write() as connection:
        effects.apply(connection, SetSubscription(user, is_active=False), [parent], family.shop.now)
    family.change({"assignedTo": str(user), "status": "resolved"}, parent)
    undo(family, 1)
    left = family.load(parent)
    assert (left.assignee, left.status, left.times_seen) == (Assignee(user_id=user), Status.RESOLVED, 9)
    with family.shop.state.read() as connection:
        said = marks.subscriptions(connection, [one, parent])
    assert (said[one][user].is_active, said[parent][user].is_active) == (True, False)


def test_a_merge_inside_a_later_merge_is_not_undone(family):
    one, two, three = family.issue("one"), family.issue("two", 3), family.issue("three", 9)
    merged(family, one, two, mutation_id=1)
    merged(family, two, three, mutation_id=2)
    before = family.picture()
    with pytest.raises(Conflict):
        undo(family, 1)
    assert family.picture() == before
    undo(family, 2)
    undo(family, 1)
    assert counts(family, one, two, three) == [1, 3, 9]


def test_what_is_told_of_hashes_is_told_of_their_issue(family):
    """Children of children: old names lead to the root, and after taking it apart to the nearest."""
    one, two, three = family.issue("one"), family.issue("two", 3), family.issue("three", 9)
    family.merge(one, two)
    family.merge(two, three)
    with family.shop.state.read() as connection:
        assert issues.survivors(connection, [one, two]) == {one: three, two: three}
        assert sorted(issue_merges.inside(connection, [three])[three]) == [one, two]
        assert issue_merges.around(connection, one) == [two, three]
    family.issue("one", 2)
    assert family.apart(three) == {"unmerged": [str(two)]}
    assert counts(family, two, three) == [6, 9]
    with family.shop.state.read() as connection:
        assert issues.survivors(connection, [one, two]) == {one: two}
    assert family.apart(two) == {"unmerged": [str(one)]}
    assert counts(family, one, two, three) == [3, 3, 9]


# Deleting and discarding


def test_a_parent_takes_its_children_along(family):
    one, two, three = family.issue("one"), family.issue("two", 3), family.issue("three", 9)
    family.merge(one, two)
    family.merge(two, three)
    remove = Remove(family.shop.state, family.shop.history, family.shop.blobs, lambda: family.shop.now)
    family.shop.later(minutes=1)
    remove.schedule([three], family.by.reach.organization.id, None)
    remove.run(family.shop.now)
    assert (family.issues(), family.shop.stored_events()) == ([], 0)
    assert family.issue("one") > three


def test_a_child_cannot_be_deleted_by_its_old_id(family):
    one, two = family.issue("one"), family.issue("two", 3)
    family.merge(one, two)
    remove = Remove(family.shop.state, family.shop.history, family.shop.blobs, lambda: family.shop.now)
    remove.schedule([one], family.by.reach.organization.id, None)
    family.apart(two)
    assert family.load(one).status is Status.UNRESOLVED


def with_file(shop, content, **event):
    accepted = shop.accepted(**event)
    header = msgspec.json.encode({"type": "attachment", "length": len(content), "filename": "a.txt"})
    return replace(accepted, body=accepted.body + header + b"\n" + content + b"\n")


def test_discarded_events_leave_nothing_behind(family):
    shop = family.shop
    family.change({"discard": True}, family.issue("one"))
    shop.later(minutes=1)
    dropped, kept = with_file(shop, b"of no use", fingerprint=["one"]), with_file(shop, b"useful", fingerprint=["two"])
    result = shop.write(dropped, dropped, kept)
    assert (result.taken, result.dropped, result.duplicates) == (1, 1, 1)
    with shop.state.read() as connection:
        files = attachments.of_events(connection, shop.project.id, [dropped.event_id, kept.event_id])
        [tombstone] = tombstones.of_project(connection, shop.project.id, offset=0, limit=5)
    assert [file.event_id for file in files] == [kept.event_id]
    assert (tombstone.times_discarded, tombstone.actor_id) == (1, family.by.user.id)
    Remove(shop.state, shop.history, shop.blobs, lambda: shop.now).drop_blobs(shop.now)
    hashes = [sha256(content).hexdigest() for content in (b"of no use", b"useful")]
    assert [shop.blobs.exists(content_hash) for content_hash in hashes] == [False, True]


def test_a_batch_done_again_counts_a_dropped_event_once(family):
    shop = family.shop
    family.change({"discard": True}, family.issue("one"))
    shop.later(minutes=1)
    events = [shop.accepted(fingerprint=["one"]), shop.accepted(fingerprint=["two"])]
    for _ in range(2):
        shop.write(*events, batch="ab" * 16)
    with shop.state.read() as connection:
        [tombstone] = tombstones.of_project(connection, shop.project.id, offset=0, limit=5)
    assert tombstone.times_discarded == 1


def test_discarded_then_lifted_then_seen_again_is_a_new_issue(family):
    shop = family.shop
    old = family.issue("one", 3)
    family.change({"discard": True}, old)
    with shop.state.read() as connection:
        [tombstone] = tombstones.of_project(connection, shop.project.id, offset=0, limit=5)
        assert inbox.waiting(connection, [old]) == {}
    with pytest.raises(NotFound):
        family.hashes.lift(shop.project.id + 1, tombstone.id)
    family.hashes.lift(shop.project.id, tombstone.id)
    new = family.issue("one", 2)
    assert new != old
    assert counts(family, new) == [2]
    Remove(shop.state, shop.history, shop.blobs, lambda: shop.now).run(shop.now)
    assert ([issue.id for issue in family.issues()], shop.stored_events()) == ([new], 2)


def test_discarding_what_is_leaving_already_does_nothing(family):
    one = family.issue("one")
    family.shop.later(minutes=1)
    remove = Remove(family.shop.state, family.shop.history, family.shop.blobs, lambda: family.shop.now)
    remove.schedule([one], family.by.reach.organization.id, None)
    family.change({"discard": True}, one)
    with family.shop.state.read() as connection:
        assert tombstones.of_project(connection, family.shop.project.id, offset=0, limit=5) == []


# Others


def test_a_snooze_of_a_merged_issue_sleeps_on(family):
    shop = family.shop
    one, two = family.issue("one"), family.issue("two", 3)
    with shop.state.write() as connection:
        asleep = replace(
            issues.load(connection, [one])[one],
            status=Status.IGNORED,
            substatus=Substatus.ARCHIVED_UNTIL_CONDITION_MET,
            snooze=Snooze(until=shop.now + timedelta(minutes=1)),
        )
        issues.save(connection, [asleep])
    family.merge(one, two)
    shop.later(hours=1)
    retain = Retain(shop.state, shop.history, duplicate_window_hours=72, retention_days=90)
    with shop.state.read() as connection:
        assert issues.with_lapsed_snooze(connection, shop.now, 10) == []
    retain.run(shop.now)
    family.apart(two)
    assert family.load(one).status is Status.IGNORED
    retain.run(shop.now)
    assert family.load(one).status is Status.UNRESOLVED


def test_moving_names_both_issues_after_their_own_events(family):
    one, two = family.issue("one"), family.issue("two", 3)
    family.merge(one, two)
    family.issue("one", 2, message="From afar", exception=None, level="warning", release="2.0")
    assert (family.load(two).title, family.load(two).last_release) == ("From afar", "2.0")
    new = family.move("one")
    assert (family.load(new).title, family.load(new).level, family.load(new).last_release) == (
        "From afar",
        "warning",
        "2.0",
    )
    assert (family.load(two).title, family.load(two).level, family.load(two).last_release) == (
        "ValueError: bad pressure",
        "error",
        "",
    )
    assert counts(family, new, two) == [3, 3]
    assert family.apart(two) == {"unmerged": [str(one)]}
    assert counts(family, one, new, two) == [0, 3, 3]


def test_hashes_of_an_issue_on_its_way_out_are_not_moved(family):
    one, two = family.issue("one"), family.issue("two", 3)
    family.merge(one, two)
    with pytest.raises(NotFound):
        family.hashes.move(one, {"f" * 32}, by=None, now=family.shop.now)
    with pytest.raises(NotFound):
        family.hashes.move(999, {"f" * 32}, by=None, now=family.shop.now)


def test_every_merge_is_news(family):
    one, two = family.issue("one"), family.issue("two", 3)
    family.merge(one, two)
    family.apart(two)
    kinds = ["issue.merge", "issue.unmerge_source", "issue.unmerge_destination", KIND]
    with family.shop.state.write() as connection:
        now = family.shop.now + SOON
        told = outbox.claim(connection, kinds, now, lease=timedelta(minutes=1), limit=9)
    assert sorted((one.kind, one.payload.get("issue_id")) for one in told) == [
        ("issue.merge", two),
        ("issue.recount", None),
        ("issue.unmerge_destination", one),
        ("issue.unmerge_source", two),
    ]


def test_merging_many_takes_few_statements_for_each(family):
    family.shop.write(*(family.shop.accepted(fingerprint=[str(number)]) for number in range(300)))
    ids = [issue.id for issue in family.issues()]
    assert len(family.merge(*ids)["children"]) == 299
    [only] = family.live()
    assert only.times_seen == 300
    with family.shop.state.read() as connection:
        assert len(issue_hashes.of_issues(connection, [only.id])) == 300
    assert len(family.apart(only.id)["unmerged"]) == 299
    assert {issue.times_seen for issue in family.live()} == {1}
