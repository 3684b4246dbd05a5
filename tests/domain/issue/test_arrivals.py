"""What a release that came makes of the issues that wait for it (spec/mutation.md 5.2)."""

from datetime import timedelta

import msgspec
import pytest

from tocsin.domain.issue.arrivals import Expectation, Fix, Waiting, filled_in, settled
from tocsin.domain.issue.effects import LeaveInbox, LinkCommit, Subscribe
from tocsin.domain.issue.issue import (
    ActivityType,
    IssueId,
    ProjectId,
    Resolution,
    ResolutionType,
    Snooze,
    Status,
    Substatus,
)
from tocsin.domain.release.commit import CommitId

COMMIT = CommitId(5)


@pytest.fixture
def settle(line_of, now):
    """What becomes of the issue when releases come, in a line of them all."""

    def make(issue, *waiting, line=("a", "b", "c")):
        expectation = Expectation(lines={ProjectId(1): line_of(*line)}, waiting=waiting)
        return settled(expectation, {issue.id: issue}, now)

    return make


@pytest.fixture
def pending(issue_with, now):
    def make(base="a", **fields):
        resolution = Resolution(type=ResolutionType.IN_NEXT_RELEASE, release=base, current_release=base, created_at=now)
        return issue_with(status=Status.RESOLVED, substatus=None, resolved_at=now, resolution=resolution, **fields)

    return make


def came(version, *, fix=None, is_new=True):
    return Waiting(issue_id=IssueId(1), version=version, is_new=is_new, fix=fix)


def fixed(*, is_new=False, author=None):
    return Fix(commit_id=COMMIT, is_new=is_new, author=author)


def test_what_waits_for_the_next_release_is_resolved_in_it(settle, pending):
    """mutation-F24"""
    (change,) = settle(pending(), came("b"))
    resolution = change.issue.resolution
    assert (resolution.type, resolution.release, resolution.current_release) == (ResolutionType.IN_RELEASE, "b", "a")
    assert (change.activities, change.effects, filled_in(change)) == ((), (), "b")


def test_of_several_releases_the_first_to_come_is_the_next(settle, pending):
    (change,) = settle(pending(), came("b"), came("c"))
    assert (change.issue.resolution.release, filled_in(change)) == ("b", "b")


@pytest.mark.parametrize(
    "waiting",
    [
        pytest.param(came("a"), id="not-newer"),
        pytest.param(came("b", is_new=False), id="not-new"),
        pytest.param(came("unknown"), id="of-no-date"),
    ],
)
def test_another_release_is_not_the_next(settle, pending, waiting):
    assert settle(pending(), waiting) == []


def test_a_fix_resolves_an_open_issue_in_its_release(settle, issue_with, jane, now):
    issue = issue_with(snooze=Snooze(count=3), status=Status.IGNORED, substatus=Substatus.ARCHIVED_UNTIL_CONDITION_MET)
    (change,) = settle(issue, came("b", fix=fixed(author=jane)))
    after = change.issue
    assert (after.status, after.substatus, after.snooze, after.resolved_at) == (Status.RESOLVED, None, None, now)
    assert after.resolution == Resolution(
        type=ResolutionType.IN_RELEASE, release="b", actor_id=jane.user_id, created_at=now
    )
    (told,) = change.activities
    assert (told.type, told.data, told.user_id) == (
        ActivityType.SET_RESOLVED_IN_COMMIT,
        {"commit": COMMIT},
        jane.user_id,
    )
    assert {type(effect) for effect in change.effects} == {LeaveInbox, LinkCommit, Subscribe}


def test_a_fix_by_nobody_we_know_subscribes_nobody(settle, issue_with):
    (change,) = settle(issue_with(), came("b", fix=fixed(is_new=True)))
    assert change.activities[0].user_id is None
    assert change.effects == (LinkCommit(COMMIT), LeaveInbox())


def test_whoever_wants_what_they_resolve_gets_what_they_fix(settle, issue_with, jane):
    author = msgspec.structs.replace(jane, self_assigns=True)
    (change,) = settle(issue_with(), came("b", fix=fixed(author=author)))
    assert change.issue.assignee.user_id == jane.user_id
    assert [entry.type for entry in change.activities] == [ActivityType.ASSIGNED, ActivityType.SET_RESOLVED_IN_COMMIT]


def test_what_the_commit_resolved_already_gets_its_release_without_another_word(settle, issue_with, now):
    issue = issue_with(status=Status.RESOLVED, substatus=None, resolved_at=now - timedelta(days=1))
    (change,) = settle(issue, came("b", fix=fixed()))
    assert (change.issue.resolution.release, change.issue.resolved_at) == ("b", issue.resolved_at)
    assert (change.activities, change.effects) == ((), ())


def test_what_somebody_resolved_in_another_release_since_stays_so(settle, issue_with, now):
    resolution = Resolution(type=ResolutionType.IN_RELEASE, release="a", created_at=now)
    issue = issue_with(status=Status.RESOLVED, substatus=None, resolved_at=now, resolution=resolution)
    assert settle(issue, came("b", fix=fixed())) == []
    (change,) = settle(issue, came("b", fix=fixed(is_new=True)))
    assert change.issue.resolution.release == "b"


def test_a_release_may_be_the_next_one_and_have_a_fix(settle, pending):
    (change,) = settle(pending(), came("b", fix=fixed(is_new=True)))
    assert (change.issue.resolution.release, change.issue.resolution.current_release) == ("b", None)
    assert [entry.type for entry in change.activities] == [ActivityType.SET_RESOLVED_IN_COMMIT]
    assert filled_in(change) == "b"


@pytest.mark.parametrize("status", [Status.PENDING_DELETION, Status.PENDING_MERGE])
def test_issues_on_their_way_out_and_issues_that_are_gone_are_left_alone(settle, issue_with, now, line_of, status):
    assert settle(issue_with(status=status), came("b", fix=fixed(is_new=True))) == []
    expectation = Expectation(lines={ProjectId(1): line_of("a")}, waiting=(came("b", fix=fixed()),))
    assert (expectation.issue_ids, settled(expectation, {}, now)) == ({IssueId(1)}, [])
