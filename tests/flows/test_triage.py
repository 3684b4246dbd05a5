"""Commands as the flow carries them out: all or nothing, and many at a time (spec/mutation.md 2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from tests.flows.conftest import many

from tocsin.domain.errors import InvalidFields
from tocsin.domain.issue.issue import Status, UserId
from tocsin.storage.state import activity, inbox, issues, marks, outbox, teams


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Collect the statements sent to state; a statement for many rows is one."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_thousands_of_issues_take_few_statements(shop, triage, by):
    ids = many(shop, 5000)
    with shop.state.write() as connection:
        team = teams.create(connection, by.reach.organization.id, "crew", "Crew", shop.now)
        teams.add_member(connection, team, by.user.id)
    with counted_statements() as sent:
        outcome = triage.carry_out(ids, {"status": "resolved", "assignedTo": f"team:{team}"}, by, shop.now)
    assert len(outcome.issue_ids) == 5000
    assert len(sent) < 200
    with shop.state.read() as connection:
        stored = issues.load(connection, ids).values()
        assert {(issue.status, issue.assignee.team_id) for issue in stored} == {(Status.RESOLVED, team)}
        assert {len(heard) for heard in marks.subscribers(connection, ids).values()} == {1}
        assert len(activity.page(connection, ids[-1], limit=10)) == 2


def test_what_cannot_be_stored_as_a_whole_is_not_stored_at_all(shop, triage, by):
    ids = many(shop, 1500)
    stranger = replace(by, user=replace(by.user, id=UserId(999)))
    with pytest.raises(IntegrityError):
        triage.carry_out(ids, {"status": "resolved"}, stranger, shop.now)
    with shop.state.read() as connection:
        assert {issue.status for issue in issues.load(connection, ids).values()} == {Status.UNRESOLVED}
        assert [activity.page(connection, one, limit=1) for one in ids[:3]] == [[], [], []]


def test_issues_of_projects_out_of_reach_are_left_alone(shop, triage, by):
    (issue_id,) = many(shop, 1)
    blind = replace(by, reach=replace(by.reach, projects=()))
    assert triage.carry_out([issue_id], {"status": "resolved"}, blind, shop.now).issue_ids == ()
    assert triage.carry_out([issue_id + 1], {"status": "resolved"}, by, shop.now).issue_ids == ()
    assert shop.issue().status is Status.UNRESOLVED


def test_a_body_is_judged_only_if_there_is_an_issue(shop, triage, by):
    assert triage.carry_out([], {"status": "bogus"}, by, shop.now).issue_ids == ()
    with pytest.raises(InvalidFields):
        triage.carry_out(many(shop, 1), {"status": "bogus"}, by, shop.now)


def test_users_are_counted_for_many_issues_at_once(shop, triage, by):
    for user in range(3):
        shop.send(fingerprint=["one"], user={"id": str(user)})
    shop.send(fingerprint=["two"])
    ids = [issue.id for issue in shop.issues()]
    triage.carry_out(ids, {"status": "ignored", "ignoreUserCount": 2}, by, shop.now)
    assert [issue.snooze.users_seen_at_start for issue in shop.issues()] == [3, 0]


@pytest.mark.parametrize(("count", "about"), [(1, {"issue_id": 1, "project_id": 1}), (3, {"issues": 3})])
def test_a_command_is_news_once_per_activity_however_many_issues_it_changes(shop, triage, by, count, about):
    outcome = triage.carry_out(many(shop, count), {"status": "resolved", "assignedTo": str(by.user.id)}, by, shop.now)
    with shop.state.write() as connection:
        told = outbox.claim(
            connection, ["issue.set_resolved", "issue.assigned"], shop.now, lease=timedelta(minutes=1), limit=9
        )
    news = {"mutation_id": outcome.mutation_id, "user_id": by.user.id} | about
    assert sorted((one.kind, one.payload) for one in told) == [("issue.assigned", news), ("issue.set_resolved", news)]


def test_leaving_and_entering_the_inbox_happen_in_order(shop, triage, by):
    shop.send()
    issue = shop.issue()
    triage.carry_out([issue.id], {"status": "unresolved", "inbox": False}, by, shop.now)
    with shop.state.read() as connection:
        assert inbox.waiting(connection, [issue.id]) == {}


def test_an_issue_on_its_way_out_is_selected_and_stays_as_it_is(shop, triage, by):
    (issue_id,) = many(shop, 1)
    with shop.state.write() as connection:
        leaving = replace(issues.load(connection, [issue_id])[issue_id], status=Status.PENDING_DELETION)
        issues.save(connection, [leaving])
    outcome = triage.carry_out([issue_id], {"status": "resolved"}, by, shop.now)
    assert (outcome.issue_ids, outcome.delta["status"]) == ((issue_id,), "resolved")
    assert shop.issue().status is Status.PENDING_DELETION
