"""What time does: forgetting, expiry, and issues that grow old (spec/ingest.md 6.2, 6.4, spec/mutation.md 4.2)."""

from datetime import timedelta

import msgspec
import pytest

from tocsin.domain.issue.issue import Activity, ActivityType, InboxReason, Snooze, Status, Substatus
from tocsin.domain.issue.observe import Turn
from tocsin.flows.remove import Remove
from tocsin.flows.retain import INBOX_AGE_MAX, NOTICE_AGE_MAX, WORK_NOTICES, Retain
from tocsin.storage.state import (
    activity,
    applied,
    attachments,
    inbox,
    issues,
    outbox,
    projects,
    sessions,
    users,
)


@pytest.fixture
def retain(shop) -> Retain:
    return Retain(shop.state, shop.history, duplicate_window_hours=72, retention_days=90)


def change(shop, **fields):
    """Write fields of the only issue past all rules."""
    with shop.state.write() as connection:
        changed = msgspec.structs.replace(shop.issue(), **fields)
        issues.save(connection, [changed])


def story(shop):
    with shop.state.read() as connection:
        return [entry.type for _, entry in activity.page(connection, shop.issue().id, limit=10)]


def waiting(shop):
    with shop.state.read() as connection:
        found = inbox.waiting(connection, [shop.issue().id])
    return [one.reason for one in found.values()]


@pytest.mark.parametrize(("hours", "is_known"), [(71, True), (73, False)])
def test_event_ids_are_remembered_for_the_duplicate_window(shop, retain, hours, is_known):
    accepted = shop.accepted()
    shop.write(accepted, batch="a" * 32)
    shop.later(hours=hours)
    retain.run(shop.now)
    with shop.state.read() as connection:
        assert (applied.applied_at(connection, "a" * 32) is not None) is is_known
    assert shop.write(accepted).duplicates == int(is_known)


def test_sessions_end(shop, retain):
    with shop.state.write() as connection:
        user_id = users.create(connection, "jane@acme.io", shop.now)
        for name, days in (("short", 1), ("long", 30)):
            sessions.create(connection, name, user_id, shop.now, shop.now + timedelta(days=days))
    retain.run(shop.now + timedelta(days=2))
    with shop.state.read() as connection:
        assert sessions.by_secret(connection, "short", shop.now) is None
        assert sessions.by_secret(connection, "long", shop.now) is not None


def test_nobody_reviews_what_waited_for_a_week(shop, retain):
    shop.send()
    retain.run(shop.now + INBOX_AGE_MAX)
    assert waiting(shop) == [InboxReason.NEW]
    retain.run(shop.now + INBOX_AGE_MAX + timedelta(seconds=1))
    assert waiting(shop) == []


def test_stale_news_is_dropped_and_work_is_not(shop, retain):
    kinds = ["issue.created", *sorted(WORK_NOTICES)]
    with shop.state.write() as connection:
        outbox.add(connection, [outbox.Notice(kind=kind, payload={}) for kind in kinds], shop.now)
    shop.later(days=NOTICE_AGE_MAX.days, seconds=1)
    retain.run(shop.now)
    with shop.state.write() as connection:
        left = outbox.claim(connection, kinds, shop.now, lease=timedelta(minutes=1), limit=10)
    assert sorted(one.kind for one in left) == sorted(WORK_NOTICES)


def test_events_and_files_go_when_their_time_is_over(shop, retain):
    accepted = shop.accepted()
    file = b'{"type":"attachment","length":1,"filename":"a"}\nx\n'
    shop.write(msgspec.structs.replace(accepted, body=accepted.body + file))
    with shop.state.read() as connection:
        [kept] = attachments.of_events(connection, shop.project.id, [accepted.event_id])
    retain.run(shop.now + timedelta(days=89))
    assert (shop.stored_events(), shop.blobs.exists(kept.sha256)) == (1, True)
    after = shop.now + timedelta(days=98)
    retain.run(after)
    Remove(shop.state, shop.history, shop.blobs, lambda: after).drop_blobs(after)
    assert (shop.stored_events(), shop.blobs.exists(kept.sha256)) == (0, False)
    assert shop.issue().times_seen == 1


@pytest.mark.parametrize(
    ("until", "status", "told"),
    [
        (timedelta(minutes=-1), Status.UNRESOLVED, [ActivityType.SET_UNRESOLVED]),
        (timedelta(minutes=1), Status.IGNORED, []),
    ],
)
def test_a_snooze_ends_by_the_clock(shop, retain, until, status, told):
    shop.send()
    change(shop, status=Status.IGNORED, substatus=None, snooze=Snooze(until=shop.now + until))
    retain.run(shop.now)
    assert (shop.issue().status, story(shop)) == (status, told)
    if told:
        assert (shop.issue().substatus, shop.issue().snooze) == (Substatus.ONGOING, None)


@pytest.mark.parametrize("row", ["mutation-E15"])
def test_what_the_clock_reopens_is_told_without_an_event(shop, retain, row):
    shop.send()
    until = shop.now + timedelta(minutes=30)
    archived = {"status": Status.IGNORED, "substatus": Substatus.ARCHIVED_UNTIL_CONDITION_MET}
    change(shop, **archived, snooze=Snooze(until=until, count=5, times_seen_at_start=1))
    retain.run(until - timedelta(seconds=1))
    assert shop.issue().status is Status.IGNORED
    retain.run(until)
    assert (shop.issue().status, shop.issue().substatus) == (Status.UNRESOLVED, Substatus.ONGOING)
    with shop.state.write() as connection:
        ((_, told),) = activity.page(connection, shop.issue().id, limit=10)
        news = outbox.claim(connection, ["issue.reopened"], until, lease=timedelta(minutes=1), limit=9)
    assert (told.type, told.data, told.user_id, told.created_at) == (ActivityType.SET_UNRESOLVED, {}, None, until)
    assert [one.payload["issue_id"] for one in news] == [shop.issue().id]
    retain.run(until + timedelta(minutes=1))
    assert story(shop) == [ActivityType.SET_UNRESOLVED]


def test_only_so_many_issues_are_reopened_at_once_longest_over_first(shop, retain, monkeypatch):
    monkeypatch.setattr("tocsin.flows.retain.ISSUES_PER_RUN_MAX", 2)
    for group in range(5):
        shop.send(fingerprint=[str(group)])
    with shop.state.write() as connection:
        snoozed = [
            msgspec.structs.replace(one, status=Status.IGNORED, snooze=Snooze(until=shop.now - timedelta(hours=number)))
            for number, one in enumerate(shop.issues())
        ]
        issues.save(connection, snoozed)
    for awake in ([False, False, False, True, True], [False, True, True, True, True], [True] * 5):
        retain.run(shop.now)
        assert [one.status is Status.UNRESOLVED for one in shop.issues()] == awake


def test_issues_on_their_way_out_neither_wake_nor_hide_others(shop, retain, monkeypatch):
    monkeypatch.setattr("tocsin.flows.retain.ISSUES_PER_RUN_MAX", 1)
    for group in ("merged", "archived"):
        shop.send(fingerprint=[group])
    with shop.state.write() as connection:
        merged, archived = shop.issues()
        over = Snooze(until=shop.now - timedelta(hours=1)), Snooze(until=shop.now)
        merged = msgspec.structs.replace(merged, status=Status.PENDING_MERGE, snooze=over[0])
        issues.save(connection, [merged, msgspec.structs.replace(archived, status=Status.IGNORED, snooze=over[1])])
    retain.run(shop.now)
    assert [(one.status, one.snooze) for one in shop.issues()] == [
        (Status.PENDING_MERGE, over[0]),
        (Status.UNRESOLVED, None),
    ]


def test_a_reopened_issue_waits_for_review(shop, retain):
    shop.send()
    with shop.state.write() as connection:
        inbox.take_out(connection, [shop.issue().id])
    change(shop, status=Status.IGNORED, snooze=Snooze(until=shop.now))
    retain.run(shop.now)
    assert waiting(shop) == [InboxReason.ONGOING]


@pytest.mark.parametrize(("days", "substatus"), [(6, Substatus.NEW), (7, Substatus.ONGOING)])
def test_a_new_issue_is_ongoing_after_a_week(shop, retain, days, substatus):
    shop.send()
    retain.run(shop.now + timedelta(days=days))
    assert shop.issue().substatus is substatus
    assert story(shop) == ([ActivityType.AUTO_SET_ONGOING] if days == 7 else [])


@pytest.mark.parametrize(("days", "expected"), [(6, Substatus.REGRESSED), (7, Substatus.ONGOING)])
def test_a_regressed_issue_is_ongoing_a_week_after_the_regression(shop, retain, days, expected):
    shop.send()
    first_seen = shop.now - timedelta(days=20)
    change(shop, substatus=Substatus.REGRESSED, first_seen=first_seen, active_at=shop.now)
    retain.run(shop.now + timedelta(days=days))
    assert shop.issue().substatus is expected


@pytest.mark.parametrize(("days", "expected"), [(6, Substatus.ESCALATING), (7, Substatus.ONGOING)])
def test_an_escalating_issue_is_ongoing_a_week_after_it_escalated(shop, retain, days, expected):
    shop.send()
    change(shop, status=Status.IGNORED, snooze=Snooze(count=1, times_seen_at_start=1))
    shop.later(days=20)
    shop.send()
    assert shop.issue().substatus is Substatus.ESCALATING
    retain.run(shop.now + timedelta(days=days))
    assert shop.issue().substatus is expected


@pytest.mark.parametrize(("days", "expected"), [(6, Substatus.REGRESSED), (7, Substatus.ONGOING)])
def test_an_issue_reopened_by_hand_is_news_for_a_week_from_then(shop, retain, days, expected):
    shop.send()
    first_seen = shop.now - timedelta(days=200)
    change(shop, substatus=Substatus.REGRESSED, first_seen=first_seen, active_at=first_seen)
    reopened = Activity(issue_id=shop.issue().id, type=ActivityType.SET_UNRESOLVED, created_at=shop.now)
    with shop.state.write() as connection:
        activity.record(connection, [reopened])
    retain.run(shop.now + timedelta(days=days))
    assert shop.issue().substatus is expected


def test_news_that_is_not_old_enough_hides_no_other(shop, retain, monkeypatch):
    monkeypatch.setattr("tocsin.flows.retain.ISSUES_PER_RUN_MAX", 2)
    for group in range(5):
        shop.send(fingerprint=[str(group)])
    with shop.state.write() as connection:
        regressed = [
            msgspec.structs.replace(issue, substatus=Substatus.REGRESSED, active_at=shop.now + timedelta(days=7))
            for issue in shop.issues()[2:]
        ]
        issues.save(connection, regressed)
    for _ in range(3):
        retain.run(shop.now + timedelta(days=8))
    assert [issue.substatus for issue in shop.issues()] == ["ongoing", "ongoing", *["regressed"] * 3]


def test_a_project_may_resolve_what_is_quiet(shop, retain):
    shop.send()
    with shop.state.write() as connection:
        projects.save(connection, msgspec.structs.replace(shop.project, options={"resolveAge": 24}))
    retain.run(shop.now + timedelta(hours=24))
    assert shop.issue().status is Status.UNRESOLVED
    retain.run(shop.now + timedelta(hours=24, seconds=1))
    assert (shop.issue().status, shop.issue().substatus, waiting(shop)) == (Status.RESOLVED, None, [])
    assert story(shop) == [ActivityType.SET_RESOLVED_BY_AGE]
    shop.later(hours=25)
    assert shop.send(release="shop@2").turns == {Turn.REGRESSED: 1}
    assert (shop.issue().status, shop.issue().substatus) == (Status.UNRESOLVED, Substatus.REGRESSED)


def test_an_issue_resolved_by_age_that_the_clock_has_not_met_regresses_as_well(shop):
    shop.send()
    with shop.state.write() as connection:
        projects.save(connection, msgspec.structs.replace(shop.project, options={"resolveAge": 24}))
    shop.later(hours=25)
    assert shop.send().turns == {Turn.REGRESSED: 1}
    assert story(shop) == [ActivityType.SET_REGRESSION]
