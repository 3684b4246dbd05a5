from datetime import timedelta

import pytest

from tocsin.domain.issue.issue import Activity, ActivityType, InboxReason, SubscriptionReason
from tocsin.storage.state import activity, inbox, issues, marks, users
from tocsin.storage.state.engine import State
from tocsin.storage.state.inbox import Waiting
from tocsin.storage.state.marks import Marks, Subscription


@pytest.fixture
def now(cast):
    return cast.issue().last_seen


@pytest.fixture
def issue_ids(state: State, cast) -> list[int]:
    with state.write() as tx:
        return issues.create(tx, [cast.issue(1), cast.issue(2)])


def test_marks_belong_to_one_user_and_one_issue(state: State, cast, now, issue_ids) -> None:
    first, second = issue_ids
    with state.write() as tx:
        other_id = users.create(tx, f"bob-{first}@acme.io", now)
        for _ in range(2):
            marks.add_bookmarks(tx, cast.user_id, [first])
            marks.set_seen(tx, cast.user_id, [first], now)
        assert marks.of_user(tx, cast.user_id, issue_ids) == {
            first: Marks(is_bookmarked=True, last_seen=now),
            second: Marks(),
        }
        assert marks.of_user(tx, other_id, [first]) == {first: Marks()}
        marks.remove_bookmarks(tx, cast.user_id, issue_ids)
        marks.remove_seen(tx, cast.user_id, issue_ids)
        assert marks.of_user(tx, cast.user_id, [first]) == {first: Marks()}


def test_who_looked_last_comes_first(state: State, cast, now, issue_ids) -> None:
    with state.write() as tx:
        other_id = users.create(tx, f"bob-{issue_ids[0]}@acme.io", now)
        marks.set_seen(tx, other_id, issue_ids, now)
        marks.set_seen(tx, cast.user_id, issue_ids, now - timedelta(minutes=1))
        assert [user_id for user_id, _ in marks.seen_by(tx, issue_ids[0], 10)] == [other_id, cast.user_id]
        later = now + timedelta(minutes=1)
        marks.set_seen(tx, cast.user_id, issue_ids, later)
        assert marks.seen_by(tx, issue_ids[0], 1) == [(cast.user_id, later)]


def test_a_no_is_respected_by_automatic_subscriptions(state: State, cast, now, issue_ids) -> None:
    first, second = issue_ids
    with state.write() as tx:
        no = Subscription(issue_id=first, user_id=cast.user_id, is_active=False)
        marks.set_subscriptions(tx, [no], now)
        automatic = [
            Subscription(issue_id=issue_id, user_id=cast.user_id, reason=SubscriptionReason.STATUS_CHANGE)
            for issue_id in issue_ids
        ]
        marks.subscribe(tx, automatic, now)
        assert marks.subscribers(tx, issue_ids) == {first: {}, second: {cast.user_id: SubscriptionReason.STATUS_CHANGE}}
        assert marks.of_user(tx, cast.user_id, [first])[first].is_subscribed is False


def test_a_user_who_says_yes_is_subscribed_for_no_other_reason(state: State, cast, now, issue_ids) -> None:
    first = issue_ids[0]
    with state.write() as tx:
        assigned = Subscription(issue_id=first, user_id=cast.user_id, reason=SubscriptionReason.ASSIGNED)
        marks.subscribe(tx, [assigned], now)
        marks.set_subscriptions(tx, [Subscription(issue_id=first, user_id=cast.user_id)], now)
        assert marks.subscribers(tx, [first]) == {first: {cast.user_id: SubscriptionReason.UNKNOWN}}


def test_unsubscribing_can_be_for_one_reason_only(state: State, cast, now, issue_ids) -> None:
    first, second = issue_ids
    with state.write() as tx:
        for issue_id, reason in ((first, SubscriptionReason.ASSIGNED), (second, SubscriptionReason.COMMENT)):
            marks.subscribe(tx, [Subscription(issue_id=issue_id, user_id=cast.user_id, reason=reason)], now)
        marks.unsubscribe(tx, cast.user_id, issue_ids, reason=SubscriptionReason.ASSIGNED)
        assert marks.of_user(tx, cast.user_id, [first])[first].is_subscribed is None
        assert marks.of_user(tx, cast.user_id, [second])[second].is_subscribed is True
        marks.unsubscribe(tx, cast.user_id, issue_ids)
        assert marks.subscribers(tx, issue_ids) == {first: {}, second: {}}


def test_an_issue_waits_for_the_first_reason_until_it_is_taken_out(state: State, now, issue_ids) -> None:
    first = issue_ids[0]
    with state.write() as tx:
        inbox.put(tx, {first: InboxReason.NEW}, now)
        inbox.put(tx, {first: InboxReason.REGRESSION}, now + timedelta(minutes=1))
        assert inbox.waiting(tx, issue_ids) == {first: Waiting(issue_id=first, reason=InboxReason.NEW, added_at=now)}
        assert inbox.take_out(tx, issue_ids) == {first}
        assert inbox.take_out(tx, issue_ids) == set()


def test_old_issues_leave_the_inbox_bit_by_bit(state: State, now, issue_ids) -> None:
    with state.write() as tx:
        inbox.put(tx, dict.fromkeys(issue_ids, InboxReason.NEW), now)
        assert inbox.prune(tx, now, 10) == 0
        assert [inbox.prune(tx, now + timedelta(days=7), 1) for _ in range(3)] == [1, 1, 0]


def test_a_story_is_told_newest_first_page_by_page(state: State, cast, now, issue_ids) -> None:
    first = issue_ids[0]
    entries = [
        Activity(issue_id=first, type=kind, user_id=cast.user_id, created_at=now, data={"n": n})
        for n, kind in enumerate([ActivityType.SET_RESOLVED, ActivityType.NOTE, ActivityType.SET_UNRESOLVED])
    ]
    with state.write() as tx:
        ids = activity.add(tx, entries)
        told = activity.page(tx, first, limit=2)
        assert told == [(ids[2], entries[2]), (ids[1], entries[1])]
        rest = activity.page(tx, first, before=(now, ids[1]), limit=2)
        assert rest == [(ids[0], entries[0])]
        assert activity.page(tx, first, types=[ActivityType.NOTE], limit=9) == [(ids[1], entries[1])]
        assert activity.page(tx, issue_ids[1], limit=9) == []


def test_comments_are_found_by_their_writer_their_time_and_their_ids(state: State, cast, now, issue_ids) -> None:
    first, second = issue_ids
    minute = timedelta(minutes=1)

    def entry(issue_id, at, kind=ActivityType.NOTE, user_id=cast.user_id):
        return Activity(issue_id=issue_id, type=kind, user_id=user_id, created_at=at, data={"text": "so"})

    entries = [
        entry(first, now - minute),
        entry(first, now),
        entry(first, now, ActivityType.SET_RESOLVED),
        entry(first, now, user_id=None),
        entry(second, now),
    ]
    with state.write() as tx:
        ids = activity.add(tx, entries)
        assert activity.notes_of(tx, first, cast.user_id, limit=9) == [entries[1], entries[0]]
        assert activity.notes_of(tx, first, cast.user_id, since=now, limit=9) == [entries[1]]
        assert activity.notes_of(tx, first, cast.user_id, limit=1) == [entries[1]]
        told = activity.times(tx, first, [ActivityType.NOTE], 9)
        assert told == [(ids[3], now), (ids[1], now), (ids[0], now - minute)]
        assert activity.times(tx, first, [ActivityType.NOTE], 1) == told[:1]
        assert activity.by_ids(tx, [ids[0], ids[4], 0]) == {ids[0]: entries[0], ids[4]: entries[4]}


def test_an_entry_is_edited_and_removed(state: State, cast, now, issue_ids) -> None:
    with state.write() as tx:
        [entry_id] = activity.add(tx, [Activity(issue_id=issue_ids[0], type=ActivityType.NOTE, created_at=now)])
        activity.set_data(tx, entry_id, {"text": "better"})
        assert activity.by_id(tx, entry_id).data == {"text": "better"}
        activity.remove(tx, entry_id)
        assert activity.by_id(tx, entry_id) is None


def test_what_users_kept_goes_with_the_issue(state: State, cast, now, issue_ids) -> None:
    first = issue_ids[0]
    with state.write() as tx:
        [entry_id] = activity.add(tx, [Activity(issue_id=first, type=ActivityType.NOTE, created_at=now)])
        marks.add_bookmarks(tx, cast.user_id, [first])
        inbox.put(tx, {first: InboxReason.NEW}, now)
        issues.remove(tx, [first])
        assert activity.by_id(tx, entry_id) is None
        assert marks.of_user(tx, cast.user_id, [first]) == {}
        assert inbox.waiting(tx, [first]) == {}
