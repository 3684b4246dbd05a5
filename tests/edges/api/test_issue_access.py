"""Who may do what to issues, and what every other name for an issue leads to (spec/mutation.md 1)."""

from urllib.parse import quote

import pytest

from tocsin.domain.access import Role, Scope
from tocsin.domain.issue.issue import IssueId, Status
from tocsin.flows.authenticate import Authenticate
from tocsin.lib.passwords import hash_password
from tocsin.storage.state import issues, users

BULK = "/organizations/acme/issues/"
RESOLVE = {"status": "resolved"}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/issues/{id}/", id="mutation-A01"),
        pytest.param("/organizations/acme/issues/{id}/", id="mutation-A02"),
        pytest.param("/organizations/acme/issues/P-1/", id="mutation-A03-search-E02"),
        pytest.param("/organizations/acme/issues/p-1/", id="mutation-A05"),
        pytest.param("/groups/{id}/", id="groups"),
        pytest.param("/organizations/acme/groups/{id}", id="groups-without-slash"),
        pytest.param("/organizations/1/issues/{id}/", id="organization-by-id"),
    ],
)
def test_an_issue_is_found_under_every_name(api, path):
    issue_id = api.new_issue()
    answer = api.get(path.format(id=issue_id))
    assert answer.status_code == 200
    assert answer.json()["id"] == str(issue_id)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/issues/P-1/", id="mutation-A04"),
        pytest.param("/organizations/acme/issues/999999/", id="search-E03"),
        pytest.param("/organizations/acme/issues/NOPE-1/", id="unknown-project"),
        pytest.param("/organizations/acme/issues/P-ZZZ/", id="unknown-number"),
        pytest.param(f"/organizations/acme/issues/{10**30}/", id="overflow"),
        pytest.param("/organizations/nope/issues/1/", id="mutation-A18"),
        pytest.param("/organizations/nope/issues/", id="unknown-organization"),
        pytest.param("/projects/acme/nope/issues/", id="mutation-A19"),
        pytest.param("/organizations/acme/shortids/NOPE-9/", id="search-E33"),
        pytest.param("/issues/1/?environment=invalid", id="mutation-A23"),
    ],
)
def test_what_nobody_knows_is_not_found(api, path):
    api.new_issue()
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "The requested resource does not exist"}


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(Status.PENDING_DELETION, id="mutation-A07"),
        pytest.param(Status.DELETION_IN_PROGRESS, id="mutation-A08"),
        pytest.param(Status.PENDING_MERGE, id="mutation-A09-mutation-I02"),
    ],
)
def test_an_issue_on_its_way_out_is_not_found(api, status):
    issue_id = api.new_issue()
    api.change(issue_id, status=status)
    for request in (api.get, api.put, api.delete):
        assert request(f"/issues/{issue_id}/").status_code == 404


def test_a_merged_issue_answers_with_its_survivor(api):
    """mutation-A06, search-E06"""
    gone, survivor = api.new_issue(), api.new_issue()
    with api.state.write() as connection:
        redirect = issues.Redirect(
            previous_issue_id=gone, project_id=api.project.id, previous_number=1, issue_id=survivor
        )
        issues.redirect(connection, [redirect])
        issues.remove(connection, [gone])
    for reference in (gone, "P-1"):
        assert api.get(f"/organizations/acme/issues/{reference}/").json()["id"] == str(survivor)


def test_an_issue_of_another_organization_is_not_found(api):
    """mutation-A10"""
    other = api.organization("other")
    issue_id = api.new_issue(api.make_project("q", org=other))
    assert api.get(f"/organizations/acme/issues/{issue_id}/").status_code == 404
    assert api.get(f"/issues/{issue_id}/").status_code == 403


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_without_credentials_nothing_is_answered(api, method):
    """mutation-A11"""
    issue_id = api.new_issue()
    for path in (f"/issues/{issue_id}/", BULK):
        answer = api.request(method, path, token="")
        assert (answer.status_code, answer.json()) == (
            401,
            {"detail": "Authentication credentials were not provided."},
        )
    assert api.issue(issue_id).status is Status.UNRESOLVED


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        pytest.param(Scope.EVENT_READ, "GET", BULK, 200, id="mutation-A16"),
        pytest.param(Scope.EVENT_READ, "PUT", BULK, 403, id="read-may-not-write"),
        pytest.param(Scope.EVENT_WRITE, "PUT", "/issues/1/", 200, id="mutation-A13"),
        pytest.param(Scope.EVENT_WRITE, "DELETE", "/issues/1/", 403, id="mutation-A14"),
        pytest.param(Scope.EVENT_ADMIN, "DELETE", "/issues/1/", 202, id="mutation-A15"),
        pytest.param(Scope.EVENT_WRITE, "DELETE", BULK, 403, id="bulk-delete-needs-admin"),
        pytest.param(Scope.ORG_READ, "GET", BULK, 403, id="search-L41"),
        pytest.param(Scope.ORG_READ, "GET", "/issues/1/", 403, id="org-read-sees-no-issue"),
    ],
)
def test_a_token_needs_the_scope_of_the_method(api, scope, method, path, status):
    api.new_issue()
    answer = api.request(method, path, token=api.make_token(api.jane, [scope]), json=RESOLVE)
    assert answer.status_code == status
    if status == 403:
        assert answer.json() == {"detail": "You do not have permission to perform this action."}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_token_nobody_issued_opens_nothing(api, method):
    """mutation-A12"""
    issue_id = api.new_issue()
    for path in (f"/issues/{issue_id}/", "/issues/999/", "/organizations/nope/issues/1/", BULK):
        answer = api.request(method, path, token="nonsense")
        assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})
    assert api.issue(issue_id).status is Status.UNRESOLVED


def test_somebody_of_another_organization_is_refused(api):
    """mutation-A17"""
    issue_id = api.new_issue()
    stranger = api.make_user("eve@other.io", org=api.organization("other"), role=Role.OWNER)
    token = api.make_token(stranger)
    assert api.put(f"{BULK}?id={issue_id}", RESOLVE, token=token).status_code == 403
    assert api.put(f"/issues/{issue_id}/", RESOLVE, token=token).status_code == 403
    assert api.issue(issue_id).status is Status.UNRESOLVED


def test_a_project_of_other_teams_is_closed_without_open_membership(api):
    issue_id = api.new_issue()
    api.organization("acme", openMembership=False)
    token = api.make_token(api.make_user("mia@acme.io"))
    assert api.get(f"/issues/{issue_id}/", token=token).status_code == 403
    api.change(issue_id, status=Status.PENDING_DELETION)
    assert api.get(f"/issues/{issue_id}/", token=token).status_code == 403
    assert api.put(f"{BULK}?id={issue_id}", RESOLVE, token=token).status_code == 204


def test_members_delete_only_while_the_organization_lets_them(api):
    token = api.make_token(api.make_user("mia@acme.io", teams=[api.team]))
    api.organization("acme", eventsMemberAdmin=False)
    assert api.delete(f"/issues/{api.new_issue()}/", token=token).status_code == 403
    api.organization("acme", eventsMemberAdmin=True)
    assert api.delete(f"/issues/{api.new_issue()}/", token=token).status_code == 202


def test_a_plain_member_resolves(api):
    """mutation-B20"""
    api.new_issue()
    token = api.make_token(api.make_user("mia@acme.io", teams=[api.team]))
    answer = api.put(f"{BULK}?status=unresolved&project={api.project.id}&query=is:unresolved", RESOLVE, token=token)
    assert answer.json() == {"status": "resolved", "statusDetails": {}, "inbox": None}


def test_a_browser_session_may_do_what_its_user_may(api):
    with api.state.write() as connection:
        users.set_password_hash(connection, api.jane.id, hash_password("secret"))
    cookie = Authenticate(api.state, lambda: "cookie", 30).log_in("jane@acme.io", "secret", api.now)
    issue_id = api.new_issue()
    headers = {"cookie": f"tocsin_session={cookie}", "sec-fetch-site": "same-origin"}
    assert api.put(f"/issues/{issue_id}/", RESOLVE, token="", headers=headers).status_code == 200
    foreign = headers | {"sec-fetch-site": "cross-site"}
    assert api.put(f"/issues/{issue_id}/", RESOLVE, token="", headers=foreign).status_code == 401


def test_the_short_id_leads_to_the_whole_issue(api):
    issue_id = api.new_issue()
    answer = api.get(f"/organizations/acme/shortids/{quote('p_1')}/").json()
    assert answer["group"]["id"] == answer["groupId"] == str(issue_id)
    assert (answer["organizationSlug"], answer["projectSlug"], answer["shortId"]) == ("acme", "p", "P-1")
    assert api.get("/organizations/acme/shortids/1/").status_code == 404


def test_a_body_that_is_no_json_is_refused(api):
    issue_id: IssueId = api.new_issue()
    answer = api.request("PUT", f"/issues/{issue_id}/", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("JSON parse error - ")
