import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from uuid import uuid4

import pytest
from msgspec import structs

from tocsin.domain.event.project_key import ProjectKey
from tocsin.domain.organization import ClientKey
from tocsin.domain.rate_limit import CapScope, Meter
from tocsin.storage.state import issues, key_cache, organizations, project_keys, projects
from tocsin.storage.state.engine import State
from tocsin.storage.state.key_cache import KeyCache, Memory, PostgresqlWatch, ProjectCache


@pytest.fixture
def keys(state: State, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyCache]:
    monkeypatch.setattr(key_cache, "CHECK_SECONDS", 0)
    cache = KeyCache(state)
    yield cache
    cache.close()


@pytest.fixture
def key(state: State, cast) -> ClientKey:
    with state.write() as tx:
        return project_keys.ensure(tx, cast.project_id, uuid4().hex, uuid4().hex, cast.issue().last_seen)


def test_a_key_opens_its_project(keys: KeyCache, key: ClientKey, cast) -> None:
    expected = ProjectKey(public_key=key.public_key, project_id=cast.project_id, is_active=True)
    assert keys.lookup(key.public_key) == expected
    assert keys.lookup(uuid4().hex) is None


def test_every_change_holds_for_the_next_lookup(state: State, keys: KeyCache, key: ClientKey, cast) -> None:
    fresh = uuid4().hex
    assert keys.lookup(fresh) is None
    assert keys.lookup(key.public_key).is_active
    with state.write() as tx:
        project_keys.save(tx, structs.replace(key, is_active=False))
        project_keys.create(tx, structs.replace(key, public_key=fresh))
    assert not keys.lookup(key.public_key).is_active
    assert keys.lookup(fresh).is_active
    with state.write() as tx:
        project = projects.by_ids(tx, [cast.project_id])[cast.project_id]
        projects.save(tx, structs.replace(project, options={"allowedDomains": ["acme.io"]}))
        project_keys.remove(tx, key.public_key)
    assert keys.lookup(key.public_key) is None
    assert keys.lookup(fresh).allowed_domains == ("acme.io",)


def test_limits_of_a_key_and_caps_of_its_project_hold_for_the_next_lookup(
    state: State, keys: KeyCache, key: ClientKey, cast
) -> None:
    assert keys.lookup(key.public_key).caps == ()
    with state.write() as tx:
        project_keys.save(tx, structs.replace(key, rate_limit_count=7, rate_limit_window_seconds=60))
        project = projects.by_ids(tx, [cast.project_id])[cast.project_id]
        projects.save(tx, structs.replace(project, options={"eventsPerHourMax": 9}))
    found = {(cap.meter, cap.events_max) for cap in keys.lookup(key.public_key).caps}
    assert found == {
        (Meter(CapScope.KEY, key.public_key, 60), 7),
        (Meter(CapScope.PROJECT, str(cast.project_id), 3600), 9),
    }


def test_a_change_by_another_process_holds_for_the_next_lookup(module_url: str, keys: KeyCache, key: ClientKey) -> None:
    assert keys.lookup(key.public_key) is not None
    program = (
        "import sys; from tocsin.storage.state import project_keys; from tocsin.storage.state.engine import State\n"
        "with State.open(sys.argv[1]).write() as tx: project_keys.remove(tx, sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", program, module_url, key.public_key], check=True, timeout=60)
    assert keys.lookup(key.public_key) is None


def test_other_writes_leave_the_memory_alone(state: State, keys: KeyCache, key: ClientKey, cast) -> None:
    first = keys.lookup(key.public_key)
    with state.write() as tx:
        issues.create(tx, [cast.issue()])
    assert keys.lookup(key.public_key) is first


def test_a_removed_project_takes_its_keys_from_the_memory(state: State, keys: KeyCache, key: ClientKey, cast) -> None:
    assert keys.lookup(key.public_key) is not None
    with state.write() as tx:
        projects.remove(tx, cast.project_id)
    assert keys.lookup(key.public_key) is None


def test_projects_are_known_with_their_organizations(state: State, cast) -> None:
    cache = ProjectCache(state)
    ((project, _),) = cache.with_organizations([cast.project_id, 10**12]).values()
    assert project.id == cast.project_id
    with state.write() as tx:
        organization = structs.replace(organizations.by_id(tx, cast.organization_id), name="Renamed")
        organizations.save(tx, organization)
    # At once, on PostgreSQL too: what must not be stored any more is among what may have changed.
    assert cache.with_organizations([cast.project_id])[cast.project_id] == (project, organization)
    cache.close()


def test_postgresql_is_asked_at_most_every_quarter_of_a_second(state: State) -> None:
    # The counter is an ordinary row on both engines, so this watch can be tried on either.
    now = [100.0]
    watch = PostgresqlWatch(state, clock=lambda: now[0])
    assert watch.changed()
    with state.write() as tx:
        key_cache.config_version.bump(tx)
    now[0] += 0.249
    assert not watch.changed()
    now[0] += 0.001
    assert watch.changed()
    now[0] += 1
    assert not watch.changed()
    watch.close()


class _Still:
    def changed(self) -> bool:
        return False

    def close(self) -> None:
        return


def test_a_flood_of_unknown_keys_does_not_push_out_known_ones() -> None:
    loads = count()
    memory: Memory[str, str] = Memory(
        _Still(), lambda key: (next(loads), None)[1] if key[0] == "x" else f"{next(loads)}", 4
    )
    known = memory.lookup("a")
    for number in range(50):
        assert memory.lookup(f"x{number}") is None
    assert memory.lookup("a") == known


def test_the_memory_is_bounded() -> None:
    memory: Memory[int, str] = Memory(_Still(), str, 4)
    for number in range(100):
        assert memory.lookup(number) == str(number)
    assert len(memory._found) == 4
    assert len(memory._unknown) == 0
