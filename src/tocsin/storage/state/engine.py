"""State's engine: one way to read and one way to write, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import monotonic
from typing import Any, Self

import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from tocsin.domain.errors import Malformed

Transaction = Connection
"""What ``read()`` and ``write()`` yield, under a name that flows may use: SQL itself stays in storage."""

_PROGRESS_STEPS = 100_000
"""Virtual machine steps of SQLite between two looks at the clock, about a millisecond."""


class StateLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one process's use of the store."""

    read_connections_max: int = 8
    write_connections_max: int = 8
    """On PostgreSQL; SQLite has one writer."""
    statement_seconds_max: int = 30
    lock_wait_seconds_max: int = 30
    """How long a write may wait for its turn, and for rows that others have locked."""


class State:
    """The relational store.

    ``read()`` sees one consistent snapshot, from its first statement on, and cannot write. ``write()`` is one
    transaction, committed when the block ends and rolled back when it raises. On SQLite writes take turns, in this
    process by a pool of one connection and across processes by ``BEGIN IMMEDIATE``: never open one inside another.
    """

    def __init__(self, url: URL, limits: StateLimits) -> None:
        self.url = url
        if url.get_backend_name() == "sqlite":
            self._reader = _sqlite(url, limits.read_connections_max, limits, begin="BEGIN", query_only=True)
            self._writer = _sqlite(url, 1, limits, begin="BEGIN IMMEDIATE", query_only=False)
        else:
            self._reader = _postgresql(url, limits.read_connections_max, limits).execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._writer = _postgresql(url, limits.write_connections_max, limits)

    @classmethod
    def open(cls, url: str, limits: StateLimits | None = None) -> Self:
        """Return the store at *url*: ``sqlite:///path`` or ``postgresql://user@host/database``.

        Nothing is connected yet and nothing is migrated. Raises Malformed for any other URL.
        """
        return cls(_known(url), limits or StateLimits())

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one consistent snapshot and refuses to write."""
        with self._reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection whose work is kept as a whole, or not at all when the block raises."""
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def rehearse(self) -> Iterator[Connection]:
        """Yield a connection like that of ``write()``, whose work is taken back when the block ends."""
        with self._writer.connect() as connection, connection.begin() as transaction:
            yield connection
            transaction.rollback()

    def is_alive(self) -> bool:
        """Whether the store answers."""
        try:
            with self.read() as connection:
                connection.exec_driver_sql("SELECT 1")
        except SQLAlchemyError:
            return False
        return True

    def fold_log(self) -> None:
        """Give the disk space of SQLite's log back; nothing happens while somebody reads, or on PostgreSQL."""
        if self.url.get_backend_name() == "sqlite":
            # Not inside a transaction, which every connection of the engine begins with.
            with closing(self._writer.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close every pooled connection; none may be in use."""
        self._reader.dispose()
        self._writer.dispose()


def is_sqlite(connection: Connection) -> bool:
    """Whether *connection* talks to SQLite (otherwise it is PostgreSQL)."""
    return connection.dialect.name == "sqlite"


def _known(url: str) -> URL:
    """Return *url* with our driver, or refuse it with a text that shows the two forms."""
    hint = "Set the state URL to sqlite:///path/to/state.db or postgresql://user:password@host/database."
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise Malformed(f"The state URL cannot be read. {hint}") from None
    match parsed.get_backend_name():
        case "sqlite" if parsed.database not in {None, "", ":memory:"}:
            return parsed.set(drivername="sqlite+pysqlite")
        case "postgresql":
            return parsed.set(drivername="postgresql+psycopg")
        case _:
            raise Malformed(f"The state URL names no store that Tocsin knows. {hint}")


def _sqlite(url: URL, connections_max: int, limits: StateLimits, *, begin: str, query_only: bool) -> Engine:
    engine = create_engine(
        url,
        pool_size=connections_max,
        max_overflow=0,
        pool_timeout=limits.lock_wait_seconds_max,
        # Errors are logged, and what is stored belongs in no log.
        hide_parameters=True,
        connect_args={"timeout": limits.lock_wait_seconds_max, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -16384")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute(f"PRAGMA query_only = {int(query_only)}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    @event.listens_for(engine, "before_cursor_execute")
    def limit(_connection: Connection, cursor: Any, *_statement: object) -> None:
        deadline = monotonic() + limits.statement_seconds_max
        cursor.connection.set_progress_handler(lambda: monotonic() > deadline, _PROGRESS_STEPS)

    return engine


def _postgresql(url: URL, connections_max: int, limits: StateLimits) -> Engine:
    settings = {
        "statement_timeout": limits.statement_seconds_max * 1000,
        "lock_timeout": limits.lock_wait_seconds_max * 1000,
        "idle_in_transaction_session_timeout": 2 * limits.statement_seconds_max * 1000,
    }
    return create_engine(
        url,
        pool_size=connections_max,
        max_overflow=0,
        pool_timeout=limits.lock_wait_seconds_max,
        # Errors are logged, and what is stored belongs in no log.
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 10,
            "application_name": "tocsin",
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
    )
