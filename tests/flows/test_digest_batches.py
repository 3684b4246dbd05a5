"""A batch becomes issues and events, once, whatever happens in between (spec/ingest.md section 6)."""

import msgspec
import pytest
from msgspec.structs import replace

from tocsin.domain.issue.issue import ActivityType, InboxReason, Status, Substatus
from tocsin.domain.issue.observe import Turn
from tocsin.storage.history.insert import insert
from tocsin.storage.state import (
    activity,
    applied,
    attachments,
    environments,
    inbox,
    issue_hashes,
    issues,
    outbox,
    projects,
    releases,
)


def resolve(shop):
    with shop.state.write() as connection:
        issue = next(iter(issues.load(connection, range(1, 1000), lock=True).values()))
        issues.save(connection, [replace(issue, status=Status.RESOLVED, substatus=None, resolved_at=shop.now)])


@pytest.mark.parametrize("row", ["ingest-G01"])
def test_a_first_event_makes_an_issue(shop, row):
    assert shop.send().turns == {Turn.CREATED: 1}
    issue = shop.issue()
    assert (issue.number, issue.status, issue.substatus, issue.times_seen) == (1, Status.UNRESOLVED, Substatus.NEW, 1)
    assert issue.title == "ValueError: bad pressure"
    with shop.state.read() as connection:
        assert inbox.waiting(connection, [issue.id])[issue.id].reason is InboxReason.NEW
        assert projects.by_ids(connection, [shop.project.id])[shop.project.id].first_event_at is not None


@pytest.mark.parametrize("row", ["ingest-G05"])
def test_a_second_event_is_counted(shop, row):
    first = shop.now
    shop.send()
    shop.later(hours=1)
    shop.send()
    shop.later(hours=-2)
    shop.send()
    issue = shop.issue()
    assert issue.times_seen == shop.stored_events() == 3
    assert (issue.last_seen - first).total_seconds() == 3600
    assert (first - issue.first_seen).total_seconds() == 3600


def test_issues_of_one_batch_are_told_apart(shop):
    kinds = ["KeyError", "TypeError", "KeyError", "OSError"]
    result = shop.write(*(shop.accepted(exception={"values": [{"type": kind, "value": "x"}]}) for kind in kinds))
    assert (result.taken, result.turns) == (4, {Turn.CREATED: 3})
    assert sorted((issue.number, issue.times_seen) for issue in shop.issues()) == [(1, 2), (2, 1), (3, 1)]


@pytest.mark.parametrize("row", ["ingest-C52"])
def test_an_event_sent_twice_counts_once(shop, row):
    event = shop.accepted()
    assert shop.write(event, event).duplicates == 1
    assert shop.write(event).duplicates == 1
    assert shop.issue().times_seen == shop.stored_events() == 1


def test_a_batch_done_again_changes_nothing(shop):
    events = [shop.accepted(), shop.accepted(), shop.accepted(exception={"values": [{"type": "OSError"}]})]
    for _ in range(3):
        shop.write(*events, batch="ab" * 16)
    assert sorted(issue.times_seen for issue in shop.issues()) == [1, 2]
    assert shop.stored_events() == 3


def test_a_crash_between_state_and_history_loses_nothing(shop, monkeypatch):
    events = [shop.accepted(), shop.accepted()]

    def crash(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tocsin.flows.digest.apply.insert", crash)
        with pytest.raises(KeyboardInterrupt):
            shop.write(*events, batch="cd" * 16)
    assert (shop.issue().times_seen, shop.stored_events()) == (2, 0)
    shop.later(minutes=5)
    shop.write(*events, batch="cd" * 16)
    assert (shop.issue().times_seen, shop.stored_events()) == (2, 2)


def test_a_crash_inside_the_transaction_leaves_no_trace(shop, monkeypatch):
    def crash(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tocsin.flows.digest.apply.note_surroundings", crash)
        with pytest.raises(KeyboardInterrupt):
            shop.send()
    assert (shop.issues(), shop.stored_events()) == ([], 0)


@pytest.mark.parametrize("row", ["ingest-G10"])
def test_an_event_reopens_a_resolved_issue(shop, row):
    shop.send()
    resolve(shop)
    shop.later(hours=1)
    assert shop.send(release="shop@2.0.0").turns == {Turn.REGRESSED: 1}
    issue = shop.issue()
    assert (issue.status, issue.substatus) == (Status.UNRESOLVED, Substatus.REGRESSED)
    with shop.state.read() as connection:
        ((_, entry),) = activity.page(connection, issue.id, limit=5)
        assert entry.type is ActivityType.SET_REGRESSION
        assert entry.data["version"] == "shop@2.0.0"
        assert len(entry.data["event_id"]) == 32


@pytest.mark.parametrize("row", ["ingest-G25"])
def test_a_new_release_is_made_by_its_first_event(shop, row):
    shop.send(release="shop@9.9.0")
    shop.send(release="shop@9.9.1")
    assert (shop.issue().first_release, shop.issue().last_release) == ("shop@9.9.0", "shop@9.9.1")
    with shop.state.read() as connection:
        (newest, oldest) = releases.page(connection, [shop.project.id], limit=5)
        assert (newest.version, oldest.version) == ("shop@9.9.1", "shop@9.9.0")
        assert [one.new_issues for one in releases.projects_of(connection, [oldest.id])[oldest.id]] == [1]


@pytest.mark.parametrize("row", ["ingest-G26"])
def test_an_event_without_environment_has_the_nameless_one(shop, row):
    shop.send()
    shop.send(environment="staging")
    with shop.state.read() as connection:
        names = {one.name for one, _hidden in environments.of_project(connection, shop.project.id, limit=10)}
    assert names == {"", "staging"}


def test_news_is_written_for_what_turned(shop):
    shop.send()
    shop.send()
    with shop.state.write() as connection:
        claimed = outbox.claim(
            connection, ["issue.created", "issue.seen"], shop.now, lease=shop.now - shop.now, limit=10
        )
    assert [notice.kind for notice in claimed] == ["issue.created"]


@pytest.mark.parametrize("row", ["ingest-G23"])
def test_a_deleted_issue_makes_room_for_a_new_one(shop, row):
    shop.send()
    shop.later(minutes=1)
    with shop.state.write() as connection:
        issue_hashes.free(connection, [shop.issue().id], shop.now)
    shop.later(minutes=1)
    shop.send()
    assert sorted((issue.number, issue.times_seen) for issue in shop.issues()) == [(1, 1), (2, 1)]


def test_events_of_a_deleted_project_are_dropped(shop):
    event = shop.accepted()
    with shop.state.write() as connection:
        projects.remove(connection, shop.project.id)
    result = shop.write(event, batch="ef" * 16)
    assert (result.taken, result.dropped, shop.stored_events()) == (0, 1, 0)
    shop.write(event, batch="ef" * 16)
    assert shop.stored_events() == 0


def test_attachments_are_kept_with_their_event(shop):
    event = shop.accepted()
    body = event.body + b'{"type":"attachment","length":4,"filename":"a.bin","content_type":"x/y"}\n\x00\n\xff!\n'
    shop.write(msgspec.structs.replace(event, body=body), batch="aa" * 16)
    shop.write(msgspec.structs.replace(event, body=body), batch="aa" * 16)
    with shop.state.read() as connection:
        (kept,) = attachments.of_events(connection, shop.project.id, [event.event_id])
    assert (kept.name, kept.content_type, kept.size_bytes) == ("a.bin", "x/y", 4)
    assert shop.blobs.get(kept.sha256) == b"\x00\n\xff!"


def test_a_batch_knows_whether_it_is_applied(shop):
    assert not shop.writer.is_applied("bb" * 16)
    shop.write(shop.accepted(), batch="bb" * 16)
    assert shop.writer.is_applied("bb" * 16)
    assert shop.writer.stores_answer()


def test_history_recognises_a_batch_that_it_has(shop):
    (one,) = shop.digested(shop.accepted())
    for _ in range(2):
        insert(shop.history, "99" * 16, one.events, shop.now)
    assert shop.stored_events() == 1


def test_claims_of_dropped_events_are_let_go(shop):
    event = shop.accepted()
    key = (shop.project.id, event.event_id)
    with shop.state.write() as connection:
        assert applied.claim_events(connection, "11" * 16, [key], shop.now) == {key}
        applied.disown(connection, "11" * 16, [key])
        assert applied.claim_events(connection, "22" * 16, [key], shop.now) == {key}
