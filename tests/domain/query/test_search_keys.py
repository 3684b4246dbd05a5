"""The table of keys."""

from datetime import UTC, datetime

import pytest

from tocsin.domain.event.event import Event
from tocsin.domain.query.keys import ALL_KEYS, KEYS, Column, Dialect, Kind, Level, Tag, find_key, tag_key
from tocsin.domain.query.parse import parse_issue_query

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)


def test_no_name_belongs_to_two_keys() -> None:
    names = [name for key in ALL_KEYS for name in (key.name, *key.aliases)]
    assert len(names) == len(set(names))


def test_every_column_is_a_field_of_events() -> None:
    columns = {key.source.field for key in ALL_KEYS if isinstance(key.source, Column)}
    assert columns <= set(Event.__struct_fields__)


def test_keys_of_words_and_only_they_have_a_vocabulary() -> None:
    assert all((key.vocabulary is not None) is (key.kind in {Kind.WORD, Kind.KEYWORD}) for key in ALL_KEYS)


def test_every_kind_takes_some_operator() -> None:
    assert all("=" in kind.operators for kind in Kind)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("assigned", "assigned_to"),
        ("assigned_or_suggested", "assigned_or_suggested"),
        ("bookmarks", "bookmarked_by"),
        ("subscribed", "subscribed_by"),
        ("first-release", "first_release"),
        ("firstRelease", "first_release"),
        ("age", "first_seen"),
        ("firstSeen", "first_seen"),
        ("lastSeen", "last_seen"),
        ("timesSeen", "times_seen"),
        ("event.timestamp", "date"),
    ],
)
def test_an_alias_and_its_canonical_name_are_one_key_in_issue_search(written: str, canonical: str) -> None:
    assert find_key(written, Dialect.ISSUE) is KEYS[canonical]
    assert find_key(canonical, Dialect.ISSUE) is KEYS[canonical]


@pytest.mark.parametrize("name", [name for name, key in KEYS.items() if key.level in {Level.ISSUE, Level.AGGREGATE}])
def test_a_key_of_issues_is_a_tag_in_event_search(name: str) -> None:
    if name != "is":
        assert find_key(name, Dialect.EVENT) == tag_key(name)


def test_any_other_key_is_the_tag_of_that_name() -> None:
    for dialect in Dialect:
        assert find_key("server_name", dialect).source == Tag("server_name")


@pytest.mark.parametrize("name", sorted(KEYS))
def test_a_tag_by_the_name_of_a_built_in_key_can_be_asked_for(name: str) -> None:
    (term,) = parse_issue_query(f"tags[{name}]:x", now=NOW).terms
    assert term.key == tag_key(name)
    assert str(term) == f"tags[{name}]:x"
