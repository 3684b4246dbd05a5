from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.rate_limit import (
    HOUR_SECONDS,
    MONTH_SECONDS,
    Cap,
    Caps,
    CapScope,
    Meter,
    RateLimit,
    Spent,
    caps_of_key,
    caps_of_project,
    exhausted,
    one_more,
    rate_limit,
)

KEY = Meter(CapScope.KEY, "a1", 60)
CAP = Cap(meter=KEY, events_max=2, reason="key_quota")


def admitted(cap, moments):
    """Return the moments at which an event comes through."""
    spent = {}
    through = []
    for now in moments:
        if not exhausted([cap], spent, now):
            spent[cap.meter] = one_more(cap.meter, spent.get(cap.meter), now)
            through.append(now)
    return through


@given(st.lists(st.integers(0, 500), max_size=60).map(sorted), st.integers(1, 90), st.integers(1, 5))
def test_no_window_ever_has_more_than_its_cap_and_none_has_less_than_it_could(moments, window_seconds, events_max):
    cap = Cap(meter=Meter(CapScope.KEY, "a1", window_seconds), events_max=events_max, reason="key_quota")
    sent = Counter(now // window_seconds for now in moments)
    came_through = Counter(now // window_seconds for now in admitted(cap, moments))
    assert came_through == {window: min(events, events_max) for window, events in sent.items()}


@given(st.lists(st.integers(0, 500), max_size=60), st.integers(1, 5))
def test_a_clock_that_goes_back_never_makes_room(moments, events_max):
    cap = Cap(meter=KEY, events_max=events_max, reason="key_quota")
    latest, sent = 0, Counter()
    for now in moments:
        latest = max(latest, now // 60)
        sent[latest] += 1
    assert len(admitted(cap, moments)) == sum(min(events, events_max) for events in sent.values())


def test_every_cap_must_have_room():
    wider = Cap(meter=Meter(CapScope.PROJECT, "7", HOUR_SECONDS), events_max=5, reason="project_hourly")
    spent = {KEY: Spent(60, 2), wider.meter: Spent(0, 5)}
    assert exhausted([CAP, wider], spent, 61.5) == (CAP, wider)
    assert exhausted([CAP, wider], spent, 120) == (wider,)
    assert exhausted([CAP, wider], spent, 3600) == ()


def test_a_client_is_told_to_come_back_when_the_window_ends_and_within_a_minute():
    assert rate_limit(CAP, 75.9) == RateLimit(
        retry_seconds=45, categories=("error", "default", "security"), scope="key", reason="key_quota"
    )
    hourly = Cap(meter=Meter(CapScope.PROJECT, "7", HOUR_SECONDS), events_max=5, reason="project_hourly")
    assert rate_limit(hourly, 10).retry_seconds == 60


@pytest.mark.parametrize(("count", "window_seconds"), [(None, None), (0, 60), (5, None), (5, 0)])
def test_a_key_without_a_limit_has_no_cap(count, window_seconds):
    assert caps_of_key("a1", count, window_seconds) == ()


def test_a_keys_limit_is_its_cap():
    assert caps_of_key("a1", 2, 60) == (CAP,)


def test_a_projects_own_caps_come_before_those_for_all():
    caps = Caps(project_events_per_hour_max=10, events_per_month_max=99)

    def found(options):
        return [(one.meter, one.events_max) for one in caps_of_project(caps, 7, options)]

    everybody = (Meter(CapScope.ORGANIZATION, "", MONTH_SECONDS), 99)
    hourly = Meter(CapScope.PROJECT, "7", HOUR_SECONDS)
    monthly = Meter(CapScope.PROJECT, "7", MONTH_SECONDS)
    assert found({}) == [(hourly, 10), everybody]
    assert found({"eventsPerHourMax": 3, "eventsPerMonthMax": 4}) == [(hourly, 3), (monthly, 4), everybody]
    assert found({"eventsPerHourMax": 0}) == [everybody]
    assert found({"eventsPerHourMax": None}) == [(hourly, 10), everybody]
