"""Upkeep on a real history: what it does, and that doing it again does nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from tocsin.flows.upkeep import TAGS_LOOKED_AT, Upkeep, UpkeepDone
from tocsin.storage.history import upkeep as stored
from tocsin.storage.history.filters import has_tag

WEEK = timedelta(weeks=1)
NOTHING = UpkeepDone()


def fill(history, start, rows, tags="map()"):
    """Append events from *start* on, one a second, as a part of its own."""
    history.command(
        "INSERT INTO event (project_id, primary_hash, timestamp, event_id, tags)"
        " SELECT 1, toFixedString('x', 16), toDateTime64({start:String}, 6, 'UTC') + number,"
        f" toFixedString(unhex(hex(MD5(concat({{start:String}}, toString(number))))), 16),"
        f" CAST({tags}, 'Map(LowCardinality(String), String)') FROM numbers({{rows:UInt64}})",
        {"start": f"{start:%Y-%m-%d %H:%M:%S}", "rows": rows},
    )


@pytest.fixture
def start(empty_history):
    """The hour when a week began; it is over long since."""
    [[monday]] = empty_history.rows("SELECT toDateTime(toMonday(now()) - 14, 'UTC') + 3600")
    return monday


def names(history):
    return [week.name for week in stored.weeks(history)]


def parts(history):
    return [len(week.parts) for week in stored.weeks(history)]


def test_weeks_that_are_over_are_merged_oldest_first_and_the_present_one_is_left_alone(empty_history, start):
    for week in (1, 0, 2):
        for hour in range(3):
            fill(empty_history, start + week * WEEK + timedelta(hours=hour), 5)
    with capture_logs() as logs:
        done = Upkeep(empty_history).run(start + 2 * WEEK + timedelta(hours=4))
    first, second, present = names(empty_history)
    assert done == UpkeepDone(weeks_merged=(first, second))
    assert parts(empty_history) == [1, 1, 3]
    assert [log["event"] for log in logs] == ["history put in order"]
    assert list(done.lines()) == [f"Weeks merged: {first}, {second}.", "History is in order."]
    assert present not in done.weeks_merged


def test_a_second_run_has_nothing_to_do_and_says_nothing(empty_history, start):
    for hour in range(3):
        fill(empty_history, start + timedelta(hours=hour), 5)
    upkeep, now = Upkeep(empty_history), start + 2 * WEEK
    upkeep.run(now)
    with capture_logs() as logs:
        assert upkeep.run(now) == NOTHING
    assert logs == []


def test_what_comes_late_is_merged_a_day_later(empty_history, start):
    for hour in range(2):
        fill(empty_history, start + timedelta(hours=hour), 50)
    upkeep, now = Upkeep(empty_history), start + 2 * WEEK
    upkeep.run(now)
    fill(empty_history, start + timedelta(hours=3), 5)
    assert upkeep.run(now) == NOTHING
    # The engine tells by its own clock when a part was made.
    [[tomorrow]] = empty_history.rows("SELECT toDateTime(now() + INTERVAL 25 HOUR, 'UTC')")
    assert len(upkeep.run(tomorrow).weeks_merged) == 1
    assert parts(empty_history) == [1]


def test_frequent_tags_get_columns_which_are_written_and_read(empty_history, start):
    tags = "map('flow.a', toString(number % 3), 'flow.b', toString(number), if(number < 50, 'flow.c', 'flow.a'), '1')"
    fill(empty_history, start, 10_000, tags)
    upkeep, now = Upkeep(empty_history), start + 2 * WEEK
    done = upkeep.run(now)
    assert done == UpkeepDone(tag_columns=("flow.a", "flow.b"), weeks_written=tuple(names(empty_history)))
    assert {"flow.a", "flow.b"} <= empty_history.tag_columns
    for key in ("flow.a", "flow.b", "flow.c"):
        has = has_tag(key)
        expected = 50 if key == "flow.c" else 10_000
        assert empty_history.rows(f"SELECT count() FROM event WHERE {has.sql}", has.parameters) == [(expected,)], key
    assert upkeep.run(now + TAGS_LOOKED_AT) == NOTHING


def test_tags_are_looked_at_once_an_hour(empty_history, start):
    upkeep, now = Upkeep(empty_history), start + 2 * WEEK
    assert upkeep.run(now) == NOTHING
    fill(empty_history, start, 10_000, "map('flow.later', 'x')")
    assert upkeep.run(now + TAGS_LOOKED_AT - timedelta(seconds=1)).tag_columns == ()
    assert upkeep.run(now + TAGS_LOOKED_AT).tag_columns == ("flow.later",)


def test_what_is_cut_short_is_done_by_the_next_run(empty_history, start):
    for hour in range(2):
        fill(empty_history, start + timedelta(hours=hour), 5)
    upkeep, now = Upkeep(empty_history), start + 2 * WEEK
    with empty_history.undisturbed():
        done = upkeep.run(now)
    assert done == UpkeepDone(is_complete=False)
    assert list(done.lines()) == ["Not all could be done now; the next run goes on."]
    assert upkeep.run(now).weeks_merged == tuple(names(empty_history))


def test_of_two_at_once_one_does_the_work_and_all_is_told_as_before(empty_history, start):
    for week in range(2):
        for hour in range(5):
            fill(empty_history, start + week * WEEK + timedelta(hours=hour), 200)
    now, figures = start + 3 * WEEK, "SELECT count(), uniqExact(event_id), min(timestamp), max(timestamp) FROM event"
    before = empty_history.rows(figures)
    with ThreadPoolExecutor() as threads:
        both = list(threads.map(lambda _: Upkeep(empty_history).run(now), range(2)))
    assert empty_history.rows(figures) == before
    assert {week for done in both for week in done.weeks_merged} <= set(names(empty_history))
    Upkeep(empty_history).run(now)
    assert parts(empty_history) == [1, 1]
