"""Issues in a line by time, and the conditions on them that need other tables."""

from datetime import timedelta

import pytest

from tocsin.domain.event.event import GroupingHash
from tocsin.domain.issue.effects import SetBookmark, SetSubscription
from tocsin.domain.issue.issue import Activity, ActivityType
from tocsin.storage.state import activity, effects, environments, issue_hashes, issues
from tocsin.storage.state.issue_conditions import (
    Among,
    Between,
    Field,
    FirstReleaseIn,
    FirstSeenIn,
    Marked,
    Order,
    RegressedIn,
    Stretch,
    around,
    candidates,
)
from tocsin.storage.state.owned_hashes import owned_hashes

SECOND = timedelta(seconds=1)


@pytest.fixture
def line(state, cast):
    """Six issues: one, then four in the same second with the clock against their ids, then one."""
    start = cast.issue().first_seen.replace(microsecond=0)
    moments = [0, 5.4, 5.3, 5.2, 5.1, 9]
    new = [cast.issue(n, last_seen=start + SECOND * at, first_seen=start) for n, at in enumerate(moments, 1)]
    with state.write() as tx:
        return start, issues.create(tx, new)


@pytest.mark.parametrize(
    ("edge", "above", "below", "expected"),
    [
        (None, 0, 1, [5]),
        (None, 0, 2, [5, 4, 3, 2, 1]),
        (None, 0, 9, [5, 4, 3, 2, 1, 0]),
        (6, 0, 1, [4, 3, 2, 1]),
        (6, 1, 0, [5]),
        (5, 1, 0, [4, 3, 2, 1]),
        (5, 4, 1, [4, 3, 2, 1, 0]),
        (0, 9, 9, [5, 4, 3, 2, 1, 0]),
        (10, 9, 0, []),
        (6, 0, 0, []),
    ],
)
def test_a_stretch_of_the_line_never_cuts_a_second(state, cast, line, edge, above, below, expected):
    start, ids = line
    stretch = Stretch(edge=None if edge is None else start + SECOND * edge, above=above, below=below)
    here = [Among(Field.PROJECT, (cast.project_id,))]
    with state.read() as connection:
        placed = around(connection, here, order=Order.LAST_SEEN, grain=SECOND, stretch=stretch)
    assert [ids.index(one.id) for one in placed] == expected


def found(state, cast, *conditions):
    with state.read() as connection:
        met = candidates(connection, [Among(Field.PROJECT, (cast.project_id,)), *conditions], limit=100)
    return {one.id for one in met}


def test_first_times_and_releases_are_those_of_the_environments(state, cast, line):
    start, (first, second, *_) = line
    used = [(cast.organization_id, cast.project_id, name) for name in ("production", "staging")]
    with state.write() as tx:
        known = environments.ensure(tx, used)
        production, staging = (known[cast.organization_id, name] for name in ("production", "staging"))
        environments.note_issues(
            tx,
            [
                environments.IssueEnvironment(
                    issue_id=issue_id, environment_id=where, first_seen=at, last_seen=at, first_release=version
                )
                for issue_id, where, at, version in (
                    (first, production, start, "1.0"),
                    (first, staging, start + SECOND, "2.0"),
                    (second, staging, start + SECOND, "1.0"),
                )
            ],
        )

    def seen(names, **bounds):
        return found(state, cast, FirstSeenIn(organization_id=cast.organization_id, environments=names, **bounds))

    assert seen(("production",), most=start) == {first}
    assert seen(("staging",), least=start) == {first, second}
    assert seen(("staging",), above=start, below=start + SECOND) == set()
    assert seen(("production", "staging"), above=start) == {second}
    assert seen(("nowhere",)) == set()
    released = FirstReleaseIn(organization_id=cast.organization_id, environments=("staging",), versions=("1.0",))
    assert found(state, cast, released) == {second}


def test_regressions_tell_their_release(state, cast, line):
    start, (first, second, *_) = line
    with state.write() as tx:
        entries = ((first, {"version": '1.0"%'}), (second, {"version": "2.0"}))
        kind = ActivityType.SET_REGRESSION
        activity.add(tx, [Activity(issue_id=one, type=kind, data=data, created_at=start) for one, data in entries])
    assert found(state, cast, RegressedIn(None)) == {first, second}
    assert found(state, cast, RegressedIn(('1.0"%',))) == {first}
    assert found(state, cast, RegressedIn(("1.0", "2"))) == set()
    assert found(state, cast, RegressedIn(())) == set()


def test_marks_of_anybody_are_found(state, cast, line):
    start, (first, second, third, *_) = line
    with state.write() as tx:
        effects.apply(tx, SetBookmark(cast.user_id, is_set=True), [first], start)
        for issue_id, says in ((second, True), (third, False)):
            effects.apply(tx, SetSubscription(cast.user_id, is_active=says), [issue_id], start)
    assert found(state, cast, Marked("bookmark")) == {first}
    assert found(state, cast, Marked("subscription")) == {second}


@pytest.mark.parametrize("is_named", [True, False])
def test_hashes_are_found_by_the_issues_they_belong_to(state, cast, line, is_named):
    start, (first, second, *_) = line
    mine = [GroupingHash(f"{number:032x}") for number in range(3)]
    with state.write() as tx:
        issue_hashes.claim(tx, [(cast.project_id, digits) for digits in mine])
        issue_hashes.link(tx, {(cast.project_id, mine[0]): first, (cast.project_id, mine[1]): second})
        issue_hashes.free(tx, [first], start)
        issue_hashes.link(tx, {(cast.project_id, mine[0]): first})
    here = Among(Field.PROJECT, (cast.project_id,))
    named = {(cast.project_id, digits) for digits in (*mine, GroupingHash("f" * 32))} if is_named else None
    with state.read() as connection:
        owned = owned_hashes(connection, [here], named)
        late = owned_hashes(connection, [here, Between(field=Order.LAST_SEEN, above=start)], named)
        nobody = owned_hashes(connection, [here], set())
        reborn = issue_hashes.reborn(connection, [cast.project_id])
    found = {(*owned.hash_of(row), issue_id) for row, issue_id in enumerate(owned.issue_ids.tolist())}
    assert found == {(mine[0], start, first), (mine[1], None, second)}
    assert set(owned.project_ids.tolist()) == {cast.project_id}
    assert late.issue_ids.tolist() == [second]
    assert nobody.issue_ids.tolist() == []
    assert [(one.hash, one.since) for one in reborn[cast.project_id]] == [(mine[0], start)]
