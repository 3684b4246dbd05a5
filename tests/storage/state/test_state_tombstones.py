"""Tombstones, and the hashes that lie under them."""

from datetime import timedelta

from msgspec.structs import replace

from tocsin.storage.state import issue_hashes, issues, tombstones
from tocsin.storage.state.engine import State
from tocsin.storage.state.issue_hashes import Owner
from tocsin.storage.state.tombstones import Tombstone


def tombstone(cast, number: int) -> Tombstone:
    return Tombstone(
        project_id=cast.project_id,
        previous_issue_id=number,
        level="error",
        type="error",
        title=f"ValueError: {number}",
        culprit="main",
        message="boom",
        metadata={"type": "ValueError"},
        actor_id=cast.user_id,
        created_at=cast.issue().last_seen,
    )


def test_tombstones_come_back_as_they_were_stored_newest_first(state: State, cast) -> None:
    with state.write() as tx:
        new = [tombstone(cast, number) for number in (3, 1, 2)]
        ids = tombstones.create(tx, new)
        stored = [replace(one, id=number) for one, number in zip(new, ids, strict=True)]
        assert tombstones.of_project(tx, cast.project_id, offset=0, limit=2) == [stored[2], stored[1]]
        assert tombstones.of_project(tx, cast.project_id, offset=2, limit=2) == [stored[0]]
        assert tombstones.by_id(tx, ids[1]) == stored[1]
        assert tombstones.create(tx, []) == []


def test_dropped_events_are_counted(state: State, cast) -> None:
    with state.write() as tx:
        ids = tombstones.create(tx, [tombstone(cast, number) for number in (1, 2)])
        for _ in range(2):
            tombstones.count_discarded(tx, {ids[0]: 3, ids[1]: 1})
        tombstones.count_discarded(tx, {})
        assert [tombstones.by_id(tx, number).times_discarded for number in ids] == [6, 2]


def test_a_hash_is_free_without_its_tombstone_and_keeps_its_past_to_itself(state: State, cast) -> None:
    now = cast.issue().last_seen
    keys = [(cast.project_id, digits * 32) for digits in "ab"]
    with state.write() as tx:
        [issue_id] = issues.create(tx, [cast.issue()])
        issue_hashes.claim(tx, keys)
        issue_hashes.link(tx, dict.fromkeys(keys, issue_id))
        [grave] = tombstones.create(tx, [tombstone(cast, issue_id)])
        issue_hashes.bury(tx, dict.fromkeys(keys, grave), now - timedelta(hours=1))
        assert issue_hashes.of_tombstone(tx, grave) == keys
        assert issue_hashes.owners(tx, keys[:1]) == {keys[0]: Owner(tombstone_id=grave, since=now - timedelta(hours=1))}
        issues.remove(tx, [issue_id])
        tombstones.remove(tx, grave)
        assert tombstones.by_id(tx, grave) is None
        assert issue_hashes.owners(tx, keys) == dict.fromkeys(keys, Owner(since=now - timedelta(hours=1)))
