"""The counter of changes to organizations, projects and keys: what tells caches to forget."""

from sqlalchemy import Connection, select, update

from tocsin.storage.state.tables import config_version


def current(connection: Connection) -> int:
    """Return how many changes there have been."""
    return int(connection.execute(select(config_version.c.version)).scalar_one())


def bump(connection: Connection) -> None:
    """Count one change; every process's caches notice once the transaction is committed."""
    connection.execute(update(config_version).values(version=config_version.c.version + 1))
