"""Counts, figures, explanations and exact sets of issues (spec/search.md 3.2, 3.6, 5.16)."""

import pytest

from tocsin.domain.access import Role, Scope
from tocsin.domain.issue.issue import Status, Substatus
from tocsin.storage.state import attachments, issue_hashes

LIST = "/organizations/acme/issues/"
COUNT = "/organizations/acme/issues-count/"
STATS = "/organizations/acme/issues-stats/"
EVENT = "ab" * 16


@pytest.fixture
def four(api):
    """Three issues that are unresolved and one that is resolved."""
    api.ids = [api.new_issue(tags={"browser": "Chrome"}), api.new_issue(), api.new_issue(), api.new_issue()]
    api.change(api.ids[3], status=Status.RESOLVED, substatus=None)
    return api


def test_the_hits_of_several_searches_are_counted(four):
    """search-O21"""
    answer = four.get(f"{COUNT}?query=is:unresolved&query=is:resolved&query=browser:Chrome&query=is:resolved")
    assert answer.json() == {"is:unresolved": 3, "is:resolved": 1, "browser:Chrome": 1}
    assert four.get(COUNT).json() == {}


def test_counting_ends_at_a_hundred(api):
    api.send_groups(105)
    assert api.get(f"{COUNT}?query=is:unresolved&query=level:error").json() == {
        "is:unresolved": 100,
        "level:error": 100,
    }


def test_what_cannot_be_counted_is_refused(four):
    assert four.get(f"{COUNT}?query=is:resolved&query=is:wrong").status_code == 400
    assert four.get(COUNT, params={"query": [f"x{n}" for n in range(21)]}).status_code == 400
    assert four.get(f"{COUNT}?query=x&project=999").status_code == 403


def test_the_figures_of_issues_come_without_the_issues(four):
    first, second, *_ = four.ids
    answer = four.get(f"{STATS}?groups={first}&groups={second}&groups=999")
    shown, other = answer.json()
    assert [shown["id"], other["id"]] == [str(first), str(second)]
    assert set(shown) == {
        *("id", "count", "userCount", "firstSeen", "lastSeen", "isUnhandled", "stats", "lifetime", "filtered"),
    }
    assert (shown["count"], len(shown["stats"]["24h"]), shown["filtered"]) == ("1", 24, None)
    assert "link" not in answer.headers
    shown, other = four.get(f"{STATS}?groups={first},{second}&query=browser:Chrome&groupStatsPeriod=14d").json()
    assert (shown["filtered"]["count"], other["filtered"]["count"], other["count"]) == ("1", "0", "1")
    assert len(shown["stats"]["14d"]) == 14
    whole = four.get(f"{STATS}?groups={first}&collapse=stats").json()[0]
    assert "title" in whole
    assert "stats" not in whole


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("", "You should include `groups` with your request. (i.e. groups=1,2,3)"),
        ("groups=abc", "Group ids must be integers"),
        ("groups=999", "No matching groups found"),
        ("groups=" + ",".join(map(str, range(1, 102))), "Too many groups requested."),
    ],
)
def test_figures_of_nothing_are_refused(four, query, detail):
    answer = four.get(f"{STATS}?{query}")
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_figures_of_private_issues_are_not_shown(four):
    four.organization("acme", openMembership=False)
    token = four.make_token(four.make_user("max@acme.io"))
    answer = four.get(f"{STATS}?groups={four.ids[0]}", token=token)
    assert (answer.status_code, answer.json()) == (400, {"detail": "No matching groups found"})
    assert four.get(f"{COUNT}?query=is:unresolved", token=token).json() == {"is:unresolved": 0}


def test_the_issues_of_some_hashes_are_listed(four):
    first, second, *_ = four.ids
    with four.state.read() as connection:
        hashes = issue_hashes.by_issue(connection, [first, second])
    names = "&".join(f"hashes={one.hash}" for known in hashes.values() for one in known)
    found = four.get(f"/projects/acme/p/issues/?{names}&hashes=nonsense&hashes={'0' * 32}&query=nothing").json()
    assert [issue["id"] for issue in found] == [str(first), str(second)]
    assert four.get(f"{LIST}?{names}&query=nothing").json() == []
    four.change(second, status=Status.PENDING_DELETION)
    assert [issue["id"] for issue in four.get(f"/projects/acme/p/issues/?{names}").json()] == [str(first)]


def test_whether_the_latest_event_has_files_is_told_when_asked(api):
    issue_id = api.new_issue(event_id=EVENT, fingerprint=["one"])
    file = attachments.Attachment(
        project_id=api.project.id,
        event_id=EVENT,
        name="log.txt",
        type="event.attachment",
        content_type="text/plain",
        size_bytes=1,
        sha256=api.blobs.put(b"x"),
        created_at=api.now,
    )
    with api.state.write() as connection:
        attachments.add(connection, [file])

    def told():
        (listed,) = api.get(f"{LIST}?expand=latestEventHasAttachments").json()
        detail = api.get(f"/issues/{issue_id}/?expand=latestEventHasAttachments").json()
        assert listed["latestEventHasAttachments"] is detail["latestEventHasAttachments"]
        return detail["latestEventHasAttachments"]

    assert told() is True
    api.later(minutes=1)
    api.send(fingerprint=["one"])
    assert told() is False
    assert "latestEventHasAttachments" not in api.get(LIST).json()[0]
    assert "latestEventHasAttachments" not in api.get(f"/issues/{issue_id}/").json()


def test_a_direct_hit_tells_where_the_event_happened(api):
    api.new_issue(event_id=EVENT, environment="staging")
    (hit,) = api.get(f"{LIST}?query={EVENT}").json()
    assert (hit["matchingEventId"], hit["matchingEventEnvironment"]) == (EVENT, "staging")


def test_those_who_run_the_organization_are_told_how_issues_were_found(four):
    four.later(minutes=1)
    plain = four.get(f"{LIST}?query=is:unresolved&limit=2")
    told = four.get(f"{LIST}?query=is:unresolved&limit=2&explain=1")
    assert told.headers["x-hits"] == "3"
    answer = told.json()
    assert answer["issues"] == plain.json()
    assert (answer["plan"], answer["sort"], answer["query"], answer["hits"]) == ("state", "date", "is:unresolved", 3)
    assert answer["answeredBy"] == {"projects": "", "state": "status:unresolved", "events": "", "aggregates": ""}
    assert (answer["projects"], answer["environments"]) == (["p"], None)
    steps = {step["name"]: step["rows"] for step in answer["steps"]}
    assert steps == {"plan": 0, "page in state": 2, "load issues": 2, "count events": 2}
    assert answer["milliseconds"] >= max(step["milliseconds"] for step in answer["steps"]) > 0


def test_the_other_plan_is_explained_too(four):
    answer = four.get(f"{LIST}?query=is:unresolved browser:Chrome timesSeen:>0&sort=freq&explain=1").json()
    assert (answer["plan"], answer["sort"]) == ("history", "freq")
    assert answer["answeredBy"]["events"] == "browser:Chrome"
    assert answer["answeredBy"]["aggregates"] == "times_seen:>0"
    assert [step["name"] for step in answer["steps"]] == [
        *("plan", "scope in state", "matches in history", "owners in state", "load issues", "count events"),
    ]
    assert [step["rows"] for step in answer["steps"]][2:] == [1, 1, 1, 1]
    inbox = four.get(f"{LIST}?query=is:unresolved is:for_review&sort=inbox&explain=1").json()
    assert [step["name"] for step in inbox["steps"]][1] == "inbox in state"


def test_others_are_not_told(four):
    for role, allowed in ((Role.MEMBER, False), (Role.ADMIN, False), (Role.MANAGER, True)):
        token = four.make_token(four.make_user(f"{role}@acme.io", role=role))
        assert four.get(f"{LIST}?explain=1", token=token).status_code == (200 if allowed else 403)
    narrow = four.make_token(four.jane, [Scope.EVENT_READ])
    assert four.get(f"{LIST}?explain=1", token=narrow).status_code == 403
    assert four.get(f"{LIST}?explain=0", token=narrow).status_code == 200


def test_the_state_of_what_is_shown_stays_that_of_the_list(four):
    four.change(four.ids[0], status=Status.IGNORED, substatus=Substatus.ARCHIVED_FOREVER)
    (shown,) = four.get(f"{STATS}?groups={four.ids[0]}&collapse=").json()
    assert (shown["status"], shown["substatus"]) == ("ignored", "archived_forever")
