import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.upkeep.tag_columns import TAG_COLUMNS_MAX, TagColumn, TagCount, tag_columns_to_add

EVENTS = 100_000


def chosen(*counts, sampled=EVENTS, present=()):
    return [column.key for column in tag_columns_to_add(sampled, counts, present)]


def test_frequent_tags_get_a_column_most_frequent_first():
    counts = [TagCount("b", 1000, 1), TagCount("rare", 999, 1), TagCount("os.name", EVENTS, 1), TagCount("a", 1000, 1)]
    assert chosen(*counts) == ["os.name", "a", "b"]


def test_a_tag_of_few_values_is_written_as_such():
    counts = [TagCount("few", EVENTS, 8192), TagCount("many", EVENTS - 1, 8193)]
    assert tag_columns_to_add(EVENTS, counts, ()) == [TagColumn("few"), TagColumn("many", has_few_values=False)]


@pytest.mark.parametrize("key", ["environment", "release", "level", "user", "platform.name", "it's", "a`b", "ü", "a b"])
def test_what_is_searched_through_another_column_or_cannot_be_a_name_gets_none(key):
    assert chosen(TagCount(key, EVENTS, 2)) == []


@pytest.mark.parametrize("key", ["browser.name", "device.class", "status", "a:b-c_d", "k" * 200])
def test_any_other_key_gets_one(key):
    assert chosen(TagCount(key, EVENTS, 2)) == [key]


def test_a_handful_of_events_decides_nothing():
    assert chosen(TagCount("a", 9999, 1), sampled=9999) == []
    assert chosen(TagCount("a", 100, 1), sampled=10_000) == ["a"]


keys = st.integers(0, 60).map("k{}".format)


@given(st.dictionaries(keys, st.integers(0, EVENTS), max_size=60), st.frozensets(keys, max_size=40))
def test_there_are_never_more_than_the_most_and_none_twice(counts, present):
    found = chosen(*(TagCount(key, events, 1) for key, events in counts.items()), present=present)
    assert len(found) == len(set(found))
    assert not present & set(found)
    assert len(found) <= max(0, TAG_COLUMNS_MAX - len(present))
    left_out = [counts[key] for key in counts.keys() - present - set(found)]
    if len(found) + len(present) < TAG_COLUMNS_MAX:
        assert all(events < EVENTS / 100 for events in left_out)
    else:
        assert not found or max(left_out, default=0) <= min(counts[key] for key in found)
