from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.upkeep.weeks import REST, SETTLING, WEEK, Part, Week, is_to_be_merged

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
OVER = MONDAY + WEEK + SETTLING
NOW = OVER + timedelta(days=5)
SECOND = timedelta(seconds=1)


def week(*rows, made_at=NOW - REST - SECOND):
    return Week("20261116", MONDAY, tuple(Part(count, made_at) for count in rows))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param((), False, id="no part"),
        pytest.param((500,), False, id="one part"),
        pytest.param((500, 500), True, id="none is most of it"),
        pytest.param((1000, 9), False, id="little came late"),
        pytest.param((1000, 10), False, id="not quite a hundredth came late"),
        pytest.param((990, 10), True, id="a hundredth came late"),
        pytest.param((10_000, *[1] * 7), False, id="little in seven further parts"),
        pytest.param((10_000, *[1] * 8), True, id="little in eight further parts"),
    ],
)
def test_a_week_that_is_over_becomes_one_part_when_it_is_worth_it(rows, expected):
    assert is_to_be_merged(week(*rows), NOW) is expected


def test_the_first_merge_comes_as_soon_as_the_week_is_over():
    fresh = week(500, 500, made_at=OVER - SECOND)
    assert not is_to_be_merged(fresh, OVER)
    assert is_to_be_merged(fresh, OVER + SECOND)


def test_a_part_of_the_time_when_the_week_went_on_is_not_the_whole_of_it_however_big():
    assert is_to_be_merged(week(1000, 1, made_at=OVER), NOW)
    assert not is_to_be_merged(week(1000, 1, made_at=OVER + SECOND), NOW)


def test_what_came_late_waits_until_the_biggest_part_is_a_day_old():
    late = week(900, 100, made_at=NOW)
    assert not is_to_be_merged(late, NOW + REST)
    assert is_to_be_merged(late, NOW + REST + SECOND)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=30), st.integers(0, 10**6))
def test_a_week_that_was_just_merged_rests_for_a_day_whatever_comes(late, seconds_after):
    whole = Part(sum(late) + 1, NOW)
    then = NOW + timedelta(seconds=seconds_after)
    merged = Week("20261116", MONDAY, (whole, *(Part(rows, then) for rows in late)))
    assert not is_to_be_merged(merged, min(then, NOW + REST))
