"""What people say about events (spec/search.md 5.15)."""

import pytest

from tocsin.domain.access import Scope
from tocsin.domain.issue.issue import Status

PATH = "/projects/acme/p/user-feedback/"
EVENT = "ab" * 16
SAID = {"event_id": EVENT, "name": "Joe", "email": "joe@acme.io", "comments": "It broke."}


def listed(api, query="", path=PATH):
    answer = api.get(path + query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_somebody_says_about_an_event_is_listed_with_its_issue(api):
    """search-O24"""
    issue_id = api.new_issue(event_id=EVENT)
    made = api.post(PATH, SAID)
    assert made.status_code == 200
    (report,) = listed(api)
    assert report == made.json()
    assert report | {"issue": None} == {
        "id": report["id"],
        "eventID": EVENT,
        "event": {"id": EVENT, "eventID": EVENT},
        "name": "Joe",
        "email": "joe@acme.io",
        "comments": "It broke.",
        "dateCreated": "2026-11-18T12:00:00Z",
        "user": None,
        "issue": None,
    }
    assert (report["issue"]["id"], report["issue"]["title"]) == (str(issue_id), "ValueError: bad pressure")
    without_issue = {name: value for name, value in report.items() if name != "issue"}
    assert api.get(f"/issues/{issue_id}/events/{EVENT}/").json()["userReport"] == without_issue
    assert api.get(f"/issues/{issue_id}/").json()["userReportCount"] == 1
    assert listed(api, path=f"/organizations/acme/issues/{issue_id}/user-reports/") == [without_issue]


def test_a_report_may_come_before_its_event(api):
    assert api.post(PATH, SAID | {"event_id": f" {EVENT.upper()} "}).json()["issue"] is None
    assert [report["issue"] for report in listed(api)] == [None]
    issue_id = api.new_issue(event_id=EVENT, environment="staging")
    assert [report["issue"]["id"] for report in listed(api)] == [str(issue_id)]
    assert len(listed(api, "?environment=staging")) == 1
    assert listed(api, "?environment=production") == []


def test_for_five_minutes_it_can_be_said_better(api):
    api.new_issue(event_id=EVENT)
    first = api.post(PATH, SAID).json()
    api.later(minutes=5)
    better = api.post(PATH, SAID | {"comments": "It broke badly."}).json()
    assert better == first | {"comments": "It broke badly."}
    api.later(seconds=1)
    refused = api.post(PATH, SAID)
    assert (refused.status_code, refused.json()) == (409, {"detail": "Feedback for this event cannot be modified."})
    assert listed(api) == [better]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"event_id", "name", "email", "comments"}),
        (SAID | {"event_id": "xyz"}, {"event_id"}),
        (SAID | {"email": "joe"}, {"email"}),
        (SAID | {"email": "j" * 70 + "@acme.io"}, {"email"}),
        (SAID | {"name": "j" * 129}, {"name"}),
        (SAID | {"comments": "x" * 4097}, {"comments"}),
        (SAID | {"comments": "  ", "name": None}, {"comments", "name"}),
    ],
)
def test_a_report_that_says_nothing_is_refused(api, body, fields):
    answer = api.post(PATH, body)
    assert (answer.status_code, set(answer.json())) == (400, fields)
    assert listed(api) == []


def test_reports_are_listed_by_the_status_of_their_issues(api):
    ids = {}
    for number, status in enumerate(("unresolved", "resolved", "ignored"), 1):
        event_id = f"{number:032x}".replace("0", "f", 1)
        ids[status] = api.new_issue(event_id=event_id)
        api.later(seconds=1)
        api.post(PATH, SAID | {"event_id": event_id})
    api.change(ids["resolved"], status=Status.RESOLVED, substatus=None)
    api.change(ids["ignored"], status=Status.IGNORED)

    def found(query):
        return [report["issue"]["id"] for report in listed(api, query)]

    assert found("") == found("?status=unresolved") == [str(ids["unresolved"])]
    assert found("?status=resolved") == [str(ids["resolved"])]
    assert found("?status=") == [str(ids[one]) for one in ("ignored", "resolved", "unresolved")]
    assert api.get(f"{PATH}?status=odd").status_code == 400
    first = api.get(f"{PATH}?status=&per_page=2")
    assert len(first.json()) == 2
    following = api.get(first.links["next"]["url"].removeprefix("http://tocsin.test/api/0"))
    assert [report["issue"]["id"] for report in following.json()] == [str(ids["unresolved"])]


def test_an_issue_on_its_way_out_is_not_shown(api):
    issue_id = api.new_issue(event_id=EVENT)
    api.post(PATH, SAID)
    api.change(issue_id, status=Status.PENDING_DELETION)
    assert [report["issue"] for report in listed(api, "?status=")] == [None]


def test_to_read_reports_is_not_to_write_them(api):
    reader = api.make_token(api.jane, [Scope.PROJECT_READ])
    assert api.get(PATH, token=reader).status_code == 200
    assert api.post(PATH, SAID, token=reader).status_code == 403


def test_reports_of_another_project_stay_there(api):
    api.make_project("q")
    api.new_issue(event_id=EVENT)
    api.post("/projects/acme/q/user-feedback/", SAID)
    assert listed(api) == []
    (report,) = listed(api, path="/projects/acme/q/user-reports/")
    assert report["issue"] is None


def _dsn_of(api) -> str:
    key = api.post(f"/projects/acme/{api.project.slug}/keys/", {"name": "feedback"}).json()
    return key["dsn"]["public"]


def test_a_program_may_report_with_the_dsn_of_the_project(api):
    dsn = {"authorization": f"DSN {_dsn_of(api)}"}
    body = {"event_id": "cd" * 16, "name": "Jane", "email": "jane@example.com", "comments": "It broke"}
    path = f"/projects/acme/{api.project.slug}/user-feedback/"
    answer = api.post(path, body, token="", headers=dsn)
    assert (answer.status_code, answer.json()["comments"], answer.json()["issue"]) == (200, "It broke", None)
    assert api.get(path, token="", headers=dsn).status_code == 401


def test_a_dsn_of_another_project_or_of_none_may_not_report(api):
    other = api.make_project("other")
    body = {"event_id": "cd" * 16, "name": "Jane", "email": "jane@example.com", "comments": "It broke"}
    dsn = {"authorization": f"DSN {_dsn_of(api)}"}
    assert api.post(f"/projects/acme/{other.slug}/user-feedback/", body, token="", headers=dsn).status_code == 401
    for wrong in ("DSN https://" + "0" * 32 + "@tocsin.test/1", "DSN nonsense"):
        refused = api.post("/projects/acme/p/user-feedback/", body, token="", headers={"authorization": wrong})
        assert refused.status_code in {400, 401}
