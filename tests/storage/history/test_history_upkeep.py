import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import count

import pytest

from tocsin.domain.upkeep.tag_columns import TagColumn, TagCount
from tocsin.storage.history import upkeep
from tocsin.storage.history.deletion import delete_events
from tocsin.storage.history.events import page
from tocsin.storage.history.filters import has_tag, tag
from tocsin.storage.history.insert import insert
from tocsin.storage.history.scope import EVERYTHING, Page, ProjectScope, Selection
from tocsin.storage.history.tag_columns import column_name
from tocsin.storage.history.tags import tag_values

# Columns stay in the table that all tests share.
_keys = (f"key.{number}" for number in count())

WEEK = "20261116"


@pytest.fixture
def key():
    return next(_keys)


@pytest.fixture
def scattered(empty_history, make_event, noon, key, hash_of):
    """History with one week in five parts, the events of each in two issues, a tag on every other."""
    empty_history.command("SYSTEM STOP MERGES event")
    for part in range(5):
        events = [
            make_event(minutes=-number, group="ab"[number % 2], tags={key: f"v{part}"} if number % 2 else {})
            for number in range(10)
        ]
        insert(empty_history, events[0].event_id, events, noon)
    empty_history.command("SYSTEM START MERGES event")
    return empty_history


def parts(history):
    return {week.name: len(week.parts) for week in upkeep.weeks(history)}


def told(history, project_id, key):
    """Return what questions about a tag are answered."""
    scope = ProjectScope((project_id,))
    operand, chosen = tag(key), scope.clause()
    sql = f"SELECT {operand.sql} AS value, count() FROM event WHERE {chosen.sql} GROUP BY value ORDER BY value"
    return (
        [row.event_id for row in page(history, scope, Selection(where=has_tag(key)), Page(100))],
        [row.event_id for row in page(history, scope, Selection(where=~has_tag(key)), Page(100))],
        tag_values(history, scope, key, EVERYTHING, Page(10)),
        history.rows(sql, {**operand.parameters, **chosen.parameters}),
    )


def test_a_week_has_its_rows_its_start_and_the_time_its_parts_were_made(scattered):
    [week] = upkeep.weeks(scattered)
    assert (week.name, week.start) == (WEEK, datetime(2026, 11, 16, tzinfo=UTC))
    assert [part.rows for part in week.parts] == [10] * 5
    [[now]] = scattered.rows("SELECT now('UTC')")
    assert all(0 <= (now - part.made_at).total_seconds() < 60 for part in week.parts)


def test_a_merged_week_is_one_part_and_tells_the_same(scattered, project_id, key):
    before = told(scattered, project_id, key)
    assert upkeep.merge_week(scattered, WEEK)
    assert parts(scattered) == {WEEK: 1}
    assert told(scattered, project_id, key) == before


def test_what_comes_late_is_a_part_beside_the_merged_one(scattered, make_event, noon):
    upkeep.merge_week(scattered, WEEK)
    insert(scattered, "late", [make_event()], noon)
    assert sorted(part.rows for week in upkeep.weeks(scattered) for part in week.parts) == [1, 50]


@pytest.mark.parametrize("has_few_values", [True, False])
def test_a_column_is_read_once_it_is_written_and_tells_the_same(scattered, project_id, key, has_few_values):
    before = told(scattered, project_id, key)
    upkeep.add_tag_columns(scattered, [TagColumn(key, has_few_values=has_few_values)])
    scattered.look_at_tag_columns()
    assert key in upkeep.tag_column_keys(scattered)
    assert key not in scattered.tag_columns
    assert told(scattered, project_id, key) == before

    assert column_name(key) in upkeep.unwritten_columns(scattered)[WEEK]
    assert upkeep.write_columns(scattered, WEEK, [column_name(key)])
    scattered.look_at_tag_columns()
    assert column_name(key) not in upkeep.unwritten_columns(scattered).get(WEEK, [])
    assert key in scattered.tag_columns
    assert told(scattered, project_id, key) == before


def test_the_merge_of_a_week_writes_its_columns(scattered, key):
    upkeep.add_tag_columns(scattered, [TagColumn(key)])
    upkeep.merge_week(scattered, WEEK)
    assert upkeep.unwritten_columns(scattered) == {}


def test_new_events_have_the_column_at_once(empty_history, make_event, noon, key, project_id):
    upkeep.add_tag_columns(empty_history, [TagColumn(key)])
    insert(empty_history, key, [make_event(tags={key: "x"})], noon)
    assert upkeep.unwritten_columns(empty_history) == {}
    empty_history.look_at_tag_columns()
    assert key in empty_history.tag_columns
    assert Counter(told(empty_history, project_id, key)[3]) == {("x", 1): 1}


def test_a_key_and_its_name_with_a_dot_have_a_column_each(empty_history, make_event, noon, key, project_id):
    upkeep.add_tag_columns(empty_history, [TagColumn(f"{key}.size"), TagColumn(key, has_few_values=False)])
    insert(empty_history, key, [make_event(tags={key: "x", f"{key}.size": "y"})], noon)
    empty_history.look_at_tag_columns()
    assert {key, f"{key}.size"} <= empty_history.tag_columns
    assert told(empty_history, project_id, key)[3] == [("x", 1)]
    assert told(empty_history, project_id, f"{key}.size")[3] == [("y", 1)]


def test_the_longest_key_can_have_a_column(empty_history, make_event, noon, key, project_id):
    longest = f"{key}{'k' * 200}"[:200]
    upkeep.add_tag_columns(empty_history, [TagColumn(longest)])
    insert(empty_history, key, [make_event(tags={longest: "x"})], noon)
    upkeep.merge_week(empty_history, WEEK)
    empty_history.look_at_tag_columns()
    assert longest in empty_history.tag_columns
    assert told(empty_history, project_id, longest)[3] == [("x", 1)]


def test_deleted_events_stay_deleted_when_columns_are_written_and_weeks_merged(
    scattered, project_id, key, noon, hash_of
):
    upkeep.add_tag_columns(scattered, [TagColumn(key)])
    delete_events(scattered, project_id, [hash_of("b")], noon.replace(year=2027))
    before = told(scattered, project_id, key)
    assert (len(before[0]), len(before[1])) == (0, 25)
    upkeep.write_columns(scattered, WEEK, [column_name(key)])
    assert told(scattered, project_id, key) == before
    upkeep.merge_week(scattered, WEEK)
    assert told(scattered, project_id, key) == before
    delete_events(scattered, project_id, [hash_of("a")], noon.replace(year=2027))
    assert told(scattered, project_id, key) == ([], [], [], [])


def test_a_sample_counts_the_tags_of_the_newest_weeks(empty_history, make_event, noon):
    insert(empty_history, "sample-old", [make_event(minutes=-60 * 24 * 7, tags={"os": "Linux"})], noon)
    insert(empty_history, "sample-new", [make_event(tags={"os": "iOS", "n": str(number)}) for number in range(3)], noon)
    sample = upkeep.sample_tags(empty_history, upkeep.weeks(empty_history))
    assert sample == upkeep.TagSample(4, (TagCount("os", 4, 2), TagCount("n", 3, 3)))


def test_an_empty_history_has_nothing_to_look_after(empty_history):
    assert upkeep.weeks(empty_history) == []
    assert upkeep.sample_tags(empty_history, []) == upkeep.TagSample(0, ())
    assert upkeep.unwritten_columns(empty_history) == {}


def test_one_long_statement_at_a_time_and_none_where_it_would_be_in_the_way(scattered):
    with scattered.undisturbed():
        assert not upkeep.merge_week(scattered, WEEK)
    assert parts(scattered) == {WEEK: 5}
    assert upkeep.merge_week(scattered, WEEK)


CUT_SHORT = """
import sys
from datetime import UTC, datetime
from threading import Thread
from time import monotonic

from tocsin.domain.upkeep.tag_columns import TagColumn
from tocsin.storage.history import upkeep
from tocsin.storage.history.deletion import delete_events
from tocsin.storage.history.store import History

WEEK, HASH = "20261116", "ab" * 16
history = History.open(sys.argv[1])
for name in ("ab", "cd"):
    history.command(
        "INSERT INTO event (project_id, primary_hash, timestamp, tags, payload)"
        f" SELECT 1, toFixedString(unhex(repeat('{name}', 16)), 16), '2026-11-18 12:00:00', map('a', 'b'),"
        f" concat('0123456789012345', toString(number)) FROM numbers(60000)"
    )
# A column that takes seconds to write, some thousand rows at a time: there is time to be in the way.
history.command(
    "ALTER TABLE event ADD COLUMN `tag:s` String MATERIALIZED hex(SHA512(repeat(payload, 1500)))"
)

def begun(act, *arguments):
    "Let *act* begin in a thread, and return what tells how it ended."
    ends = []
    thread = Thread(target=lambda: ends.append(act(history, WEEK, *arguments)))
    thread.start()
    while not history.rows("SELECT 1 FROM system.merges WHERE table = 'event'"):
        "It is about to begin."
    def end():
        thread.join()
        return ends
    return end

def seconds(act):
    start = monotonic()
    act()
    return monotonic() - start

def rows():
    return [part.rows for week in upkeep.weeks(history) for part in week.parts], history.rows("SELECT count() FROM event")
"""


def cut_short(directory, body):
    """Return what a process prints that has an engine of its own, with a week that takes seconds to merge."""
    command = [sys.executable, "-c", CUT_SHORT + body, f"chdb://{directory}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_a_deletion_cuts_the_merge_of_a_week_short(tmp_path):
    body = """
end = begun(upkeep.merge_week)
took = seconds(lambda: delete_events(history, 1, [HASH], datetime(2027, 1, 1, tzinfo=UTC)))
print(end(), took < 2, rows()[1])
print(upkeep.merge_week(history, WEEK), rows())
history.close()
"""
    assert cut_short(tmp_path, body) == ["[False] True [(60000,)]", "True ([60000], [(60000,)])"]


def test_closing_cuts_the_merge_of_a_week_short_and_the_store_opens_again(tmp_path):
    body = """
end = begun(upkeep.merge_week)
took = seconds(history.close)
print(end(), took < 2)
history = History.open(sys.argv[1])
print(rows()[1], history.tag_columns, upkeep.merge_week(history, WEEK), rows()[0])
history.close()
history = History.open(sys.argv[1])
print(*history.tag_columns)
history.close()
"""
    assert cut_short(tmp_path, body) == ["[False] True", "[(120000,)] frozenset() True [120000]", "s"]


def test_a_deletion_cuts_the_writing_of_columns_short(tmp_path):
    body = """
end = begun(upkeep.write_columns, ["tag:s"])
delete_events(history, 1, [HASH], datetime(2027, 1, 1, tzinfo=UTC))
print(end(), rows()[1])
history.close()
"""
    assert cut_short(tmp_path, body) == ["[False] [(60000,)]"]


def test_once_the_end_is_near_nothing_long_begins(tmp_path):
    body = """
end = begun(upkeep.write_columns, ["tag:s"])
history.end_long_commands()
print(end(), upkeep.write_columns(history, WEEK, ["tag:s"]), upkeep.unwritten_columns(history))
history.close()
"""
    assert cut_short(tmp_path, body) == ["[False] False {'20261116': ['tag:s']}"]
