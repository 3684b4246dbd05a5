"""Deletions for screens."""

from collections.abc import Sequence

import msgspec

from tocsin.domain.organization import OrganizationId, User
from tocsin.storage.state import deletions, users
from tocsin.storage.state.deletions import Deletion
from tocsin.storage.state.engine import Transaction
from tocsin.storage.views.stores import Views


class ShownDeletion(msgspec.Struct, frozen=True, kw_only=True):
    """A deletion and whose doing it was."""

    deletion: Deletion
    actor: User | None


def page(views: Views, organization_id: OrganizationId, *, offset: int, limit: int) -> list[ShownDeletion]:
    """Return *limit* deletions of the organization after the first *offset*, newest first."""
    with views.state.read() as connection:
        return _shown(connection, deletions.page(connection, organization_id, offset=offset, limit=limit))


def by_id(views: Views, organization_id: OrganizationId, deletion_id: int) -> ShownDeletion | None:
    """Return one deletion of the organization."""
    with views.state.read() as connection:
        found = deletions.by_id(connection, deletion_id)
        if found is None or found.organization_id != organization_id:
            return None
        return _shown(connection, [found])[0]


def _shown(connection: Transaction, found: Sequence[Deletion]) -> list[ShownDeletion]:
    people = users.by_ids(connection, {one.actor_id for one in found if one.actor_id is not None})
    return [
        ShownDeletion(deletion=one, actor=None if one.actor_id is None else people.get(one.actor_id)) for one in found
    ]
