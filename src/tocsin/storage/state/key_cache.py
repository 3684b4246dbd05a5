"""What the hot paths ask of state for every request: keys and projects, from memory until somebody changes them.

On SQLite a change made by any process holds for the next look-up: ``PRAGMA data_version`` says, within microseconds,
whether anybody has written, and only then is the counter of changes read. On PostgreSQL the counter is read at most
every 250 milliseconds, so a change may take as long to arrive. Look-ups may come from any thread; they take turns.
"""

import sqlite3
from collections.abc import Callable, Collection, Hashable
from threading import Lock
from time import monotonic
from typing import Generic, Protocol, TypeVar

from sqlalchemy import select

from tocsin.domain.event.project_key import ProjectKey
from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import Organization, Project
from tocsin.domain.rate_limit import NO_CAPS, Caps, caps_of_key, caps_of_project
from tocsin.storage.state import config_version, organizations, projects
from tocsin.storage.state.engine import State
from tocsin.storage.state.tables import project, project_key

CHECK_SECONDS = 0.25
"""How long PostgreSQL's counter is believed."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Watch(Protocol):
    """Notices changes of organizations, projects and keys."""

    def changed(self) -> bool:
        """Whether anything changed since this was asked last; True the first time."""
        ...

    def close(self) -> None:
        """Let go of whatever it holds."""
        ...


class SqliteWatch:
    """Asks SQLite whether the file was written, over a connection of its own that never writes."""

    def __init__(self, state: State) -> None:
        self._connection = sqlite3.connect(state.url.database or "", isolation_level=None, check_same_thread=False)
        self._data_version = -1
        self._config_version = -1

    def changed(self) -> bool:
        """Whether anything changed since this was asked last; True the first time."""
        data_version = self._number("PRAGMA data_version")
        if data_version == self._data_version:
            return False
        before, self._config_version = self._config_version, self._number("SELECT version FROM config_version")
        self._data_version = data_version
        return before != self._config_version

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _number(self, statement: str) -> int:
        return int(self._connection.execute(statement).fetchone()[0])


class PostgresqlWatch:
    """Asks PostgreSQL for the counter of changes, now and then."""

    def __init__(
        self, state: State, clock: Callable[[], float] = monotonic, *, check_seconds: float | None = None
    ) -> None:
        self._state = state
        self._clock = clock
        self._check_seconds = CHECK_SECONDS if check_seconds is None else check_seconds
        self._asked_at = float("-inf")
        self._config_version = -1

    def changed(self) -> bool:
        """Whether anything changed since this was asked last; True the first time."""
        now = self._clock()
        if now - self._asked_at < self._check_seconds:
            return False
        with self._state.read() as connection:
            before, self._config_version = self._config_version, config_version.current(connection)
        self._asked_at = now
        return before != self._config_version

    def close(self) -> None:
        """Nothing to let go of: the connections are the store's."""


def watch_of(state: State, *, check_seconds: float | None = None) -> Watch:
    """Return the watch that fits the store."""
    if state.url.get_backend_name() == "sqlite":
        return SqliteWatch(state)
    return PostgresqlWatch(state, check_seconds=check_seconds)


class Memory(Generic[K, V]):
    """Found values by key, until the watch notices a change.

    Keys that name nothing are remembered apart, so that a flood of them cannot push out the ones in use.
    """

    def __init__(self, watch: Watch, load: Callable[[K], V | None], entries_max: int) -> None:
        self._watch = watch
        self._load = load
        self._entries_max = entries_max
        self._found: dict[K, V] = {}
        self._unknown: set[K] = set()
        self._turn = Lock()

    def lookup(self, key: K) -> V | None:
        """Return the value as it is stored now, None when there is none."""
        with self._turn:
            self._forget_if_changed()
            return self._value(key)

    def lookup_all(self, keys: Collection[K]) -> dict[K, V]:
        """Return the values as they are stored now, of those keys that have one; looks only once for changes."""
        with self._turn:
            self._forget_if_changed()
            values = {key: self._value(key) for key in keys}
        return {key: value for key, value in values.items() if value is not None}

    def close(self) -> None:
        """Stop watching; no look-up may follow."""
        with self._turn:
            self._watch.close()

    def _forget_if_changed(self) -> None:
        if self._watch.changed():
            self._found.clear()
            self._unknown.clear()

    def _value(self, key: K) -> V | None:
        if (value := self._found.get(key)) is not None:
            return value
        return None if key in self._unknown else self._remembered(key)

    def _remembered(self, key: K) -> V | None:
        value = self._load(key)
        if value is None:
            if len(self._unknown) >= self._entries_max:
                self._unknown.clear()
            self._unknown.add(key)
        else:
            if len(self._found) >= self._entries_max:
                self._found.pop(next(iter(self._found)))
            self._found[key] = value
        return value


class KeyCache:
    """What the intake asks: which project a public key opens."""

    def __init__(self, state: State, caps: Caps = NO_CAPS, entries_max: int = 10_000) -> None:
        self._state = state
        self._caps = caps
        self._keys: Memory[str, ProjectKey] = Memory(watch_of(state), self._load, entries_max)

    def lookup(self, public_key: str) -> ProjectKey | None:
        """Return what the intake must know of the key, None when nobody issued it."""
        return self._keys.lookup(public_key)

    def close(self) -> None:
        """Stop watching; no look-up may follow."""
        self._keys.close()

    def _load(self, public_key: str) -> ProjectKey | None:
        query = select(
            project_key.c.project_id,
            project_key.c.is_active,
            project_key.c.rate_limit_count,
            project_key.c.rate_limit_window_seconds,
            project.c.options,
        ).join_from(project_key, project)
        with self._state.read() as connection:
            row = connection.execute(query.where(project_key.c.public_key == public_key)).one_or_none()
        if row is None:
            return None
        of_key = caps_of_key(public_key, row.rate_limit_count, row.rate_limit_window_seconds)
        return ProjectKey(
            public_key=public_key,
            project_id=row.project_id,
            is_active=row.is_active,
            allowed_domains=tuple(row.options.get("allowedDomains", ["*"])),
            caps=of_key + caps_of_project(self._caps, row.project_id, row.options),
        )


class ProjectCache:
    """What the digest asks for every batch: which projects, of which organizations, its events belong to.

    It looks for changes each time, on PostgreSQL too: what somebody forbids to store must not be stored a moment later.
    """

    def __init__(self, state: State, entries_max: int = 10_000) -> None:
        self._state = state
        self._projects: Memory[int, tuple[Project, Organization]] = Memory(
            watch_of(state, check_seconds=0), self._load, entries_max
        )

    def with_organizations(self, project_ids: Collection[int]) -> dict[int, tuple[Project, Organization]]:
        """Return those of the projects that exist, each with the organization it belongs to."""
        return self._projects.lookup_all(project_ids)

    def close(self) -> None:
        """Stop watching; no look-up may follow."""
        self._projects.close()

    def _load(self, project_id: int) -> tuple[Project, Organization] | None:
        with self._state.read() as connection:
            found = projects.by_ids(connection, [project_id]).get(ProjectId(project_id))
            owner = found and organizations.by_id(connection, found.organization_id)
        return (found, owner) if found and owner else None
