"""Bringing a store to the schema of this version, whatever version left it behind."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tocsin.storage.state.engine import State, StateLimits, is_sqlite

_MIGRATION_LIMITS = StateLimits(statement_seconds_max=3600, lock_wait_seconds_max=600)
"""A migration may rewrite large tables, and a second process waits for the first."""

_LOCK = 7_061_253
"""Any number that nobody else locks in our PostgreSQL database."""


def migrate(url: str, revision: str = "head") -> None:
    """Bring the store at *url* to *revision*, the newest unless told, in one transaction.

    Any number of processes may call this at once: the first one works, the others wait and find nothing left to do.
    """
    state = State.open(url, _MIGRATION_LIMITS)
    try:
        with state.write() as connection:
            if not is_sqlite(connection):
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            command.upgrade(_config(connection), revision)
    finally:
        state.close()


def is_current(state: State) -> bool:
    """Whether the store has exactly the schema this version of Tocsin was written for."""
    with state.read() as connection:
        stored = MigrationContext.configure(connection).get_current_heads()
    return set(stored) == set(ScriptDirectory.from_config(_config()).get_heads())


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
