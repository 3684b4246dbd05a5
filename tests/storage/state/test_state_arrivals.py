"""What waits for releases that came, and what is kept of the answer, on both engines."""

from datetime import timedelta

import pytest

from tocsin.domain.issue.arrivals import settled
from tocsin.domain.issue.issue import (
    Activity,
    ActivityType,
    InboxReason,
    Resolution,
    ResolutionType,
    Status,
)
from tocsin.domain.release.commit import Commit, CommitId
from tocsin.domain.release.release import Arrival
from tocsin.storage.state import (
    activity,
    arrivals,
    commits,
    inbox,
    issue_commits,
    issues,
    organizations,
    releases,
    repositories,
)
from tocsin.storage.state.arrivals import Said
from tocsin.storage.state.engine import State
from tocsin.storage.state.releases import Deployed


@pytest.fixture
def now(cast):
    return cast.issue().last_seen


@pytest.fixture
def come(cast, now):
    """Make releases of the project, a minute apart, and return what came."""

    def make(tx, *versions, minutes=0):
        deployed = [
            Deployed(
                organization_id=cast.organization_id,
                project_id=cast.project_id,
                version=version,
                at=now + timedelta(minutes=minutes + minute),
            )
            for minute, version in enumerate(versions)
        ]
        return releases.ensure(tx, deployed).arrivals

    return make


@pytest.fixture
def make_commit(cast, now):
    def make(tx, key="c1", email=""):
        shop = repositories.ensure(tx, cast.organization_id, ["shop"], now)["shop"]
        told = Commit(
            id=CommitId(0),
            organization_id=cast.organization_id,
            repository_id=shop.id,
            key=key,
            author_email=email,
            committed_at=now,
        )
        return commits.store(tx, [told])[shop.id, key]

    return make


def settle(tx, arrived, now, said=()):
    expected = arrivals.expectation(tx, arrived, said)
    stored = issues.load(tx, expected.issue_ids, lock=True)
    arrivals.write(tx, settled(expected, stored, now), now)
    return issues.load(tx, stored)


def test_what_waits_for_the_next_release_is_turned_and_its_story_told_right(state: State, cast, now, come) -> None:
    pending = Resolution(type=ResolutionType.IN_NEXT_RELEASE, release="a", created_at=now)
    with state.write() as tx:
        come(tx, "a")
        (issue_id,) = issues.create(tx, [cast.issue(status=Status.RESOLVED, substatus=None, resolution=pending)])
        kinds = (ActivityType.SET_RESOLVED_IN_RELEASE, ActivityType.SET_RESOLVED_IN_RELEASE, ActivityType.SET_PRIVATE)
        told = [
            Activity(issue_id=issue_id, type=kind, data={"version": ""}, created_at=now + timedelta(seconds=second))
            for second, kind in enumerate(kinds)
        ]
        activity.record(tx, told)
        (issue,) = settle(tx, come(tx, "c", "b", minutes=1), now).values()
        assert (issue.resolution.type, issue.resolution.release) == (ResolutionType.IN_RELEASE, "c")
        versions = [entry.data["version"] for _, entry in activity.page(tx, issue_id, limit=9)]
        assert versions == ["", "c", ""]
        assert settle(tx, come(tx, "d", minutes=9), now) == {}


def test_a_version_that_is_told_already_is_not_told_anew(state: State, cast, now) -> None:
    with state.write() as tx:
        (issue_id,) = issues.create(tx, [cast.issue()])
        told = Activity(
            issue_id=issue_id, type=ActivityType.SET_RESOLVED_IN_RELEASE, data={"version": "a"}, created_at=now
        )
        activity.record(tx, [told])
        activity.fill_in_versions(tx, {issue_id: "b"})
        assert [entry.data for _, entry in activity.page(tx, issue_id, limit=9)] == [{"version": "a"}]


def test_a_fix_is_by_the_member_whose_address_the_commit_has(state: State, cast, now, come, make_commit) -> None:
    with state.write() as tx:
        (member,) = organizations.members(tx, cast.organization_id)
        commit_id = make_commit(tx, email=member.user.email.upper())
        (issue_id,) = issues.create(tx, [cast.issue()])
        inbox.put(tx, {issue_id: InboxReason.NEW}, now)
        (arrival,) = come(tx, "a")
        commits.set_for_release(tx, arrival.release.id, [commit_id])
        issue_commits.link(tx, [(issue_id, commit_id)], now)
        (issue,) = settle(tx, [arrival], now).values()
        assert (issue.status, issue.resolution.release) == (Status.RESOLVED, "a")
        assert issue.resolution.actor_id == cast.user_id
        assert inbox.waiting(tx, [issue_id]) == {}
        assert issue_commits.known(tx, [(issue_id, commit_id)]) == {(issue_id, commit_id)}


@pytest.mark.parametrize("brings", [True, False])
def test_of_a_release_that_was_there_only_the_fresh_commits_count(
    state: State, cast, now, come, make_commit, brings
) -> None:
    with state.write() as tx:
        old, fresh = make_commit(tx, "c1"), make_commit(tx, "c2")
        (issue_id,) = issues.create(tx, [cast.issue()])
        (arrival,) = come(tx, "a")
        commits.set_for_release(tx, arrival.release.id, [fresh, old])
        issue_commits.link(tx, [(issue_id, fresh if brings else old)], now)
        again = Arrival(
            release=arrival.release, project_id=cast.project_id, is_new=False, commit_ids=frozenset({fresh})
        )
        assert bool(settle(tx, [again], now)) is brings


def test_what_is_said_anew_counts_though_the_commit_is_in_another_release(
    state: State, cast, now, come, make_commit
) -> None:
    with state.write() as tx:
        commit_id = make_commit(tx)
        (issue_id,) = issues.create(tx, [cast.issue()])
        first, second = come(tx, "a", "b")
        for arrival in (first, second):
            commits.set_for_release(tx, arrival.release.id, [commit_id])
        said = Said(issue_id=issue_id, project_id=cast.project_id, commit_id=commit_id, author_email="eve@else.io")
        (issue,) = settle(tx, [second], now, [said]).values()
        assert (issue.resolution.release, issue.resolution.actor_id) == ("b", None)
