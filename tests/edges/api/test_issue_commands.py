"""What commands on issues answer and leave behind (spec/mutation.md 2 and 3): the cases of that file."""

import re
from datetime import timedelta

import pytest

from tocsin.domain.issue.issue import (
    ActivityType,
    InboxReason,
    Priority,
    Resolution,
    ResolutionType,
    Snooze,
    Status,
    SubscriptionReason,
    Substatus,
)
from tocsin.storage.state import activity, inbox, marks, releases

BULK = "/organizations/acme/issues/"
PROJECT = "/projects/acme/p/issues/"
RESOLVE = {"status": "resolved"}
RESOLVED = {"status": "resolved", "statusDetails": {}, "inbox": None}
NO_TERMS = {
    "ignoreCount": None,
    "ignoreDuration": None,
    "ignoreUntil": None,
    "ignoreUserCount": None,
    "ignoreUserWindow": None,
    "ignoreWindow": None,
    "ignoreUntilEscalating": None,
}


def change(api, issue_id, body):
    """Command one issue by the bulk route."""
    return api.put(f"{BULK}?id={issue_id}", body)


def story(api, issue_id):
    """Return what happened to the issue, newest first."""
    with api.state.read() as connection:
        return [(entry.type, entry.data) for _, entry in activity.page(connection, issue_id, limit=100)]


def is_subscribed(api, issue_id, user=None):
    with api.state.read() as connection:
        return marks.of_user(connection, (user or api.jane).id, [issue_id])[issue_id].is_subscribed


def is_waiting(api, issue_id):
    with api.state.read() as connection:
        return issue_id in inbox.waiting(connection, [issue_id])


def release(api, *versions, project=None):
    """Create releases, each a minute after the one before."""
    for version in versions:
        api.later(minutes=1)
        with api.state.write() as connection:
            deployed = releases.Deployed(
                organization_id=api.org,
                project_id=(project or api.project).id,
                version=version,
                at=api.now,
            )
            releases.ensure(connection, [deployed])


def resolved(api, issue_id, **fields):
    return api.change(issue_id, status=Status.RESOLVED, substatus=None, resolved_at=api.now, **fields)


# Which issues a command is about


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"{BULK}?status=unresolved&project=1&query=is:unresolved", id="mutation-B01"),
        pytest.param(f"{PROJECT}?status=unresolved", id="mutation-B02"),
    ],
)
def test_all_issues_of_a_status_and_a_project_are_changed(api, url):
    done, open_, ignored = (api.new_issue() for _ in range(3))
    elsewhere = api.new_issue(api.make_project("q"))
    api.change(done, status=Status.RESOLVED, substatus=None)
    api.change(ignored, status=Status.IGNORED, substatus=Substatus.ARCHIVED_FOREVER)
    answer = api.put(url, RESOLVE)
    assert (answer.status_code, answer.json()) == (200, RESOLVED)
    assert [api.issue(one).status for one in (done, open_, ignored, elsewhere)] == [
        "resolved",
        "resolved",
        "ignored",
        "unresolved",
    ]
    assert api.issue(done).resolved_at is None
    assert api.issue(open_).resolved_at == api.now
    assert [is_subscribed(api, one) for one in (done, open_, ignored, elsewhere)] == [None, True, None, None]


@pytest.mark.parametrize(
    ("url", "count"),
    [pytest.param(BULK, 101, id="mutation-B04"), pytest.param(PROJECT, 200, id="mutation-B05")],
)
def test_update_all_reaches_beyond_the_first_page(api, url, count):
    api.send_groups(count)
    assert api.put(f"{url}?status=unresolved", RESOLVE).json() == RESOLVED
    assert {issue.status for issue in api.issues().values()} == {Status.RESOLVED}
    assert len(api.issues()) == count


def test_ids_out_of_scope_change_nothing_at_all(api):
    """mutation-B07"""
    api.new_issue()
    elsewhere = api.new_issue(api.make_project("q"))
    answer = api.put(f"{PROJECT}?id={elsewhere}", RESOLVE)
    assert (answer.status_code, answer.content) == (204, b"")
    assert {issue.status for issue in api.issues().values()} == {Status.UNRESOLVED}


def test_ids_in_scope_are_changed_and_others_left_alone(api):
    """mutation-B08"""
    here = api.new_issue()
    foreign = api.new_issue(api.make_project("q", org=api.organization("other")))
    assert api.put(f"{BULK}?id={here}&id={foreign}&id=999", RESOLVE).json() == RESOLVED
    assert api.issue(foreign).status is Status.UNRESOLVED


def test_an_empty_selection_comes_before_a_bad_body(api):
    """mutation-B10"""
    assert api.put(BULK, {"status": "bogus"}).status_code == 204


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_bad_query_is_refused(api, method):
    """mutation-B11, whose own text has a meaning by spec/search.md 1.2"""
    issue_id = api.new_issue()
    answer = api.request(method, f"{BULK}?query=timesSeen:>1t", json=RESOLVE)
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    assert api.issue(issue_id).status is Status.UNRESOLVED


def test_a_status_takes_the_place_of_the_default_query(api):
    """mutation-B13"""
    open_, ignored = api.new_issue(), api.new_issue()
    api.change(ignored, status=Status.IGNORED, substatus=Substatus.ARCHIVED_FOREVER)
    assert api.put(f"{BULK}?status=ignored", RESOLVE).json() == RESOLVED
    assert [api.issue(one).status for one in (open_, ignored)] == ["unresolved", "resolved"]


def test_a_status_narrows_named_issues_too(api):
    """mutation-B14"""
    done, open_ = api.new_issue(), api.new_issue()
    resolved(api, done)
    answer = api.put(f"{BULK}?id={done}&id={open_}&status=resolved", {"isBookmarked": True})
    assert answer.json() == {"isBookmarked": True}
    assert [is_subscribed(api, one) for one in (done, open_)] == [True, None]


def test_a_status_nobody_knows_is_refused(api):
    assert api.put(f"{BULK}?status=bogus", RESOLVE).status_code == 400


def test_ids_are_not_required(api):
    """mutation-B16"""
    both = [api.new_issue(), api.new_issue()]
    assert api.put(BULK, {"isBookmarked": True}).status_code == 200
    assert [is_subscribed(api, one) for one in both] == [True, True]


@pytest.mark.parametrize(
    "body", [pytest.param({}, id="mutation-B17"), pytest.param({"nonsense": 1}, id="mutation-B19")]
)
def test_a_body_that_says_nothing_changes_nothing(api, body):
    issue_id = api.new_issue()
    before = api.issue(issue_id)
    answer = change(api, issue_id, body)
    assert (answer.status_code, answer.json()) == (200, {})
    assert api.issue(issue_id) == before


def test_an_id_given_twice_counts_once(api):
    """mutation-B22"""
    issue_id = api.new_issue()
    api.put(f"{BULK}?id={issue_id}&id={issue_id}", RESOLVE)
    assert story(api, issue_id) == [(ActivityType.SET_RESOLVED, {})]


def test_short_ids_name_issues_on_the_routes_of_a_project_alone(api):
    issue_id = api.new_issue()
    assert api.put(f"{PROJECT}?id=P-1", RESOLVE).json() == RESOLVED
    assert api.issue(issue_id).status is Status.RESOLVED
    refused = api.put(f"{BULK}?id=P-1", RESOLVE)
    assert (refused.status_code, list(refused.json())) == (400, ["detail"])


def test_an_unknown_environment_selects_nothing_in_a_project_and_is_not_found_elsewhere(api):
    api.new_issue()
    assert api.put(f"{PROJECT}?environment=nope", RESOLVE).status_code == 204
    assert api.put(f"{BULK}?environment=nope", RESOLVE).status_code == 404


# Status


def test_resolving_shows_the_whole_issue_and_is_told(api):
    """mutation-C01"""
    issue_id = api.new_issue()
    answer = api.put(f"/issues/{issue_id}/", RESOLVE)
    shown = answer.json()
    assert answer.status_code == 200
    assert (shown["status"], shown["statusDetails"], shown["substatus"]) == ("resolved", {}, None)
    assert shown["subscriptionDetails"] == {"reason": "changed_status"}
    assert "activity" not in shown
    assert story(api, issue_id) == [(ActivityType.SET_RESOLVED, {})]
    assert not is_waiting(api, issue_id)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param({"status": "bogus"}, {"status": ['"bogus" is not a valid choice.']}, id="mutation-C03"),
        pytest.param(
            {"status": "reprocessing"}, {"status": ['"reprocessing" is not a valid choice.']}, id="mutation-C04"
        ),
        pytest.param(
            {"status": "ignored", "ignoreWindow": 10081, "ignoreCount": 1},
            {"ignoreWindow": ["Ensure this value is less than or equal to 10080."]},
            id="mutation-D11",
        ),
        pytest.param(
            {"status": "ignored", "ignoreDuration": "abc"},
            {"ignoreDuration": ["A valid integer is required."]},
            id="mutation-D13",
        ),
        pytest.param({"isBookmarked": "maybe"}, {"isBookmarked": ["Must be a valid boolean."]}, id="mutation-G16"),
        pytest.param({"priority": "urgent"}, {"priority": ['"urgent" is not a valid choice.']}, id="mutation-G19"),
        pytest.param(
            {"assignedTo": "nobody@x"},
            {"assignedTo": ["Could not parse actor. Format should be `type:id` where type is `team` or `user`."]},
            id="mutation-H11",
        ),
        pytest.param({"assignedTo": "user:777"}, {"assignedTo": ["User does not exist"]}, id="unknown-user"),
        pytest.param({"assignedTo": "team:777"}, {"assignedTo": ["Team does not exist"]}, id="unknown-team"),
        pytest.param(
            {"status": "resolved", "statusDetails": {"inRelease": "latest"}},
            {
                "statusDetails": {
                    "inRelease": ["No release data present in the system to form a basis for 'Next Release'"]
                }
            },
            id="mutation-F04",
        ),
        pytest.param(
            {"status": "resolved", "statusDetails": {"inCommit": {"commit": "c", "repository": "r"}}},
            {"statusDetails": {"inCommit": {"repository": ["Unable to find the given repository."]}}},
            id="mutation-F29",
        ),
        pytest.param(
            {"status": "resolved", "statusDetails": {"inUpcomingRelease": True}},
            {"statusDetails": {"inUpcomingRelease": ["Your organization does not have access to this feature."]}},
            id="mutation-F32",
        ),
        pytest.param(
            {"discard": True, "status": "resolved"},
            {"non_field_errors": ["Other attributes cannot be updated when discarding"]},
            id="mutation-J05",
        ),
    ],
)
def test_a_field_without_meaning_is_refused_and_nothing_changes(api, body, errors):
    issue_id = api.new_issue()
    before = api.issue(issue_id)
    answer = change(api, issue_id, body)
    assert (answer.status_code, answer.json()) == (400, errors)
    assert api.issue(issue_id) == before
    assert story(api, issue_id) == []


def test_resolving_ends_a_snooze(api):
    """mutation-C06"""
    issue_id = api.new_issue()
    api.change(issue_id, status=Status.IGNORED, snooze=Snooze(until=api.now - timedelta(minutes=1)))
    assert change(api, issue_id, RESOLVE).json() == RESOLVED
    assert api.issue(issue_id).snooze is None


def test_reopening_undoes_a_resolution(api):
    """mutation-C07"""
    issue_id = api.new_issue()
    resolution = Resolution(type=ResolutionType.IN_RELEASE, release="a", created_at=api.now)
    resolved(api, issue_id, resolution=resolution)
    answer = change(api, issue_id, {"status": "unresolved"})
    assert answer.json() == {"status": "unresolved", "statusDetails": {}}
    reopened = api.issue(issue_id)
    assert (reopened.substatus, reopened.resolution) == (Substatus.REGRESSED, None)
    assert is_subscribed(api, issue_id)
    assert story(api, issue_id) == [(ActivityType.SET_UNRESOLVED, {})]


@pytest.mark.parametrize(
    ("status", "age_days", "body", "substatus"),
    [
        pytest.param(Status.IGNORED, 8, {}, Substatus.ONGOING, id="mutation-C09"),
        pytest.param(Status.IGNORED, 8, {"substatus": "ongoing"}, Substatus.ONGOING, id="mutation-C10"),
        pytest.param(Status.RESOLVED, 1, {"substatus": "ongoing"}, Substatus.ONGOING, id="mutation-C12"),
        pytest.param(Status.IGNORED, 1, {}, Substatus.NEW, id="archived-lately"),
    ],
)
def test_a_reopened_issue_has_the_substatus_that_fits(api, status, age_days, body, substatus):
    issue_id = api.new_issue()
    api.change(issue_id, status=status, first_seen=api.now - timedelta(days=age_days))
    assert change(api, issue_id, {"status": "unresolved"} | body).status_code == 200
    reopened = api.issue(issue_id)
    assert (reopened.status, reopened.substatus) == (Status.UNRESOLVED, substatus)


def test_reopening_what_is_open_changes_nothing(api):
    """mutation-C13"""
    issue_id = api.new_issue()
    answer = change(api, issue_id, {"status": "unresolved"})
    assert answer.json() == {"status": "unresolved", "statusDetails": {}}
    assert api.issue(issue_id).substatus is Substatus.NEW
    assert (story(api, issue_id), is_subscribed(api, issue_id)) == ([], None)


def test_reopening_one_of_two_is_told_on_both(api):
    """mutation-C15"""
    done, open_ = api.new_issue(), api.new_issue()
    resolved(api, done)
    api.put(f"{BULK}?id={done}&id={open_}", {"status": "unresolved"})
    assert [story(api, one) for one in (done, open_)] == [[(ActivityType.SET_UNRESOLVED, {})]] * 2


def test_reopening_ends_a_snooze(api):
    """mutation-C16"""
    issue_id = api.new_issue()
    api.change(issue_id, status=Status.IGNORED, snooze=Snooze(until=api.now - timedelta(days=1)))
    assert change(api, issue_id, {"status": "unresolved"}).json() == {"status": "unresolved", "statusDetails": {}}
    assert (api.issue(issue_id).status, api.issue(issue_id).snooze) == (Status.UNRESOLVED, None)


@pytest.mark.parametrize(
    "status",
    [pytest.param("resolved", id="mutation-C18"), pytest.param("resolvedInNextRelease", id="mutation-C19")],
)
def test_who_wants_what_they_resolve_gets_it(api, status):
    issue_id = api.new_issue()
    release(api, "a")
    joe = api.make_user("joe@acme.io", teams=[api.team], options={"self_assign_issue": "1"})
    delta = api.put(f"{BULK}?id={issue_id}", {"status": status}, token=api.make_token(joe)).json()
    assert delta["assignedTo"] == {"type": "user", "id": str(joe.id), "name": "joe@acme.io", "email": "joe@acme.io"}
    assert delta["status"] == "resolved"
    assert api.issue(issue_id).assignee.user_id == joe.id
    assert is_subscribed(api, issue_id, joe)
    if status == "resolvedInNextRelease":
        assert delta["statusDetails"]["inNextRelease"] is True
        assert (ActivityType.SET_RESOLVED_IN_RELEASE, {"version": ""}) in story(api, issue_id)


def test_resolving_many_subscribes_to_each_and_shows_no_activity(api):
    """mutation-C21"""
    both = [api.new_issue(), api.new_issue()]
    assert api.put(f"{BULK}?id={both[0]}&id={both[1]}", RESOLVE).json() == RESOLVED
    assert [is_subscribed(api, one) for one in both] == [True, True]


def test_a_no_to_hearing_of_an_issue_is_respected(api):
    """mutation-C22"""
    issue_id = api.new_issue()
    change(api, issue_id, {"isSubscribed": False})
    change(api, issue_id, RESOLVE)
    assert is_subscribed(api, issue_id) is False


def test_a_substatus_alone_is_only_echoed(api):
    """mutation-C24"""
    issue_id = api.new_issue()
    assert change(api, issue_id, {"substatus": "ongoing"}).json() == {"substatus": "ongoing"}
    assert api.issue(issue_id).substatus is Substatus.NEW


@pytest.mark.parametrize(
    ("asked", "stored", "details"),
    [
        pytest.param("ongoing", Substatus.ARCHIVED_FOREVER, {}, id="mutation-C25"),
        pytest.param("archived_forever", Substatus.ARCHIVED_FOREVER, {}, id="mutation-C27"),
        pytest.param(
            "archived_until_escalating",
            Substatus.ARCHIVED_UNTIL_ESCALATING,
            {"ignoreUntilEscalating": True},
            id="mutation-C28",
        ),
    ],
)
def test_an_issue_is_archived_as_asked(api, asked, stored, details):
    issue_id = api.new_issue()
    delta = change(api, issue_id, {"status": "ignored", "substatus": asked}).json()
    assert delta == {"status": "ignored", "substatus": asked, "statusDetails": details, "inbox": None}
    archived = api.issue(issue_id)
    assert (archived.status, archived.substatus, archived.snooze) == (Status.IGNORED, stored, None)
    assert not is_waiting(api, issue_id)
    [(kind, data)] = story(api, issue_id)
    assert kind is ActivityType.SET_IGNORED
    assert data["ignoreUntilEscalating"] == (True if details else None)


# Archiving


def test_archiving_forgets_an_old_snooze(api):
    """mutation-D01"""
    issue_id = api.new_issue()
    resolved(api, issue_id, snooze=Snooze(count=5))
    assert change(api, issue_id, {"status": "ignored"}).json() == {
        "status": "ignored",
        "statusDetails": {},
        "inbox": None,
    }
    archived = api.issue(issue_id)
    assert (archived.substatus, archived.snooze) == (Substatus.ARCHIVED_FOREVER, None)


def test_archiving_for_a_time_ends_at_an_instant(api):
    """mutation-D02"""
    issue_id = api.new_issue()
    delta = change(api, issue_id, {"status": "ignored", "ignoreDuration": 30}).json()
    until = api.now + timedelta(minutes=30)
    assert api.issue(issue_id).snooze == Snooze(until=until, actor_id=api.jane.id)
    details = delta["statusDetails"]
    assert details.pop("actor")["id"] == str(api.jane.id)
    assert details.pop("ignoreUntil") == "2026-11-18T12:30:00.000000Z"
    assert set(details.values()) == {None}
    assert len(details) == 4
    assert "ignoreDuration" not in delta


@pytest.mark.parametrize(
    ("body", "snooze", "details"),
    [
        pytest.param(
            {"ignoreCount": 100}, {"count": 100, "times_seen_at_start": 1}, {"ignoreCount": 100}, id="mutation-D04"
        ),
        pytest.param(
            {"statusDetails": {"ignoreCount": 100}},
            {"count": 100, "times_seen_at_start": 1},
            {"ignoreCount": 100},
            id="mutation-D07",
        ),
        pytest.param(
            {"ignoreCount": 10, "ignoreWindow": 60},
            {"count": 10, "window_minutes": 60},
            {"ignoreCount": 10, "ignoreWindow": 60},
            id="mutation-D08",
        ),
        pytest.param(
            {"ignoreCount": 1, "ignoreWindow": 10080},
            {"count": 1, "window_minutes": 10080},
            {"ignoreCount": 1, "ignoreWindow": 10080},
            id="mutation-D10",
        ),
    ],
)
def test_archiving_until_a_condition_is_met_keeps_the_condition(api, body, snooze, details):
    issue_id = api.new_issue()
    delta = change(api, issue_id, {"status": "ignored"} | body).json()
    archived = api.issue(issue_id)
    assert archived.snooze == Snooze(actor_id=api.jane.id, **snooze)
    assert archived.substatus is Substatus.ARCHIVED_UNTIL_CONDITION_MET
    assert {name: value for name, value in delta["statusDetails"].items() if value and name != "actor"} == details


def test_archiving_until_more_users_starts_from_those_seen(api):
    """mutation-D05"""
    issue_id = api.new_issue(fingerprint=["users"], user={"id": "0"})
    for user in range(1, 10):
        api.send(fingerprint=["users"], user={"id": str(user)})
    change(api, issue_id, {"status": "ignored", "ignoreUserCount": 10})
    assert api.issue(issue_id).snooze == Snooze(
        user_count=10, users_seen_at_start=10, users_counted_from=api.now, actor_id=api.jane.id
    )


@pytest.mark.parametrize(
    ("body", "echoed"),
    [
        pytest.param({"snoozeDuration": None}, {}, id="mutation-D14"),
        pytest.param({"ignoreWindow": 60}, {}, id="mutation-D16"),
        pytest.param({"statusDetails": {}, "ignoreDuration": 30}, {"ignoreDuration": 30}, id="mutation-D17"),
        pytest.param({"ignoreCount": 0}, {}, id="mutation-D23"),
    ],
)
def test_archiving_without_a_condition_is_for_ever(api, body, echoed):
    issue_id = api.new_issue()
    delta = change(api, issue_id, {"status": "ignored"} | body).json()
    assert delta == {"status": "ignored", "statusDetails": {}, "inbox": None} | echoed
    archived = api.issue(issue_id)
    assert (archived.substatus, archived.snooze) == (Substatus.ARCHIVED_FOREVER, None)


def test_archiving_again_without_terms_ends_the_snooze_in_silence(api):
    """mutation-D19"""
    issue_id = api.new_issue()
    change(api, issue_id, {"status": "ignored", "ignoreCount": 5})
    told = story(api, issue_id)
    change(api, issue_id, {"status": "ignored"})
    assert api.issue(issue_id).snooze is None
    assert story(api, issue_id) == told


def test_archiving_is_told_with_all_its_terms(api):
    """mutation-D20"""
    issue_id = api.new_issue()
    change(api, issue_id, {"status": "ignored", "ignoreDuration": 30})
    told = NO_TERMS | {"ignoreUntil": "2026-11-18T12:30:00.000000Z"}
    assert story(api, issue_id) == [(ActivityType.SET_IGNORED, told)]


def test_archiving_many_gives_each_its_snooze_and_subscribes_nobody(api):
    """mutation-D22"""
    both = [api.new_issue(), api.new_issue()]
    api.put(f"{BULK}?id={both[0]}&id={both[1]}", {"status": "ignored", "ignoreCount": 3})
    assert [api.issue(one).snooze.count for one in both] == [3, 3]
    assert [is_subscribed(api, one) for one in both] == [None, None]


@pytest.mark.parametrize(
    ("snooze", "status"),
    [
        pytest.param(timedelta(days=1), "ignored", id="mutation-E01"),
        pytest.param(timedelta(days=-1), "unresolved", id="mutation-E02"),
    ],
)
def test_a_snooze_that_is_over_shows(api, snooze, status):
    issue_id = api.new_issue()
    api.change(
        issue_id,
        status=Status.IGNORED,
        substatus=Substatus.ARCHIVED_UNTIL_CONDITION_MET,
        snooze=Snooze(until=api.now + snooze),
    )
    assert api.get(f"/issues/{issue_id}/").json()["status"] == status


def test_the_issue_shows_how_many_events_are_left(api):
    """mutation-E13"""
    issue_id = api.new_issue(fingerprint=["one"])
    change(api, issue_id, {"status": "ignored", "ignoreCount": 3})
    api.send(fingerprint=["one"])
    shown = api.get(f"/issues/{issue_id}/").json()
    assert (shown["status"], shown["statusDetails"]["ignoreCount"]) == ("ignored", 2)


# Resolving in releases


@pytest.mark.parametrize(
    ("known", "asked", "version"),
    [
        pytest.param(["a"], "latest", "a", id="mutation-F01"),
        pytest.param(["a", "b"], "a", "a", id="mutation-F02"),
    ],
)
def test_an_issue_is_resolved_in_a_release(api, known, asked, version):
    issue_id = api.new_issue()
    release(api, *known)
    delta = change(api, issue_id, {"status": "resolved", "statusDetails": {"inRelease": asked}}).json()
    assert delta["statusDetails"]["inRelease"] == version
    assert delta["statusDetails"]["actor"]["id"] == str(api.jane.id)
    [told] = delta["activity"]
    assert (told["type"], told["data"]) == ("set_resolved_in_release", {"version": version})
    assert api.issue(issue_id).resolution == Resolution(
        type=ResolutionType.IN_RELEASE, release=version, actor_id=api.jane.id, created_at=api.now
    )
    shown = api.get(f"/issues/{issue_id}/").json()["statusDetails"]
    assert (shown["inRelease"], shown["actor"]["id"]) == (version, str(api.jane.id))


def test_a_release_of_another_project_is_none(api):
    """mutation-F05"""
    issue_id = api.new_issue()
    release(api, "x", project=api.make_project("q"))
    answer = change(api, issue_id, {"status": "resolved", "statusDetails": {"inRelease": "x"}})
    assert answer.json() == {"statusDetails": {"inRelease": ["Unable to find a release with the given version."]}}


def test_the_next_release_without_any_is_just_resolved(api):
    """mutation-F08"""
    issue_id = api.new_issue()
    shown = api.put(f"/issues/{issue_id}/", {"status": "resolvedInNextRelease"}).json()
    assert (shown["status"], shown["statusDetails"]) == ("resolved", {})
    assert api.issue(issue_id).resolution is None


@pytest.mark.parametrize(
    ("known", "type_", "pointed_at"),
    [
        pytest.param(["a"], ResolutionType.IN_NEXT_RELEASE, "a", id="mutation-F07"),
        pytest.param(["abcd", "def"], ResolutionType.IN_NEXT_RELEASE, "def", id="mutation-F10"),
        pytest.param(
            ["pkg@1.0+0", "pkg@2.0+0", "pkg@1.0+1"], ResolutionType.IN_RELEASE, "pkg@2.0+0", id="mutation-F11"
        ),
    ],
)
def test_the_next_release_is_the_one_after_the_newest(api, known, type_, pointed_at):
    issue_id = api.new_issue()
    release(api, *known)
    delta = change(api, issue_id, {"status": "resolvedInNextRelease"}).json()
    assert (delta["status"], delta["statusDetails"]["inNextRelease"]) == ("resolved", True)
    resolution = api.issue(issue_id).resolution
    assert (resolution.type, resolution.release) == (type_, pointed_at)
    shown = api.get(f"/issues/{issue_id}/").json()["statusDetails"]
    expected = {"inRelease": pointed_at} if type_ is ResolutionType.IN_RELEASE else {"inNextRelease": True}
    assert expected.items() <= shown.items()


def test_the_next_release_is_one_that_exists_already(api):
    """mutation-F16"""
    issue_id = api.new_issue(release="foobar 1")
    release(api, "foobar 2", "foobar 3")
    delta = change(api, issue_id, {"status": "resolvedInNextRelease"}).json()
    assert delta["statusDetails"]["inNextRelease"] is True
    resolution = api.issue(issue_id).resolution
    assert (resolution.type, resolution.release) == (ResolutionType.IN_RELEASE, "foobar 2")
    assert story(api, issue_id) == [(ActivityType.SET_RESOLVED_IN_RELEASE, {"version": "foobar 2"})]


@pytest.mark.parametrize(
    "body",
    [
        {"status": "resolvedInNextRelease"},
        {"status": "resolved", "statusDetails": {"inNextRelease": True}},
        {"status": "resolved", "statusDetails": {"inRelease": "a"}},
    ],
)
def test_issues_of_several_projects_have_no_release_in_common(api, body):
    """mutation-F31"""
    other = api.make_project("q")
    both = [api.new_issue(), api.new_issue(other)]
    release(api, "a")
    release(api, "a", project=other)
    answer = api.put(f"{BULK}?id={both[0]}&id={both[1]}", body)
    assert (answer.status_code, answer.json()) == (400, {"detail": "Cannot set resolved for multiple projects."})
    assert {api.issue(one).status for one in both} == {Status.UNRESOLVED}


# Marks, publicity, priority, inbox


def test_bookmarking_subscribes(api):
    """mutation-G01"""
    done, open_, ignored = (api.new_issue() for _ in range(3))
    resolved(api, done)
    answer = api.put(f"{BULK}?id={done}&id={open_}", {"isBookmarked": "true"})
    assert answer.json() == {"isBookmarked": True}
    assert [is_subscribed(api, one) for one in (done, open_, ignored)] == [True, True, None]


def test_a_bookmark_is_kept_once_and_taken_away_with_the_subscription(api):
    """mutation-G03, mutation-G04"""
    issue_id = api.new_issue()
    for _ in range(2):
        shown = api.put(f"/issues/{issue_id}/", {"isBookmarked": "1"}).json()
        assert (shown["isBookmarked"], shown["subscriptionDetails"]) == (True, {"reason": "bookmarked"})
    shown = api.put(f"/issues/{issue_id}/", {"isBookmarked": False}).json()
    assert (shown["isBookmarked"], shown["isSubscribed"]) == (False, False)
    assert is_subscribed(api, issue_id) is None


def test_people_say_themselves_what_they_want_to_hear_of(api):
    """mutation-G06, mutation-G07"""
    issue_id = api.new_issue()
    delta = change(api, issue_id, {"isSubscribed": "true"}).json()
    assert delta == {"isSubscribed": True, "subscriptionDetails": {"reason": "unknown"}}
    api.put(f"/issues/{issue_id}/", {"isSubscribed": "false"})
    assert is_subscribed(api, issue_id) is False
    shown = api.put(f"/issues/{issue_id}/", {"isSubscribed": True}).json()
    assert (shown["isSubscribed"], shown["subscriptionDetails"]) == (True, {"reason": "unknown"})


def test_looking_at_an_issue_is_noted_and_forgotten(api):
    """mutation-G09"""
    issue_id = api.new_issue()
    api.later(minutes=1)
    assert api.put(f"/issues/{issue_id}/", {"hasSeen": "1"}).json()["hasSeen"] is True
    detail = api.get(f"/issues/{issue_id}/").json()
    assert [(one["email"], one["lastSeen"]) for one in detail["seenBy"]] == [("jane@acme.io", "2026-11-18T12:01:00Z")]
    assert api.put(f"/issues/{issue_id}/", {"hasSeen": "0"}).json()["hasSeen"] is False
    assert api.get(f"/issues/{issue_id}/").json()["seenBy"] == []


def test_who_is_on_no_team_of_the_project_has_not_seen_it(api):
    """mutation-G10"""
    issue_id = api.new_issue()
    api.later(minutes=1)
    token = api.make_token(api.make_user("mia@acme.io"))
    answer = api.put(f"{BULK}?id={issue_id}", {"hasSeen": "1"}, token=token)
    assert answer.json() == {"hasSeen": True}
    assert api.get(f"/issues/{issue_id}/").json()["seenBy"] == []


def test_issues_are_shared_and_taken_back(api):
    """mutation-G12, mutation-G13, mutation-G15"""
    both = [api.new_issue(), api.new_issue()]
    url = f"{BULK}?id={both[0]}&id={both[1]}"
    delta = api.put(url, {"isPublic": "true"}).json()
    assert delta["isPublic"] is True
    assert re.fullmatch("[0-9a-f]{32}", delta["shareId"])
    assert len({api.issue(one).share_id for one in both} - {None}) == 2
    assert api.issue(both[1]).share_id == delta["shareId"]
    assert api.put(url, {"isPublic": "false"}).json() == {"isPublic": False, "shareId": None}
    assert {api.issue(one).share_id for one in both} == {None}
    assert api.put(url, {"isPublic": False}).json() == {"isPublic": False, "shareId": None}
    told = [(ActivityType.SET_PRIVATE, {}), (ActivityType.SET_PUBLIC, {})]
    assert [story(api, one) for one in both] == [told, told]


def test_a_priority_is_told_where_it_changes_and_locked_everywhere(api):
    """mutation-G18"""
    high, medium = api.new_issue(), api.new_issue()
    api.change(medium, priority=Priority.MEDIUM)
    api.put(f"{BULK}?id={high}&id={medium}", {"priority": "medium"})
    assert {api.issue(one).priority for one in (high, medium)} == {Priority.MEDIUM}
    assert {api.issue(one).priority_locked_at for one in (high, medium)} == {api.now}
    assert story(api, high) == [(ActivityType.SET_PRIORITY, {"priority": "medium", "reason": None})]
    assert story(api, medium) == []


def test_an_issue_is_reviewed_and_put_back(api):
    """mutation-G21, mutation-G22"""
    reviewed, other = api.new_issue(), api.new_issue()
    assert change(api, reviewed, {"inbox": "false"}).json() == {"inbox": False}
    assert [is_waiting(api, one) for one in (reviewed, other)] == [False, True]
    assert api.issue(reviewed).substatus is Substatus.ONGOING
    assert {kind for kind, _ in story(api, reviewed)} == {ActivityType.MARK_REVIEWED, ActivityType.AUTO_SET_ONGOING}
    assert change(api, reviewed, {"inbox": True}).json() == {"inbox": True}
    with api.state.read() as connection:
        assert inbox.waiting(connection, [reviewed])[reviewed].reason is InboxReason.MANUAL


# Assignment


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("jane@acme.io", id="mutation-H01"),
        pytest.param("user:1", id="mutation-H04"),
        pytest.param("JANE@acme.io", id="mutation-H05"),
        pytest.param(1, id="number"),
        pytest.param("1", id="digits"),
    ],
)
def test_a_person_is_assigned_by_any_name(api, written):
    issue_id, other = api.new_issue(), api.new_issue()
    delta = change(api, issue_id, {"assignedTo": written}).json()
    jane = {"type": "user", "id": "1", "name": "Jane Doe", "email": "jane@acme.io"}
    assert delta == {"assignedTo": jane}
    assert api.get(f"/issues/{issue_id}/").json()["assignedTo"] == jane
    told = {"assignee": "1", "assigneeEmail": "jane@acme.io", "assigneeType": "user"}
    assert story(api, issue_id) == [(ActivityType.ASSIGNED, told)]
    assert is_subscribed(api, issue_id)
    assert api.issue(other).assignee is None


@pytest.mark.parametrize("nobody", [pytest.param("", id="mutation-H02"), pytest.param(None, id="null")])
def test_an_issue_is_taken_from_its_assignee(api, nobody):
    issue_id = api.new_issue()
    change(api, issue_id, {"assignedTo": "user:1"})
    assert change(api, issue_id, {"assignedTo": nobody}).json() == {"assignedTo": None}
    assert api.issue(issue_id).assignee is None
    assert story(api, issue_id)[0] == (ActivityType.UNASSIGNED, {})
    assert is_subscribed(api, issue_id) is None


def test_a_team_is_assigned_with_all_its_members(api):
    """mutation-H07"""
    issue_id = api.new_issue()
    mia = api.make_user("mia@acme.io", teams=[api.team])
    delta = change(api, issue_id, {"assignedTo": f"team:{api.team}"}).json()
    assert delta == {"assignedTo": {"type": "team", "id": str(api.team), "name": "crew"}}
    assert is_subscribed(api, issue_id, mia)
    assert change(api, issue_id, {"assignedTo": ""}).json() == {"assignedTo": None}
    assert [is_subscribed(api, issue_id, user) for user in (mia, api.jane)] == [None, None]
    assert len(story(api, issue_id)) == 2


@pytest.mark.parametrize("written", ["team:crew", "#crew"])
def test_a_team_is_assigned_by_its_slug(api, written):
    """Decided otherwise than mutation-H10: spec/README.md takes every form that any document names."""
    issue_id = api.new_issue()
    assert change(api, issue_id, {"assignedTo": written}).json()["assignedTo"]["name"] == "crew"


@pytest.mark.parametrize(
    ("written", "error"),
    [
        pytest.param("team:{team}", "Cannot assign to a team without access to the project", id="mutation-H08"),
        pytest.param("user:{user}", "Cannot assign to non-team member", id="closed-membership"),
        pytest.param("user:{foreigner}", "User is not a member of this organization", id="foreigner"),
        pytest.param("team:{foreign_team}", "Team is not a member of this organization", id="foreign-team"),
    ],
)
def test_who_has_no_part_in_the_project_is_not_assigned(api, written, error):
    api.organization("acme", openMembership=False)
    other = api.organization("other")
    named = written.format(
        team=api.make_team("away"),
        user=api.make_user("mia@acme.io").id,
        foreigner=api.make_user("eve@other.io", org=other).id,
        foreign_team=api.make_team("eves", org=other),
    )
    answer = change(api, api.new_issue(), {"assignedTo": named})
    assert (answer.status_code, answer.json()) == (400, {"assignedTo": [error]})


def test_a_new_assignee_takes_the_place_of_the_old(api):
    """mutation-H13, mutation-H14"""
    issue_id = api.new_issue()
    mia = api.make_user("mia@acme.io", teams=[api.team])
    change(api, issue_id, {"assignedTo": "user:1"})
    for _ in range(2):
        change(api, issue_id, {"assignedTo": f"user:{mia.id}"})
    assert [is_subscribed(api, issue_id, user) for user in (api.jane, mia)] == [None, True]
    assert len(story(api, issue_id)) == 2


def test_taking_an_issue_from_nobody_is_no_activity(api):
    """mutation-H16"""
    issue_id = api.new_issue()
    assert change(api, issue_id, {"assignedTo": ""}).json() == {"assignedTo": None}
    assert story(api, issue_id) == []


def test_many_are_assigned_at_once(api):
    """mutation-H17"""
    both = [api.new_issue(), api.new_issue()]
    delta = api.put(f"{BULK}?id={both[0]}&id={both[1]}", {"assignedTo": "user:1"}).json()
    assert delta["assignedTo"]["id"] == "1"
    assert [[kind for kind, _ in story(api, one)] for one in both] == [[ActivityType.ASSIGNED]] * 2


def test_the_reason_why_somebody_hears_of_an_issue_is_the_first_one(api):
    issue_id = api.new_issue()
    change(api, issue_id, {"assignedTo": "user:1"})
    change(api, issue_id, RESOLVE)
    with api.state.read() as connection:
        own = marks.of_user(connection, api.jane.id, [issue_id])[issue_id]
    assert own.subscription_reason is SubscriptionReason.ASSIGNED


# All at once


def test_all_parts_of_a_body_take_effect(api):
    """mutation-M06"""
    issue_id = api.new_issue()
    delta = change(api, issue_id, {"status": "resolved", "assignedTo": "user:1", "hasSeen": True}).json()
    assert set(delta) == {"status", "statusDetails", "inbox", "assignedTo", "hasSeen"}
    changed = api.issue(issue_id)
    assert (changed.status, changed.assignee.user_id) == (Status.RESOLVED, api.jane.id)
    assert len(api.get(f"/issues/{issue_id}/").json()["seenBy"]) == 1


def test_a_form_does_as_well_as_json(api):
    issue_id = api.new_issue()
    answer = api.request("PUT", f"{BULK}?id={issue_id}", data={"status": "resolved"})
    assert answer.json() == RESOLVED


# Deleting


def test_a_deleted_issue_is_gone_at_once(api):
    """mutation-K01"""
    issue_id = api.new_issue(fingerprint=["one"])
    api.later(minutes=1)
    answer = api.delete(f"/issues/{issue_id}/")
    assert (answer.status_code, answer.content) == (202, b"")
    assert api.get(f"/issues/{issue_id}/").status_code == 404
    assert api.get(f"{BULK}?query=").json() == []
    api.send(fingerprint=["one"])
    [again] = api.get(f"{BULK}?query=").json()
    assert (again["shortId"], again["count"]) == ("P-2", "1")


def test_only_named_issues_are_deleted(api):
    """mutation-K03"""
    one, two, three = (api.new_issue() for _ in range(3))
    elsewhere = api.new_issue(api.make_project("q"))
    answer = api.delete(f"{PROJECT}?id={one}&id={two}&id={elsewhere}&group4={elsewhere}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert [api.issue(issue_id).status for issue_id in (one, two, three, elsewhere)] == [
        "pending_deletion",
        "pending_deletion",
        "unresolved",
        "unresolved",
    ]


def test_an_empty_query_deletes_whatever_the_status(api):
    """mutation-K04"""
    api.send_groups(20)
    api.put(BULK, RESOLVE)
    assert api.delete(f"{BULK}?query=").status_code == 204
    assert {issue.status for issue in api.issues().values()} == {Status.PENDING_DELETION}


def test_deleting_twice_is_deleting_once(api):
    """mutation-K06"""
    issue_id = api.new_issue()
    api.delete(f"{BULK}?id={issue_id}")
    before = api.issue(issue_id)
    assert api.delete(f"{BULK}?id={issue_id}").status_code == 204
    assert api.issue(issue_id) == before


def test_deleting_by_a_bad_id_is_refused(api):
    assert api.delete(f"{BULK}?id=abc").status_code == 400


def test_all_that_is_wrong_is_told_at_once_also_of_what_is_named(api):
    issue = api.new_issue()
    body = {"status": "bogus", "priority": "urgent", "assignedTo": "nobody@acme.io", "isBookmarked": True}
    answer = api.put(f"{BULK}?id={issue}", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"status", "priority", "assignedTo"}
    assert api.issue(issue).status is Status.UNRESOLVED


def test_ids_out_of_scope_win_over_an_invalid_body(api):
    elsewhere = api.new_issue(api.make_project("q"))
    assert api.put(f"{PROJECT}?id={elsewhere}", {"status": "bogus"}).status_code == 204
