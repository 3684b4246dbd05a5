from datetime import timedelta

from msgspec import structs

from tocsin.storage.state import environments, projects, releases
from tocsin.storage.state.engine import State
from tocsin.storage.state.releases import Deployed


def test_each_project_shows_its_own_environments(state: State, cast) -> None:
    now = cast.issue().last_seen
    with state.write() as tx:
        other_id = projects.create(tx, cast.organization_id, "other", "Other", now)
        used = [
            (cast.organization_id, cast.project_id, "staging"),
            (cast.organization_id, cast.project_id, "production"),
            (cast.organization_id, other_id, "production"),
        ]
        known = environments.ensure(tx, used)
        environments.set_hidden(tx, other_id, known[cast.organization_id, "production"], is_hidden=True)
        found = environments.shown_in_projects(tx, [cast.project_id, other_id])
    assert found == {cast.project_id: ["production", "staging"]}


def test_each_project_has_a_newest_release_of_its_own(state: State, cast) -> None:
    now = cast.issue().last_seen
    with state.write() as tx:
        other_id = projects.create(tx, cast.organization_id, "other", "Other", now)
        deployed = [
            Deployed(organization_id=cast.organization_id, project_id=project_id, version=version, at=at)
            for project_id, version, at in [
                (cast.project_id, "2.0", now),
                (cast.project_id, "1.0", now + timedelta(minutes=1)),
                (other_id, "2.0", now),
            ]
        ]
        made = releases.ensure(tx, deployed).known
        assert releases.newest_versions(tx, [cast.project_id, other_id]) == {cast.project_id: "1.0", other_id: "2.0"}
        released = structs.replace(made[cast.organization_id, "2.0"], released_at=now + timedelta(days=1))
        releases.save(tx, released)
        assert releases.newest_versions(tx, [cast.project_id]) == {cast.project_id: "2.0"}
        assert releases.newest_versions(tx, []) == {}


def test_releases_are_listed_by_version_when_asked(state: State, cast) -> None:
    now = cast.issue().last_seen
    versions = ["pump@1.10.0", "pump@1.9.0", "nightly", "pump@1.10.0-rc.1"]
    with state.write() as tx:
        deployed = [
            Deployed(
                organization_id=cast.organization_id,
                project_id=cast.project_id,
                version=version,
                at=now + timedelta(minutes=minute),
            )
            for minute, version in enumerate(versions)
        ]
        releases.ensure(tx, deployed)
        newest = releases.page(tx, [cast.project_id], limit=10)
        greatest = releases.page(tx, [cast.project_id], by_version=True, limit=10)
    assert [release.version for release in newest] == versions[::-1]
    assert [release.version for release in greatest] == ["pump@1.10.0", "pump@1.10.0-rc.1", "pump@1.9.0", "nightly"]
