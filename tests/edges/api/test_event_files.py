"""Files of the events of an issue, and an event as it is kept (spec/search.md 5.4 to 5.6)."""

import pytest

from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.pipeline import digest
from tocsin.storage.state import attachments

PREFIX = "http://tocsin.test/api/0"


def keep(api, event_id, name, kind="event.attachment", project=None):
    file = attachments.Attachment(
        project_id=(project or api.project).id,
        event_id=event_id,
        name=name,
        type=kind,
        content_type="text/plain",
        size_bytes=len(name),
        sha256=api.blobs.put(name.encode()),
        created_at=api.now,
    )
    with api.state.write() as connection:
        attachments.add(connection, [file])


@pytest.fixture
def issue(api):
    """An issue with three files of two events, among others."""
    ids = [f"{letter * 32}" for letter in "abcd"]
    issue_id = api.new_issue(event_id=ids[0], fingerprint=["one"])
    api.send(event_id=ids[1], fingerprint=["one"])
    api.new_issue(event_id=ids[2])
    for event_id, name, kind in (
        (ids[0], "1.txt", "event.attachment"),
        (ids[2], "other.txt", "event.attachment"),
        (ids[1], "2.dmp", "event.minidump"),
        (ids[3], "lost.txt", "event.attachment"),
        (ids[1], "3.txt", "event.attachment"),
    ):
        keep(api, event_id, name, kind)
    return issue_id


def names(answer):
    assert answer.status_code == 200, answer.text
    return [file["name"] for file in answer.json()]


@pytest.mark.parametrize("is_first", [True, False], ids=["ingest-B20", "before its event"])
def test_a_file_that_comes_alone_is_listed_on_its_event(api, is_first):
    event_id = "9" * 32
    header = b'{"event_id":"%s"}\n{"type":"attachment","filename":"a.txt","length":3}\nabc\n' % event_id.encode()
    alone = Accepted(project_id=api.project.id, public_key="k", received=api.now, event_id=event_id, body=header)
    batch = [digest(alone, IntakeLimits())]
    if is_first:
        api.new_issue(event_id=event_id)
        api.writer.write("9a" * 16, batch)
    else:
        api.writer.write("9a" * 16, batch)
        api.new_issue(event_id=event_id)
    (file,) = api.get(f"/projects/acme/p/events/{event_id}/attachments/").json()
    assert (file["name"], file["size"]) == ("a.txt", 3)
    path = f"/projects/acme/p/events/{event_id}/attachments/{file['id']}/?download=1"
    assert api.get(path).content == b"abc"


def test_the_files_of_an_issue_come_newest_first(api, issue):
    path = f"/organizations/acme/issues/{issue}/attachments/"
    assert names(api.get(path)) == ["3.txt", "2.dmp", "1.txt"]
    assert names(api.get(f"{path}?types=event.minidump")) == ["2.dmp"]
    assert names(api.get(f"{path}?types=event.minidump&types=event.attachment")) == ["3.txt", "2.dmp", "1.txt"]
    first = api.get(f"{path}?per_page=2")
    assert names(first) == ["3.txt", "2.dmp"]
    assert names(api.get(first.links["next"]["url"].removeprefix(PREFIX))) == ["1.txt"]
    assert first.json()[0]["event_id"] == "b" * 32


def test_a_file_is_reached_through_its_issue_and_no_other(api, issue):
    files = {file["name"]: file for file in api.get(f"/issues/{issue}/attachments/").json()}
    path = f"/organizations/acme/issues/{issue}/attachments/{files['1.txt']['id']}/"
    assert api.get(path).json() == files["1.txt"]
    sent = api.get(f"{path}?download=1")
    assert (sent.content, sent.headers["content-type"]) == (b"1.txt", "application/octet-stream")
    other = api.get(f"/projects/acme/p/events/{'c' * 32}/attachments/").json()[0]["id"]
    for number in (other, "0", "x", "9" * 40):
        assert api.get(f"/issues/{issue}/attachments/{number}/").status_code == 404
        assert api.get(f"/projects/acme/p/events/{'a' * 32}/attachments/{number}/").status_code == 404


def test_more_files_than_are_looked_at_at_once_are_all_found(api):
    issue_id = api.new_issue(event_id="a" * 32, fingerprint=["one"])
    api.new_issue(event_id="b" * 32)
    keep(api, "a" * 32, "first")
    with api.state.read() as connection:
        (first,) = attachments.newest(connection, api.project.id, limit=1)
    with api.state.write() as connection:
        copies = {"event_id": "b" * 32, "name": "copy"}
        many = [type(first)(**{**{f: getattr(first, f) for f in first.__struct_fields__}, **copies})] * 1500
        attachments.add(connection, many)
    assert names(api.get(f"/issues/{issue_id}/attachments/")) == ["first"]


def test_an_event_is_shown_as_it_is_kept(api):
    api.new_issue(event_id="a" * 32, extra={"x": 1}, release="app@1.0", tags={"b": "c"})
    path = f"/projects/acme/p/events/{'a' * 32}/json/"
    kept = api.get(path).json()
    assert (kept["event_id"], kept["project"], kept["extra"]) == ("a" * 32, api.project.id, {"x": 1})
    assert kept["exception"]["values"][0]["type"] == "ValueError"
    assert kept["title"] == "ValueError: bad pressure"
    assert ["b", "c"] in kept["tags"]
    assert len(kept["hashes"][0]) == 32
    assert api.get(path.replace("aaa", "bbb")).status_code == 404
    assert api.get("/projects/acme/p/events/nonsense/json/").status_code == 404
