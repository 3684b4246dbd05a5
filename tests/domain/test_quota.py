from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.quota import Quota, Spending, spend

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
QUOTA = Quota(requests_max=5, window_seconds=5)


def asked(*seconds, quota=QUOTA):
    """Return the verdicts on requests that many seconds after noon."""
    spent, verdicts = None, []
    for after in seconds:
        spent, verdict = spend(quota, spent, NOON + timedelta(seconds=after))
        verdicts.append(verdict)
    return verdicts


def test_so_many_requests_are_within_and_no_more():
    verdicts = asked(*[0] * 7)
    assert [one.is_within for one in verdicts] == [True] * 5 + [False] * 2
    assert [one.remaining for one in verdicts] == [4, 3, 2, 1, 0, 0, 0]
    assert {one.resets_at for one in verdicts} == {NOON + timedelta(seconds=5)}


def test_a_window_begins_with_its_first_request_and_ends_on_time():
    verdicts = asked(0, 4, 4, 4, 4.999, 4.999999, 5)
    assert [one.is_within for one in verdicts] == [True] * 5 + [False, True]
    assert verdicts[-1].resets_at == NOON + timedelta(seconds=10)


def test_what_was_declined_does_not_prolong_the_wait():
    assert [one.is_within for one in asked(0, 0, 0, 0, 0, 1, 2, 3, 4, 5)][-1]


def test_a_clock_that_went_back_begins_a_new_window():
    assert [one.is_within for one in asked(*[60] * 6, 0)] == [True] * 5 + [False, True]


@given(
    st.lists(st.floats(0, 20), max_size=40).map(sorted),
    st.builds(Quota, requests_max=st.integers(1, 6), window_seconds=st.integers(1, 6)),
)
def test_no_window_has_more_than_the_quota(seconds, quota):
    verdicts = asked(*seconds, quota=quota)
    by_window = {}
    for verdict in verdicts:
        by_window.setdefault(verdict.resets_at, []).append(verdict.is_within)
    assert all(sum(one) <= quota.requests_max for one in by_window.values())
    assert all(one[0] for one in by_window.values())
    assert all(0 <= verdict.remaining < quota.requests_max for verdict in verdicts)


def test_declined_requests_are_not_counted():
    spent = Spending(began_at=NOON, requests=5)
    assert spend(QUOTA, spent, NOON)[0] == spent
