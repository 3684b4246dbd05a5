"""The door to history: a few connections to ClickHouse, in-process or a server, lent to one caller at a time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import Empty, LifoQueue
from threading import Lock
from time import monotonic
from typing import Any, Self

import clickhouse_connect
import msgspec
from clickhouse_connect.driver import options
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError
from clickhouse_connect.driver.query import QueryResult

from tocsin.domain.errors import Unavailable
from tocsin.storage.history import schema, tag_columns

_CONNECT_SECONDS_MAX = 5
# We hand over lists, never data frames; so pandas, 0.3 s and 50 MB, need not be loaded at the first insert.
options.pd = None

_TOO_COSTLY = frozenset({"TIMEOUT_EXCEEDED", "TOO_SLOW", "MEMORY_LIMIT_EXCEEDED"})
_CUT_SHORT = frozenset({"ABORTED", "UNFINISHED", "QUERY_WAS_CANCELLED"})
"""How a long statement ends when it is cut short: a merge, a mutation, any other."""

_LONG_SECONDS_MAX = 24 * 3600
_CUT_AGAIN_SECONDS = 0.1
_KILL_MUTATION = (
    "KILL MUTATION WHERE database = currentDatabase() AND table = 'event' AND NOT is_done"
    " AND position(command, 'MATERIALIZE COLUMN') > 0"
)


class HistoryLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What history may use. The first two hold only for the engine in this process; a server has its own."""

    engine_memory_bytes_max: int = 2 << 30
    mark_cache_bytes_max: int = 64 << 20
    query_memory_bytes_max: int = 1 << 30
    query_seconds_max: int = 30
    connections_max: int = 4
    """Callers that history serves at once; more wait for at most ``query_seconds_max``."""


class History:
    """Events, append-only. Safe to share among threads; only one process at a time may open a ``chdb`` directory.

    A connection holds a session and answers one statement at a time, in-process and over HTTP alike, so History keeps
    ``connections_max`` of them and lends each to one caller. :meth:`close` must run before the interpreter exits.
    """

    def __init__(self, clients: Sequence[Client], limits: HistoryLimits, long_client: Client | None = None) -> None:
        self._idle: LifoQueue[Client] = LifoQueue()
        self._lent_max = len(clients)
        self._limits = limits
        self._long_client = long_client
        self._long_turn = Lock()
        self._undisturbed_turn = Lock()
        self.tag_columns: frozenset[str] = frozenset()
        """Keys of the tags that are read from a column of their own."""
        for client in clients:
            self._idle.put(client)

    @classmethod
    def open(cls, url: str, limits: HistoryLimits | None = None) -> Self:
        """Open history at *url* and create what is missing of its schema.

        *url* is ``chdb:///directory`` for the engine in this process, ``clickhouse://user:password@host:port/database``
        for a server.
        """
        limits = limits or HistoryLimits()
        clients = [_connect(url, limits, limits.query_seconds_max) for _ in range(limits.connections_max)]
        history = cls(clients, limits, _connect(url, limits, _LONG_SECONDS_MAX))
        try:
            history.command(schema.event_table())
            history.command(schema.session_table())
            known = {row[0]: row[1] for row in history.rows(schema.KNOWN_LAYOUT)}
            for change in schema.layout_changes(known):
                history.command(change)
            history.look_at_tag_columns()
        except BaseException:
            history.close()
            raise
        return history

    def close(self) -> None:
        """Wait for the statements that are under way, then let go of the engine. Later calls are refused.

        Long statements are cut short.
        """
        self.end_long_commands()
        lent, self._lent_max = self._lent_max, 0
        for _ in range(lent):
            self._idle.get(timeout=2 * self._limits.query_seconds_max).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Sequence[Any]]:
        """Return the rows that *sql* yields, times in UTC, fixed strings as bytes.

        ``tag({name:String})`` in *sql* is the value of the tag whose key is the parameter *name*. Raise `Unavailable`
        when it takes too long, needs too much memory, or finds no free connection.
        """
        return list(self._answer(sql, parameters).result_rows)

    def look_at_tag_columns(self) -> None:
        """Learn which tags can be read from a column of their own: upkeep makes them, maybe in another process."""
        self.tag_columns = tag_columns.readable(self.rows(tag_columns.WRITTEN))

    def columns(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Sequence[Any]]:
        """Return what ``rows`` does, column by column; no columns at all without any row."""
        return list(self._answer(sql, parameters, column_oriented=True).result_columns)

    def _answer(self, sql: str, parameters: Mapping[str, Any] | None, *, column_oriented: bool = False) -> QueryResult:
        bound = dict(parameters or {})
        sql = tag_columns.with_columns(sql, bound, self.tag_columns)
        with self._connection() as client:
            return client.query(sql, parameters=bound, tz_mode="aware", column_oriented=column_oriented)

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Carry out a statement that yields no rows."""
        with self._connection() as client:
            client.command(sql, parameters=dict(parameters or {}))

    def long_command(self, sql: str) -> bool:
        """Carry out a statement that may take hours, on a connection of its own; return whether it came to the end.

        It does not begin while another is under way, and whoever is in its way cuts it short, see :meth:`undisturbed`.
        """
        if not self._long_turn.acquire(blocking=False):
            return False
        try:
            if self._long_client is None:
                return False
            self._long_client.command(sql)
        except DatabaseError as error:
            if error.name not in _CUT_SHORT:
                raise
            return False
        finally:
            self._long_turn.release()
        return True

    def end_long_commands(self) -> None:
        """Cut short the long statement under way, and let none begin any more."""
        with self.undisturbed():
            client, self._long_client = self._long_client, None
        if client is not None:
            client.close()

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Cut short the long statement under way, and let none begin meanwhile: a deletion would have to wait for it.

        Raise `Unavailable` when it does not end.
        """
        with self._undisturbed_turn:
            if not self._long_turn.acquire(blocking=False):
                self._cut_short()
            try:
                yield
            finally:
                self._long_turn.release()

    def _cut_short(self) -> None:
        """Take the turn of the long statement that is under way."""
        patience_ends = monotonic() + self._limits.query_seconds_max
        # A statement that merges does not heed KILL QUERY. What the engine merges by itself begins anew.
        self.command("SYSTEM STOP MERGES event")
        try:
            while not self._long_turn.acquire(timeout=_CUT_AGAIN_SECONDS):
                if monotonic() > patience_ends:
                    raise Unavailable("The event store is being put in order. Try again in a moment.")
                self.command(_KILL_MUTATION)
        finally:
            self.command("SYSTEM START MERGES event")

    def insert_columns(self, columns: Sequence[Sequence[Any]], settings: dict[str, Any]) -> None:
        """Append a batch of events, given column by column in the order of `schema.EVENT_COLUMNS`."""
        with self._connection() as client:
            client.insert(
                "event",
                columns,
                column_names=schema.EVENT_COLUMN_NAMES,
                column_type_names=schema.EVENT_COLUMN_TYPES,
                column_oriented=True,
                settings=settings,
            )

    def insert_session_columns(self, columns: Sequence[Sequence[Any]], settings: dict[str, Any]) -> None:
        """Append what a batch told of sessions, column by column in the order of `schema.SESSION_COLUMNS`."""
        with self._connection() as client:
            client.insert(
                "session",
                columns,
                column_names=schema.SESSION_COLUMN_NAMES,
                column_type_names=schema.SESSION_COLUMN_TYPES,
                column_oriented=True,
                settings=settings,
            )

    def is_alive(self) -> bool:
        """Whether the engine answers."""
        try:
            self.rows("SELECT 1")
        except (Unavailable, ClickHouseError):
            return False
        return True

    @contextmanager
    def _connection(self) -> Iterator[Client]:
        client = self._borrowed()
        try:
            yield client
        except DatabaseError as error:
            if error.name not in _TOO_COSTLY:
                raise
            raise Unavailable("This takes too long to answer. Narrow the time range or the search.") from error
        finally:
            self._idle.put(client)

    def _borrowed(self) -> Client:
        try:
            if self._lent_max:
                return self._idle.get(timeout=self._limits.query_seconds_max)
        except Empty as error:
            raise Unavailable("Too many questions about events at once. Try again in a moment.") from error
        raise Unavailable("The event store is closed. Try again when Tocsin has started.")


def _connect(url: str, limits: HistoryLimits, seconds_max: int) -> Client:
    settings = {
        "max_execution_time": seconds_max,
        "max_memory_usage": limits.query_memory_bytes_max,
        # By default the engine takes one thread for each free GiB: of 2 GiB, some in use, that is one on any machine.
        "max_threads_min_free_memory_per_thread": 0,
        # It would make the second view of a page fast, take up to 100 MiB, and hide that the first one reads too much.
        "use_query_condition_cache": 0,
        # Constants differ from question to question: compiled anew, an expression takes 80 ms and saves none.
        "compile_expressions": 0,
        # An insert returns once its part is on disk, never from a buffer.
        "async_insert": 0,
    }
    if url.startswith("chdb:"):
        engine = {
            "max_server_memory_usage": limits.engine_memory_bytes_max,
            "mark_cache_size": limits.mark_cache_bytes_max,
        }
        return clickhouse_connect.get_client(dsn=url, settings=settings, chdb_options=engine)
    return clickhouse_connect.get_client(
        dsn=url,
        settings=settings,
        connect_timeout=_CONNECT_SECONDS_MAX,
        send_receive_timeout=seconds_max,
        # Lists of hashes are too long for the address of a request.
        form_encode_query_params=True,
    )
