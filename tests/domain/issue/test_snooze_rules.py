from datetime import timedelta

import pytest

from tocsin.domain.issue.display import displayed_status, status_details
from tocsin.domain.issue.issue import (
    ActivityType,
    InboxReason,
    Priority,
    ProjectId,
    Snooze,
    Status,
    Substatus,
)
from tocsin.domain.issue.observe import Context, Turn, observe, observe_all, wake
from tocsin.domain.issue.snooze import NO_COUNTS, SnoozeCounts, SnoozeQuestion, needs_counts


@pytest.fixture
def snoozed(issue_with):
    def make(times_seen=1, **fields):
        return issue_with(
            status=Status.IGNORED,
            substatus=Substatus.ARCHIVED_UNTIL_CONDITION_MET,
            times_seen=times_seen,
            snooze=Snooze(**fields),
            priority=Priority.LOW,
        )

    return make


@pytest.fixture
def context(now):
    return Context(now=now, project_id=ProjectId(1))


@pytest.mark.parametrize(
    ("snooze", "times_seen", "counts", "turn"),
    [
        pytest.param({"until_hours": 24}, 1, NO_COUNTS, Turn.SEEN, id="mutation-E01"),
        pytest.param({"count": 100, "times_seen_at_start": 0}, 99, NO_COUNTS, Turn.ESCALATED, id="mutation-E04"),
        pytest.param({"count": 100, "times_seen_at_start": 0}, 89, NO_COUNTS, Turn.SEEN, id="mutation-E05-holds"),
        pytest.param(
            {"user_count": 5, "users_seen_at_start": 0},
            1,
            SnoozeCounts(users_ever=5),
            Turn.ESCALATED,
            id="mutation-E07",
        ),
        pytest.param(
            {"user_count": 5, "users_seen_at_start": 1}, 1, SnoozeCounts(users_ever=5), Turn.SEEN, id="one-user-short"
        ),
        pytest.param(
            {"user_count": 5, "user_window_minutes": 60},
            1,
            SnoozeCounts(users_in_window=5, users_ever=5),
            Turn.ESCALATED,
            id="mutation-E08",
        ),
        pytest.param(
            {"user_count": 5, "user_window_minutes": 60},
            1,
            SnoozeCounts(users_in_window=4, users_ever=9),
            Turn.SEEN,
            id="users-too-rare",
        ),
        pytest.param(
            {"user_count": 5, "user_window_minutes": 60},
            1,
            SnoozeCounts(users_in_window=5),
            Turn.ESCALATED,
            id="ingest-G20",
        ),
        pytest.param(
            {"count": 5, "window_minutes": 1440},
            1,
            SnoozeCounts(events_in_window=5),
            Turn.ESCALATED,
            id="mutation-E10",
        ),
        pytest.param(
            {"count": 5, "window_minutes": 60}, 99, SnoozeCounts(events_in_window=4), Turn.SEEN, id="events-too-rare"
        ),
    ],
)
def test_a_snooze_lasts_until_the_nth_event_or_user(
    snoozed, sighting_with, context, now, snooze, times_seen, counts, turn
):
    fields = dict(snooze)
    if hours := fields.pop("until_hours", None):
        fields["until"] = now + timedelta(hours=hours)
    assert observe(snoozed(times_seen, **fields), sighting_with(), context, counts=counts).turn is turn


@pytest.mark.parametrize("row", ["ingest-G19"])
def test_the_tenth_event_brings_the_issue_back_worse(row, snoozed, sighting_with, context, now):
    issue = snoozed(3, count=10, times_seen_at_start=3)
    sightings = [sighting_with(event_id=f"{nth:032x}", timestamp=now + timedelta(seconds=nth)) for nth in range(1, 13)]
    assert observe_all(issue, sightings[:9], context).turn is Turn.SEEN
    observation = observe_all(issue, sightings, context)
    back, (priority, activity) = observation.issue, observation.activities
    assert (back.status, back.substatus, back.snooze) == (Status.UNRESOLVED, Substatus.ESCALATING, None)
    assert (observation.turn, observation.inbox_reason) == (Turn.ESCALATED, InboxReason.ESCALATING)
    assert activity.type is ActivityType.SET_ESCALATING
    assert activity.data == {
        "event_id": f"{10:032x}",
        "expired_snooze": {"until": None, "count": 10, "window": None, "user_count": None, "user_window": None},
    }
    assert (priority.type, priority.data) == (
        ActivityType.SET_PRIORITY,
        {"priority": "medium", "reason": "escalating"},
    )


@pytest.mark.parametrize(
    ("priority", "locked", "raised"),
    [
        pytest.param(Priority.LOW, False, Priority.MEDIUM, id="mutation-E17"),
        (Priority.MEDIUM, False, Priority.HIGH),
        (None, False, Priority.HIGH),
        (Priority.HIGH, False, Priority.HIGH),
        (Priority.LOW, True, Priority.LOW),
    ],
)
def test_escalating_raises_a_priority_that_is_not_locked(
    issue_with, sighting_with, context, now, priority, locked, raised
):
    issue = issue_with(
        status=Status.IGNORED,
        substatus=Substatus.ARCHIVED_UNTIL_CONDITION_MET,
        snooze=Snooze(count=1, times_seen_at_start=1),
        priority=priority,
        priority_locked_at=now if locked else None,
    )
    observation = observe(issue, sighting_with(), context)
    assert observation.issue.priority is raised
    assert len(observation.activities) == (1 if raised is priority else 2)


@pytest.mark.parametrize("row", ["mutation-E14"])
def test_a_snooze_whose_time_is_over_ends_quietly_with_the_next_event(row, snoozed, sighting_with, context, now):
    observation = observe(snoozed(until=now), sighting_with(), context)
    back, (activity,) = observation.issue, observation.activities
    assert (back.status, back.substatus, back.snooze) == (Status.UNRESOLVED, Substatus.ONGOING, None)
    assert (observation.turn, observation.inbox_reason) == (Turn.REOPENED, InboxReason.ONGOING)
    assert (activity.type, activity.data) == (ActivityType.SET_UNRESOLVED, {"event_id": "e" * 32})
    assert back.priority is Priority.LOW


def test_a_snooze_whose_time_is_over_ends_without_any_event(snoozed, now):
    observation = wake(snoozed(until=now), now)
    assert (observation.turn, observation.activities[0].data) == (Turn.REOPENED, {})
    assert wake(snoozed(until=now + timedelta(seconds=1)), now) is None
    assert wake(snoozed(count=1), now) is None


@pytest.mark.parametrize("row", ["mutation-E16"])
def test_an_issue_archived_forever_stays_so(row, issue_with, sighting_with, context):
    issue = issue_with(status=Status.IGNORED, substatus=Substatus.ARCHIVED_FOREVER)
    observation = observe_all(issue, [sighting_with()] * 100, context)
    assert (observation.turn, observation.issue.status) == (Turn.SEEN, Status.IGNORED)
    assert observation.issue.times_seen == 101


@pytest.mark.parametrize(
    ("snooze", "question"),
    [
        (None, None),
        (Snooze(count=5, times_seen_at_start=1), None),
        (Snooze(window_minutes=60), None),
        (Snooze(count=5, window_minutes=60), SnoozeQuestion(events_within_minutes=60)),
        (Snooze(user_count=5), SnoozeQuestion(users_ever=True)),
        (Snooze(user_count=5, user_window_minutes=9), SnoozeQuestion(users_within_minutes=9)),
        (
            Snooze(count=1, window_minutes=2, user_count=3, user_window_minutes=4),
            SnoozeQuestion(events_within_minutes=2, users_within_minutes=4),
        ),
    ],
)
def test_history_is_asked_only_for_windows_and_users(issue_with, snooze, question):
    assert needs_counts(issue_with(status=Status.IGNORED, snooze=snooze)) == question


@pytest.mark.parametrize(
    ("snooze", "times_seen", "shown"),
    [
        pytest.param({"until_minutes": -1}, 1, Status.UNRESOLVED, id="mutation-E02"),
        pytest.param({"until_minutes": 1}, 1, Status.IGNORED, id="until-later"),
        pytest.param({"count": 100, "times_seen_at_start": 0}, 100, Status.UNRESOLVED, id="mutation-E05-lapsed"),
        pytest.param({"count": 100, "times_seen_at_start": 0}, 90, Status.IGNORED, id="mutation-E05-holds"),
        pytest.param({"count": 100, "window_minutes": 60}, 1000, Status.IGNORED, id="mutation-E11"),
        pytest.param({"user_count": 1, "users_seen_at_start": 0}, 1000, Status.IGNORED, id="users-wait-for-an-event"),
    ],
)
def test_reading_sees_a_snooze_lapse_by_time_and_by_count(snoozed, now, snooze, times_seen, shown):
    fields = dict(snooze)
    if minutes := fields.pop("until_minutes", None):
        fields["until"] = now + timedelta(minutes=minutes)
    issue = snoozed(times_seen, **fields)
    assert displayed_status(issue, now) is shown
    assert bool(status_details(issue, now)) is (shown is Status.IGNORED)


@pytest.mark.parametrize("row", ["mutation-E13"])
def test_what_is_left_of_a_count_is_shown(row, snoozed, now):
    issue = snoozed(4, count=3, times_seen_at_start=3, user_count=8, users_seen_at_start=2)
    assert status_details(issue, now, actor={"id": "7"}, users_seen=5) == {
        "ignoreCount": 2,
        "ignoreUntil": None,
        "ignoreUserCount": 5,
        "ignoreUserWindow": None,
        "ignoreWindow": None,
        "actor": {"id": "7"},
    }


def test_no_less_than_nothing_is_left(snoozed, now):
    issue = snoozed(user_count=3, users_seen_at_start=2)
    assert status_details(issue, now, users_seen=99)["ignoreUserCount"] == 0
    assert status_details(issue, now)["ignoreUserCount"] == 3


def test_a_count_with_a_window_is_shown_as_configured(snoozed, now):
    issue = snoozed(9, count=3, window_minutes=60, until=now + timedelta(days=1))
    details = status_details(issue, now)
    assert (details["ignoreCount"], details["ignoreWindow"]) == (3, 60)
    assert details["ignoreUntil"] == "2026-02-01T10:00:00.000000Z"
