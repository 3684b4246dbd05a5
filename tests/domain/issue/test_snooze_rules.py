from datetime import UTC, datetime, timedelta

import pytest

from tocsin.domain.issue.counts import Counts, CountsQuestion
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
from tocsin.domain.issue.observe import Context, Turn, lift, observe, observe_all, question_to_history, wake

EVER = datetime(1970, 1, 1, tzinfo=UTC)


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
    ("snooze", "times_seen", "turn"),
    [
        pytest.param({"until_hours": 24}, 1, Turn.SEEN, id="mutation-E01"),
        pytest.param({"until_hours": -24}, 1, Turn.REOPENED, id="mutation-E03"),
        pytest.param({"until_hours": -24, "count": 100, "times_seen_at_start": 0}, 1, Turn.REOPENED, id="mutation-E04"),
        pytest.param(
            {"until_hours": 24, "count": 100, "times_seen_at_start": 0}, 99, Turn.REOPENED, id="either-will-do"
        ),
        pytest.param({"count": 100, "times_seen_at_start": 0}, 98, Turn.SEEN, id="mutation-E05-holds"),
        pytest.param({"count": 100, "times_seen_at_start": 0}, 99, Turn.ESCALATED, id="mutation-E05-lapsed"),
        pytest.param({"count": 100, "window_minutes": 60}, 5000, Turn.SEEN, id="windows-are-left-to-history"),
        pytest.param({"user_count": 1, "users_seen_at_start": 0}, 5000, Turn.SEEN, id="users-are-left-to-history"),
    ],
)
def test_a_snooze_lasts_until_its_time_or_the_nth_event(snoozed, sighting_with, context, now, snooze, times_seen, turn):
    fields = dict(snooze)
    if hours := fields.pop("until_hours", None):
        fields["until"] = now + timedelta(hours=hours)
    assert observe(snoozed(times_seen, **fields), sighting_with(), context).turn is turn


EVENTS = {"count": 5, "window_minutes": 60}
USERS = {"user_count": 5, "users_seen_at_start": 0}
USERS_IN_WINDOW = {"user_count": 5, "user_window_minutes": 60}


@pytest.mark.parametrize(
    ("snooze", "counts", "is_lifted"),
    [
        pytest.param(USERS, Counts(users=5), True, id="mutation-E07"),
        pytest.param(USERS, Counts(users=4), False, id="mutation-E06"),
        pytest.param({**USERS, "users_seen_at_start": 1}, Counts(users=5), False, id="users-from-before"),
        pytest.param(USERS, Counts(users=5, users_before=1), False, id="users-on-their-way"),
        pytest.param({**USERS, "users_seen_at_start": 3}, Counts(users=7, users_before=1), False, id="whichever-more"),
        pytest.param(USERS_IN_WINDOW, Counts(users=5), True, id="mutation-E08"),
        pytest.param(USERS_IN_WINDOW, Counts(users=4), False, id="mutation-E09"),
        pytest.param(USERS_IN_WINDOW, Counts(users=5), True, id="ingest-G20"),
        pytest.param({**USERS_IN_WINDOW, "users_seen_at_start": 9}, Counts(users=5), True, id="a-window-has-no-start"),
        pytest.param(EVENTS, Counts(events=5), True, id="mutation-E10"),
        pytest.param(EVENTS, Counts(events=4), False, id="events-too-rare"),
        pytest.param(EVENTS, Counts(events=4, users=99), False, id="users-do-not-matter"),
        pytest.param({**EVENTS, **USERS}, Counts(events=5, users=1), True, id="any-events"),
        pytest.param({**EVENTS, **USERS}, Counts(events=1, users=5), True, id="any-users"),
        pytest.param({**EVENTS, **USERS}, Counts(events=4, users=4), False, id="not-the-sum"),
    ],
)
def test_history_lifts_a_snooze_at_exactly_n(snoozed, sighting_with, now, snooze, counts, is_lifted):
    observation = lift(snoozed(9, **snooze), [sighting_with(user="id:1")], now, counts, None)
    assert (observation is not None) is is_lifted
    if observation is not None:
        back, told = observation.issue, observation.activities[-1]
        assert (back.status, back.substatus, back.snooze) == (Status.UNRESOLVED, Substatus.ESCALATING, None)
        assert (observation.turn, observation.inbox_reason) == (Turn.ESCALATED, InboxReason.ESCALATING)
        assert (told.type, told.data["event_id"]) == (ActivityType.SET_ESCALATING, "e" * 32)
        assert told.data["expired_snooze"]["count"] == snooze.get("count")


def test_an_issue_that_somebody_reopened_is_not_lifted(issue_with, sighting_with, now):
    issue = issue_with(snooze=Snooze(**EVENTS))
    assert lift(issue, [sighting_with()], now, Counts(events=99), None) is None


def test_a_snooze_with_a_time_ends_quietly_whatever_ends_it(snoozed, sighting_with, now):
    issue = snoozed(until=now + timedelta(days=1), **EVENTS)
    observation = lift(issue, [sighting_with()], now, Counts(events=5), None)
    assert (observation.turn, observation.issue.substatus) == (Turn.REOPENED, Substatus.ONGOING)
    assert [(told.type, told.data) for told in observation.activities] == [
        (ActivityType.SET_UNRESOLVED, {"event_id": "e" * 32})
    ]


@pytest.fixture
def sightings(sighting_with, now):
    """Sightings of these users, a minute apart, the last of them right now."""

    def make(*users):
        return [
            sighting_with(event_id=f"{nth:032x}", timestamp=now - timedelta(minutes=len(users) - nth), user=user)
            for nth, user in enumerate(users, 1)
        ]

    return make


@pytest.mark.parametrize(
    ("snooze", "users", "counts", "nth"),
    [
        pytest.param(EVENTS, ["", "", ""], Counts(events=6), 2, id="events-with-those-before"),
        pytest.param(EVENTS, ["", "", ""], Counts(events=9), 1, id="reached-before-the-snooze"),
        pytest.param(USERS, ["a", "b", "c"], Counts(users=6, events_of_user={"a": 1, "b": 1, "c": 1}), 2, id="users"),
        pytest.param(USERS, ["a", "a", "b"], Counts(users=5, events_of_user={"a": 2, "b": 1}), 3, id="a-user-twice"),
        pytest.param(USERS, ["a", "b"], Counts(users=5, events_of_user={"a": 2, "b": 1}), 2, id="a-user-known"),
        pytest.param(USERS, ["", "b", ""], Counts(users=5, events_of_user={"b": 1}), 2, id="events-without-user"),
        pytest.param(
            {**EVENTS, **USERS},
            ["a", "b"],
            Counts(events=5, users=6, events_of_user={"a": 1, "b": 1}),
            1,
            id="earliest",
        ),
    ],
)
def test_the_sighting_that_reaches_n_is_named(snoozed, sightings, now, snooze, users, counts, nth):
    ordered = sightings(*users)
    for given in (ordered, ordered[::-1]):
        observation = lift(snoozed(**snooze), given, now, counts, None)
        assert observation.activities[-1].data["event_id"] == f"{nth:032x}"


def test_sightings_from_before_the_window_reach_nothing(snoozed, sighting_with, now):
    hour = timedelta(minutes=60)
    old = sighting_with(event_id="a" * 32, timestamp=now - hour - timedelta(microseconds=1), user="a")
    edge = sighting_with(event_id="b" * 32, timestamp=now - hour, user="b")
    users = Counts(events=5, users=5, events_of_user={"b": 1})
    for snooze in (EVENTS, USERS_IN_WINDOW):
        observation = lift(snoozed(**snooze), [edge, old], now, users, None)
        assert observation.activities[-1].data["event_id"] == "b" * 32


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
    ("snooze", "asked"),
    [
        (None, None),
        (Snooze(count=5, times_seen_at_start=1), None),
        (Snooze(window_minutes=60), None),
        (Snooze(count=5, window_minutes=60), {"events_since": 60}),
        (Snooze(user_count=5), {"users_since": EVER}),
        (Snooze(user_count=5, user_window_minutes=9), {"users_since": 9}),
        (
            Snooze(count=1, window_minutes=2, user_count=3, user_window_minutes=4),
            {"events_since": 2, "users_since": 4},
        ),
    ],
)
def test_history_is_asked_only_for_windows_and_users(issue_with, now, snooze, asked):
    question = question_to_history(issue_with(status=Status.IGNORED, snooze=snooze), now)
    if asked is None:
        assert question is None
    else:
        assert question == CountsQuestion(
            **{name: ago if ago is EVER else now - timedelta(minutes=ago) for name, ago in asked.items()}
        )


def test_history_is_asked_for_users_from_before_a_snooze_that_knows_when_it_began(issue_with, now):
    snooze = Snooze(user_count=5, users_counted_from=now)
    question = question_to_history(issue_with(status=Status.IGNORED, snooze=snooze), now)
    assert question == CountsQuestion(users_since=EVER, digested_before=now)
    assert question_to_history(issue_with(snooze=snooze), now) is None


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
