"""Repositories told of by themselves, and not only by their commits (spec/clients.md)."""

from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.announcement import read_new_repository, read_repository
from tocsin.domain.errors import NotFound
from tocsin.domain.organization import Organization
from tocsin.domain.release.commit import Repository
from tocsin.storage.state import repositories
from tocsin.storage.state.engine import State, Transaction


class Repositories:
    """Makes, changes and deletes repositories. Safe to share among threads."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, body: Any, organization: Organization, now: datetime) -> Repository:
        """Make the repository that *body* tells of. Raises InvalidFields, and Conflict when the name is taken."""
        told = read_new_repository(body)
        with self._state.write() as connection:
            new_id = repositories.create(
                connection, organization.id, told.name, url=told.url, provider=told.provider, now=now
            )
            return _required(connection, organization, new_id)

    def change(self, repository_id: int, body: Any, organization: Organization) -> Repository:
        """Change a repository to what *body* tells of it. Raises NotFound, InvalidFields and Conflict."""
        with self._state.write() as connection:
            known = _required(connection, organization, repository_id)
            told = read_repository(body)
            changed = msgspec.structs.replace(
                known,
                name=told.name or known.name,
                url=told.url or known.url,
                provider=told.provider or known.provider,
                status=told.status or known.status,
            )
            repositories.save(connection, changed)
            return changed

    def remove(self, repository_id: int, organization: Organization) -> None:
        """Delete a repository with its commits. Raises NotFound."""
        with self._state.write() as connection:
            known = _required(connection, organization, repository_id)
            repositories.remove(connection, known.id)


def _required(connection: Transaction, organization: Organization, repository_id: int) -> Repository:
    known = repositories.in_organization(connection, organization.id, repository_id)
    if known is None:
        raise NotFound
    return known
