"""What happens to issues between their events: merged, deleted and born again, snoozed, left alone."""

from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace
from tests.flows.search.conftest import HOUR, NOW, hash_of

from tocsin.domain.event.event import GroupingHash
from tocsin.domain.issue.issue import Snooze, Status, Substatus
from tocsin.flows.search import Search
from tocsin.flows.search.counted import Limits
from tocsin.storage.state import issue_hashes, issues, projects

MANY = Limits(named_issues_max=0, named_hashes_max=0, events_at_once=1)
BOTH_WAYS = pytest.mark.parametrize("limits", [MANY, Limits()], ids=["as with many", "as with few"])


def merge(world, kept, gone):
    with world.state.write() as connection:
        issue_hashes.claim(connection, [(world.pump.id, hash_of(gone))])
        issue_hashes.link(connection, {(world.pump.id, hash_of(gone)): world.named[kept]})
        issues.remove(connection, [world.named.pop(gone)])


@BOTH_WAYS
def test_users_of_a_merged_issue_count_once(world, limits):
    world.search = Search(world.state, world.history, limits)
    for group, users in (("A", "12"), ("B", "12"), ("C", "345")):
        world.send(*(world.event(group, HOUR, user=f"id:{user}") for user in users))
    world.name(A="A", B="B", C="C")
    merge(world, "A", "B")
    assert world.found(sort="user") == "C A"
    assert world.found(sort="freq") == "A C"
    found = world.numbers("A", "user:*")
    assert (found.count, found.user_count, found.filtered.count, found.filtered.user_count) == (4, 2, 4, 2)


@BOTH_WAYS
@pytest.mark.parametrize("query", ["", "level:error", "timesSeen:1"])
def test_events_from_before_a_deletion_do_not_come_back_with_the_hash(world, limits, query):
    world.search = Search(world.state, world.history, limits)
    world.clock = NOW - 2 * HOUR
    old = world.event("A", 3 * HOUR)
    world.send(old, world.event("B", 3 * HOUR))
    world.name(A="A", B="B")
    with world.state.write() as connection:
        issue_hashes.free(connection, world.named.values(), NOW - HOUR)
        issues.remove(connection, world.named.values())
    assert world.found(query) == ""
    assert world.search.direct_hit(old.event_id, world.projects, short_ids=False) is None
    world.clock = NOW
    world.send(world.event("A", timedelta(minutes=5)))
    world.name(A="A")
    assert world.found(query) == "A"
    assert world.numbers("A", query).count == 1


@pytest.mark.parametrize("query", ["is:unresolved", "is:unresolved level:error", "status:[unresolved, ignored]"])
@pytest.mark.parametrize("row", ["search-L48"])
def test_an_issue_that_looks_resolved_by_age_is_not_shown_as_unresolved(world, row, query):
    world.send(world.event("A", timedelta(minutes=61)), world.event("B", timedelta(minutes=59)))
    world.name(A="A", B="B")
    with world.state.write() as connection:
        (pump,) = projects.by_ids(connection, [world.pump.id]).values()
        projects.save(connection, replace(pump, options={"resolveAge": 1}))
        world.projects = list(projects.by_ids(connection, [world.pump.id]).values())
    assert world.found(query) == "B"
    assert world.found("") == "B A"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("is:unresolved", "C A"),
        ("is:unresolved level:error", "C A"),
        ("!is:unresolved", "B"),
        ("is:ignored", "B"),
        ("!is:ignored", "C A"),
        ("is:archived_until_condition_met", "B"),
        ("status:[unresolved, ignored]", "C B A"),
        ("is:resolved", ""),
        ("", "C B A"),
    ],
)
def test_an_issue_whose_snooze_is_over_is_found_as_it_looks(world, query, found):
    """mutation 4.2: until the clock or an event lifts it."""
    world.send(world.event("A", 2 * HOUR), world.event("B", HOUR), world.event("C", timedelta(minutes=1)))
    world.name(A="A", B="B", C="C")
    for name, until in (("A", NOW), ("B", NOW + HOUR)):
        substatus = Substatus.ARCHIVED_UNTIL_CONDITION_MET
        world.change(name, status=Status.IGNORED, substatus=substatus, snooze=Snooze(until=until))
    assert world.found(query) == found
    asked = world.asked(query)
    assert world.search.count(asked, NOW) == len(world.search.ids(asked, NOW)) == len(found.split())


def test_more_issues_than_fit_one_statement_are_all_found(world):
    world.send(*(world.event("many", HOUR, hashes=(GroupingHash(uuid4().hex),)) for _ in range(1200)))
    for query in ("", "level:error"):
        asked = world.asked(query, limit=3)
        assert len(world.search.ids(asked, NOW)) == world.search.count(asked, NOW) == 1200
        page = world.search.issues(asked, NOW)
        assert (len(page.rows), page.hits) == (3, 1200)


@BOTH_WAYS
def test_the_latest_of_no_releases_is_none(world, limits):
    """search-K28"""
    world.search = Search(world.state, world.history, limits)
    world.send(world.event("A", HOUR))
    world.name(A="A")
    assert world.found("release:latest") == "A"
    assert world.found("firstRelease:latest") == "A"
    assert world.found("release:[latest, a@1]") == "A"
    assert world.found("!release:latest") == ""
    world.send(world.event("B", HOUR, release="a@1"))
    world.name(B="B")
    assert world.found("release:latest") == "B"


def test_the_latest_release_is_that_of_the_environment_by_version_or_by_date(world):
    world.send(
        *(
            world.event("A", age * HOUR, release=release, environment=environment)
            for age, release, environment in (
                (4, "a@2.0", "production"), (3, "a@1.0", "staging"), (2, "a@1.5", "staging"), (1, "a@1.2", "staging"),
            )
        )
    )  # fmt: skip
    world.name(A="A")
    assert world.numbers("A", "release:latest", environments=("staging",)).filtered.last_seen == NOW - 2 * HOUR
    assert world.numbers("A", "release:latest", environments=("production",)).filtered.last_seen == NOW - 4 * HOUR
    # Five odd names, and the project no longer follows semantic versions.
    world.send(*(world.event("A", n * HOUR / 10, release=f"odd-{n}", environment="staging") for n in range(1, 8)))
    assert world.numbers("A", "release:latest", environments=("staging",)).filtered.last_seen == NOW - HOUR / 10
