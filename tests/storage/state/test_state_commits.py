"""Repositories, commits, deploys, and which issues commits resolve, on both engines."""

from datetime import timedelta

import pytest

from tocsin.domain.errors import Conflict
from tocsin.domain.issue.issue import Resolution, ResolutionType, Status
from tocsin.domain.release.commit import ChangedFile, Commit, CommitId, Deploy, DeployId
from tocsin.storage.state import (
    commits,
    deploys,
    issue_commits,
    issues,
    organizations,
    projects,
    releases,
    repositories,
)
from tocsin.storage.state.commits import Author
from tocsin.storage.state.engine import State
from tocsin.storage.state.releases import Deployed


@pytest.fixture
def now(cast):
    return cast.issue().last_seen


@pytest.fixture
def make_release(cast, now):
    def make(tx, version, *, minutes=0, project_id=None):
        deployed = Deployed(
            organization_id=cast.organization_id,
            project_id=project_id or cast.project_id,
            version=version,
            at=now + timedelta(minutes=minutes),
        )
        return releases.ensure(tx, [deployed]).known[cast.organization_id, version]

    return make


@pytest.fixture
def make_commits(cast, now):
    """Store commits of the repository ``shop``, a minute apart, and return their ids in the order of their keys."""

    def make(tx, *keys, **fields):
        shop = repositories.ensure(tx, cast.organization_id, ["shop"], now)["shop"]
        told = [
            Commit(
                id=CommitId(0),
                organization_id=cast.organization_id,
                repository_id=shop.id,
                key=key,
                committed_at=now + timedelta(minutes=minute),
                **fields,
            )
            for minute, key in enumerate(keys)
        ]
        ids = commits.store(tx, told)
        return [ids[shop.id, key] for key in keys]

    return make


def test_a_repository_is_known_by_its_name_in_its_organization(state: State, cast, now) -> None:
    with state.write() as tx:
        made = repositories.ensure(tx, cast.organization_id, ["b", "a"], now)
        assert repositories.ensure(tx, cast.organization_id, ["a"], now) == {"a": made["a"]}
        assert [one.name for one in repositories.page(tx, cast.organization_id, limit=9)] == ["a", "b"]
        assert [one.name for one in repositories.page(tx, cast.organization_id, contains="B", limit=9)] == ["b"]
        assert repositories.page(tx, cast.organization_id, status="hidden", limit=9) == []
        other = organizations.create(tx, f"other-{cast.organization_id}", "Other", now)
        assert repositories.in_organization(tx, other, made["a"].id) is None
        with pytest.raises(Conflict):
            repositories.create(tx, cast.organization_id, "a", url="", provider="", now=now)


def test_a_commit_is_brought_up_to_date_by_who_knows_more(state: State, cast, now, make_commits) -> None:
    with state.write() as tx:
        shop = repositories.ensure(tx, cast.organization_id, ["shop"], now)["shop"]
        named = commits.ensure(tx, cast.organization_id, {(shop.id, "c1")}, now)
        (told,) = make_commits(tx, "c1", message="Fix it")
        assert named == {(shop.id, "c1"): told}
        commits.ensure(tx, cast.organization_id, {(shop.id, "c1")}, now)
        assert commits.by_key(tx, shop.id, "c1").message == "Fix it"
        assert commits.by_key(tx, shop.id, "C1") is None


def test_a_release_has_its_commits_newest_first(state: State, cast, make_commits, make_release) -> None:
    with state.write() as tx:
        release = make_release(tx, "1.0")
        one, two, three = make_commits(tx, "c1", "c2", "c3")
        assert commits.set_for_release(tx, release.id, [two, one]) == {one, two}
        assert commits.set_for_release(tx, release.id, [three, two]) == {three}
        assert commits.append_to_release(tx, release.id, [two, one, one]) == {one}
        assert [commit.id for commit in commits.of_release(tx, release.id, limit=9)] == [three, two, one]
        assert [commit.id for commit in commits.of_release(tx, release.id, limit=1, offset=1)] == [two]
        repository_id = commits.by_ids(tx, [one])[one].repository_id
        latest_first = commits.of_repository(tx, repository_id, limit=9)
        assert [commit.id for commit in latest_first] == [three, two, one]


def test_the_commits_of_releases_are_summed_up(state: State, cast, make_commits, make_release) -> None:
    with state.write() as tx:
        full, empty = make_release(tx, "1.0"), make_release(tx, "2.0")
        by_jane = make_commits(tx, "c1", "c2", author_name="Jane", author_email="jane@acme.io")
        by_nobody = make_commits(tx, "c3")
        commits.set_for_release(tx, full.id, [*by_jane, *by_nobody])
        summaries = commits.summaries(tx, [full.id, empty.id], authors_max=5)
        assert summaries.keys() == {full.id}
        assert (summaries[full.id].count, summaries[full.id].last.id) == (3, by_jane[0])
        assert summaries[full.id].authors == (Author(name="Jane", email="jane@acme.io"),)
        assert commits.summaries(tx, [full.id], authors_max=0)[full.id].authors == ()


def test_releases_with_a_commit_are_found_in_their_projects(
    state: State, cast, now, make_commits, make_release
) -> None:
    with state.write() as tx:
        other_id = projects.create(tx, cast.organization_id, "other", "Other", now)
        first, second = make_release(tx, "1.0"), make_release(tx, "2.0", minutes=1)
        elsewhere = make_release(tx, "3.0", minutes=2, project_id=other_id)
        (commit_id,) = make_commits(tx, "c1")
        for release in (first, second, elsewhere):
            commits.set_for_release(tx, release.id, [commit_id])
        assert releases.newest_with_commit(tx, cast.project_id, commit_id) == second
        assert releases.newest_with_commit(tx, cast.project_id, CommitId(10**9)) is None
        assert releases.previous_with_commits(tx, [cast.project_id], second) == first
        assert releases.previous_with_commits(tx, [cast.project_id], first) is None
        having = commits.releases_with(tx, [commit_id], [cast.project_id], releases_max=9)
        assert having == {commit_id: [second, first]}
        assert commits.releases_with(tx, [commit_id], [cast.project_id], releases_max=1) == {commit_id: [second]}


def test_files_of_a_release_come_by_path(state: State, cast, make_commits, make_release) -> None:
    with state.write() as tx:
        release = make_release(tx, "1.0")
        one, two = make_commits(tx, "c1", "c2")
        commits.set_for_release(tx, release.id, [one, two])
        added, changed = ChangedFile(path="a.py", type="A"), ChangedFile(path="b.py", type="M")
        commits.add_files(tx, {two: [added], one: [changed, changed]})
        assert commits.files_of_release(tx, release.id, limit=9) == [(two, added), (one, changed)]
        assert commits.files_of_release(tx, release.id, limit=1, offset=1) == [(one, changed)]


def test_what_a_repository_had_goes_with_it(state: State, cast, make_commits, make_release) -> None:
    with state.write() as tx:
        release = make_release(tx, "1.0")
        (commit_id,) = make_commits(tx, "c1")
        commits.set_for_release(tx, release.id, [commit_id])
        repository_id = commits.by_ids(tx, [commit_id])[commit_id].repository_id
        commits.set_heads(tx, release.id, {repository_id: commit_id})
        repositories.remove(tx, repository_id)
        assert commits.by_ids(tx, [commit_id]) == {}
        assert commits.summaries(tx, [release.id], authors_max=9) == {}


def test_deploys_come_finished_last_first(state: State, cast, now, make_release) -> None:
    with state.write() as tx:
        release = make_release(tx, "1.0")
        made = [
            deploys.create(
                tx,
                Deploy(
                    id=DeployId(0),
                    release_id=release.id,
                    environment="production",
                    project_ids=(cast.project_id,),
                    finished_at=now + timedelta(minutes=minutes),
                ),
            )
            for minutes in (5, 1)
        ]
        assert deploys.page(tx, release.id, limit=9) == made
        assert deploys.page(tx, release.id, limit=9, offset=1) == made[1:]
        summary = deploys.summaries(tx, [release.id])[release.id]
        assert (summary.count, summary.last) == (2, made[0])


def test_a_commit_holds_an_issue_until_a_release_of_its_project_has_it(
    state: State, cast, now, make_commits, make_release
) -> None:
    with state.write() as tx:
        (commit_id,) = make_commits(tx, "c1")
        (issue_id,) = issues.create(tx, [cast.issue(status=Status.RESOLVED, substatus=None, resolved_at=now)])
        assert issue_commits.pending(tx, [issue_id]) == {}
        issue_commits.link(tx, [(issue_id, commit_id)], now)
        assert issue_commits.known(tx, [(issue_id, commit_id), (issue_id, CommitId(10**9))]) == {(issue_id, commit_id)}
        assert issue_commits.pending(tx, [issue_id]) == {issue_id: commit_id}
        other_id = projects.create(tx, cast.organization_id, "other", "Other", now)
        commits.set_for_release(tx, make_release(tx, "9.0", project_id=other_id).id, [commit_id])
        assert issue_commits.pending(tx, [issue_id]) == {issue_id: commit_id}
        commits.set_for_release(tx, make_release(tx, "1.0").id, [commit_id])
        assert issue_commits.pending(tx, [issue_id]) == {}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"status": Status.UNRESOLVED}, id="open"),
        pytest.param({"status": Status.RESOLVED, "later": 1}, id="resolved-again-since"),
        pytest.param({"status": Status.RESOLVED, "release": "1.0"}, id="resolved-in-a-release"),
    ],
)
def test_a_commit_holds_only_what_it_resolved_itself(state: State, cast, now, make_commits, fields) -> None:
    resolution = (
        Resolution(type=ResolutionType.IN_RELEASE, release=fields["release"], created_at=now)
        if "release" in fields
        else None
    )
    with state.write() as tx:
        (commit_id,) = make_commits(tx, "c1")
        resolved_at = now + timedelta(minutes=fields.get("later", 0))
        issue = cast.issue(status=fields["status"], substatus=None, resolved_at=resolved_at, resolution=resolution)
        (issue_id,) = issues.create(tx, [issue])
        issue_commits.link(tx, [(issue_id, commit_id)], now)
        assert issue_commits.pending(tx, [issue_id]) == {}
        issue_commits.link(tx, [(issue_id, commit_id)], resolved_at)
        assert bool(issue_commits.pending(tx, [issue_id])) is ("later" in fields)


def test_a_release_brings_what_its_commits_resolve(state: State, cast, now, make_commits, make_release) -> None:
    with state.write() as tx:
        one, two = make_commits(tx, "c1", "c2", author_email="jane@acme.io")
        ids = issues.create(tx, [cast.issue(number) for number in (1, 2)])
        issue_commits.link(tx, [(ids[0], one), (ids[1], two)], now)
        first, second = make_release(tx, "1.0"), make_release(tx, "2.0", minutes=1)
        commits.set_for_release(tx, first.id, [one])
        commits.set_for_release(tx, second.id, [two, one])
        brought = issue_commits.brought(tx, second.id, cast.project_id)
        assert [(each.issue_id, each.commit_id, each.author_email, each.is_first) for each in brought] == [
            (ids[1], two, "jane@acme.io", True),
            (ids[0], one, "jane@acme.io", False),
        ]
        assert issue_commits.brought(tx, second.id, cast.project_id + 1) == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"first_release": "1.0"}, True),
        ({"last_release": "1.0"}, True),
        ({"first_release": "2.0"}, False),
        ({"first_release": "1.0", "status": Status.PENDING_DELETION}, False),
    ],
)
def test_issues_that_name_a_release_are_found(state: State, cast, fields, named) -> None:
    with state.write() as tx:
        (issue_id,) = issues.create(tx, [cast.issue(**fields)])
        assert issues.naming_release(tx, cast.organization_id, "1.0") == (issue_id if named else None)


def test_an_issue_resolved_in_a_release_names_it(state: State, cast, now) -> None:
    resolution = Resolution(type=ResolutionType.IN_NEXT_RELEASE, release="1.0", created_at=now)
    with state.write() as tx:
        (issue_id,) = issues.create(tx, [cast.issue(status=Status.RESOLVED, substatus=None, resolution=resolution)])
        assert issues.naming_release(tx, cast.organization_id, "1.0") == issue_id


def test_members_are_found_by_address_in_any_case(state: State, cast) -> None:
    with state.read() as tx:
        member = organizations.members(tx, cast.organization_id)[0].user
        given = [member.email.upper(), "nobody@acme.io", ""]
        assert organizations.members_by_email(tx, cast.organization_id, given) == {member.email.upper(): member}


def test_what_is_new_to_a_project_is_told_in_the_order_of_dates(state: State, cast, now) -> None:
    def deployed(version, minutes, project_id):
        at = now + timedelta(minutes=minutes)
        return Deployed(organization_id=cast.organization_id, project_id=project_id, version=version, at=at)

    with state.write() as tx:
        other_id = projects.create(tx, cast.organization_id, "other", "Other", now)
        arrived = releases.ensure(tx, [deployed("b", 2, cast.project_id), deployed("a", 1, cast.project_id)]).arrivals
        assert [(one.release.version, one.project_id) for one in arrived] == [
            ("a", cast.project_id),
            ("b", cast.project_id),
        ]
        again = releases.ensure(tx, [deployed("b", 3, cast.project_id), deployed("b", 3, other_id)]).arrivals
        assert [(one.release.version, one.project_id) for one in again] == [("b", other_id)]
