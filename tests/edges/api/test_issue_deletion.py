"""Deleting issues: what is answered, how far it got, and what is written down (spec/mutation.md 7)."""

import pytest

from tocsin.domain.access import Role, Scope
from tocsin.domain.audit import AuditEvent
from tocsin.domain.issue.issue import Status
from tocsin.edges.api.serialize.audit_entry import _NOTES

BULK = "/organizations/acme/issues/"
DELETIONS = "/organizations/acme/deletions/"
AUDIT = "/organizations/acme/audit-logs/"


def entries(api, **options):
    return api.get(AUDIT, **options).json()["rows"]


def test_a_deletion_says_how_far_it_got(api):
    issue_id = api.new_issue(fingerprint=["one"])
    api.send(fingerprint=["one"])
    api.later(minutes=1)
    deletion_id = api.delete(f"/issues/{issue_id}/").headers["x-tocsin-deletion"]
    begun = api.get(f"{DELETIONS}{deletion_id}/").json()
    assert begun["actor"]["id"] == str(api.jane.id)
    del begun["actor"]
    assert begun == {
        "id": deletion_id,
        "issues": 1,
        "issuesDeleted": 0,
        "eventsDeleted": 0,
        "dateCreated": "2026-11-18T12:01:00Z",
        "dateFinished": None,
    }
    api.later(seconds=1)
    api.services.remove.run(api.now)
    over = api.get(f"{DELETIONS}{deletion_id}/").json()
    assert (over["issuesDeleted"], over["eventsDeleted"]) == (1, 2)
    assert over["dateFinished"] == "2026-11-18T12:01:01Z"
    assert issue_id not in api.issues()


def test_deletions_are_listed_newest_first(api):
    ids = [api.delete(f"/issues/{api.new_issue()}/").headers["x-tocsin-deletion"] for _ in range(3)]
    answer = api.get(f"{DELETIONS}?per_page=2")
    assert [one["id"] for one in answer.json()] == ids[:0:-1]
    assert 'rel="next"; results="true"; cursor="2:1:0"' in answer.headers["link"]
    assert [one["id"] for one in api.get(f"{DELETIONS}?per_page=2&cursor=2:1:0").json()] == ids[:1]


@pytest.mark.parametrize("name", ["404", "x", "-1", "9" * 30, "¹"])
def test_a_deletion_nobody_knows_is_not_found(api, name):
    assert api.get(f"{DELETIONS}{name}/").status_code == 404


def test_a_deletion_of_another_organization_is_not_found(api):
    other = api.organization("other")
    eve = api.make_token(api.make_user("eve@other.io", role=Role.OWNER, org=other))
    deletion_id = api.delete(f"/issues/{api.new_issue()}/").headers["x-tocsin-deletion"]
    assert api.get(f"/organizations/other/deletions/{deletion_id}/", token=eve).status_code == 404
    assert api.get("/organizations/other/deletions/", token=eve).json() == []


def test_a_deletion_that_nobody_began_has_no_header(api):
    """mutation-K06"""
    issue_id = api.new_issue()
    api.delete(f"{BULK}?id={issue_id}")
    again = api.delete(f"{BULK}?id={issue_id}")
    assert (again.status_code, again.content) == (204, b"")
    assert "x-tocsin-deletion" not in again.headers
    assert len(entries(api)) == len(api.get(DELETIONS).json()) == 1


def test_nothing_found_is_nothing_deleted(api):
    api.change(api.new_issue(), status=Status.RESOLVED)
    for query in ("", "?query=is:ignored", "?id=999", "?status=ignored"):
        answer = api.delete(f"{BULK}{query}")
        assert (answer.status_code, answer.content) == (204, b"")
    assert [issue.status for issue in api.issues().values()] == [Status.RESOLVED]
    assert entries(api) == []


def test_without_ids_the_search_is_for_unresolved_issues(api):
    """mutation-K05"""
    resolved, unresolved = api.new_issue(), api.new_issue()
    api.change(resolved, status=Status.RESOLVED, substatus=None)
    assert api.delete(BULK).status_code == 204
    assert [api.issue(one).status for one in (resolved, unresolved)] == [Status.RESOLVED, Status.PENDING_DELETION]


def test_all_that_a_search_finds_is_deleted(api):
    api.send_groups(1001)
    deletion_id = api.delete(BULK).headers["x-tocsin-deletion"]
    assert api.get(f"{DELETIONS}{deletion_id}/").json()["issues"] == 1001
    assert api.get(BULK).json() == []


def test_a_bad_query_deletes_nothing(api):
    issue_id = api.new_issue()
    answer = api.delete(f"{BULK}?query=timesSeen:>1t")
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert api.issue(issue_id).status is Status.UNRESOLVED


@pytest.mark.parametrize(
    "path", ["/issues/{id}/", "/organizations/acme/issues/{id}/", "/organizations/acme/groups/P-1/"]
)
def test_a_single_issue_is_deleted_under_every_name(api, path):
    """mutation-K02"""
    issue_id = api.new_issue()
    answer = api.delete(path.format(id=issue_id))
    assert (answer.status_code, answer.content) == (202, b"")
    assert api.issue(issue_id).status is Status.PENDING_DELETION
    assert api.delete(path.format(id=issue_id)).status_code == 404
    assert len(entries(api)) == 1


def test_issues_that_are_no_errors_are_deleted_as_well(api):
    """mutation-K07"""
    issue_id = api.new_issue()
    api.change(issue_id, type="transaction")
    assert api.delete(f"{BULK}?id={issue_id}").status_code == 204
    assert api.issue(issue_id).status is Status.PENDING_DELETION
    assert api.get(f"/issues/{issue_id}/").status_code == 404


def test_events_that_arrive_meanwhile_belong_to_a_new_issue_and_stay(api):
    """mutation-K08"""
    old = api.new_issue(fingerprint=["one"])
    api.delete(f"{BULK}?id={old}")
    new = api.new_issue(fingerprint=["one"])
    api.send(fingerprint=["one"])
    api.services.remove.run(api.now)
    assert api.issues().keys() == {new}
    shown = api.get(f"/issues/{new}/").json()
    assert (shown["shortId"], shown["count"]) == ("P-2", "2")
    assert len(api.get(f"/issues/{new}/events/").json()) == 2


def test_every_deleted_issue_stands_in_the_audit_log(api):
    """mutation-K01"""
    one, two = api.new_issue(), api.new_issue()
    api.delete(f"{BULK}?id={one}&id={two}")
    answer = api.get(AUDIT).json()
    assert "issue.delete" in answer["options"]
    assert [row["data"] for row in answer["rows"]] == [
        {"issue_id": two, "project_slug": "p"},
        {"issue_id": one, "project_slug": "p"},
    ]
    newest = answer["rows"][0]
    assert newest["actor"]["email"] == "jane@acme.io"
    del newest["actor"], newest["id"]
    assert newest == {
        "event": "issue.delete",
        "note": f"deleted issue {two} of project p",
        "targetObject": two,
        "targetUser": None,
        "ipAddress": None,
        "data": {"issue_id": two, "project_slug": "p"},
        "dateCreated": "2026-11-18T12:00:00Z",
    }


def test_the_audit_log_is_narrowed_and_paged(api):
    mia = api.make_user("mia@acme.io", teams=[api.team])
    mine, hers = api.new_issue(), api.new_issue()
    api.delete(f"/issues/{mine}/")
    api.delete(f"/issues/{hers}/", token=api.make_token(mia))
    by_mia = api.get(f"{AUDIT}?actor={mia.id}&event=issue.delete").json()["rows"]
    assert [row["targetObject"] for row in by_mia] == [hers]
    assert api.get(f"{AUDIT}?event=project.create").json()["rows"] == []
    page = api.get(f"{AUDIT}?per_page=1&cursor=1:1:0")
    assert [row["targetObject"] for row in page.json()["rows"]] == [mine]
    assert 'rel="previous"; results="true"' in page.headers["link"]


@pytest.mark.parametrize("query", ["event=nope", "actor=jane", "actor=-1", "per_page=0", "cursor=x"])
def test_a_bad_question_to_the_audit_log_is_refused(api, query):
    answer = api.get(f"{AUDIT}?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("role", "status"), [(Role.MEMBER, 403), (Role.ADMIN, 403), (Role.MANAGER, 200), (Role.OWNER, 200)]
)
def test_managers_and_owners_read_the_audit_log(api, role, status):
    token = api.make_token(api.make_user("mia@acme.io", role=role))
    assert api.get(AUDIT, token=token).status_code == status


def test_a_token_reads_the_audit_log_with_a_scope_of_the_organization(api):
    for scope, status in (
        (Scope.ORG_READ, 403),
        (Scope.EVENT_ADMIN, 403),
        (Scope.ORG_WRITE, 200),
        (Scope.ORG_ADMIN, 200),
    ):
        assert api.get(AUDIT, token=api.make_token(api.jane, [scope])).status_code == status


def test_changed_settings_stand_in_the_audit_log_by_their_names(api):
    api.put("/organizations/acme/", {"name": "Acme & Sons", "openMembership": False})
    api.put("/projects/acme/p/", {"slug": "pump"})
    api.put("/projects/acme/pump/", {"slug": "pump"})
    newest, older = entries(api)
    assert (newest["event"], newest["note"]) == ("project.edit", "changed slug of project pump")
    assert (older["event"], older["data"]["changed"]) == ("org.edit", ["name", "openMembership"])
    assert older["actor"]["id"] == str(api.jane.id)


def test_every_event_of_the_audit_log_has_a_sentence():
    assert _NOTES.keys() == set(AuditEvent)
