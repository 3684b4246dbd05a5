"""Issues that anybody with the link may read (spec/mutation.md 8.1)."""

import pytest

from tocsin.domain.access import Role
from tocsin.domain.issue.issue import Status

SECRET = "hunter2"
PRIVATE = {
    "user": {"id": SECRET, "email": f"{SECRET}@acme.io", "ip_address": "198.51.100.7"},
    "request": {"url": f"https://shop.test/{SECRET}", "headers": {"Cookie": SECRET}, "data": SECRET, "cookies": SECRET},
    "breadcrumbs": {"values": [{"message": SECRET, "data": {"a": SECRET}}]},
    "contexts": {"trace": {"trace_id": "a" * 32, "span_id": "b" * 16}, SECRET: {"a": SECRET}},
    "extra": {"a": SECRET},
    "tags": {"a": SECRET},
    "modules": {SECRET: "1"},
    "server_name": SECRET,
    "environment": SECRET,
    "release": SECRET,
    "exception": {
        "values": [
            {
                "type": "TooHigh",
                "value": "13 bar",
                "mechanism": {"type": "django", "handled": False, "data": {"a": SECRET}},
                "stacktrace": {
                    "frames": [
                        {
                            "filename": "pump/valves.py",
                            "abs_path": f"/home/{SECRET}/pump/valves.py",
                            "function": "open_valve",
                            "lineno": 42,
                            "context_line": "raise TooHigh(bar)",
                            "vars": {"bar": SECRET},
                        }
                    ]
                },
            }
        ]
    },
}


def shared(api, issue_id=None):
    """Share an issue, a new one by default, and return its id and its share id."""
    issue_id = api.new_issue() if issue_id is None else issue_id
    share_id = api.put(f"/issues/{issue_id}/", {"isPublic": True}).json()["shareId"]
    return issue_id, share_id


@pytest.mark.parametrize(
    "path", ["/shared/issues/{}/", "/organizations/acme/shared/issues/{}/", "/organizations/1/shared/issues/{}/"]
)
def test_anybody_reads_a_shared_issue(api, path):
    """mutation-L01"""
    issue_id, share_id = shared(api)
    answer = api.get(path.format(share_id), token="")
    assert answer.status_code == 200
    shown = answer.json()
    assert set(shown) == {
        *("culprit", "id", "isUnhandled", "issueCategory", "permalink", "shortId", "title", "latestEvent", "project")
    }
    assert (shown["id"], shown["shortId"], shown["title"]) == (str(issue_id), "P-1", "ValueError: bad pressure")
    assert (shown["project"]["slug"], shown["project"]["organization"]["slug"]) == ("p", "acme")
    assert shown["permalink"] is None


def test_members_are_told_where_the_whole_issue_is(api):
    """mutation-L02"""
    issue_id, share_id = shared(api)
    here = f"http://tocsin.test/organizations/acme/issues/{issue_id}/"
    member = api.make_token(api.make_user("mia@acme.io"))
    stranger = api.make_token(api.make_user("eve@other.io", role=Role.OWNER, org=api.organization("other")))
    path = f"/shared/issues/{share_id}/"
    assert [api.get(path, token=token).json()["permalink"] for token in (None, member, stranger)] == [here, here, None]
    api.organization("acme", openMembership=False)
    assert api.get(path, token=member).json()["permalink"] is None, "the project is not for them"


def test_a_browser_whose_session_has_ended_is_a_stranger_and_a_wrong_token_is_told(api):
    _, share_id = shared(api)
    path = f"/shared/issues/{share_id}/"
    for headers in ({"cookie": "tocsin_session=ended"}, {"authorization": "Basic cHJveHk6cHJveHk="}):
        answer = api.get(path, token="", headers=headers)
        assert (answer.status_code, answer.json()["permalink"]) == (200, None)
    assert api.get(path, token="nonsense").status_code == 401


def test_strangers_see_what_went_wrong_and_nothing_of_the_people_and_machines_it_happened_to(api):
    issue_id = api.new_issue(**PRIVATE)
    _, share_id = shared(api, issue_id)
    answer = api.get(f"/shared/issues/{share_id}/", token="")
    assert SECRET not in answer.text
    assert "198.51.100.7" not in answer.text
    shown = answer.json()
    assert shown["isUnhandled"] is True
    event = shown["latestEvent"]
    whole = api.get(f"/issues/{issue_id}/events/latest/").json()
    assert set(event) <= set(whole)
    assert [entry["type"] for entry in event["entries"]] == ["exception"]
    [raised] = event["entries"][0]["data"]["values"]
    [frame] = raised["stacktrace"]["frames"]
    assert (raised["type"], raised["value"], raised["mechanism"]) == (
        "TooHigh",
        "13 bar",
        {"type": "django", "handled": False},
    )
    assert (frame["filename"], frame["function"], frame["context"]) == (
        *("pump/valves.py", "open_valve"),
        [[42, "raise TooHigh(bar)"]],
    )
    assert (event["user"], event["tags"], event["contexts"], event["context"]) == (None, [], {}, {})


def test_strangers_see_the_latest_event(api):
    issue_id = api.new_issue(fingerprint=["one"])
    _, share_id = shared(api, issue_id)
    api.later(minutes=1)
    api.send(fingerprint=["one"], event_id="c" * 32)
    assert api.get(f"/shared/issues/{share_id}/", token="").json()["latestEvent"]["eventID"] == "c" * 32


def test_a_shared_issue_without_events_is_shown_without_one(api):
    _, share_id = shared(api)
    api.history.command("TRUNCATE TABLE event")
    answer = api.get(f"/shared/issues/{share_id}/", token="")
    assert (answer.status_code, answer.json()["latestEvent"]) == (200, None)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/shared/issues/{short}/", id="mutation-L04-short"),
        pytest.param("/shared/issues/{long}/", id="mutation-L04-long"),
        pytest.param("/organizations/other/shared/issues/{right}/", id="mutation-L04-organization"),
        pytest.param("/organizations/nope/shared/issues/{right}/", id="unknown-organization"),
        pytest.param("/shared/issues/{wrong}/", id="unknown"),
        pytest.param("/shared/issues/{letters}/", id="no-digits"),
        pytest.param("/shared/issues/{umlauts}/", id="no-ascii"),
    ],
)
def test_what_is_not_shared_is_not_found(api, path):
    api.organization("other")
    _, right = shared(api)
    wrong = {"short": right[:31], "long": right + "0", "wrong": "0" * 32, "letters": "x" * 32, "umlauts": "ä" * 32}
    answer = api.get(path.format(right=right, **wrong), token="")
    assert (answer.status_code, answer.json()) == (404, {"detail": "The requested resource does not exist"})


def test_an_issue_that_is_not_shared_any_more_or_on_its_way_out_is_not_found(api):
    issue_id, first = shared(api)
    _, second = shared(api, issue_id)
    assert [api.get(f"/shared/issues/{one}/", token="").status_code for one in (first, second)] == [404, 200]
    api.change(issue_id, status=Status.PENDING_DELETION)
    assert api.get(f"/shared/issues/{second}/", token="").status_code == 404
    api.change(issue_id, status=Status.UNRESOLVED)
    api.put(f"/issues/{issue_id}/", {"isPublic": False})
    assert api.get(f"/shared/issues/{second}/", token="").status_code == 404


def test_an_organization_that_shares_nothing_shows_nothing(api):
    """mutation-L04"""
    _, share_id = shared(api)
    api.organization("acme", allowSharedIssues=False)
    for path in (f"/shared/issues/{share_id}/", f"/organizations/acme/shared/issues/{share_id}/"):
        assert api.get(path, token="").status_code == 404
        assert api.get(path).status_code == 404, "members too"
    api.organization("acme", allowSharedIssues=True)
    assert api.get(f"/shared/issues/{share_id}/", token="").status_code == 200
