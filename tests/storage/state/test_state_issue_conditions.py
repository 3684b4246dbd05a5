from datetime import timedelta

import pytest
from sqlalchemy import event

from tocsin.domain.issue.effects import SetBookmark, SetSubscription
from tocsin.domain.issue.issue import Assignee, InboxReason, Priority, Status, Substatus
from tocsin.storage.state import effects, inbox, issues, teams
from tocsin.storage.state.engine import State
from tocsin.storage.state.issue_conditions import (
    Among,
    AnyOf,
    AssignedTo,
    Between,
    BookmarkedBy,
    Field,
    InInbox,
    Not,
    Order,
    Position,
    SubscribedBy,
    Unassigned,
    candidates,
    count,
)


@pytest.fixture
def now(cast):
    return cast.issue().last_seen


@pytest.fixture
def team_id(state: State, cast, now) -> int:
    with state.write() as tx:
        return teams.create(tx, cast.organization_id, "crew", "Crew", now)


@pytest.fixture
def numbered(state: State, cast, now, team_id):
    """Return a function from conditions to the numbers of the issues that meet them, latest seen first.

    1 is new and the user's, 2 is resolved and without priority, 3 is archived and the team's.
    """
    minute = timedelta(minutes=1)
    new = [
        cast.issue(1, assignee=Assignee(user_id=cast.user_id), priority=Priority.HIGH, first_release="1.0"),
        cast.issue(2, status=Status.RESOLVED, substatus=None, level="warning", last_seen=now + minute, times_seen=5),
        cast.issue(
            3,
            status=Status.IGNORED,
            substatus=Substatus.ARCHIVED_FOREVER,
            assignee=Assignee(team_id=team_id),
            priority=Priority.LOW,
            first_seen=now - minute,
            last_seen=now + 2 * minute,
            type="csp",
        ),
    ]
    with state.write() as tx:
        ids = issues.create(tx, new)
        effects.apply(tx, SetBookmark(cast.user_id, is_set=True), [ids[1]], now)
        for issue_id, says in ((ids[1], False), (ids[2], True)):
            effects.apply(tx, SetSubscription(cast.user_id, is_active=says), [issue_id], now)
        inbox.put(tx, {ids[0]: InboxReason.NEW}, now)

    def numbers(*conditions, **options) -> list[int]:
        scope = Among(Field.PROJECT, (cast.project_id,))
        with state.read() as tx:
            found = candidates(tx, [scope, *conditions], limit=10, **options)
            assert count(tx, [scope, *conditions], 10) == len(found)
        return [ids.index(one.id) + 1 for one in found]

    numbers.ids = ids
    return numbers


def test_without_conditions_every_issue_is_a_candidate(numbered) -> None:
    assert numbered() == [3, 2, 1]


def test_fields_take_one_of_several_values(numbered) -> None:
    assert numbered(Among(Field.STATUS, (Status.UNRESOLVED, Status.IGNORED))) == [3, 1]
    assert numbered(Among(Field.SUBSTATUS, (Substatus.NEW,))) == [1]
    assert numbered(Among(Field.LEVEL, ("warning",))) == [2]
    assert numbered(Among(Field.TYPE, ("csp",))) == [3]
    assert numbered(Among(Field.PRIORITY, (Priority.HIGH, Priority.LOW))) == [3, 1]
    assert numbered(Among(Field.FIRST_RELEASE, ("1.0",))) == [1]
    assert numbered(Among(Field.ID, tuple(numbered.ids[:2]))) == [2, 1]
    assert numbered(Among(Field.STATUS, ())) == []


def test_the_opposite_holds_where_there_is_nothing_to_compare(numbered) -> None:
    assert numbered(Not(Among(Field.PRIORITY, (Priority.HIGH,)))) == [3, 2]
    assert numbered(Not(Among(Field.SUBSTATUS, (Substatus.NEW,)))) == [3, 2]
    assert numbered(Not(Not(Among(Field.PRIORITY, (Priority.HIGH,))))) == [1]


def test_assignment_is_by_user_by_team_or_by_nobody(numbered, cast, team_id) -> None:
    assert numbered(AssignedTo(user_ids=(cast.user_id,))) == [1]
    assert numbered(AssignedTo(user_ids=(cast.user_id,), team_ids=(team_id,))) == [3, 1]
    assert numbered(Not(AssignedTo(user_ids=(cast.user_id,)))) == [3, 2]
    assert numbered(Unassigned()) == [2]
    assert numbered(AnyOf((Unassigned(), AssignedTo(team_ids=(team_id,))))) == [3, 2]
    assert numbered(AnyOf(())) == []


def test_what_users_keep_can_be_asked_for(numbered, cast, now) -> None:
    assert numbered(BookmarkedBy((cast.user_id,))) == [2]
    assert numbered(Not(BookmarkedBy((cast.user_id,)))) == [3, 1]
    assert numbered(SubscribedBy((cast.user_id,))) == [3]
    assert numbered(InInbox(added_after=now)) == [1]
    assert numbered(InInbox(added_after=now + timedelta(microseconds=1))) == []


def test_bounds_include_or_exclude_their_ends(numbered, now) -> None:
    assert numbered(Between(field=Order.FIRST_SEEN, least=now)) == [2, 1]
    assert numbered(Between(field=Order.FIRST_SEEN, above=now)) == []
    assert numbered(Between(field=Order.FIRST_SEEN, below=now)) == [3]
    assert numbered(Between(field=Order.FIRST_SEEN, most=now)) == [3, 2, 1]
    assert numbered(Between(field=Order.TIMES_SEEN, least=2, most=5)) == [2]
    assert numbered(Between(field=Order.LAST_SEEN)) == [3, 2, 1]


def test_candidates_are_ordered_with_ties_by_id(numbered) -> None:
    assert numbered(order=Order.FIRST_SEEN) == [2, 1, 3]
    assert numbered(order=Order.TIMES_SEEN) == [2, 3, 1]


@pytest.mark.parametrize("order", list(Order))
def test_pages_follow_one_another_without_gap_or_repetition(state: State, cast, numbered, order: Order) -> None:
    scope, after, paged = [Among(Field.PROJECT, (cast.project_id,))], None, []
    with state.read() as tx:
        everything = candidates(tx, scope, order=order, limit=10)
        while page := candidates(tx, scope, order=order, after=after, limit=1):
            paged += page
            after = Position(getattr(page[-1], order), page[-1].id)
            assert len(paged) <= len(everything)
    assert paged == everything


def test_the_usual_list_is_answered_from_an_index(state: State, cast) -> None:
    conditions = [Among(Field.PROJECT, (cast.project_id,)), Among(Field.STATUS, (Status.UNRESOLVED,))]
    with state.read() as tx:
        if tx.dialect.name != "sqlite":
            return
        statements: list[tuple] = []
        event.listen(tx, "before_cursor_execute", lambda *call: statements.append(call[2:4]))
        candidates(tx, conditions, limit=25)
        text, parameters = statements[0]
        plan = str(tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", parameters).all())
    assert "ix_issue_project_id_status_last_seen_id" in plan
    assert "TEMP B-TREE" not in plan
