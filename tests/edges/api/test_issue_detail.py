"""The page of one issue (spec/search.md 5.3, spec/mutation.md 6.3)."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tocsin.domain.issue.effects import SetSeen
from tocsin.domain.issue.issue import Activity, ActivityType
from tocsin.storage.state import activity, effects, tables, users

LISTS = {"activity", "seenBy", "participants", "tags", "annotations", "pluginActions", "pluginIssues", "pluginContexts"}


def test_a_page_has_the_issues_people_story_tags_and_numbers(api):
    issue_id = api.new_issue(user={"id": "1"}, release="app@1.0", environment="production", fingerprint=["one"])
    api.later(hours=2)
    api.send(user={"id": "2"}, release="app@2.0", environment="staging", fingerprint=["one"])
    api.put(f"/issues/{issue_id}/", {"assignedTo": "user:1"})
    shown = api.get(f"/organizations/acme/issues/{issue_id}/").json()
    assert (shown["count"], shown["userCount"]) == ("2", 2)
    assert (shown["firstSeen"], shown["lastSeen"]) == ("2026-11-18T12:00:00Z", "2026-11-18T14:00:00Z")
    assert (shown["firstRelease"]["version"], shown["lastRelease"]["version"]) == ("app@1.0", "app@2.0")
    assert [(one["type"], one["email"]) for one in shown["participants"]] == [("user", "jane@acme.io")]
    assert [one["type"] for one in shown["activity"]] == ["assigned", "first_seen"]
    assert (shown["activity"][-1]["id"], shown["activity"][-1]["dateCreated"]) == ("0", shown["firstSeen"])
    tags = {one["key"]: one["totalValues"] for one in shown["tags"]}
    assert (tags["environment"], tags["release"]) == (2, 2)
    assert [one["name"] for one in shown["tags"]] == sorted(one["name"] for one in shown["tags"])
    assert sum(count for _, count in shown["stats"]["24h"]) == 2
    assert (len(shown["stats"]["24h"]), len(shown["stats"]["30d"])) == (24, 30)
    assert all(isinstance(shown[name], list) for name in LISTS)


def test_an_issue_without_releases_names_none(api):
    """mutation-M02"""
    shown = api.get(f"/issues/{api.new_issue()}/").json()
    assert (shown["firstRelease"], shown["lastRelease"]) == (None, None)


@pytest.mark.parametrize(
    ("collapse", "absent"),
    [
        pytest.param("collapse=release", {"firstRelease", "lastRelease"}, id="mutation-M03-release"),
        pytest.param("collapse=tags", {"tags"}, id="mutation-M03-tags"),
        pytest.param(
            "collapse=tags&collapse=release&collapse=stats",
            {"tags", "firstRelease", "lastRelease", "stats"},
            id="search-E05",
        ),
    ],
)
def test_what_is_collapsed_is_left_out(api, collapse, absent):
    issue_id = api.new_issue()
    whole = set(api.get(f"/issues/{issue_id}/").json())
    assert set(api.get(f"/issues/{issue_id}/?{collapse}").json()) == whole - absent


def test_an_environment_narrows_the_numbers(api):
    issue_id = api.new_issue(environment="production", fingerprint=["one"])
    api.later(hours=1)
    api.send(environment="staging", fingerprint=["one"])
    shown = api.get(f"/issues/{issue_id}/?environment=staging").json()
    assert (shown["count"], shown["firstSeen"]) == ("1", "2026-11-18T13:00:00Z")


def test_the_inbox_is_shown_when_asked_for(api):
    issue_id = api.new_issue()
    shown = api.get(f"/issues/{issue_id}/?expand=inbox").json()
    assert shown["inbox"] == {"reason": 0, "reason_details": None, "date_added": "2026-11-18T12:00:00Z"}
    assert "inbox" not in api.get(f"/issues/{issue_id}/").json()


def test_what_was_said_twice_is_told_once_but_comments_always(api):
    issue_id = api.new_issue()
    told = [ActivityType.SET_UNRESOLVED, ActivityType.SET_UNRESOLVED, ActivityType.NOTE, ActivityType.NOTE]
    with api.state.write() as connection:
        entries = [
            Activity(issue_id=issue_id, type=type_, created_at=api.now + timedelta(seconds=number))
            for number, type_ in enumerate(told)
        ]
        activity.add(connection, entries)
    answer = api.get(f"/issues/{issue_id}/activities/").json()
    assert [one["type"] for one in answer["activity"]] == ["note", "note", "set_unresolved", "first_seen"]


def test_mentions_are_kept_to_ourselves(api):
    issue_id = api.new_issue()
    with api.state.write() as connection:
        data = {"text": "look", "mentions": ["user:1"]}
        note = Activity(issue_id=issue_id, type=ActivityType.NOTE, data=data, user_id=api.jane.id, created_at=api.now)
        activity.add(connection, [note])
    newest = api.get(f"/issues/{issue_id}/activities/").json()["activity"][0]
    assert (newest["data"], newest["user"]["email"]) == ({"text": "look"}, "jane@acme.io")


def test_a_regression_is_unseen_again(api):
    issue_id = api.new_issue(fingerprint=["one"])
    api.later(minutes=1)
    api.put(f"/issues/{issue_id}/", {"hasSeen": True, "status": "resolved"})
    api.later(hours=1)
    api.send(fingerprint=["one"])
    shown = api.get(f"/issues/{issue_id}/").json()
    assert (shown["substatus"], shown["hasSeen"]) == ("regressed", False)


def test_users_are_shown_with_all_that_clients_ask_of_them(api):
    issue_id = api.new_issue()
    with api.state.write() as connection:
        effects.apply(connection, SetSeen(api.jane.id, api.now), [issue_id], api.now)
    [seen] = api.get(f"/issues/{issue_id}/").json()["seenBy"]
    assert (seen["id"], seen["name"], seen["username"]) == ("1", "Jane Doe", "jane@acme.io")
    assert seen["lastSeen"] == "2026-11-18T12:00:00Z"
    assert {"avatarUrl", "isActive", "hasPasswordAuth", "isManaged", "dateJoined", "lastLogin", "has2fa"} <= set(seen)


def test_who_saw_it_last_is_named_first(api):
    issue_id = api.new_issue()
    people = [api.make_user(f"{name}@acme.io", teams=[api.team]) for name in ("ann", "bob", "cy")]
    for user in (people[1], people[0], people[2], people[1]):
        api.later(minutes=1)
        api.put(f"/issues/{issue_id}/", {"hasSeen": True}, token=api.make_token(user))
    shown = api.get(f"/issues/{issue_id}/").json()["seenBy"]
    assert [one["email"] for one in shown] == ["bob@acme.io", "cy@acme.io", "ann@acme.io"]
    assert [one["lastSeen"] for one in shown] == sorted((one["lastSeen"] for one in shown), reverse=True)


def test_participants_are_those_who_hear_of_it(api):
    """Of the rows: subscribed, opted out, may not log in any more, deleted."""
    issue_id = api.new_issue()
    names = ("hears", "opted-out", "retired", "deleted")
    people = {name: api.make_user(f"{name}@acme.io", teams=[api.team]) for name in names}
    for name, user in people.items():
        api.put(f"/issues/{issue_id}/", {"isSubscribed": name != "opted-out"}, token=api.make_token(user))
    with api.state.write() as connection:
        users.save(connection, replace(people["retired"], is_active=False))
        connection.execute(tables.user.delete().where(tables.user.c.id == people["deleted"].id))
    shown = api.get(f"/issues/{issue_id}/").json()["participants"]
    assert [(one["type"], one["email"]) for one in shown] == [("user", "hears@acme.io")]


def test_a_project_that_resolves_by_age_shows_quiet_issues_as_resolved(api):
    project = api.make_project("quiet", resolveAge=1)
    issue_id = api.new_issue(project)
    api.later(hours=1, minutes=1)
    shown = api.get(f"/issues/{issue_id}/").json()
    assert (shown["status"], shown["statusDetails"], shown["substatus"]) == ("resolved", {"autoResolved": True}, None)
