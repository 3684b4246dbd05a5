"""Searches that people save, pin and made lately (spec/search.md 3.2, 6.1)."""

import pytest
from tests.edges.api.conftest import NOON

from tocsin.domain.access import Role
from tocsin.domain.saved_search import SavedSearch
from tocsin.flows import saved_searches
from tocsin.storage.state import saved_searches as stored

SEARCHES = "/organizations/acme/searches/"
PINNED = "/organizations/acme/pinned-searches/"
RECENT = "/organizations/acme/recent-searches/"
LIST = "/organizations/acme/issues/"


@pytest.fixture
def max_(api):
    """A token of a plain member."""
    return api.make_token(api.make_user("max@acme.io", role=Role.MEMBER))


def listed(api, path=SEARCHES, **options):
    answer = api.get(path, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_search_is_saved_changed_and_deleted(api):
    made = api.post(SEARCHES, {"type": 0, "name": " Mine ", "query": "is:resolved", "sort": "freq"})
    assert made.status_code == 201
    assert made.json() == {
        "id": made.json()["id"],
        "type": 0,
        "name": "Mine",
        "query": "is:resolved",
        "sort": "freq",
        "visibility": "owner",
        "dateCreated": "2026-11-18T12:00:00Z",
        "isGlobal": False,
        "isPinned": False,
    }
    path = f"{SEARCHES}{made.json()['id']}/"
    changed = api.put(path, {"name": "All of us", "visibility": "organization", "type": 3})
    assert changed.json() == made.json() | {"name": "All of us", "visibility": "organization"}
    assert listed(api) == [changed.json()] == [listed(api, path)]
    assert api.delete(path).status_code == 204
    assert listed(api) == []
    assert api.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"name", "query"}),
        ({"name": "x" * 129, "query": "a"}, {"name"}),
        ({"name": "", "query": "  "}, {"name", "query"}),
        ({"name": "x", "query": "a OR b"}, {"query"}),
        ({"name": "x", "query": "a", "sort": "meow"}, {"sort"}),
        ({"name": "x", "query": "a", "visibility": "owner_pinned"}, {"visibility"}),
        ({"name": "x", "query": "a", "type": "issues"}, {"type"}),
        ({"name": "x", "query": "a", "type": 99}, {"type"}),
    ],
)
def test_a_search_that_cannot_be_kept_is_refused_field_by_field(api, body, fields):
    answer = api.post(SEARCHES, body)
    assert (answer.status_code, set(answer.json())) == (400, fields)
    assert listed(api) == []


def test_members_see_their_own_and_those_of_all(api, max_):
    for name, visibility in (("b", "organization"), ("A", "owner")):
        api.post(SEARCHES, {"name": name, "query": "x", "visibility": visibility})
    api.post(SEARCHES, {"name": "c", "query": "x"}, token=max_)
    assert [one["name"] for one in listed(api)] == ["A", "b"]
    assert [one["name"] for one in listed(api, token=max_)] == ["b", "c"]
    other = api.organization("other")
    eve = api.make_token(api.make_user("eve@other.io", role=Role.OWNER, org=other))
    assert listed(api, "/organizations/other/searches/", token=eve) == []
    hers = listed(api)[1]["id"]
    assert api.get(f"/organizations/other/searches/{hers}/", token=eve).status_code == 404


def test_only_those_who_run_the_organization_save_for_all(api, max_):
    assert api.post(SEARCHES, {"name": "x", "query": "x", "visibility": "organization"}, token=max_).status_code == 403
    theirs = api.post(SEARCHES, {"name": "b", "query": "x", "visibility": "organization"}).json()["id"]
    own = api.post(SEARCHES, {"name": "c", "query": "x"}, token=max_).json()["id"]
    assert api.put(f"{SEARCHES}{theirs}/", {"name": "y"}, token=max_).status_code == 403
    assert api.delete(f"{SEARCHES}{theirs}/", token=max_).status_code == 403
    assert api.put(f"{SEARCHES}{own}/", {"visibility": "organization"}, token=max_).status_code == 403
    assert api.put(f"{SEARCHES}{own}/", {"query": "y"}, token=max_).status_code == 200
    assert api.put(f"{SEARCHES}{own}/", {"query": "y"}).status_code == 404
    assert api.get(f"{SEARCHES}nonsense/").status_code == 404


def test_nobody_keeps_searches_without_end(api):
    first = SavedSearch(organization_id=api.org, user_id=api.jane.id, name="x", query="x", sort="date", created_at=NOON)
    with api.state.write() as connection:
        for _ in range(saved_searches.SAVED_MAX):
            stored.create(connection, first)
    answer = api.post(SEARCHES, {"name": "one more", "query": "x"})
    assert answer.status_code == 409
    assert "Delete one" in answer.json()["detail"]
    assert len(listed(api)) == saved_searches.SAVED_MAX


def test_a_pinned_search_is_what_the_list_begins_with(api, max_):
    open_, done = api.new_issue(), api.new_issue()
    api.put(f"/issues/{done}/", {"status": "resolved"})

    def first(query="", **options):
        return [int(issue["id"]) for issue in listed(api, f"{LIST}?savedSearch=0{query}", **options)]

    assert first() == [open_]
    pinned = api.put(PINNED, {"type": 0, "query": "is:resolved", "sort": "freq"})
    assert (pinned.status_code, pinned.json()["isPinned"], pinned.json()["sort"]) == (201, True, "freq")
    assert first() == [done]
    assert first("&query=is:unresolved") == [open_]
    assert first(token=max_) == [open_]
    assert [int(issue["id"]) for issue in listed(api, LIST)] == [open_]
    again = api.put(PINNED, {"query": "", "sort": "date"})
    assert again.status_code == 400
    again = api.put(PINNED, {"query": "level:error"})
    assert (again.json()["id"], again.json()["sort"]) == (pinned.json()["id"], "date")
    assert [one["id"] for one in listed(api)] == [pinned.json()["id"]]
    assert listed(api, token=max_) == []
    assert api.delete(PINNED, json={"type": 0}).status_code == 204
    assert api.delete(PINNED).status_code == 204
    assert first() == [open_]


def test_a_saved_search_is_asked_for_by_its_id(api, max_):
    open_, done = api.new_issue(), api.new_issue()
    api.put(f"/issues/{done}/", {"status": "resolved"})
    saved = api.post(SEARCHES, {"name": "x", "query": "is:resolved"}).json()["id"]
    for query in (f"viewId={saved}", f"savedSearch=0&searchId={saved}"):
        assert [int(issue["id"]) for issue in listed(api, f"{LIST}?{query}")] == [done]
        assert [int(issue["id"]) for issue in listed(api, f"{LIST}?{query}&query=")] == [done, open_]
    assert [int(issue["id"]) for issue in listed(api, f"{LIST}?savedSearch=0&searchId={saved}", token=max_)] == [open_]
    for unknown in ("99", "x", "9" * 30):
        assert api.get(f"{LIST}?viewId={unknown}").status_code == 404
        assert [int(issue["id"]) for issue in listed(api, f"{LIST}?savedSearch=0&searchId={unknown}")] == [open_]
    assert api.get(f"{LIST}?viewId={saved}", token=max_).status_code == 404


def test_searches_made_lately_are_remembered_latest_first(api, max_):
    for query in ("is:resolved", "level:error", "browser:Chrome"):
        assert api.post(RECENT, {"type": 0, "query": query}).status_code == 201
        api.later(seconds=1)
    assert api.post(RECENT, {"query": "is:resolved"}).status_code == 204
    api.post(RECENT, {"type": 1, "query": "an event"})
    api.post(RECENT, {"query": "somebody else's"}, token=max_)
    found = listed(api, RECENT)
    assert [one["query"] for one in found] == ["is:resolved", "browser:Chrome", "level:error"]
    assert (found[0]["dateCreated"], found[0]["lastSeen"]) == ("2026-11-18T12:00:00Z", "2026-11-18T12:00:03Z")
    assert [one["query"] for one in listed(api, f"{RECENT}?query=LEVEL")] == ["level:error"]
    assert [one["query"] for one in listed(api, f"{RECENT}?limit=1")] == ["is:resolved"]
    assert [one["query"] for one in listed(api, f"{RECENT}?type=1")] == ["an event"]


def test_only_so_many_searches_are_remembered(api):
    place = (api.org, api.jane.id)
    with api.state.write() as connection:
        for number in range(stored.RECENT_MAX):
            stored.note_recent(connection, place, 0, f"q{number}", api.now)
    api.later(seconds=1)
    api.post(RECENT, {"query": "new"})
    found = [one["query"] for one in listed(api, f"{RECENT}?limit=100")]
    assert (found[0], found[-1], len(found)) == ("new", "q1", stored.RECENT_MAX)


@pytest.mark.parametrize("body", [{}, {"query": ""}, {"query": "x", "type": -1}, {"query": ["x"]}])
def test_a_search_that_cannot_be_remembered_is_refused(api, body):
    assert api.post(RECENT, body).status_code == 400
    assert api.get(f"{RECENT}?type=x").status_code == 400
    assert listed(api, RECENT) == []
