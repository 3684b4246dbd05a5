from datetime import timedelta

import pytest
from msgspec import structs

from tocsin.domain.release.release import ReleaseProject
from tocsin.storage.state import environments, issues, projects, releases
from tocsin.storage.state.engine import State
from tocsin.storage.state.environments import IssueEnvironment
from tocsin.storage.state.releases import Deployed


@pytest.fixture
def now(cast):
    return cast.issue().last_seen


def _deployed(cast, *versions: str, project_id: int | None = None) -> list[Deployed]:
    """Versions that the project ran, each a minute after the one before."""
    return [
        Deployed(
            organization_id=cast.organization_id,
            project_id=project_id or cast.project_id,
            version=version,
            at=cast.issue().last_seen + timedelta(minutes=minute),
        )
        for minute, version in enumerate(versions)
    ]


def test_a_release_is_made_once_with_the_earliest_date(state: State, cast, now) -> None:
    seen = _deployed(cast, "pump@1.0.0", "pump@1.0.0")
    with state.write() as tx:
        [release] = releases.ensure(tx, seen).known.values()
        again = releases.ensure(tx, _deployed(cast, "pump@1.0.0")).known
        assert again == {(cast.organization_id, "pump@1.0.0"): release}
    assert (release.added_at, release.package, release.released_at) == (now, "pump", None)
    assert release.semver_key is not None


def test_a_release_belongs_to_the_projects_that_ran_it(state: State, cast, now) -> None:
    with state.write() as tx:
        other_id = projects.create(tx, cast.organization_id, "other", "Other", now)
        [release] = releases.ensure(
            tx, [*_deployed(cast, "1.0"), *_deployed(cast, "1.0", project_id=other_id)]
        ).known.values()
        releases.ensure(tx, _deployed(cast, "2.0", project_id=other_id))
        assert [one.project_id for one in releases.projects_of(tx, [release.id])[release.id]] == [
            cast.project_id,
            other_id,
        ]
        assert releases.of_project(tx, cast.project_id, ["1.0", "2.0", "3.0"]) == {"1.0": release}


def test_newest_goes_by_date_and_greatest_by_version(state: State, cast, now) -> None:
    with state.write() as tx:
        known = releases.ensure(tx, _deployed(cast, "p@1.10.0", "p@1.9.0", "p@1.10.0-rc.1", "nightly")).known
        assert [one.version for one in releases.newest_added(tx, cast.project_id, 2)] == ["nightly", "p@1.10.0-rc.1"]
        assert releases.newest(tx, cast.project_id).version == "nightly"
        assert releases.greatest(tx, cast.project_id).version == "p@1.10.0"
        oldest = known[cast.organization_id, "p@1.10.0"]
        assert releases.successor(tx, cast.project_id, oldest).version == "p@1.9.0"
        releases.save(tx, structs.replace(oldest, released_at=now + timedelta(days=1)))
        assert releases.newest(tx, cast.project_id).version == "p@1.10.0"
        assert releases.successor(tx, cast.project_id, releases.newest(tx, cast.project_id)) is None


def test_a_project_without_releases_has_neither_newest_nor_greatest(state: State, cast) -> None:
    with state.read() as tx:
        assert releases.newest(tx, cast.project_id) is None
        assert releases.greatest(tx, cast.project_id) is None


def test_a_page_of_releases_is_newest_first_and_filtered(state: State, cast) -> None:
    with state.write() as tx:
        known = releases.ensure(tx, _deployed(cast, "Pump@1", "pump@2_beta", "pump@2xbeta")).known
        archived = structs.replace(known[cast.organization_id, "Pump@1"], status="archived", data={"by": "ci"})
        releases.save(tx, archived)

        def versions(**filters) -> list[str]:
            return [one.version for one in releases.page(tx, [cast.project_id], limit=10, **filters)]

        assert versions() == ["pump@2xbeta", "pump@2_beta", "Pump@1"]
        assert versions(offset=2) == ["Pump@1"]
        assert versions(contains="PUMP@2_") == ["pump@2_beta"]
        assert versions(status="archived") == ["Pump@1"]
        assert releases.page(tx, [cast.project_id], status="archived", limit=1) == [archived]
        releases.remove(tx, archived.id)
        assert versions(status="archived") == []


def test_what_batches_saw_of_a_release_adds_up(state: State, cast, now) -> None:
    with state.write() as tx:
        [release] = releases.ensure(tx, _deployed(cast, "1.0")).known.values()
        for minutes, new_issues in ((5, 2), (1, 0), (9, 1)):
            at = now + timedelta(minutes=minutes)
            noted = ReleaseProject(
                release_id=release.id,
                project_id=cast.project_id,
                new_issues=new_issues,
                first_event_at=at,
                last_event_at=at,
            )
            releases.note_events(tx, [noted])
        [total] = releases.projects_of(tx, [release.id])[release.id]
    assert total.new_issues == 3
    assert (total.first_event_at, total.last_event_at) == (now + timedelta(minutes=1), now + timedelta(minutes=9))


def test_environments_are_made_once_and_listed_by_name(state: State, cast) -> None:
    used = [(cast.organization_id, cast.project_id, name) for name in ("staging", "", "production")]
    with state.write() as tx:
        ids = environments.ensure(tx, used)
        assert environments.ensure(tx, used[:2]) == {key: ids[key] for key in list(ids) if key[1] != "production"}
        names = [one.name for one in environments.in_organization(tx, cast.organization_id, 10)]
        assert names == ["", "production", "staging"]
        environments.set_hidden(tx, cast.project_id, ids[cast.organization_id, "staging"], is_hidden=True)
        shown = [(one.name, hidden) for one, hidden in environments.of_project(tx, cast.project_id, 10)]
        assert shown == [("", False), ("production", False), ("staging", True)]
        assert [one.name for one in environments.in_organization(tx, cast.organization_id, 10)] == ["", "production"]


def test_an_issue_knows_since_when_and_which_release_it_is_in_an_environment(state: State, cast, now) -> None:
    with state.write() as tx:
        [issue_id] = issues.create(tx, [cast.issue()])
        [environment_id] = environments.ensure(tx, [(cast.organization_id, cast.project_id, "production")]).values()
        for minutes, version in ((5, "2.0"), (1, "1.0"), (9, "3.0")):
            at = now + timedelta(minutes=minutes)
            met = IssueEnvironment(
                issue_id=issue_id, environment_id=environment_id, first_seen=at, last_seen=at, first_release=version
            )
            environments.note_issues(tx, [met])
        [total] = environments.of_issues(tx, [issue_id])
    assert (total.first_seen, total.first_release) == (now + timedelta(minutes=1), "1.0")
    assert total.last_seen == now + timedelta(minutes=9)


def test_a_release_is_locked_as_it_is_now(state: State, cast) -> None:
    with state.write() as tx:
        [release] = releases.ensure(tx, _deployed(cast, "1.0")).known.values()
        changed = structs.replace(release, ref="main", started_at=release.added_at)
        releases.save(tx, changed)
        assert releases.locked(tx, release.id) == changed
        releases.remove(tx, release.id)
        assert releases.locked(tx, release.id) is None
