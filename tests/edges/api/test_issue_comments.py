"""Comments, under every path, and what goes with them (spec/mutation.md 8.4)."""

import pytest
from sqlalchemy import delete

from tocsin.domain.access import Role, Scope
from tocsin.domain.issue.issue import ActivityType, Status
from tocsin.storage.state import marks, outbox, tables

PATHS = [
    f"{base}/{word}/{{id}}/{noun}/"
    for base in ("", "/organizations/acme")
    for word in ("issues", "groups")
    for noun in ("comments", "notes")
]


def comments_of(issue_id):
    return f"/issues/{issue_id}/comments/"


def post(api, issue_id, text="hello", **options):
    """Comment and return the answer's object."""
    answer = api.post(comments_of(issue_id), {"text": text}, **options)
    assert answer.status_code == 201, answer.text
    return answer.json()


def subscriptions(api, issue_id):
    """Return who hears of the issue, and why."""
    with api.state.read() as connection:
        return marks.subscribers(connection, [issue_id])[issue_id]


def texts(api, issue_id, query=""):
    return [one["data"]["text"] for one in api.get(comments_of(issue_id) + query).json()]


@pytest.mark.parametrize("path", PATHS)
def test_a_comment_is_written_read_edited_and_deleted_under_every_path(api, path):
    """mutation-L08"""
    issue_id = api.new_issue()
    path = path.format(id=issue_id)
    written = api.post(path, {"text": "hello"})
    assert written.status_code == 201
    note = written.json()
    assert (note["type"], note["data"], note["user"]["email"]) == ("note", {"text": "hello"}, "jane@acme.io")
    assert (note["dateCreated"], note["commentId"], note["id"].isdigit()) == ("2026-11-18T12:00:00Z", note["id"], True)
    assert api.get(path).json() == [note]
    assert api.get(f"/issues/{issue_id}/").json()["numComments"] == 1
    assert api.put(f"{path}{note['id']}/", {}).status_code == 400
    changed = api.put(f"{path}{note['id']}/", {"text": "x"})
    assert (changed.status_code, changed.json()) == (200, note | {"data": {"text": "x"}})
    assert api.get(path).json() == [changed.json()]
    gone = api.delete(f"{path}{note['id']}/")
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.get(path).json() == []
    assert api.get(f"/issues/{issue_id}/").json()["numComments"] == 0


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "  "}, {"text": None}])
def test_a_comment_without_words_is_refused(api, body):
    """mutation-L05"""
    issue_id = api.new_issue()
    answer = api.post(comments_of(issue_id), body)
    assert (answer.status_code, answer.json()) == (400, {"text": ["This field is required."]})
    assert texts(api, issue_id) == []
    assert api.issue(issue_id).comment_count == 0
    assert subscriptions(api, issue_id) == {}


def test_the_same_comment_is_not_taken_twice_within_an_hour(api):
    """mutation-L07"""
    issue_id, other = api.new_issue(), api.new_issue()
    joe = api.make_token(api.make_user("joe@acme.io", teams=[api.team]))
    post(api, issue_id)
    again = api.post(comments_of(issue_id), {"text": " hello "})
    assert (again.status_code, again.json()) == (400, {"detail": "You have already posted that comment."})
    assert api.issue(issue_id).comment_count == 1
    post(api, issue_id, token=joe)
    post(api, other)
    api.later(hours=1)
    post(api, issue_id)
    assert api.issue(issue_id).comment_count == 3


def test_a_form_does_as_well_as_json(api):
    issue_id = api.new_issue()
    answer = api.request("POST", comments_of(issue_id), data={"text": "hello", "mentions": f"user:{api.jane.id}"})
    assert (answer.status_code, answer.json()["data"]) == (201, {"text": "hello"})


def test_a_comment_subscribes_its_writer_and_tells_the_outbox(api):
    issue_id = api.new_issue()
    post(api, issue_id)
    shown = api.get(f"/issues/{issue_id}/").json()
    assert (shown["isSubscribed"], shown["subscriptionDetails"]) == (True, {"reason": "commented"})
    assert [one["email"] for one in shown["participants"]] == ["jane@acme.io"]
    assert [one["type"] for one in shown["activity"]] == ["note", "first_seen"]
    with api.state.read() as connection:
        rows = connection.execute(tables.outbox.select().where(tables.outbox.c.kind == "issue.note")).all()
    [notice] = [outbox.Notice(kind=row.kind, payload=row.payload) for row in rows]
    assert notice.payload == {"issue_id": issue_id, "project_id": api.project.id, "user_id": api.jane.id}


def test_who_opted_out_stays_out_and_who_has_a_reason_keeps_it(api):
    opted_out, bookmarked = api.new_issue(), api.new_issue()
    api.put(f"/issues/{opted_out}/", {"isSubscribed": False})
    api.put(f"/issues/{bookmarked}/", {"isBookmarked": True})
    for issue_id in (opted_out, bookmarked):
        post(api, issue_id)
    assert subscriptions(api, opted_out) == {}
    assert subscriptions(api, bookmarked) == {api.jane.id: "bookmarked"}


def test_who_is_mentioned_is_subscribed(api):
    issue_id = api.new_issue()
    joe = api.make_user("joe@acme.io", teams=[api.team])
    ann = api.make_user("ann@acme.io", teams=[api.make_team("other", projects=[api.project])])
    mentions = [f"user:{ann.id}", f"team:{api.team}"]
    answer = api.post(comments_of(issue_id), {"text": "@joe look", "mentions": mentions})
    assert (answer.status_code, answer.json()["data"]) == (201, {"text": "@joe look"})
    assert subscriptions(api, issue_id) == {api.jane.id: "commented", joe.id: "mentioned", ann.id: "mentioned"}


def test_a_name_in_the_text_alone_subscribes_nobody(api):
    issue_id = api.new_issue()
    api.make_user("joe@acme.io", name="joe", teams=[api.team])
    post(api, issue_id, "@joe @joe@acme.io look")
    assert set(subscriptions(api, issue_id)) == {api.jane.id}


@pytest.mark.parametrize(
    "mention",
    [
        pytest.param("user:8888", id="mutation-L13"),
        pytest.param("user:{outsider}", id="on-no-team-of-the-project"),
        pytest.param("user:{stranger}", id="of-another-organization"),
        pytest.param("user:{retired}", id="may-not-log-in-any-more"),
        pytest.param("team:{away}", id="team-of-other-projects"),
        pytest.param("team:8888", id="unknown-team"),
        pytest.param("jane.doe", id="by-name"),
        pytest.param(f"user:{10**30}", id="overflow"),
    ],
)
def test_only_those_on_the_project_can_be_mentioned(api, mention):
    retired = api.make_user("old@acme.io", teams=[api.team])
    with api.state.write() as connection:
        connection.execute(tables.user.update().where(tables.user.c.id == retired.id).values(is_active=False))
    values = {
        "outsider": api.make_user("mia@acme.io").id,
        # A team member who left the organization, or never was in it.
        "stranger": api.make_user("eve@other.io", org=api.organization("other"), teams=[api.team]).id,
        "retired": retired.id,
        "away": api.make_team("away"),
    }
    issue_id = api.new_issue()
    answer = api.post(comments_of(issue_id), {"text": "look", "mentions": [mention.format(**values)]})
    assert (answer.status_code, list(answer.json())) == (400, ["mentions"])
    assert (texts(api, issue_id), api.issue(issue_id).comment_count) == ([], 0)


def test_an_edit_mentions_nobody(api):
    issue_id = api.new_issue()
    joe = api.make_user("joe@acme.io", teams=[api.team])
    note = post(api, issue_id)
    path = f"{comments_of(issue_id)}{note['id']}/"
    answer = api.put(path, {"text": "@joe look", "mentions": [f"user:{joe.id}"]})
    assert (answer.status_code, answer.json()["data"]) == (200, {"text": "@joe look"})
    assert joe.id not in subscriptions(api, issue_id)
    assert api.put(path, {"text": "look", "mentions": ["user:8888"]}).status_code == 400
    assert texts(api, issue_id) == ["@joe look"]


def test_the_subscription_goes_with_the_last_comment(api):
    """mutation-L10"""
    issue_id = api.new_issue()
    joe = api.make_user("joe@acme.io", teams=[api.team])
    first, second = post(api, issue_id, "one"), post(api, issue_id, "two")
    post(api, issue_id, "mine", token=api.make_token(joe))
    assert api.delete(f"{comments_of(issue_id)}{first['id']}/").status_code == 204
    assert subscriptions(api, issue_id) == {api.jane.id: "commented", joe.id: "commented"}
    assert api.delete(f"{comments_of(issue_id)}{second['id']}/").status_code == 204
    assert subscriptions(api, issue_id) == {joe.id: "commented"}
    assert api.issue(issue_id).comment_count == 1


def test_a_subscription_of_another_reason_outlives_the_last_comment(api):
    issue_id = api.new_issue()
    api.put(f"/issues/{issue_id}/", {"isBookmarked": True})
    note = post(api, issue_id)
    api.delete(f"{comments_of(issue_id)}{note['id']}/")
    assert subscriptions(api, issue_id) == {api.jane.id: "bookmarked"}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_nobody_changes_what_others_wrote(api, method):
    """mutation-L11"""
    issue_id, other = api.new_issue(), api.new_issue()
    note = post(api, issue_id)
    owner = api.make_token(api.make_user("olga@acme.io", role=Role.OWNER, teams=[api.team]))
    for path, token in (
        (f"{comments_of(issue_id)}{note['id']}/", owner),
        (f"{comments_of(other)}{note['id']}/", None),
        (f"{comments_of(issue_id)}999999/", None),
        (f"{comments_of(issue_id)}{10**30}/", None),
        (f"{comments_of(issue_id)}abc/", None),
    ):
        answer = api.request(method, path, token=token, json={"text": "x"})
        assert (answer.status_code, answer.json()) == (404, {"detail": "The requested resource does not exist"})
    assert texts(api, issue_id) == ["hello"]


def test_an_entry_that_is_no_comment_cannot_be_changed(api):
    issue_id = api.new_issue()
    api.put(f"/issues/{issue_id}/", {"status": "resolved"})
    [resolved, _] = api.get(f"/issues/{issue_id}/activities/").json()["activity"]
    assert api.put(f"{comments_of(issue_id)}{resolved['id']}/", {"text": "x"}).status_code == 404
    assert api.delete(f"{comments_of(issue_id)}{resolved['id']}/").status_code == 404


@pytest.mark.parametrize(
    ("scope", "method", "status"),
    [
        pytest.param(Scope.EVENT_READ, "DELETE", 403, id="mutation-L14"),
        pytest.param(Scope.EVENT_READ, "PUT", 403, id="read-may-not-edit"),
        pytest.param(Scope.EVENT_READ, "POST", 403, id="read-may-not-write"),
        pytest.param(Scope.EVENT_READ, "GET", 200, id="read-reads"),
        pytest.param(Scope.EVENT_WRITE, "POST", 201, id="write-posts"),
        pytest.param(Scope.EVENT_WRITE, "PUT", 200, id="write-edits"),
        pytest.param(Scope.EVENT_WRITE, "DELETE", 204, id="write-deletes"),
        pytest.param(Scope.EVENT_ADMIN, "DELETE", 204, id="admin-deletes"),
        pytest.param(Scope.ORG_ADMIN, "GET", 403, id="org-admin-reads-nothing"),
    ],
)
def test_a_token_needs_the_scope_of_the_method(api, scope, method, status):
    issue_id = api.new_issue()
    note = post(api, issue_id)
    path = comments_of(issue_id) + ("" if method in {"GET", "POST"} else f"{note['id']}/")
    body = None if method == "GET" else {"text": "other"}
    assert api.request(method, path, token=api.make_token(api.jane, [scope]), json=body).status_code == status


def test_comments_on_an_issue_that_is_leaving_are_not_found(api):
    issue_id = api.new_issue()
    note = post(api, issue_id)
    api.change(issue_id, status=Status.PENDING_MERGE)
    for method, path in (
        ("GET", comments_of(issue_id)),
        ("POST", comments_of(issue_id)),
        ("PUT", f"{comments_of(issue_id)}{note['id']}/"),
        ("DELETE", f"{comments_of(issue_id)}{note['id']}/"),
    ):
        assert api.request(method, path, json={"text": "x"}).status_code == 404


def test_comments_come_newest_first_in_pages(api):
    issue_id = api.new_issue()
    api.put(f"/issues/{issue_id}/", {"status": "resolved"})
    for number in range(5):
        # Two of them in the same millisecond.
        api.later(milliseconds=0.4)
        post(api, issue_id, f"{number}")
    assert texts(api, issue_id) == ["4", "3", "2", "1", "0"]
    found, url = [], f"{comments_of(issue_id)}?per_page=2"
    for _ in range(3):
        page = api.get(url)
        found += [one["data"]["text"] for one in page.json()]
        url = page.links["next"]["url"].removeprefix("http://tocsin.test/api/0")
        more = page.links["next"]["results"]
    assert (found, more) == (["4", "3", "2", "1", "0"], "false")
    assert texts(api, issue_id, "?cursor=") == found
    assert api.get(f"{comments_of(issue_id)}?cursor=nonsense").status_code == 400
    assert api.get(f"{comments_of(issue_id)}?per_page=1000").status_code == 400


def test_what_a_deleted_user_wrote_stays_and_their_marks_go(api):
    """mutation-M05"""
    issue_id = api.new_issue()
    joe = api.make_user("joe@acme.io", teams=[api.team])
    token = api.make_token(joe)
    note = post(api, issue_id, "from joe", token=token)
    api.put(f"/issues/{issue_id}/", {"hasSeen": True}, token=token)
    with api.state.write() as connection:
        connection.execute(delete(tables.user).where(tables.user.c.id == joe.id))
    shown = api.get(f"/issues/{issue_id}/")
    assert shown.status_code == 200
    body = shown.json()
    [kept, _] = body["activity"]
    assert (kept["type"], kept["user"], kept["data"]) == (ActivityType.NOTE, None, {"text": "from joe"})
    assert (body["participants"], body["seenBy"], body["numComments"]) == ([], [], 1)
    assert api.get(comments_of(issue_id)).json() == [kept]
    assert api.delete(f"{comments_of(issue_id)}{note['id']}/").status_code == 404
