"""Tombstones for screens: discarded issues, and who discarded them (spec/mutation.md 8.6)."""

import msgspec

from tocsin.domain.organization import Project, User
from tocsin.storage.state import tombstones, users
from tocsin.storage.state.tombstones import Tombstone
from tocsin.storage.views.stores import Views

__all__ = ["ShownTombstone", "Tombstone", "of_project"]


class ShownTombstone(msgspec.Struct, frozen=True, kw_only=True):
    """A tombstone, and whose doing it was."""

    tombstone: Tombstone
    actor: User | None


def of_project(views: Views, project: Project, *, offset: int, limit: int) -> list[ShownTombstone]:
    """Return the project's tombstones, newest first, *limit* of them after the first *offset*."""
    with views.state.read() as connection:
        found = tombstones.of_project(connection, project.id, offset=offset, limit=limit)
        people = users.by_ids(connection, {one.actor_id for one in found if one.actor_id is not None})
    return [
        ShownTombstone(tombstone=one, actor=people.get(one.actor_id) if one.actor_id is not None else None)
        for one in found
    ]
