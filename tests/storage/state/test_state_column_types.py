from datetime import UTC

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from tocsin.domain.issue.issue import Activity, ActivityType
from tocsin.storage.state import activity, issues
from tocsin.storage.state.engine import State
from tocsin.storage.state.tables import outbox

instants = st.datetimes(timezones=st.just(UTC))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
on_a_real_store = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@on_a_real_store
@given(at=instants, kind=texts, payload=values)
def test_times_texts_and_json_come_back_as_they_went_in(state: State, at, kind, payload) -> None:
    with state.write() as tx:
        row = {"kind": kind, "payload": payload, "created_at": at, "due_at": at, "tries": 0}
        new_id = tx.execute(insert(outbox).values(row).returning(outbox.c.id)).scalar_one()
        stored = tx.execute(select(outbox).where(outbox.c.id == new_id)).one()
    assert (stored.created_at, stored.kind, stored.payload) == (at, kind.replace("\0", ""), payload)
    assert stored.created_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(state: State, cast) -> None:
    naive = cast.issue().first_seen.replace(tzinfo=None)
    with pytest.raises(StatementError, match="offset-naive"), state.write() as tx:
        issues.create(tx, [cast.issue(first_seen=naive)])


def test_a_word_outside_its_enumeration_is_refused(state: State, cast) -> None:
    with state.write() as tx:
        [issue_id] = issues.create(tx, [cast.issue()])
    entry = Activity(issue_id=issue_id, type=ActivityType.NOTE, created_at=cast.issue().first_seen)
    with pytest.raises(StatementError, match="is not a valid ActivityType"), state.write() as tx:
        activity.add(tx, [Activity(issue_id=entry.issue_id, type="danced", created_at=entry.created_at)])


def test_issue_numbers_are_never_given_out_twice(state: State, cast) -> None:
    with state.write() as tx:
        [first] = issues.create(tx, [cast.issue(1)])
        issues.remove(tx, [first])
        [second] = issues.create(tx, [cast.issue(2)])
    assert second > first
