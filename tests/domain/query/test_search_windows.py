"""What statsPeriod, start and end mean together (spec/search.md 3.2)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.query.window import Window, daily_grid, fitting_grid, hourly_grid, read_window

NOW = datetime(2026, 11, 10, 12, 30, 15, 250_000, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 10, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("parameters", "start", "end"),
    [
        ((None, None, None), NOW - 90 * DAY, NOW),
        (("", "", ""), NOW - 90 * DAY, NOW),
        (("24h", None, None), NOW - DAY, NOW),
        (("3600", None, None), NOW - timedelta(hours=1), NOW),
        (("2w", None, None), NOW - 14 * DAY, NOW),
        (("400d", None, None), NOW - 90 * DAY, NOW),
        (("999999999999999999w", None, None), NOW - 90 * DAY, NOW),
        (("24h", "2000-01-01", "2000-01-02"), NOW - DAY, NOW),
        ((None, "2026-11-01", "2026-11-02T00:00:00Z"), MIDNIGHT - 9 * DAY, MIDNIGHT - 8 * DAY),
        ((None, "2026-11-09T14:30:15.25+02:00", str(int(NOW.timestamp()))), NOW - DAY, NOW.replace(microsecond=0)),
    ],
)
def test_a_window_has_bounds(parameters, start, end):
    window = read_window(*parameters, NOW)
    assert (window.start, window.end) == (start, end)


@pytest.mark.parametrize(
    ("parameters", "detail"),
    [
        (("lol", None, None), "Invalid statsPeriod: 'lol'"),
        (("1y", None, None), "Invalid statsPeriod: '1y'"),
        (("٣d", None, None), "Invalid statsPeriod: '٣d'"),
        ((None, "2026-11-01", None), "start and end are both required"),
        ((None, None, "2026-11-01"), "start and end are both required"),
        ((None, "2026-11-02", "2026-11-01"), "start must be before end"),
        ((None, "2026-11-02", "2026-11-02"), "start must be before end"),
        ((None, "foo", "bar"), "foo is not a valid ISO8601 date query"),
    ],
    ids=["search-L10", "unit", "digits", "search-L12", "end", "search-L13", "equal", "search-L14"],
)
def test_a_window_without_meaning_is_refused(parameters, detail):
    with pytest.raises(InvalidQuery) as refusal:
        read_window(*parameters, NOW)
    assert refusal.value.detail == detail


def test_a_relative_window_needs_both_ends():
    window = read_window(None, None, None, NOW, stats_period_start="2d", stats_period_end="1d")
    assert (window.start, window.end) == (NOW - 2 * DAY, NOW - DAY)
    with pytest.raises(InvalidQuery, match="statsPeriodStart and statsPeriodEnd are both required"):
        read_window(None, None, None, NOW, stats_period_start="2d")


def test_a_window_may_end_in_a_far_future():
    assert read_window(None, "2026-11-01", "99999999999", NOW).end.year > 5000


def test_a_window_before_all_that_is_kept_is_empty():
    assert read_window(None, "2001-01-01", "2001-01-02", NOW).seconds == 0


def test_hours_and_days_end_with_the_current_one():
    hours, days = hourly_grid(NOW), daily_grid(NOW, 14)
    assert (len(hours.starts), hours.starts[-1]) == (24, int(NOW.replace(minute=0, second=0).timestamp()))
    assert (len(days.starts), days.starts[-1]) == (14, int(NOW.replace(hour=0, minute=0, second=0).timestamp()))


@pytest.mark.parametrize(
    ("window", "step"),
    [
        (timedelta(hours=1), 124),
        (timedelta(hours=24), 3600),
        (timedelta(hours=29), 2 * 3600),
        (timedelta(hours=58), 3 * 3600),
        (timedelta(days=7), 6 * 3600),
        (timedelta(days=14), 12 * 3600),
        (timedelta(days=20), 24 * 3600),
        (timedelta(days=90), 4 * 86_400),
        (timedelta(0), 1),
    ],
)
def test_intervals_fit_their_window(window, step):
    assert fitting_grid(Window(start=NOW - window, end=NOW)).step_seconds == step


@given(seconds=st.integers(0, 90 * 86_400), micros=st.integers(0, 10**6 - 1))
def test_fitting_intervals_cover_the_window(seconds, micros):
    window = Window(start=NOW - timedelta(seconds=seconds, microseconds=micros), end=NOW)
    grid = fitting_grid(window)
    starts = grid.starts
    assert starts[0] <= window.start.timestamp()
    assert starts[-1] + grid.step_seconds >= window.end.timestamp()
    assert len(starts) <= 62
