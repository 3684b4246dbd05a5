"""Where the documents and the reference differ: what Tocsin chose (spec/search.md 0)."""

from datetime import timedelta

import msgspec
import pytest

from tocsin.domain.issue.issue import Assignee
from tocsin.storage.state import users

LIST = "/organizations/acme/issues/"


def found(api, query):
    answer = api.get(LIST, params={"query": query})
    assert answer.status_code == 200, answer.text
    return {int(issue["id"]) for issue in answer.json()}


@pytest.fixture
def two(api):
    """An issue of now, and one of two days ago."""
    noon = api.now
    api.now = noon - timedelta(days=2)
    old = api.new_issue(tags={"server": "web-1"})
    api.now = noon
    return api, api.new_issue(tags={"server": "web-2"}), old


def test_a_day_after_plus_means_on_or_after_that_day(two):
    """search-D2"""
    api, new, old = two
    assert found(api, "firstSeen:+2026-11-18") == {new}
    assert found(api, "firstSeen:+2026-11-16") == {new, old}


def test_many_issues_are_changed_and_deleted_at_once_below_an_organization(two):
    """search-D3"""
    api, new, old = two
    assert api.put(f"{LIST}?id={new}&id={old}", {"status": "resolved"}).status_code == 200
    assert api.delete(f"{LIST}?id={new}").status_code == 204
    assert found(api, "is:resolved") == {old}


def test_the_sign_of_a_duration_says_within_or_before(two):
    """search-D5"""
    api, new, old = two
    assert found(api, "firstSeen:-24h") == {new}
    assert found(api, "firstSeen:+24h") == {old}


def test_brackets_hold_a_list_and_or_is_refused(two):
    """search-D6"""
    api, new, old = two
    assert found(api, "server:[web-1, web-2]") == {new, old}
    for word in ("OR", "or", "AND", "And"):
        answer = api.get(LIST, params={"query": f"server:web-1 {word} server:web-2"})
        assert answer.status_code == 400
        assert 'containing "OR" or "AND" are not supported' in answer.json()["detail"]


def test_a_team_is_named_by_id_or_by_slug(two):
    """search-D7"""
    api, new, _ = two
    for name in (f"team:{api.team}", "team:crew", "#crew"):
        answer = api.put(f"/organizations/acme/issues/{new}/", {"assignedTo": name})
        assert answer.json()["assignedTo"] == {"type": "team", "id": str(api.team), "name": "crew"}
        api.put(f"/organizations/acme/issues/{new}/", {"assignedTo": ""})


@pytest.mark.parametrize("level", ["fatal", "error", "warning", "info", "debug"])
def test_every_level_can_be_sent_and_searched(api, level):
    """search-D8: only ``sample`` is no longer sent by anybody"""
    assert found(api, "level:sample") == found(api, "level:unknown") == set()
    issue_id = api.new_issue(level=level)
    api.new_issue(level="error" if level != "error" else "info")
    assert found(api, f"level:{level}") == {issue_id}
    assert api.get(f"/issues/{issue_id}/").json()["level"] == level


def test_a_person_is_named_by_username_or_by_mail(two):
    """search-K02"""
    api, new, _ = two
    with api.state.write() as connection:
        users.save(connection, msgspec.structs.replace(api.jane, username="jane"))
    api.change(new, assignee=Assignee(user_id=api.jane.id))
    for name in ("jane", "JANE", "jane@acme.io", "Jane@ACME.io"):
        assert found(api, f"assigned:{name}") == {new}
    assert found(api, "assigned:nobody") == set()
