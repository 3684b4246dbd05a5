"""What a new release means to the issues that wait for it, told of by a person or met in events."""

from contextlib import contextmanager

import pytest
from msgspec.structs import replace
from sqlalchemy import event
from sqlalchemy.engine import Engine

from tocsin.domain.access import SCOPES_OF, Role
from tocsin.domain.caller import Reach
from tocsin.domain.errors import InvalidFields, NotFound
from tocsin.domain.issue.issue import (
    UNSAVED,
    Activity,
    ActivityType,
    Issue,
    Resolution,
    ResolutionType,
    Status,
)
from tocsin.flows.releases import Releases
from tocsin.storage.state import activity, commits, issues, organizations, releases

COMMITS = [{"id": "c1", "repository": "r", "message": "fixes SHOP-1"}]


@pytest.fixture
def told(shop) -> Releases:
    return Releases(shop.state)


@pytest.fixture
def reach(shop) -> Reach:
    with shop.state.read() as connection:
        organization = organizations.by_slug(connection, "acme")
    return Reach(organization=organization, role=Role.OWNER, scopes=SCOPES_OF[Role.OWNER], projects=(shop.project,))


@pytest.fixture
def announce(shop, told, reach):
    def make(version, **body):
        shop.later(minutes=1)
        return told.announce({"version": version, "projects": ["shop"], **body}, reach, shop.now)

    return make


def waiting(shop, count, base="a"):
    """Store that many issues that are resolved in the release after *base*."""
    resolution = Resolution(type=ResolutionType.IN_NEXT_RELEASE, release=base, created_at=shop.now)
    new = Issue(
        id=UNSAVED,
        project_id=shop.project.id,
        number=0,
        status=Status.RESOLVED,
        substatus=None,
        level="error",
        platform="python",
        type="error",
        title="ValueError: boom",
        metadata={},
        first_seen=shop.now,
        last_seen=shop.now,
        active_at=shop.now,
        resolved_at=shop.now,
        resolution=resolution,
    )
    with shop.state.write() as connection:
        ids = issues.create(connection, [replace(new, number=1000 + number) for number in range(count)])
        told = [
            Activity(
                issue_id=one,
                type=ActivityType.SET_RESOLVED_IN_RELEASE,
                data={"version": ""},
                created_at=shop.now,
            )
            for one in ids
        ]
        activity.record(connection, told)
    return ids


def resolutions(shop, ids):
    with shop.state.read() as connection:
        found = issues.load(connection, ids).values()
        return {(one.resolution.type, one.resolution.release) for one in found}


def versions_told(shop, ids):
    with shop.state.read() as connection:
        stories = [activity.page(connection, one, limit=9) for one in ids]
    return {entry.data["version"] for story in stories for _, entry in story}


@contextmanager
def counted_statements():
    sent = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_thousands_of_issues_that_wait_are_turned_in_few_statements(shop, announce):
    announce("a")
    ids = waiting(shop, 3000)
    with counted_statements() as sent:
        announce("b")
    assert len(sent) < 100
    assert resolutions(shop, ids) == {(ResolutionType.IN_RELEASE, "b")}
    assert versions_told(shop, ids) == {"b"}


def test_of_two_releases_in_one_batch_the_earlier_is_the_next(shop, announce):
    announce("a")
    ids = waiting(shop, 2)
    shop.later(minutes=1)
    later, earlier = (shop.now.timestamp() + seconds for seconds in (30, 10))
    shop.write(shop.accepted(release="c", timestamp=later), shop.accepted(release="b", timestamp=earlier))
    assert resolutions(shop, ids) == {(ResolutionType.IN_RELEASE, "b")}
    assert versions_told(shop, ids) == {"b"}


def test_a_batch_that_is_applied_again_turns_nothing_again(shop, announce):
    announce("a")
    ids = waiting(shop, 1)
    shop.later(minutes=1)
    accepted = shop.accepted(release="b")
    for _ in range(2):
        shop.write(accepted, batch="ab" * 16)
    assert resolutions(shop, ids) == {(ResolutionType.IN_RELEASE, "b")}


def test_an_issue_of_the_batch_is_turned_before_its_event_is_judged(shop, announce):
    shop.send(release="a")
    issue = shop.issue()
    resolution = Resolution(type=ResolutionType.IN_NEXT_RELEASE, release="a", current_release="a", created_at=shop.now)
    resolved = replace(issue, status=Status.RESOLVED, substatus=None, resolved_at=shop.now, resolution=resolution)
    with shop.state.write() as connection:
        issues.save(connection, [resolved])
    shop.later(minutes=1)
    applied = shop.write(shop.accepted(release="a"), shop.accepted(release="b", timestamp=shop.now.timestamp() + 9))
    assert applied.turns == {"regressed": 1}
    with shop.state.read() as connection:
        ((_, regression),) = activity.page(connection, issue.id, limit=9)
    assert regression.data.items() >= {"version": "b", "resolved_in_version": "b"}.items()


def test_what_is_refused_at_the_end_leaves_nothing_behind(shop, announce):
    shop.send()
    with pytest.raises(InvalidFields):
        announce("a", commits=COMMITS, refs=[{"repository": "unknown", "commit": "c"}])
    with shop.state.read() as connection:
        assert releases.newest(connection, shop.project.id) is None
        assert commits.by_ids(connection, range(1, 100)) == {}
    assert shop.issue().status is Status.UNRESOLVED


def test_a_fix_in_an_added_commit_resolves_too(shop, told, announce, reach):
    shop.send()
    assert announce("a").is_new
    (commit_id,) = told.add_commits("a", {"commits": COMMITS}, reach, [shop.project.id], shop.now)
    assert shop.issue().resolution.release == "a"
    with shop.state.read() as connection:
        assert commits.by_ids(connection, [commit_id])[commit_id].key == "c1"
    with pytest.raises(NotFound):
        told.add_commits("a", {"commits": COMMITS}, reach, [], shop.now)


def test_a_release_known_before_is_not_new(announce):
    assert (announce("a").is_new, announce("a").is_new) == (True, False)
