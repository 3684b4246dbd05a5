"""Who may read what, the files of events, and what happens around deleted and private things."""

import pytest

from tocsin.domain.access import Role
from tocsin.domain.event.event import EventId
from tocsin.domain.issue.issue import Status
from tocsin.storage.state import attachments, issue_hashes

EVENT = "ab" * 16


@pytest.fixture
def outsider(api):
    """A token of somebody from another organization."""
    other = api.organization("other")
    return api.make_token(api.make_user("olga@other.io", role=Role.OWNER, org=other))


@pytest.fixture
def closed(api):
    """Organization whose members see only the projects of their teams, and the token of one who has no team."""
    api.organization("acme", openMembership=False)
    return api.make_token(api.make_user("max@acme.io"))


def test_events_of_another_organization_are_forbidden(api, outsider):
    issue_id = api.new_issue(event_id=EVENT)
    for path in ("events/", "events/latest/", f"events/{EVENT}/", "tags/", "tags/level/", "tags/level/values/"):
        assert api.get(f"/issues/{issue_id}/{path}", token=outsider).status_code == 403
        assert api.get(f"/organizations/acme/issues/{issue_id}/{path}", token=outsider).status_code == 403
        assert api.get(f"/organizations/other/issues/{issue_id}/{path}", token=outsider).status_code == 404
        assert api.get(f"/organizations/acme/groups/{issue_id}/{path}").status_code == 200
    assert api.get(f"/organizations/other/eventids/{EVENT}/", token=outsider).status_code == 404
    assert api.get(f"/projects/acme/p/events/{EVENT}/", token=outsider).status_code == 403
    assert [one["slug"] for one in api.get("/organizations/", token=outsider).json()] == ["other"]
    assert api.get("/projects/", token=outsider).json() == []


def test_private_projects_are_invisible(api, closed):
    issue_id = api.new_issue(event_id=EVENT)
    assert api.get("/organizations/acme/projects/", token=closed).json() == []
    assert api.get("/projects/", token=closed).json() == []
    assert api.get("/organizations/acme/tags/", token=closed).json() == []
    assert api.get("/organizations/acme/releases/", token=closed).json() == []
    assert api.get(f"/organizations/acme/eventids/{EVENT}/", token=closed).status_code == 404
    for path in (
        "/projects/acme/p/",
        "/projects/acme/p/events/",
        "/projects/acme/p/keys/",
        f"/issues/{issue_id}/events/",
    ):
        assert api.get(path, token=closed).status_code == 403
    (team,) = api.get("/organizations/acme/teams/", token=closed).json()
    assert team["projects"] == []
    assert api.get("/organizations/acme/projects/").json()[0]["slug"] == "p"


def test_an_issue_on_its_way_out_has_no_events(api):
    issue_id = api.new_issue(event_id=EVENT)
    api.change(issue_id, status=Status.PENDING_DELETION)
    assert api.get(f"/issues/{issue_id}/events/").status_code == 404
    api.later(seconds=1)
    with api.state.write() as connection:
        issue_hashes.free(connection, [issue_id], api.now)
    shown = api.get(f"/projects/acme/p/events/{EVENT}/").json()
    assert (shown["groupID"], shown["nextEventID"]) == (None, None)
    assert api.get(f"/organizations/acme/eventids/{EVENT}/").status_code == 404


def test_an_event_of_right_now_is_listed(api):
    issue_id = api.new_issue(event_id=EVENT, timestamp=api.now.timestamp() + 30)
    assert [event["id"] for event in api.get(f"/issues/{issue_id}/events/?statsPeriod=1h").json()] == [EVENT]
    assert api.get(f"/issues/{issue_id}/tags/level/").json()["totalValues"] == 1


@pytest.fixture
def minidump(api):
    api.new_issue(event_id=EVENT)
    file = attachments.Attachment(
        project_id=api.project.id,
        event_id=EventId(EVENT),
        name='crash "dump"\n.dmp',
        type="event.minidump",
        content_type="text/html",
        size_bytes=4,
        sha256=api.blobs.put(b"MDMP"),
        created_at=api.now,
    )
    with api.state.write() as connection:
        attachments.add(connection, [file])
        (kept,) = attachments.of_events(connection, api.project.id, [EventId(EVENT)])
    return kept


def test_files_of_an_event_are_listed_and_sent_so_that_browsers_only_save_them(api, minidump):
    path = f"/projects/acme/p/events/{EVENT}/attachments/"
    (shown,) = api.get(path).json()
    assert shown == {
        "id": str(minidump.id),
        "event_id": EVENT,
        "type": "event.minidump",
        "name": minidump.name,
        "mimetype": "text/html",
        "dateCreated": "2026-11-18T12:00:00Z",
        "size": 4,
        "headers": {"Content-Type": "text/html"},
        "sha1": "",
    }
    assert api.get(f"{path}{minidump.id}/").json() == shown
    sent = api.get(f"{path}{minidump.id}/?download=1")
    assert sent.content == b"MDMP"
    assert sent.headers["content-type"] == "application/octet-stream"
    assert sent.headers["content-disposition"] == "attachment; filename*=UTF-8''crash%20%22dump%22%0A.dmp"
    assert sent.headers["x-content-type-options"] == "nosniff"
    assert api.get(f"/projects/acme/p/events/{EVENT}/").json()["crashFile"] == shown


@pytest.mark.parametrize("file", ["0", "99", "x"])
def test_a_file_that_is_not_there_is_not_found(api, file):
    api.new_issue(event_id=EVENT)
    assert api.get(f"/projects/acme/p/events/{EVENT}/attachments/{file}/").status_code == 404
    assert api.get("/projects/acme/p/events/nonsense/attachments/").status_code == 404


def test_a_file_is_found_under_its_own_event_and_project_only(api, minidump):
    api.make_project("q")
    assert api.get(f"/projects/acme/q/events/{EVENT}/attachments/{minidump.id}/").status_code == 404
    assert api.get(f"/projects/acme/p/events/{'0' * 32}/attachments/{minidump.id}/").status_code == 404


def test_the_recommended_event_tells_most(api):
    trace = {"trace": {"trace_id": "a" * 32, "span_id": "b" * 16, "sampled": True}}
    issue_id = api.new_issue(event_id=EVENT, fingerprint=["one"], contexts=trace)
    api.later(minutes=1)
    api.send(fingerprint=["one"])
    assert api.get(f"/issues/{issue_id}/events/recommended/").json()["id"] == EVENT
