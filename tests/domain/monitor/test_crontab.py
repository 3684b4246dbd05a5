"""Crontabs: what they admit, when they are due, and what is refused."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.monitor.crontab import UnreadableCrontab, read_crontab

VIENNA = ZoneInfo("Europe/Vienna")
ZULU = ZoneInfo("UTC")


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "after", "due"),
    [
        ("* * * * *", "2026-01-01T00:00:30", "2026-01-01T00:01"),
        ("0 3 * * *", "2026-01-01T03:00", "2026-01-02T03:00"),
        ("*/15 * * * *", "2026-01-01T00:15", "2026-01-01T00:30"),
        ("5/20 * * * *", "2026-01-01T00:06", "2026-01-01T00:25"),
        ("0 9-17/4 * * mon-fri", "2026-01-02T17:01", "2026-01-05T09:00"),
        ("30 4 1,15 * fri", "2026-01-02T05:00", "2026-01-09T04:30"),
        ("30 4 1,15 * fri", "2026-01-14T05:00", "2026-01-15T04:30"),
        ("30 4 */2 * fri", "2026-01-02T05:00", "2026-01-09T04:30"),
        ("0 0 29 2 *", "2026-01-01T00:00", "2028-02-29T00:00"),
        ("0 0 29 2 *", "2096-03-01T00:00", "2104-02-29T00:00"),
        ("0 0 31 * *", "2026-01-31T00:00", "2026-03-31T00:00"),
        ("0 0 * JAN,Dec sun", "2026-01-26T00:00", "2026-12-06T00:00"),
        ("0 0 * * 7", "2026-01-01T00:00", "2026-01-04T00:00"),
        ("0 0 * * 5-7", "2026-01-03T00:00", "2026-01-04T00:00"),
        ("@hourly", "2026-01-01T00:00", "2026-01-01T01:00"),
        ("@daily", "2026-01-01T00:00", "2026-01-02T00:00"),
        ("@weekly", "2026-01-01T00:00", "2026-01-04T00:00"),
        ("@monthly", "2026-01-01T00:00", "2026-02-01T00:00"),
        ("@yearly", "2026-01-01T00:00", "2027-01-01T00:00"),
        ("  0   3\t* * * ", "2026-01-01T00:00", "2026-01-01T03:00"),
    ],
)
def test_a_crontab_is_due_next(expression: str, after: str, due: str) -> None:
    assert read_crontab(expression).next_after(_utc(after), ZULU) == _utc(due)


@pytest.mark.parametrize(
    ("expression", "after", "due"),
    [
        pytest.param("0 3 * * *", "2026-07-01T00:00", "2026-07-01T01:00", id="summer"),
        pytest.param("0 3 * * *", "2026-01-01T00:00", "2026-01-01T02:00", id="winter"),
        # On 2026-03-29 the clocks go from 02:00 to 03:00, at 01:00 UTC.
        pytest.param("30 2 * * *", "2026-03-28T12:00", "2026-03-29T01:00", id="in-the-gap-it-is-due-when-it-ends"),
        pytest.param("30 2 * * *", "2026-03-29T01:00", "2026-03-30T00:30", id="and-once"),
        pytest.param("0 2,3 * * *", "2026-03-29T00:00", "2026-03-29T01:00", id="gap-and-its-end-are-one"),
        pytest.param("*/30 * * * *", "2026-03-29T00:30", "2026-03-29T01:00", id="real-time-at-the-end-of-the-gap"),
        pytest.param("*/40 2 * * *", "2026-03-28T12:00", "2026-03-30T00:00", id="real-time-skips-the-gap"),
        # On 2026-10-25 the clocks go from 03:00 back to 02:00, at 01:00 UTC.
        pytest.param("30 2 * * *", "2026-10-24T12:00", "2026-10-25T00:30", id="in-the-overlap-it-is-due-first"),
        pytest.param("30 2 * * *", "2026-10-25T00:30", "2026-10-26T01:30", id="in-the-overlap-it-is-due-once"),
        pytest.param("30 2 * * *", "2026-10-25T01:10", "2026-10-26T01:30", id="within-the-second-hour"),
        pytest.param("*/30 * * * *", "2026-10-25T00:30", "2026-10-25T01:00", id="real-time-in-the-second-hour"),
        pytest.param("*/30 * * * *", "2026-10-25T01:00", "2026-10-25T01:30", id="real-time-later-in-it"),
        pytest.param("15 * * * *", "2026-10-25T00:15", "2026-10-25T01:15", id="hourly-in-both-hours"),
    ],
)
def test_a_crontab_keeps_to_the_clocks_of_vienna(expression: str, after: str, due: str) -> None:
    assert read_crontab(expression).next_after(_utc(after), VIENNA) == _utc(due)


def test_a_crontab_keeps_to_half_hours_and_skipped_days() -> None:
    lord_howe, samoa = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")
    # Lord Howe moves by half an hour: 02:00 to 02:30 on 2026-10-04, at 15:30 UTC the day before.
    assert read_crontab("15 2 * * *").next_after(_utc("2026-10-03T12:00"), lord_howe) == _utc("2026-10-03T15:30")
    # Samoa had no 30th of December 2011.
    assert read_crontab("0 12 30 12 *").next_after(_utc("2011-12-29T12:00"), samoa) == _utc("2011-12-30T10:00")


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("", "five fields"),
        ("* * * *", "five fields, not 4"),
        ("0 0 0 * * *", "five fields, not 6"),
        ("60 * * * *", "minute is from 0 to 59"),
        ("* 24 * * *", "hour is from 0 to 23"),
        ("* * 0 * *", "day of the month is from 1 to 31"),
        ("* * * 13 *", "month is from 1 to 12"),
        ("* * * * 8", "day of the week is from 0 to 7"),
        ("*/0 * * * *", "steps of 0"),
        ("5-1 * * * *", "backwards"),
        ("1,,2 * * * *", "minute cannot be read"),
        ("a * * * *", "minute cannot be read"),
        ("٣ * * * *", "minute cannot be read"),
        ("* * * foo *", "month is from 1 to 12"),
        ("0 0 L * *", "not understood"),
        ("0 0 15W * *", "not understood"),
        ("0 0 * * 5#2", "not understood"),
        ("0 0 ? * *", "not understood"),
        ("0 0 * * 5L", "not understood"),
        ("@reboot", "not known"),
        ("0 0 30 2 *", "never due"),
        ("0 " * 200, "200 characters"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(expression: str, says: str) -> None:
    with pytest.raises(UnreadableCrontab, match=says):
        read_crontab(expression)


_NUMBERS = st.lists(st.integers(0, 23), min_size=1, max_size=3).map(lambda some: ",".join(map(str, some)))
_MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - has one


@given(minute=st.one_of(st.just("*/7"), _NUMBERS), hour=st.one_of(st.just("*"), _NUMBERS), moment=_MOMENTS)
def test_the_next_time_is_the_first_of_all_minutes_that_match(minute: str, hour: str, moment: datetime) -> None:
    crontab = read_crontab(f"{minute} {hour} * * *")
    due = crontab.next_after(moment, ZULU)
    assert due > moment
    assert (due.second, due.microsecond) == (0, 0)
    admits = [at for at in _minutes(moment, due) if at.minute in crontab.minutes and at.hour in crontab.hours]
    assert admits == [due]


@given(expression=st.text("0123456789*/-,@#LW amonjfi", max_size=30), moment=_MOMENTS)
def test_whatever_is_written_is_either_due_or_refused(expression: str, moment: datetime) -> None:
    try:
        crontab = read_crontab(expression)
    except UnreadableCrontab:
        return
    for zone in (ZULU, VIENNA):
        assert crontab.next_after(moment, zone) > moment


@given(moment=_MOMENTS, hour=st.integers(0, 23))
def test_times_only_go_forward_in_any_season(moment: datetime, hour: int) -> None:
    for expression in (f"30 {hour} * * *", f"*/17 {hour} * * *"):
        crontab = read_crontab(expression)
        due = crontab.next_after(moment, VIENNA)
        assert moment < due < crontab.next_after(due, VIENNA)


def _minutes(after: datetime, until: datetime) -> list[datetime]:
    first = int(after.timestamp()) // 60 + 1
    return [datetime.fromtimestamp(60 * minute, UTC) for minute in range(first, int(until.timestamp()) // 60 + 1)]
