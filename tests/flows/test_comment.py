"""Comments as the flow keeps them: whole, once, and never on an issue that is going (spec/mutation.md 8.4)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tocsin.domain.errors import Malformed, NotFound
from tocsin.domain.issue.issue import IssueId, Status
from tocsin.flows.comment import Comment
from tocsin.storage.state import activity, issues, outbox, users

HELLO = {"text": "hello"}


@pytest.fixture
def comment(shop) -> Comment:
    return Comment(shop.state)


@pytest.fixture
def jane(shop):
    with shop.state.write() as connection:
        return users.create(connection, "jane@acme.io", shop.now)


@pytest.fixture
def issue_id(shop) -> IssueId:
    shop.send()
    return shop.issue().id


def kept(shop, issue_id):
    with shop.state.read() as connection:
        return [entry.data for _, entry in activity.page(connection, issue_id, limit=100)]


def test_the_same_words_sent_at_once_from_many_windows_are_kept_once(shop, comment, jane, issue_id):
    def press(_):
        try:
            comment.post(issue_id, HELLO, jane, shop.now)
        except Malformed as refused:
            return refused.detail
        return "kept"

    with ThreadPoolExecutor(8) as windows:
        outcomes = sorted(windows.map(press, range(8)))
    assert outcomes == ["You have already posted that comment."] * 7 + ["kept"]
    assert (kept(shop, issue_id), shop.issue().comment_count) == ([HELLO], 1)


def test_a_comment_deleted_twice_at_once_is_counted_down_once(shop, comment, jane, issue_id):
    first, _ = comment.post(issue_id, HELLO, jane, shop.now)
    comment.post(issue_id, {"text": "other"}, jane, shop.now)

    def press(_):
        try:
            comment.delete(issue_id, first, jane, shop.now)
        except NotFound:
            return "gone"
        return "deleted"

    with ThreadPoolExecutor(8) as windows:
        assert sorted(windows.map(press, range(8))) == ["deleted"] + ["gone"] * 7
    assert (kept(shop, issue_id), shop.issue().comment_count) == ([{"text": "other"}], 1)


def test_the_news_of_a_comment_is_written_with_it(shop, comment, jane, issue_id):
    comment.post(issue_id, HELLO, jane, shop.now)
    with shop.state.write() as connection:
        claimed = outbox.claim(connection, ["issue.note"], shop.now, lease=timedelta(minutes=1), limit=9)
    told = {"issue_id": issue_id, "project_id": shop.project.id, "user_id": jane}
    assert [one.payload for one in claimed] == [told]


@pytest.mark.parametrize("status", [Status.PENDING_DELETION, Status.DELETION_IN_PROGRESS, Status.PENDING_MERGE, None])
def test_an_issue_that_went_meanwhile_takes_no_comment(shop, comment, jane, issue_id, status):
    note_id, _ = comment.post(issue_id, HELLO, jane, shop.now)
    with shop.state.write() as connection:
        if status is None:
            issues.remove(connection, [issue_id])
        else:
            issues.save(connection, [replace(locked(connection, issue_id), status=status)])
    for act in (
        lambda: comment.post(issue_id, {"text": "late"}, jane, shop.now),
        lambda: comment.edit(issue_id, note_id, {"text": "late"}, jane),
        lambda: comment.delete(issue_id, note_id, jane, shop.now),
    ):
        with pytest.raises(NotFound):
            act()
    assert kept(shop, issue_id) == ([] if status is None else [HELLO])


def locked(connection, issue_id):
    return issues.load(connection, [issue_id], lock=True)[issue_id]
