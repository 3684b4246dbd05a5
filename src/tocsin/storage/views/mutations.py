"""Mutations for screens: with whoever made them."""

from collections.abc import Sequence

import msgspec

from tocsin.domain.organization import OrganizationId, User
from tocsin.storage.state import mutations, users
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.mutations import Mutation
from tocsin.storage.views.stores import Views


class ShownMutation(msgspec.Struct, frozen=True, kw_only=True):
    """A mutation and who made it; None for somebody who is gone."""

    mutation: Mutation
    user: User | None


def page(views: Views, organization_id: OrganizationId, *, limit: int, offset: int) -> list[ShownMutation]:
    """Return mutations of the organization, newest first."""
    with views.state.read() as connection:
        return _shown(connection, mutations.page(connection, organization_id, limit=limit, offset=offset))


def one(views: Views, organization_id: OrganizationId, mutation_id: int) -> ShownMutation | None:
    """Return one mutation of the organization."""
    with views.state.read() as connection:
        found = mutations.by_id(connection, organization_id, mutation_id)
        return None if found is None else _shown(connection, [found])[0]


def _shown(connection: Transaction, found: Sequence[Mutation]) -> list[ShownMutation]:
    known = users.by_ids(connection, {one.user_id for one in found if one.user_id is not None})
    return [ShownMutation(mutation=one, user=known.get(one.user_id) if one.user_id else None) for one in found]
