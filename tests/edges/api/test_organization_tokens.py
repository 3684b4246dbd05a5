"""Tokens of an organization: they reach all of it, as far as their scopes go, and nobody in particular acts."""

from base64 import b64encode

import pytest
from sqlalchemy import update

from tocsin.domain.access import Role, Scope
from tocsin.domain.issue.issue import ActivityType, Assignee, Status
from tocsin.lib.passwords import hash_password
from tocsin.storage.state import activity, marks, tokens, users
from tocsin.storage.state.tables import api_token

BULK = "/organizations/acme/issues/"
WRITE = [Scope.EVENT_READ, Scope.EVENT_WRITE]
EVERYTHING = list(Scope)


def basic(user, password=""):
    return {"authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


def story(api, issue_id):
    with api.state.read() as connection:
        return [(entry.type, entry.user_id) for _, entry in activity.page(connection, issue_id, limit=99)]


def subscribers(api, issue_id):
    with api.state.read() as connection:
        return list(marks.subscribers(connection, [issue_id])[issue_id])


def test_a_key_without_a_user_assigns(api):
    """mutation-A20"""
    issue_id = api.new_issue()
    token = api.make_organization_token([Scope.EVENT_WRITE])
    answer = api.put(f"/issues/{issue_id}/", {"assignedTo": str(api.jane.id)}, token=token)
    assert answer.status_code == 200
    assert answer.json()["assignedTo"]["id"] == str(api.jane.id)
    assert api.issue(issue_id).assignee == Assignee(user_id=api.jane.id)
    assert story(api, issue_id) == [(ActivityType.ASSIGNED, None)]


@pytest.mark.parametrize(
    ("scopes", "method", "path", "status"),
    [
        pytest.param([Scope.EVENT_READ], "GET", "/issues/{id}/", 200, id="mutation-A21"),
        pytest.param([Scope.EVENT_READ], "GET", BULK, 200, id="list"),
        pytest.param([Scope.EVENT_READ], "PUT", "/issues/{id}/", 403, id="read-may-not-write"),
        pytest.param([Scope.EVENT_WRITE], "DELETE", "/issues/{id}/", 403, id="write-may-not-delete"),
        pytest.param([Scope.EVENT_ADMIN], "DELETE", "/issues/{id}/", 202, id="admin-deletes"),
        pytest.param([Scope.ORG_CI], "GET", "/organizations/acme/", 200, id="ci-sees-the-organization"),
        pytest.param([Scope.ORG_CI], "GET", "/organizations/acme/releases/", 200, id="ci-sees-releases"),
        pytest.param([Scope.ORG_CI], "GET", BULK, 403, id="ci-sees-no-issues"),
        pytest.param([Scope.ORG_CI], "GET", "/organizations/other/", 403, id="no-other-organization"),
        pytest.param([Scope.ORG_CI], "GET", "/organizations/nope/", 404, id="no-such-organization"),
    ],
)
def test_its_scopes_are_all_it_may_do(api, scopes, method, path, status):
    api.organization("other")
    issue_id = api.new_issue()
    token = api.make_organization_token(scopes)
    assert api.request(method, path.format(id=issue_id), token=token, json={}).status_code == status


def test_it_reaches_every_project_of_its_organization_and_no_other(api):
    api.organization("acme", openMembership=False)
    lonely = api.new_issue(api.make_project("lonely"))
    elsewhere = api.new_issue(api.make_project("q", org=api.organization("other")))
    token = api.make_organization_token(EVERYTHING)
    assert api.get(f"/issues/{lonely}/", token=token).status_code == 200
    assert api.get(f"/issues/{elsewhere}/", token=token).status_code == 403
    assert [one["slug"] for one in api.get("/organizations/", token=token).json()] == ["acme"]
    assert [one["slug"] for one in api.get("/projects/", token=token).json()] == ["lonely", "p"]


def test_members_who_may_not_delete_do_not_hinder_it(api):
    api.organization("acme", eventsMemberAdmin=False)
    token = api.make_organization_token([Scope.EVENT_ADMIN])
    assert api.delete(f"/issues/{api.new_issue()}/", token=token).status_code == 202


def test_nobody_is_the_actor(api):
    issue_id = api.new_issue(release="app@1.0")
    token = api.make_organization_token(WRITE)
    asked = {"status": "resolved", "statusDetails": {"inRelease": "latest"}}
    delta = api.put(f"{BULK}?id={issue_id}", asked, token=token).json()
    assert delta["statusDetails"] == {"inRelease": "app@1.0"}
    assert [entry["user"] for entry in delta["activity"]] == [None]
    assert api.get(f"/issues/{issue_id}/").json()["statusDetails"] == {"inRelease": "app@1.0", "actor": None}
    assert story(api, issue_id) == [(ActivityType.SET_RESOLVED_IN_RELEASE, None)]
    assert subscribers(api, issue_id) == []


def test_an_archived_issue_was_archived_by_nobody(api):
    issue_id = api.new_issue()
    asked = {"status": "ignored", "ignoreCount": 5}
    delta = api.put(f"{BULK}?id={issue_id}", asked, token=api.make_organization_token(WRITE)).json()
    assert delta["statusDetails"]["actor"] is None
    assert api.get(f"/issues/{issue_id}/").json()["statusDetails"]["actor"] is None
    assert story(api, issue_id) == [(ActivityType.SET_IGNORED, None)]


@pytest.mark.parametrize(
    ("body", "delta"),
    [
        ({"hasSeen": True}, {"hasSeen": True}),
        ({"isBookmarked": True}, {"isBookmarked": True}),
        ({"isSubscribed": True}, {"isSubscribed": True, "subscriptionDetails": {"reason": "unknown"}}),
        ({"inbox": False}, {"inbox": False}),
    ],
)
def test_what_only_a_user_can_have_is_silently_nothing(api, body, delta):
    issue_id = api.new_issue()
    token = api.make_organization_token(WRITE)
    assert api.put(f"{BULK}?id={issue_id}", body, token=token).json() == delta
    with api.state.read() as connection:
        assert marks.seen_by(connection, issue_id, 9) == []
    assert subscribers(api, issue_id) == []
    shown = api.get(f"/issues/{issue_id}/", token=token).json()
    assert (shown["hasSeen"], shown["isBookmarked"], shown["isSubscribed"]) == (False, False, False)
    assert {user_id for _, user_id in story(api, issue_id)} <= {None}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("is:unresolved", 2),
        ("assigned:me", 0),
        ("assigned:my_teams", 0),
        ("assigned:[me, none]", 1),
        ("bookmarks:me", 0),
        ("subscribed:me", 0),
        ("assigned_or_suggested:me", 0),
    ],
)
def test_me_is_nobody_in_a_search(api, query, found):
    mine, _ = api.new_issue(), api.new_issue()
    api.put(f"/issues/{mine}/", {"assignedTo": f"user:{api.jane.id}", "isBookmarked": True})
    answer = api.get(f"{BULK}?query={query}", token=api.make_organization_token(WRITE))
    assert (answer.status_code, len(answer.json())) == (200, found)


def test_what_it_deletes_was_deleted_by_nobody(api):
    token = api.make_organization_token(EVERYTHING)
    deletion_id = api.delete(f"/issues/{api.new_issue()}/", token=token).headers["x-tocsin-deletion"]
    assert api.get(f"/organizations/acme/deletions/{deletion_id}/", token=token).json()["actor"] is None
    [row] = api.get("/organizations/acme/audit-logs/", token=token).json()["rows"]
    assert (row["event"], row["actor"]) == ("issue.delete", None)


def test_what_it_changed_can_be_undone_with_it(api):
    issue_id = api.new_issue()
    token = api.make_organization_token(WRITE)
    mutation_id = api.put(f"{BULK}?id={issue_id}", {"status": "resolved"}, token=token).headers["x-tocsin-mutation"]
    assert api.get(f"/organizations/acme/mutations/{mutation_id}/", token=token).json()["user"] is None
    assert api.post(f"/organizations/acme/mutations/{mutation_id}/undo/", token=token).status_code == 200
    assert api.issue(issue_id).status is Status.UNRESOLVED


def test_a_repeated_request_acts_once_for_an_organization_and_for_each_user(api):
    issue_id = api.new_issue()
    token, path = api.make_organization_token(WRITE), f"{BULK}?id={issue_id}"
    headers = {"idempotency-key": "once"}
    for _ in range(2):
        answer = api.put(path, {"status": "resolved"}, token=token, headers=headers)
        assert answer.json()["status"] == "resolved"
    assert answer.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in api.put(path, {"status": "resolved"}, headers=headers).headers
    assert len(story(api, issue_id)) == 1


def test_it_is_nobody_who_could_be_shown(api):
    token = api.make_organization_token([Scope.ORG_CI, Scope.MEMBER_READ])
    assert api.get("/", token=token).json() == {
        "version": "0",
        "auth": {"scopes": ["member:read", "org:ci"]},
        "user": None,
    }
    for path in ("/auth/", "/users/me/", "/organizations/acme/members/me/"):
        assert api.get(path, token=token).status_code == 404, path
    detail = api.get("/organizations/acme/", token=token).json()
    assert (detail["role"], detail["orgRole"], detail["access"]) == (None, None, ["member:read", "org:ci"])


def test_it_is_a_user_name_without_a_password(api):
    api.new_issue()
    token = api.make_organization_token(WRITE)
    assert api.get(BULK, token="", headers=basic(token)).status_code == 200
    assert api.put(BULK, {"status": "resolved"}, token="", headers=basic(token)).status_code == 200


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("Basic " + b64encode(b"nobody:").decode(), "Invalid token"),
        ("Basic " + b64encode(b"somebody:secret").decode(), "Authentication credentials were not provided."),
        ("Basic " + b64encode(b":").decode(), "Authentication credentials were not provided."),
        ("Basic ###", "Authentication credentials were not provided."),
        ("Basic " + b64encode(b"\xff:").decode(), "Authentication credentials were not provided."),
        ("Basic", "Authentication credentials were not provided."),
        ("Bearer ", "Authentication credentials were not provided."),
        ("Digest x", "Authentication credentials were not provided."),
    ],
)
def test_other_basic_credentials_open_nothing(api, header, detail):
    answer = api.get(BULK, token="", headers={"authorization": header})
    assert (answer.status_code, answer.json()) == (401, {"detail": detail})


def test_a_token_of_a_user_is_no_user_name(api):
    answer = api.get(BULK, token="", headers=basic(api.token))
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_an_ended_one_opens_nothing(api, end):
    secret = api.make_organization_token(EVERYTHING, expires_in_hours=1)
    with api.state.write() as connection:
        token = tokens.by_secret(connection, secret)
        if end == "revoked":
            connection.execute(update(api_token).where(api_token.c.id == token.id).values(revoked_at=api.now))
    api.later(hours=2 if end == "expired" else 0)
    for options in ({"token": secret}, {"token": "", "headers": basic(secret)}):
        answer = api.get(BULK, **options)
        assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})


def test_a_proxys_password_does_not_get_in_the_way_of_a_session(api):
    with api.state.write() as connection:
        users.set_password_hash(connection, api.jane.id, hash_password("secret"))
    cookie = api.services.authenticate.log_in("jane@acme.io", "secret", api.now)
    headers = basic("proxy", "password") | {"cookie": f"tocsin_session={cookie}"}
    assert api.get(BULK, token="", headers=headers).status_code == 200


def test_a_role_never_widens_it(api):
    api.make_user("olga@acme.io", role=Role.OWNER)
    token = api.make_organization_token([Scope.ORG_READ])
    assert api.get("/organizations/acme/audit-logs/", token=token).status_code == 403


def test_it_does_not_comment(api):
    issue_id = api.new_issue()
    token = api.make_organization_token(WRITE)
    note_id = api.post(f"/issues/{issue_id}/comments/", {"text": "mine"}).json()["id"]
    for body in ({"text": "hello"}, {}):
        answer = api.post(f"/issues/{issue_id}/comments/", body, token=token)
        assert (answer.status_code, answer.json()) == (403, {"detail": "Key doesn't have permission to create Note"})
    assert api.put(f"/issues/{issue_id}/comments/{note_id}/", {"text": "theirs"}, token=token).status_code == 404
    assert api.delete(f"/issues/{issue_id}/comments/{note_id}/", token=token).status_code == 404
    [note] = api.get(f"/issues/{issue_id}/comments/", token=token).json()
    assert note["data"]["text"] == "mine"


def test_it_changes_settings_of_the_organization_and_none_of_a_user(api):
    token = api.make_organization_token(EVERYTHING)
    assert api.put("/organizations/acme/", {"name": "Acme & Sons"}, token=token).json()["name"] == "Acme & Sons"
    assert api.put("/projects/acme/p/", {"name": "Pump"}, token=token).json()["name"] == "Pump"
    assert api.put("/users/me/", {"name": "Me"}, token=token).status_code == 404
