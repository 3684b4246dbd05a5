from concurrent.futures import ThreadPoolExecutor

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from tocsin.domain.errors import Unavailable
from tocsin.storage.history import schema


def test_several_threads_ask_at_once(history):
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(
            lambda n: history.rows("SELECT sum(number) + {n:UInt64} FROM numbers(100000)", {"n": n}), range(40)
        )
        assert [answer[0][0] for answer in answers] == [4999950000 + n for n in range(40)]


def test_a_question_that_needs_too_much_memory_is_declined_and_the_next_one_answered(history):
    with pytest.raises(Unavailable, match="Narrow the time range"):
        history.rows("SELECT length(groupArray(repeat('x', 1000) || toString(number))) FROM numbers(3000000)")
    assert history.rows("SELECT 1") == [(1,)]


def test_a_mistake_of_ours_is_not_dressed_up_as_an_answer(history):
    for _ in range(10):  # more often than there are connections: none may be lost
        with pytest.raises(DatabaseError):
            history.rows("SELECT nonsense")
    assert history.rows("SELECT 1") == [(1,)]


def test_a_table_of_an_earlier_version_is_given_todays_layout(history):
    def known():
        return {row[0]: row[1] for row in history.rows(schema.KNOWN_LAYOUT)}

    history.command("ALTER TABLE event MODIFY COLUMN tags CODEC(ZSTD(1))")
    history.command("ALTER TABLE event RESET SETTING max_buckets_in_map, map_serialization_version")
    changes = schema.layout_changes(known())
    assert [change.split()[4:6] for change in changes] == [
        ["COLUMN", "`tags`"],
        ["SETTING", "map_serialization_version"],
    ]
    for change in changes:
        history.command(change)
    assert schema.layout_changes(known()) == []
