"""Merges as state keeps them: a tree, its stories, and the names that lead through it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tocsin.domain.issue.effects import SetSubscription
from tocsin.domain.issue.issue import Activity, ActivityType, Assignee, InboxReason, Snooze, Status
from tocsin.domain.issue.merging import Waited, before_of_child, before_of_parent
from tocsin.domain.issue.whereabouts import Met
from tocsin.storage.state import activity, applied, effects, inbox, issue_merges, issues, marks
from tocsin.storage.state.engine import State
from tocsin.storage.state.inbox import Waiting
from tocsin.storage.state.issue_merges import NewMerge


def one_merge(issue, parent_id: int, child_id: int, **fields) -> NewMerge:
    """Return a merge with something in every place."""
    met = {3: Met(first_seen=issue.first_seen, last_seen=issue.last_seen, first_release="1.0")}
    return NewMerge(
        parent_id=parent_id,
        child_id=child_id,
        hashes=("f" * 32, "e" * 32),
        parent_before=before_of_parent(replace(issue, assignee=Assignee(team_id=4)), [7, 8], met),
        child_before=before_of_child(issue, Waited(reason=InboxReason.MANUAL, added_at=issue.last_seen)),
        created_at=issue.last_seen,
        **fields,
    )


@pytest.fixture
def tree(state: State, cast) -> list[int]:
    """Issues: the second is in the first, the third and the fourth are in the second, the fifth is alone."""
    with state.write() as tx:
        ids = issues.create(tx, [cast.issue(number) for number in range(1, 6)])
        pairs = [(ids[1], ids[2]), (ids[1], ids[3]), (ids[0], ids[1])]
        issue_merges.add(tx, [one_merge(cast.issue(), *pair) for pair in pairs])
    return ids


def test_a_merge_comes_back_as_it_was_stored(state: State, cast) -> None:
    with state.write() as tx:
        parent, child = issues.create(tx, [cast.issue(1), cast.issue(2)])
        new = one_merge(cast.issue(), parent, child, mutation_id=cast.user_id, actor_id=cast.user_id)
        issue_merges.add(tx, [new])
        [found] = issue_merges.of_mutation(tx, cast.user_id)
        assert issue_merges.of_parents(tx, [parent, child]) == {parent: [found]}
    assert {name: getattr(found, name) for name in NewMerge.__struct_fields__} == {
        name: getattr(new, name) for name in NewMerge.__struct_fields__
    }


def test_all_inside_an_issue_are_found_however_deep(state: State, tree) -> None:
    first, second, third, fourth, alone = tree
    with state.read() as tx:
        inside = issue_merges.inside(tx, [first, second, alone])
        assert {root: sorted(ids) for root, ids in inside.items()} == {
            first: [second, third, fourth],
            second: [third, fourth],
        }
        assert issue_merges.around(tx, third) == [second, first]
        assert issue_merges.around(tx, first) == issue_merges.around(tx, alone) == []


def test_what_a_merge_remembers_can_be_told_anew(state: State, cast, tree) -> None:
    with state.write() as tx:
        [one, other] = issue_merges.of_parents(tx, [tree[1]])[tree[1]]
        before = replace(one.parent_before, times_seen=77, subscribers=())
        issue_merges.remember(tx, one.id, before)
        issue_merges.let_go(tx, other.id, ["a" * 32])
        assert issue_merges.of_parents(tx, [tree[1]])[tree[1]] == [
            replace(one, parent_before=before),
            replace(other, hashes=("a" * 32,)),
        ]
        issue_merges.remove(tx, [one.id])
        assert [left.id for left in issue_merges.of_parents(tx, [tree[1]])[tree[1]]] == [other.id]


def test_an_issue_is_removed_with_all_inside_it(state: State, cast, tree) -> None:
    first, *_, alone = tree
    with state.write() as tx:
        issues.remove(tx, [first])
        assert list(issues.load(tx, tree)) == [alone]
        assert issue_merges.of_parents(tx, tree) == {}


def test_names_of_merged_issues_lead_away_while_their_rows_are_there(state: State, cast) -> None:
    with state.write() as tx:
        first, second, last = issues.create(tx, [cast.issue(number) for number in (1, 2, 3)])
        for number, previous, survivor in ((1, first, second), (2, second, last)):
            one = issues.Redirect(
                previous_issue_id=previous, project_id=cast.project_id, previous_number=number, issue_id=survivor
            )
            issues.redirect(tx, [one])
        pairs = [(cast.project_id, number) for number in (1, 2, 3)]
        assert issues.by_numbers(tx, pairs) == dict.fromkeys(pairs, last)
        issues.lead_back(tx, {second: [first]})
        assert issues.survivors(tx, [first, second, last]) == {first: second}
        issues.lead_back(tx, {first: []})
        assert issues.by_numbers(tx, pairs) == dict(zip(pairs, (first, second, last), strict=True))


def test_the_story_of_a_family_is_told_in_the_order_of_time(state: State, cast, tree) -> None:
    now = cast.issue().last_seen
    with state.write() as tx:
        entries = [
            Activity(
                issue_id=issue_id, type=ActivityType.NOTE, data={"number": number}, created_at=now - timedelta(number)
            )
            for number, issue_id in enumerate([tree[0], tree[2], tree[1], tree[0], tree[4]])
        ]
        activity.add(tx, entries)
        told = [entry for _, entry in activity.page(tx, tree[0], with_merged=True, limit=10)]
        assert [entry.data["number"] for entry in told] == [0, 1, 2, 3]
        assert len(activity.page(tx, tree[0], limit=10)) == 2
        assert activity.comment_counts(tx, tree) == dict(zip(tree, (2, 1, 1, 0, 1), strict=True))


def test_a_place_in_the_inbox_is_given_back(state: State, cast, tree) -> None:
    place = Waiting(issue_id=tree[0], reason=InboxReason.REGRESSION, added_at=cast.issue().first_seen)
    with state.write() as tx:
        inbox.put_back(tx, [place])
        assert inbox.waiting(tx, tree) == {tree[0]: place}


def test_subscriptions_are_copied_where_nothing_was_said(state: State, cast, tree) -> None:
    now = cast.issue().last_seen
    with state.write() as tx:
        effects.apply(tx, SetSubscription(cast.user_id, is_active=False), [tree[0]], now)
        [said] = marks.subscriptions(tx, tree)[tree[0]].values()
        assert (said.is_active, said.created_at) == (False, now)
        for is_active in (False, True):
            marks.copy_subscriptions(tx, [replace(said, issue_id=tree[1], is_active=is_active)])
        assert marks.subscriptions(tx, tree)[tree[1]] == {cast.user_id: replace(said, issue_id=tree[1])}


def test_a_moment_after_all_batches_is_after_every_one_of_them(state: State, cast) -> None:
    now = cast.issue().last_seen + timedelta(days=9)
    with state.write() as tx:
        applied.record(tx, "7" * 32, now)
        assert applied.after_all(tx, now - timedelta(hours=1)) == now + timedelta(microseconds=1)
        assert applied.after_all(tx, now) == now + timedelta(microseconds=1)
        assert applied.after_all(tx, now + timedelta(hours=1)) == now + timedelta(hours=1)
        applied.prune(tx, now + timedelta(days=1), 10)


def test_only_ignored_issues_wake_by_the_clock(state: State, cast) -> None:
    now = cast.issue().last_seen
    with state.write() as tx:
        asleep = [
            cast.issue(number, status=status, snooze=Snooze(until=now))
            for number, status in enumerate([Status.IGNORED, Status.PENDING_MERGE], 10)
        ]
        ids = issues.create(tx, asleep)
        assert set(ids) & set(issues.with_lapsed_snooze(tx, now, 1000)) == {ids[0]}
