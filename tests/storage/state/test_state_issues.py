from datetime import timedelta

import pytest
from msgspec import structs
from sqlalchemy.exc import IntegrityError

from tocsin.domain.issue.issue import (
    Assignee,
    IssueId,
    Priority,
    ProjectId,
    Resolution,
    ResolutionType,
    Snooze,
    Status,
    Substatus,
)
from tocsin.storage.state import issues, projects, teams
from tocsin.storage.state.engine import State
from tocsin.storage.state.issues import Redirect


def test_a_new_issue_comes_back_as_it_was_stored(state: State, cast) -> None:
    resolution = Resolution(
        type=ResolutionType.IN_NEXT_RELEASE,
        release="pump@1.0",
        current_release="pump@0.9",
        actor_id=cast.user_id,
        created_at=cast.issue().first_seen,
    )
    new = cast.issue(
        status=Status.RESOLVED,
        substatus=None,
        resolution=resolution,
        assignee=Assignee(user_id=cast.user_id),
        share_id="0123456789abcdef" * 2,
        priority=Priority.HIGH,
        times_seen=5_000_000_000,
        culprit="pump in main\0",
    )
    with state.write() as tx:
        [issue_id] = issues.create(tx, [new])
    with state.read() as tx:
        stored = issues.load(tx, [issue_id])[issue_id]
        assert issues.by_share_id(tx, new.share_id) == stored
    assert stored == structs.replace(new, id=issue_id, culprit="pump in main")


def test_ids_come_back_in_the_order_of_the_issues(state: State, cast) -> None:
    with state.write() as tx:
        ids = issues.create(tx, [cast.issue(number) for number in (3, 1, 2)])
        stored = issues.load(tx, ids)
    assert [stored[issue_id].number for issue_id in ids] == [3, 1, 2]


def test_saving_replaces_everything_and_counts_a_version(state: State, cast) -> None:
    with state.write() as tx:
        [issue_id] = issues.create(tx, [cast.issue(snooze=Snooze(count=10), status=Status.IGNORED)])
        team_id = teams.create(tx, cast.organization_id, "crew", "Crew", cast.issue().first_seen)
    with state.write() as tx:
        before = issues.load(tx, [issue_id], lock=True)[issue_id]
        after = structs.replace(
            before,
            status=Status.UNRESOLVED,
            substatus=Substatus.ONGOING,
            snooze=None,
            assignee=Assignee(team_id=team_id),
            times_seen=7,
            last_seen=before.last_seen + timedelta(microseconds=1),
        )
        issues.save(tx, [after])
    with state.read() as tx:
        assert issues.load(tx, [issue_id]) == {issue_id: structs.replace(after, version=1)}


def test_a_snooze_is_replaced_by_another(state: State, cast) -> None:
    first, second = Snooze(count=10, times_seen_at_start=1), Snooze(until=cast.issue().last_seen, actor_id=cast.user_id)
    with state.write() as tx:
        [issue_id] = issues.create(tx, [cast.issue(snooze=first, status=Status.IGNORED)])
        issues.save(tx, [structs.replace(issues.load(tx, [issue_id])[issue_id], snooze=second)])
        assert issues.load(tx, [issue_id])[issue_id].snooze == second


def test_only_the_issues_saved_change(state: State, cast) -> None:
    with state.write() as tx:
        kept, changed = issues.create(
            tx, [cast.issue(1, snooze=Snooze(count=1)), cast.issue(2, snooze=Snooze(count=2))]
        )
        before = issues.load(tx, [kept, changed])
        issues.save(tx, [structs.replace(before[changed], snooze=None)])
        after = issues.load(tx, [kept, changed])
    assert after[kept] == before[kept]
    assert after[changed] == structs.replace(before[changed], snooze=None, version=1)


def test_thousands_of_issues_are_loaded_and_saved_at_once(state: State, cast) -> None:
    with state.write() as tx:
        ids = issues.create(tx, [cast.issue(number) for number in range(1, 2502)])
        loaded = issues.load(tx, ids, lock=True)
        issues.save(tx, [structs.replace(one, times_seen=9) for one in loaded.values()])
    with state.read() as tx:
        assert {one.times_seen for one in issues.load(tx, ids).values()} == {9}


def test_issues_that_do_not_exist_are_missing(state: State) -> None:
    with state.read() as tx:
        assert issues.load(tx, [IssueId(10**12)]) == {}
        assert issues.survivors(tx, [IssueId(10**12)]) == {}
        assert issues.by_share_id(tx, "f" * 32) is None


def test_numbers_are_taken_in_blocks(state: State, cast) -> None:
    with state.write() as tx:
        taken = [projects.take_issue_numbers(tx, cast.project_id, count) for count in (1, 5, 1)]
    assert taken == [1, 2, 7]


def test_an_issue_is_found_by_its_number(state: State, cast) -> None:
    with state.write() as tx:
        ids = issues.create(tx, [cast.issue(1), cast.issue(2)])
        pairs = [(cast.project_id, number) for number in (1, 2, 3)]
        assert issues.by_numbers(tx, pairs) == dict(zip(pairs, ids, strict=False))


def test_old_ids_and_numbers_lead_to_the_survivor_of_several_merges(state: State, cast) -> None:
    with state.write() as tx:
        first, second, last = issues.create(tx, [cast.issue(number) for number in (1, 2, 3)])
        for previous, number, survivor in ((first, 1, second), (second, 2, last)):
            one = Redirect(
                previous_issue_id=previous, project_id=cast.project_id, previous_number=number, issue_id=survivor
            )
            issues.redirect(tx, [one])
            issues.remove(tx, [previous])
        assert issues.survivors(tx, [first, second, last]) == {first: last, second: last}
        pairs = [(cast.project_id, number) for number in (1, 2, 3)]
        assert issues.by_numbers(tx, pairs) == dict.fromkeys(pairs, last)


def test_an_issue_cannot_be_of_a_user_and_of_a_team(state: State, cast) -> None:
    with state.write() as tx:
        team_id = teams.create(tx, cast.organization_id, "crew", "Crew", cast.issue().first_seen)
    with pytest.raises(IntegrityError, match="one_assignee"), state.write() as tx:
        issues.create(tx, [cast.issue(assignee=Assignee(user_id=cast.user_id, team_id=team_id))])


def test_snoozes_that_are_over_are_found_longest_over_first(state: State, cast) -> None:
    now = cast.issue().last_seen
    ends = [now, now - timedelta(days=1), now + timedelta(microseconds=1), None]
    with state.write() as tx:
        snoozed = [
            cast.issue(number, status=Status.IGNORED, snooze=Snooze(until=end)) for number, end in enumerate(ends, 1)
        ]
        ids = issues.create(tx, snoozed)
        found = [issue_id for issue_id in issues.with_lapsed_snooze(tx, now, 1000) if issue_id in ids]
        assert found == [ids[1], ids[0]]
        assert len(issues.with_lapsed_snooze(tx, now, 1)) == 1


def test_issues_that_await_the_next_release_are_found_in_their_project(state: State, cast) -> None:
    now = cast.issue().last_seen
    resolutions = [Resolution(type=kind, release="1.0", created_at=now) for kind in ResolutionType]
    with state.write() as tx:
        ids = issues.create(tx, [cast.issue(n, resolution=one) for n, one in enumerate(resolutions, 1)])
        pending = ids[list(ResolutionType).index(ResolutionType.IN_NEXT_RELEASE)]
        assert issues.awaiting_next_release(tx, cast.project_id).keys() == {pending}
        assert issues.awaiting_next_release(tx, ProjectId(10**12)) == {}
