"""The rule for issues archived until they escalate (spec/mutation.md 4.2, spec/ingest.md 6.5)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.issue.counts import Counts, CountsQuestion
from tocsin.domain.issue.escalation import EVENTS_MIN, HOURS_BACK, Forecast, awaits_escalation, forecast
from tocsin.domain.issue.issue import ActivityType, InboxReason, Priority, Snooze, Status, Substatus
from tocsin.domain.issue.observe import Turn, lift, question_to_history

WEEK_MINUTES = 7 * 24 * 60
ARCHIVED = {"status": Status.IGNORED, "substatus": Substatus.ARCHIVED_UNTIL_ESCALATING}
MONTH = timedelta(days=30)

_MOMENTS = st.dictionaries(st.integers(0, WEEK_MINUTES - 1), st.integers(1, 500), max_size=60)


def events_max(issue, hours, now):
    return forecast(issue, hours, now).events_max


@pytest.fixture
def archived(issue_with, now):
    return issue_with(first_seen=now - MONTH, **ARCHIVED)


@given(moments=_MOMENTS, minute=st.integers(0, WEEK_MINUTES - 1))
def test_an_issue_that_goes_on_as_it_did_never_escalates(moments, minute, issue_with, now):
    """Whatever happens in one week happens in the next one at the same minutes."""
    hours = [0] * HOURS_BACK
    for at, events in moments.items():
        hours[at // 60] += events
    last_hour = sum(moments.get((minute - ago) % WEEK_MINUTES, 0) for ago in range(60))
    assert last_hour <= events_max(issue_with(first_seen=now - MONTH), hours, now)


@given(events_per_hour=st.integers(2, 10_000))
def test_ten_times_as_many_events_escalate_within_the_hour(events_per_hour, issue_with, now):
    issue = issue_with(first_seen=now - MONTH)
    assert 10 * events_per_hour > events_max(issue, [events_per_hour] * HOURS_BACK, now)


@given(hours=st.lists(st.integers(0, 10_000), min_size=HOURS_BACK, max_size=HOURS_BACK + 1), later=st.integers(1, 99))
def test_more_events_in_the_past_never_make_an_escalation_more_likely(hours, later, issue_with, now):
    issue = issue_with(first_seen=now - MONTH)
    more = [*hours[:-1], hours[-1] + later]
    assert events_max(issue, more, now) >= events_max(issue, hours, now) >= EVENTS_MIN


@given(minutes=st.integers(5, 59), events=st.integers(1, 10_000))
def test_a_young_issue_that_keeps_its_pace_never_escalates(minutes, events, issue_with, now):
    issue = issue_with(first_seen=now - timedelta(minutes=minutes))
    for hours in ([events], [events // 2, events - events // 2]):
        assert events * 60 / minutes <= events_max(issue, hours, now)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param([], 10, id="nothing"),
        pytest.param([0] * HOURS_BACK, 10, id="quiet"),
        pytest.param([1] * HOURS_BACK, 10, id="rare"),
        pytest.param([0, 6, 0], 12, id="a-few"),
        pytest.param([3, 500, 20, 4], 1000, id="one-burst"),
    ],
)
def test_the_busiest_hour_of_the_week_sets_the_measure(archived, now, hours, expected):
    assert forecast(archived, hours, now) == Forecast(expected=(expected,), computed_at=now)


def test_an_issue_of_this_minute_has_no_pace_yet(issue_with, now):
    assert events_max(issue_with(first_seen=now), [10], now) == 2 * 10 * 12


@pytest.mark.parametrize(
    ("fields", "awaits"),
    [
        (ARCHIVED, True),
        ({**ARCHIVED, "substatus": Substatus.ARCHIVED_FOREVER}, False),
        ({**ARCHIVED, "status": Status.PENDING_MERGE}, False),
        ({}, False),
    ],
)
def test_only_issues_archived_until_they_escalate_are_compared(issue_with, now, fields, awaits):
    issue = issue_with(**fields)
    assert awaits_escalation(issue) is awaits
    asked = CountsQuestion(recent_since=now - timedelta(hours=1)) if awaits else None
    assert question_to_history(issue, now) == asked


def test_a_quiet_issue_with_two_events_stays_archived(archived, sighting_with, now):
    expected = forecast(archived, [0] * HOURS_BACK, now)
    assert lift(archived, [sighting_with()] * 2, now, Counts(recent_events=2), expected) is None


@pytest.mark.parametrize(
    ("locked", "priority"),
    [pytest.param(False, Priority.MEDIUM, id="raised"), pytest.param(True, Priority.LOW, id="locked")],
)
def test_the_event_that_is_one_too_many_brings_the_issue_back_worse(
    archived, issue_with, sighting_with, now, locked, priority
):
    issue = issue_with(**ARCHIVED, priority=Priority.LOW, priority_locked_at=now if locked else None)
    expected = Forecast(expected=(12,), computed_at=now)
    sightings = [sighting_with(event_id=f"{nth:032x}", timestamp=now + timedelta(seconds=nth)) for nth in range(1, 6)]
    assert lift(issue, sightings, now, Counts(recent_events=12), expected) is None
    observation = lift(issue, sightings, now, Counts(recent_events=14), expected)
    back, told = observation.issue, observation.activities[-1]
    assert (back.status, back.substatus, back.priority) == (Status.UNRESOLVED, Substatus.ESCALATING, priority)
    assert (observation.turn, observation.inbox_reason) == (Turn.ESCALATED, InboxReason.ESCALATING)
    assert (told.type, told.data) == (ActivityType.SET_ESCALATING, {"event_id": f"{4:032x}", "forecast": 12})


def test_events_of_another_hour_are_not_one_too_many(archived, sighting_with, now):
    old = sighting_with(event_id="0" * 32, timestamp=now - timedelta(minutes=61))
    recent = sighting_with(event_id="1" * 32)
    expected = Forecast(expected=(10,), computed_at=now)
    observation = lift(archived, [old, recent], now, Counts(recent_events=11), expected)
    assert observation.activities[-1].data["event_id"] == "1" * 32
    assert lift(archived, [old], now, Counts(recent_events=10), expected) is None


def test_without_a_forecast_nothing_escalates(archived, sighting_with, now):
    assert lift(archived, [sighting_with()], now, Counts(recent_events=10**6), None) is None


def test_an_issue_that_escalates_does_not_name_a_snooze_that_holds(issue_with, sighting_with, now):
    issue = issue_with(**ARCHIVED, snooze=Snooze(count=100, window_minutes=60))
    counts = Counts(events=11, recent_events=11)
    observation = lift(issue, [sighting_with()], now, counts, Forecast(expected=(10,), computed_at=now))
    assert observation.activities[-1].data == {"event_id": "e" * 32, "forecast": 10}
    assert observation.issue.snooze is None
