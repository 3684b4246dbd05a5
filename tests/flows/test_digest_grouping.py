"""What a project says about grouping holds for its next event, and a move to another configuration keeps its issues."""

import threading

import pytest
from msgspec.structs import replace
from tests.flows.conftest import Shop
from tests.flows.test_digest_loop import drain

from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.grouping import LATEST, OLDEST
from tocsin.domain.pipeline import digest
from tocsin.domain.project_rules import project_rules
from tocsin.flows.configure import Configure
from tocsin.flows.digest.loop import WORKER_MODULES, DigestLimits, DigestLoop
from tocsin.lib.worker_pool import WorkerPool
from tocsin.storage.spool.opening import open_spool
from tocsin.storage.state import issue_hashes, projects, tombstones
from tocsin.storage.state.key_cache import ProjectCache
from tocsin.storage.state.tombstones import Tombstone

LIMITS = DigestLimits(batch_entries_max=10, batch_bytes_max=1 << 20, tries_max=2, intake=IntakeLimits())
FRAMES = [{"module": "shop.pay", "function": "pay", "in_app": True}]


def error(type_="Declined"):
    return {"values": [{"type": type_, "value": "x", "stacktrace": {"frames": FRAMES}}]}


def set_options(shop: Shop, **options):
    shop.project = Configure(shop.state).project(shop.project.id, options, None, shop.now)


def made(shop: Shop, *types: str):
    """Digest one event of each type under the options there are, without writing them."""
    rules = project_rules({}, shop.project.options)
    return [digest(shop.accepted(exception=error(type_)), IntakeLimits(), rules) for type_ in types]


def write(shop: Shop, *types: str):
    return shop.writer.write(f"{next(shop.numbers):032x}", made(shop, *types))


def owners(shop: Shop):
    with shop.state.read() as connection:
        return {one.hash for one in issue_hashes.of_issues(connection, [issue.id for issue in shop.issues()])}


def seen(shop: Shop):
    return [issue.times_seen for issue in shop.issues()]


@pytest.fixture
def upgraded(shop):
    """A project that has an issue of the configuration of 2023 and has moved on."""
    set_options(shop, groupingConfig=OLDEST, secondaryGroupingConfig=None)
    write(shop, "Declined")
    set_options(shop, groupingConfig=LATEST)
    return shop


def test_rules_hold_for_the_next_event_in_every_worker(shop, tmp_path):
    workers = WorkerPool(2, WORKER_MODULES)
    spool, cache = open_spool((tmp_path / "spool").as_uri()), ProjectCache(shop.state)
    loop = DigestLoop(spool, shop.writer, workers, LIMITS, lambda: shop.now, cache)
    loop.spool = spool
    for rules in ("", 'type:A -> ours title="Ours"', ""):
        set_options(shop, fingerprintingRules=rules)
        spool.append_many([shop.accepted(exception=error(type_)) for type_ in "AABB"])
        drain(loop)
    assert {(issue.title, issue.times_seen) for issue in shop.issues()} == {("A: x", 4), ("B: x", 6), ("Ours", 2)}
    set_options(shop, groupingEnhancements="function:pay -group")
    spool.append_many([shop.accepted(exception=error()) for _ in range(4)])
    drain(loop)
    assert seen(shop).count(4) == 2
    cache.close()
    spool.close()
    workers.close()


def test_an_event_finds_its_issue_by_a_hash_of_the_configuration_before(upgraded):
    before = owners(upgraded)
    write(upgraded, "Declined")
    assert seen(upgraded) == [2]
    [digested] = made(upgraded, "Declined")
    [event] = digested.events
    assert owners(upgraded) == before | set(event.hashes)
    assert event.secondary_hashes == tuple(before)
    assert event.hashes != event.secondary_hashes


def test_no_new_hash_of_the_configuration_before_is_stored(upgraded):
    write(upgraded, "Other", "Other")
    [digested] = made(upgraded, "Other")
    [event] = digested.events
    assert seen(upgraded) == [1, 2]
    with upgraded.state.read() as connection:
        keys = [(upgraded.project.id, digits) for digits in (*event.hashes, *event.secondary_hashes)]
        assert list(issue_hashes.owners(connection, keys)) == keys[:1]


def test_after_the_transition_an_event_makes_a_new_issue(upgraded):
    """ingest-F47"""
    upgraded.later(days=90)
    write(upgraded, "Declined")
    assert seen(upgraded) == [1, 1]


def test_an_event_received_in_the_transition_still_finds_its_issue_after_it(upgraded):
    upgraded.later(days=89.9)
    late = made(upgraded, "Declined")
    upgraded.later(days=1)
    upgraded.writer.write("1a7e", late)
    assert seen(upgraded) == [2]


def test_what_was_found_in_the_transition_stays_found(upgraded):
    write(upgraded, "Declined")
    upgraded.later(days=120)
    write(upgraded, "Declined")
    assert seen(upgraded) == [3]


def test_a_move_back_finds_the_issues_of_the_newer_configuration(upgraded):
    write(upgraded, "Other")
    set_options(upgraded, groupingConfig=OLDEST)
    write(upgraded, "Other")
    assert seen(upgraded) == [1, 2]


def test_a_hash_of_its_own_decides_before_one_of_the_configuration_before(upgraded):
    set_options(upgraded, secondaryGroupingConfig=None)
    write(upgraded, "Declined")
    assert seen(upgraded) == [1, 1]
    set_options(upgraded, secondaryGroupingConfig=OLDEST)
    write(upgraded, "Declined")
    assert seen(upgraded) == [1, 2]


def test_a_merged_issue_takes_what_its_old_hashes_find(upgraded):
    set_options(upgraded, groupingConfig=OLDEST)
    write(upgraded, "Other")
    set_options(upgraded, groupingConfig=LATEST)
    one, other = upgraded.issues()
    with upgraded.state.write() as connection:
        keys = [(own.project_id, own.hash) for own in issue_hashes.of_issues(connection, [one.id])]
        issue_hashes.claim(connection, keys)
        issue_hashes.link(connection, dict.fromkeys(keys, other.id))
    write(upgraded, "Declined")
    assert seen(upgraded) == [1, 2]


def test_a_discarded_issue_turns_away_what_its_old_hashes_find(upgraded):
    """ingest-G22: through a hash of the configuration before, and for good."""
    [issue] = upgraded.issues()
    with upgraded.state.write() as connection:
        [grave] = tombstones.create(
            connection,
            [
                Tombstone(
                    project_id=upgraded.project.id,
                    previous_issue_id=issue.id,
                    level="error",
                    type="error",
                    title="",
                    culprit="",
                    message="",
                    metadata={},
                    actor_id=None,
                    created_at=upgraded.now,
                )
            ],
        )
        keys = [(own.project_id, own.hash) for own in issue_hashes.of_issues(connection, [issue.id])]
        issue_hashes.claim(connection, keys)
        issue_hashes.bury(connection, dict.fromkeys(keys, grave), upgraded.now)
    assert write(upgraded, "Declined", "Declined").dropped == 2
    upgraded.later(days=120)
    assert write(upgraded, "Declined").dropped == 1
    with upgraded.state.read() as connection:
        [left] = tombstones.of_project(connection, upgraded.project.id, offset=0, limit=9)
    assert left.times_discarded == 3


def test_a_batch_comes_to_what_its_events_come_to_one_by_one(upgraded):
    """The first event gives its hash to the old issue, so the second needs no secondary hash that is known."""
    [first, second] = made(upgraded, "Declined", "Declined")
    [event] = second.events
    upgraded.writer.write("b0", [first, replace(second, events=(replace(event, secondary_hashes=()),))])
    assert seen(upgraded) == [3]


def test_events_that_come_at_once_join_the_old_issue_together(upgraded):
    batches = [made(upgraded, "Declined", "New") for _ in range(8)]
    threads = [
        threading.Thread(target=upgraded.writer.write, args=(f"b{number}", batch))
        for number, batch in enumerate(batches)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen(upgraded) == [9, 8]


def test_projects_without_options_compute_nothing_secondary(shop):
    [digested] = made(shop, "Declined")
    assert digested.events[0].secondary_hashes == ()
    with shop.state.read() as connection:
        assert projects.by_ids(connection, [shop.project.id])[shop.project.id].options == {}
