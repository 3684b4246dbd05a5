import pytest

from tocsin.storage.history.filters import is_one_of, tag
from tocsin.storage.history.insert import insert
from tocsin.storage.history.scope import EVERYTHING, IssueScope, Page, ProjectScope, Selection
from tocsin.storage.history.tags import TagKey, TagOrder, tag_key, tag_keys, tag_values


@pytest.fixture
def issue(history, make_event, noon, project_id, hash_of):
    events = [
        make_event(minutes=-60, tags={"browser": "Chrome", "server": "web-1", "release": "2", "user": "id:1"}),
        make_event(minutes=-120, tags={"browser": "Chrome", "server": "web-2", "release": "2"}),
        make_event(minutes=-1800, tags={"browser": "Firefox", "server": "web-1", "release": "1"}),
        make_event(group="other", tags={"other": "x"}),
    ]
    insert(history, f"tags-{project_id}", events, noon)
    return IssueScope(project_id, ((hash_of("a"), None),))


def values(found):
    return [(value.value, value.events) for value in found]


def test_values_come_by_first_seen_unless_asked_otherwise__search_T01(history, issue, noon):
    found = tag_values(history, issue, "browser", EVERYTHING, Page(10))
    assert values(found) == [("Chrome", 2), ("Firefox", 1)]
    assert (found[0].first, found[0].last) < (noon, noon)
    assert found[0].first < found[0].last


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param(TagOrder.LAST, ["web-1", "web-2"], id="search-T03-date"),
        pytest.param(TagOrder.FIRST, ["web-2", "web-1"], id="search-T03-age"),
        pytest.param(TagOrder.EVENTS, ["web-1", "web-2"], id="count"),
    ],
)
def test_values_are_ordered(history, issue, order, expected):
    assert [row.value for row in tag_values(history, issue, "server", EVERYTHING, Page(10), order)] == expected


def test_an_unknown_key_has_no_values__search_T04(history, issue):
    assert tag_values(history, issue, "nope", EVERYTHING, Page(10)) == []
    assert tag_key(history, issue, "nope") is None


def test_a_key_counts_its_events_and_values__search_T06(history, issue):
    assert tag_key(history, issue, "browser") == TagKey(key="browser", events=3, values=2)


def test_keys_come_by_name__search_T07(history, issue):
    assert tag_keys(history, issue) == [
        TagKey(key="browser", events=3, values=2),
        TagKey(key="release", events=3, values=2),
        TagKey(key="server", events=3, values=2),
        TagKey(key="user", events=1, values=1),
    ]


def test_keys_and_values_keep_to_the_selection(history, issue):
    chrome = Selection(where=is_one_of(tag("browser"), ["Chrome"]))
    assert values(tag_values(history, issue, "release", chrome, Page(10))) == [("2", 2)]
    assert tag_keys(history, issue, chrome)[0] == TagKey(key="browser", events=2, values=1)


def test_values_are_paged(history, issue):
    assert values(tag_values(history, issue, "browser", EVERYTHING, Page(1, 1))) == [("Firefox", 1)]


def test_a_project_has_the_keys_of_all_its_events(history, issue, project_id):
    assert "other" in [row.key for row in tag_keys(history, ProjectScope((project_id,)))]
