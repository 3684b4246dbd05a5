"""Archived issues through the API: what is kept and shown, and how they come back (spec/mutation.md 3.5 and 4)."""

from datetime import timedelta

import pytest

from tocsin.domain.issue.issue import ActivityType, Priority, Snooze, Status, Substatus
from tocsin.storage.state import activity, inbox

BULK = "/organizations/acme/issues/"
ENDED = "2026-11-18T12:30:00.000000Z"
DETAIL_KEYS = {"ignoreCount", "ignoreUntil", "ignoreUserCount", "ignoreUserWindow", "ignoreWindow", "actor"}


def archive(api, issue_id, **terms):
    return api.put(f"{BULK}?id={issue_id}", {"status": "ignored", **terms})


def shown(api, issue_id, **query):
    return api.get(f"/issues/{issue_id}/", params=query).json()


def listed(api, issue_id, query="", **more):
    found = api.get(BULK, params={"query": query, **more}).json()
    return next((one for one in found if one["id"] == str(issue_id)), None)


def story(api, issue_id):
    with api.state.read() as connection:
        return [(entry.type, entry.data) for _, entry in activity.page(connection, issue_id, limit=9)]


def one_issue(api, **event):
    return api.new_issue(**{"fingerprint": ["one"], "user": {"id": "0"}, **event})


def send(api, *users, **event):
    for user in users:
        api.send(**{"fingerprint": ["one"], "user": {"id": user}, **event})


# Terms


@pytest.mark.parametrize(
    ("terms", "kept", "echoed"),
    [
        pytest.param(
            {"statusDetails": {"ignoreDuration": 30}}, {"until": timedelta(minutes=30)}, {}, id="mutation-D03"
        ),
        pytest.param(
            {"ignoreUserCount": 10, "ignoreUserWindow": 60},
            {"user_count": 10, "user_window_minutes": 60},
            {},
            id="mutation-D06",
        ),
        pytest.param(
            {"ignoreUserWindow": 10080, "ignoreUserCount": 1},
            {"user_count": 1, "user_window_minutes": 10080},
            {},
            id="mutation-D09",
        ),
        pytest.param({"snoozeDuration": 30}, {"until": timedelta(minutes=30)}, {}, id="mutation-D15"),
        pytest.param(
            {"ignoreDuration": 30, "snoozeDuration": 90}, {"until": timedelta(minutes=30)}, {}, id="mutation-D18"
        ),
        pytest.param(
            {"statusDetails": {"ignoreCount": 5}, "ignoreCount": 9, "snoozeDuration": 9},
            {"count": 5, "times_seen_at_start": 1},
            {"ignoreCount": 9, "snoozeDuration": 9},
            id="details-win",
        ),
    ],
)
def test_terms_are_kept(api, terms, kept, echoed):
    issue_id = api.new_issue()
    delta = archive(api, issue_id, **terms).json()
    if "until" in kept:
        kept = {"until": api.now + kept["until"]}
        assert delta["statusDetails"]["ignoreUntil"] == ENDED
    assert api.issue(issue_id).snooze == Snooze(actor_id=api.jane.id, **kept)
    assert set(delta["statusDetails"]) == DETAIL_KEYS
    assert set(delta) - {"status", "statusDetails", "inbox"} == set(echoed)
    assert api.issue(issue_id).substatus is Substatus.ARCHIVED_UNTIL_CONDITION_MET


@pytest.mark.parametrize(
    ("terms", "errors"),
    [
        pytest.param(
            {"ignoreUserWindow": 10081, "ignoreUserCount": 1},
            {"ignoreUserWindow": ["Ensure this value is less than or equal to 10080."]},
            id="mutation-D12",
        ),
        pytest.param(
            {"statusDetails": {"ignoreWindow": 10081, "ignoreCount": 1}},
            {"statusDetails": {"ignoreWindow": ["Ensure this value is less than or equal to 10080."]}},
            id="in-details",
        ),
        pytest.param({"ignoreCount": None}, {"ignoreCount": ["This field may not be null."]}, id="null"),
    ],
)
def test_terms_that_cannot_be_are_refused_and_change_nothing(api, terms, errors):
    issue_id = api.new_issue()
    answer = archive(api, issue_id, **terms)
    assert (answer.status_code, answer.json()) == (400, errors)
    assert api.issue(issue_id).status is Status.UNRESOLVED


@pytest.mark.parametrize("row", ["mutation-D21"])
def test_an_archived_issue_keeps_its_substatus_when_its_terms_are_replaced(api, row):
    issue_id = api.new_issue()
    archive(api, issue_id)
    told = story(api, issue_id)
    archive(api, issue_id, ignoreCount=5)
    archived = api.issue(issue_id)
    assert (archived.substatus, archived.snooze.count) == (Substatus.ARCHIVED_FOREVER, 5)
    assert story(api, issue_id) == told


# What is left of them


def test_what_is_left_of_events_and_users_is_shown_alone_and_in_lists(api):
    """mutation 4.3"""
    issue_id = one_issue(api, environment="production")
    api.later(minutes=1)
    archive(api, issue_id, ignoreCount=9, ignoreUserCount=5)
    api.later(minutes=1)
    send(api, "0", "1", "2", environment="staging")
    left = {"ignoreCount": 6, "ignoreUntil": None, "ignoreUserCount": 3, "ignoreUserWindow": None, "ignoreWindow": None}
    answers = [
        shown(api, issue_id),
        shown(api, issue_id, environment="production"),
        listed(api, issue_id),
        listed(api, issue_id, environment="staging"),
        api.put(f"/issues/{issue_id}/", {}).json(),
    ]
    for answer in answers:
        details = answer["statusDetails"]
        assert details.pop("actor")["id"] == str(api.jane.id)
        assert (answer["status"], details) == ("ignored", left)


def test_terms_with_windows_are_shown_as_they_were_set(api):
    issue_id = one_issue(api)
    terms = {"ignoreCount": 9, "ignoreWindow": 60, "ignoreUserCount": 5, "ignoreUserWindow": 30}
    archive(api, issue_id, **terms)
    send(api, "1", "2")
    details = shown(api, issue_id)["statusDetails"]
    assert {name: details[name] for name in terms} == terms


# Coming back


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="mutation-E02"),
        pytest.param({"count": 100, "times_seen_at_start": 0}, id="mutation-E04"),
    ],
)
def test_between_the_end_of_a_snooze_and_its_lifting_an_issue_looks_unresolved(api, fields):
    issue_id = one_issue(api)
    ended = Snooze(until=api.now - timedelta(days=1), actor_id=api.jane.id, **fields)
    api.change(issue_id, status=Status.IGNORED, substatus=Substatus.ARCHIVED_UNTIL_CONDITION_MET, snooze=ended)
    for answer in (shown(api, issue_id), listed(api, issue_id, "is:unresolved"), listed(api, issue_id)):
        assert (answer["status"], answer["statusDetails"]) == ("unresolved", {})
        assert answer["substatus"] == "archived_until_condition_met"
    assert listed(api, issue_id, "is:ignored") is None
    assert api.issue(issue_id).snooze == ended


@pytest.mark.parametrize(
    ("terms", "users"),
    [
        pytest.param({"ignoreCount": 3}, ["0", "0", "0"], id="mutation-E12"),
        pytest.param({"ignoreUserCount": 3}, ["1", "2", "3"], id="mutation-E07"),
        pytest.param({"ignoreUserCount": 3, "ignoreUserWindow": 60}, ["1", "2"], id="mutation-E08"),
        pytest.param({"ignoreCount": 4, "ignoreWindow": 1440}, ["0", "0", "0"], id="mutation-E10"),
    ],
)
def test_the_nth_event_or_user_brings_an_issue_back(api, terms, users):
    issue_id = one_issue(api, level="info")
    archive(api, issue_id, **terms)
    for user in users[:-1]:
        send(api, user, level="info")
        assert shown(api, issue_id)["status"] == "ignored"
    send(api, users[-1], level="info")
    back = shown(api, issue_id, expand="inbox")
    assert (back["status"], back["substatus"], back["statusDetails"]) == ("unresolved", "escalating", {})
    assert (back["priority"], back["inbox"]["reason"]) == ("medium", 5)
    assert [one["type"] for one in back["activity"]] == ["set_escalating", "set_priority", "set_ignored", "first_seen"]
    assert back["activity"][0]["data"]["expired_snooze"].keys() == {
        "until",
        "count",
        "window",
        "user_count",
        "user_window",
    }


@pytest.mark.parametrize("row", ["mutation-E09"])
def test_users_of_another_hour_are_not_in_the_window(api, row):
    issue_id = one_issue(api)
    archive(api, issue_id, ignoreUserCount=3, ignoreUserWindow=60)
    for user in ("1", "2", "3", "4"):
        api.later(minutes=31)
        send(api, user)
        assert shown(api, issue_id)["status"] == "ignored"


@pytest.mark.parametrize("row", ["mutation-E03", "mutation-E14"])
def test_an_event_after_its_time_brings_an_issue_back_quietly(api, row):
    issue_id = one_issue(api, level="info")
    archive(api, issue_id, ignoreDuration=30)
    send(api, "1", level="info")
    assert shown(api, issue_id)["status"] == "ignored"
    api.later(minutes=30)
    send(api, "2", level="info")
    back = shown(api, issue_id)
    assert (back["status"], back["substatus"], back["statusDetails"]) == ("unresolved", "ongoing", {})
    assert back["priority"] == "low"
    assert story(api, issue_id)[0][0] is ActivityType.SET_UNRESOLVED
    assert len(story(api, issue_id)[0][1]["event_id"]) == 32
    assert api.issue(issue_id).snooze is None


def test_a_locked_priority_stays_when_an_issue_escalates(api):
    """mutation 3.14"""
    issue_id = one_issue(api)
    api.put(f"{BULK}?id={issue_id}", {"priority": "low"})
    archive(api, issue_id, ignoreCount=1)
    send(api, "0")
    assert (api.issue(issue_id).substatus, api.issue(issue_id).priority) == (Substatus.ESCALATING, Priority.LOW)


# Until escalating


def test_an_issue_archived_until_it_escalates_shows_what_is_expected_of_it(api):
    issue_id = one_issue(api)
    api.later(days=1)
    send(api, *"0" * 30)
    api.later(minutes=5)
    assert archive(api, issue_id, substatus="archived_until_escalating").status_code == 200
    expected = {"data": [60], "date_added": "2026-11-19T12:05:00Z"}
    assert shown(api, issue_id, expand="forecast")["forecast"] == expected
    assert listed(api, issue_id, expand="forecast")["forecast"] == expected
    api.later(minutes=5)
    send(api, "0")
    assert shown(api, issue_id, expand="forecast")["forecast"] == expected | {"date_added": "2026-11-19T12:10:00Z"}
    assert "forecast" not in shown(api, issue_id)
    assert "forecast" not in listed(api, issue_id, expand="inbox")


def test_nothing_is_expected_of_other_issues(api):
    assert shown(api, one_issue(api), expand="forecast")["forecast"] is None


def test_a_spike_brings_an_issue_back_that_was_archived_until_it_escalates(api):
    issue_id = one_issue(api, level="warning")
    api.later(days=1)
    archive(api, issue_id, substatus="archived_until_escalating")
    for _ in range(10):
        send(api, "0", level="warning")
    assert shown(api, issue_id)["substatus"] == "archived_until_escalating"
    send(api, "0", level="warning")
    back = shown(api, issue_id)
    assert (back["status"], back["substatus"], back["priority"]) == ("unresolved", "escalating", "high")
    kind, data = story(api, issue_id)[0]
    assert (kind, data.keys(), data["forecast"]) == (ActivityType.SET_ESCALATING, {"event_id", "forecast"}, 10)
    with api.state.read() as connection:
        assert issue_id in inbox.waiting(connection, [issue_id])
