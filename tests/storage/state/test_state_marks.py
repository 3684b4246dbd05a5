from datetime import UTC, datetime, timedelta

import pytest

from tocsin.domain.issue.effects import (
    EnterInbox,
    LeaveInbox,
    SetBookmark,
    SetSeen,
    SetSubscription,
    Subscribe,
    Unsubscribe,
)
from tocsin.domain.issue.issue import Activity, ActivityType, InboxReason, SubscriptionReason
from tocsin.storage.state import activity, effects, inbox, issues, marks, users
from tocsin.storage.state.engine import State
from tocsin.storage.state.inbox import Waiting
from tocsin.storage.state.marks import Marks

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)


@pytest.fixture
def now(cast):
    return cast.issue().last_seen


@pytest.fixture
def issue_ids(state: State, cast) -> list[int]:
    with state.write() as tx:
        return issues.create(tx, [cast.issue(1), cast.issue(2)])


def bookmark(tx, user_id, issue_ids, now, *, is_set=True):
    return effects.apply(tx, SetBookmark(user_id, is_set=is_set), issue_ids, now)


def look_at(tx, user_id, issue_ids, seen_at):
    return effects.apply(tx, SetSeen(user_id, seen_at), issue_ids, NOW)


def subscribe(tx, user_id, issue_ids, reason, now):
    return effects.apply(tx, Subscribe(frozenset({user_id}), reason), issue_ids, now)


def test_marks_belong_to_one_user_and_one_issue(state: State, cast, now, issue_ids) -> None:
    first, second = issue_ids
    with state.write() as tx:
        other_id = users.create(tx, f"bob-{first}@acme.io", now)
        for _ in range(2):
            bookmark(tx, cast.user_id, [first], now)
            look_at(tx, cast.user_id, [first], now)
        assert marks.of_user(tx, cast.user_id, issue_ids) == {
            first: Marks(is_bookmarked=True, last_seen=now),
            second: Marks(),
        }
        assert marks.of_user(tx, other_id, [first]) == {first: Marks()}
        bookmark(tx, cast.user_id, issue_ids, now, is_set=False)
        look_at(tx, cast.user_id, issue_ids, None)
        assert marks.of_user(tx, cast.user_id, [first]) == {first: Marks()}


def test_who_looked_last_comes_first(state: State, cast, now, issue_ids) -> None:
    with state.write() as tx:
        other_id = users.create(tx, f"bob-{issue_ids[0]}@acme.io", now)
        look_at(tx, other_id, issue_ids, now)
        look_at(tx, cast.user_id, issue_ids, now - timedelta(minutes=1))
        assert [user_id for user_id, _ in marks.seen_by(tx, issue_ids[0], 10)] == [other_id, cast.user_id]
        later = now + timedelta(minutes=1)
        look_at(tx, cast.user_id, issue_ids, later)
        assert marks.seen_by(tx, issue_ids[0], 1) == [(cast.user_id, later)]


def test_a_no_is_respected_by_automatic_subscriptions(state: State, cast, now, issue_ids) -> None:
    first, second = issue_ids
    with state.write() as tx:
        effects.apply(tx, SetSubscription(cast.user_id, is_active=False), [first], now)
        subscribe(tx, cast.user_id, issue_ids, SubscriptionReason.STATUS_CHANGE, now)
        assert marks.subscribers(tx, issue_ids) == {first: {}, second: {cast.user_id: SubscriptionReason.STATUS_CHANGE}}
        assert marks.of_user(tx, cast.user_id, [first])[first].is_subscribed is False


def test_a_user_who_says_yes_is_subscribed_for_no_other_reason(state: State, cast, now, issue_ids) -> None:
    first = issue_ids[0]
    with state.write() as tx:
        subscribe(tx, cast.user_id, [first], SubscriptionReason.ASSIGNED, now)
        effects.apply(tx, SetSubscription(cast.user_id, is_active=True), [first], now)
        assert marks.subscribers(tx, [first]) == {first: {cast.user_id: SubscriptionReason.UNKNOWN}}


def test_unsubscribing_can_be_for_one_reason_only(state: State, cast, now, issue_ids) -> None:
    first, second = issue_ids
    own = frozenset({cast.user_id})
    with state.write() as tx:
        subscribe(tx, cast.user_id, [first], SubscriptionReason.ASSIGNED, now)
        subscribe(tx, cast.user_id, [second], SubscriptionReason.COMMENT, now)
        effects.apply(tx, Unsubscribe(own, SubscriptionReason.ASSIGNED), issue_ids, now)
        assert marks.of_user(tx, cast.user_id, [first])[first].is_subscribed is None
        assert marks.of_user(tx, cast.user_id, [second])[second].is_subscribed is True
        effects.apply(tx, Unsubscribe(own), issue_ids, now)
        assert marks.subscribers(tx, issue_ids) == {first: {}, second: {}}


def kept(tx, cast, issue_ids):
    return marks.of_user(tx, cast.user_id, issue_ids), inbox.waiting(tx, issue_ids)


EFFECTS = [
    lambda user: Subscribe(frozenset({user}), SubscriptionReason.ASSIGNED),
    lambda user: Unsubscribe(frozenset({user}), SubscriptionReason.COMMENT),
    lambda user: Unsubscribe(frozenset({user})),
    lambda user: SetSubscription(user, is_active=False),
    lambda user: SetBookmark(user, is_set=True),
    lambda user: SetBookmark(user, is_set=False),
    lambda user: SetSeen(user, NOW + timedelta(hours=1)),
    lambda user: SetSeen(user, None),
    lambda user: EnterInbox(InboxReason.MANUAL),
    lambda user: LeaveInbox(),
]


@pytest.mark.parametrize("made", EFFECTS, ids=[type(made(1)).__name__ for made in EFFECTS])
def test_an_effect_is_taken_back_exactly(state: State, cast, now, issue_ids, made) -> None:
    first, _ = issue_ids
    later = NOW + timedelta(hours=1)
    with state.write() as tx:
        subscribe(tx, cast.user_id, [first], SubscriptionReason.COMMENT, now)
        bookmark(tx, cast.user_id, [first], now)
        look_at(tx, cast.user_id, [first], now)
        inbox.put(tx, {first: InboxReason.NEW}, now)
        before = kept(tx, cast, issue_ids)
        trace = effects.apply(tx, made(cast.user_id), issue_ids, later)
        changed = kept(tx, cast, issue_ids)
        effects.take_back(tx, trace, issue_ids, later)
        assert kept(tx, cast, issue_ids) == before != changed
        inbox.take_out(tx, issue_ids)


def test_what_was_said_since_is_not_taken_back(state: State, cast, now, issue_ids) -> None:
    later = now + timedelta(hours=1)
    with state.write() as tx:
        trace = effects.apply(tx, SetSubscription(cast.user_id, is_active=True), issue_ids, now)
        effects.apply(tx, SetSubscription(cast.user_id, is_active=False), issue_ids, later)
        effects.take_back(tx, trace, issue_ids, now)
        assert {one.is_subscribed for one in marks.of_user(tx, cast.user_id, issue_ids).values()} == {False}


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
        bookmark(tx, cast.user_id, [first], now)
        inbox.put(tx, {first: InboxReason.NEW}, now)
        issues.remove(tx, [first])
        assert activity.by_id(tx, entry_id) is None
        assert marks.of_user(tx, cast.user_id, [first]) == {}
        assert inbox.waiting(tx, [first]) == {}
