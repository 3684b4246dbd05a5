from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest

from tocsin.storage.state import issue_hashes, issues, projects
from tocsin.storage.state.engine import State
from tocsin.storage.state.issue_hashes import IssueHash, Owner

HASHES = [f"{number:032x}" for number in range(8)]


def test_a_hash_nobody_has_seen_is_claimed_free(state: State, cast) -> None:
    keys = [(cast.project_id, digits) for digits in HASHES[:2]]
    with state.write() as tx:
        assert issue_hashes.owners(tx, keys) == {}
        assert issue_hashes.claim(tx, keys) == dict.fromkeys(keys, Owner())


def test_a_linked_hash_belongs_to_its_issue_in_its_project_only(state: State, cast) -> None:
    key = (cast.project_id, HASHES[0])
    with state.write() as tx:
        other_id = projects.create(tx, cast.organization_id, "other", "Other", cast.issue().first_seen)
        [issue_id] = issues.create(tx, [cast.issue()])
        issue_hashes.claim(tx, [key])
        issue_hashes.link(tx, {key: issue_id})
        assert issue_hashes.owners(tx, [key, (other_id, HASHES[0])]) == {key: Owner(issue_id=issue_id)}
        assert issue_hashes.of_issues(tx, [issue_id]) == [IssueHash(project_id=cast.project_id, hash=HASHES[0])]


def test_a_deleted_issues_old_events_never_belong_to_its_successor(state: State, cast) -> None:
    key = (cast.project_id, HASHES[0])
    deleted_at = cast.issue().last_seen
    with state.write() as tx:
        [first] = issues.create(tx, [cast.issue(1)])
        issue_hashes.claim(tx, [key])
        issue_hashes.link(tx, {key: first})
        issue_hashes.free(tx, [first], deleted_at)
        issues.remove(tx, [first])
        assert issue_hashes.claim(tx, [key]) == {key: Owner(since=deleted_at)}
        [second] = issues.create(tx, [cast.issue(2)])
        issue_hashes.link(tx, {key: second})
        assert issue_hashes.owners(tx, [key]) == {key: Owner(issue_id=second, since=deleted_at)}


def test_an_issue_without_hashes_has_an_empty_list(state: State, cast) -> None:
    with state.write() as tx:
        [issue_id] = issues.create(tx, [cast.issue()])
        assert issue_hashes.by_issue(tx, [issue_id]) == {issue_id: []}


def _first_event(state: State, cast, hashes: list[str], together: Barrier) -> int:
    """Digest a first event as the digest does, and return the issue it ended up in."""
    keys = [(cast.project_id, digits) for digits in hashes]
    together.wait(10)
    with state.write() as tx:
        owners = issue_hashes.claim(tx, keys)
        owned = [owner.issue_id for owner in owners.values() if owner.issue_id]
        if owned:
            return owned[0]
        number = projects.take_issue_numbers(tx, cast.project_id, 1)
        [issue_id] = issues.create(tx, [cast.issue(number)])
        issue_hashes.link(tx, dict.fromkeys(keys, issue_id))
        return issue_id


@pytest.mark.parametrize("attempt", range(5))
def test_first_events_at_the_same_time_make_one_issue(state: State, module_url: str, cast, attempt: int) -> None:
    together = Barrier(8)
    with closing(State.open(module_url)) as second, ThreadPoolExecutor(8) as pool:
        stores = [state, second] * 4
        # Opposite orders of the same hashes would wait in a circle if claims were not sorted.
        orders = [HASHES, HASHES[::-1]] * 4
        found = pool.map(_first_event, stores, [cast] * 8, orders, [together] * 8)
        assert len(set(found)) == 1
    with state.read() as tx:
        assert len(issues.by_numbers(tx, [(cast.project_id, number) for number in range(1, 10)])) == 1
