"""Saving, pinning and remembering searches (spec/search.md 6.1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tocsin.domain.access import Scope
from tocsin.domain.caller import Reach
from tocsin.domain.errors import Conflict, Forbidden, NotFound
from tocsin.domain.issue.issue import UserId
from tocsin.domain.saved_search import (
    PINNED_NAME,
    SavedSearch,
    Visibility,
    read_changes,
    read_pin,
    read_recent,
    read_saved_search,
    read_type,
)
from tocsin.storage.state import saved_searches
from tocsin.storage.state.engine import State, Transaction

SAVED_MAX = 500
"""Searches that one person may keep in an organization."""
KEEPERS = frozenset({Scope.ORG_WRITE, Scope.ORG_ADMIN})
"""Who may save a search for everybody, and change one that somebody else saved for everybody."""


class SavedSearches:
    """Keeps searches. Safe to share among threads."""

    def __init__(self, state: State, sorts: frozenset[str]) -> None:
        self._state = state
        self._sorts = sorts

    def add(self, reach: Reach, user_id: UserId, body: Mapping[str, Any], now: datetime) -> SavedSearch:
        """Save a search. Raises InvalidFields, Conflict for too many, Forbidden for one that all are to see."""
        fields = read_saved_search(body, now, sorts=self._sorts)
        _require_keeper(reach, fields["visibility"])
        search = SavedSearch(organization_id=reach.organization.id, user_id=user_id, created_at=now, **fields)
        with self._state.write() as connection:
            if saved_searches.count(connection, search.organization_id, user_id) >= SAVED_MAX:
                raise Conflict(f"You have saved {SAVED_MAX} searches. Delete one before you save another.")
            return replace(search, id=saved_searches.create(connection, search))

    def change(
        self, reach: Reach, user_id: UserId, search_id: int, body: Mapping[str, Any], now: datetime
    ) -> SavedSearch:
        """Change a saved search. Raises NotFound for one the user does not see, Forbidden, InvalidFields."""
        fields = read_changes(body, now, sorts=self._sorts)
        with self._state.write() as connection:
            changed = replace(_own(connection, reach, user_id, search_id), **fields)
            _require_keeper(reach, changed.visibility)
            saved_searches.save(connection, changed)
        return changed

    def remove(self, reach: Reach, user_id: UserId, search_id: int) -> None:
        """Delete a saved search. Raises NotFound for one the user does not see, Forbidden for somebody else's."""
        with self._state.write() as connection:
            saved_searches.remove(connection, _own(connection, reach, user_id, search_id).id)

    def pin(self, reach: Reach, user_id: UserId, body: Mapping[str, Any], now: datetime) -> SavedSearch:
        """Let the user's list begin with a search, in place of the one that it began with. Raises InvalidFields."""
        fields = read_pin(body, now, sorts=self._sorts)
        with self._state.write() as connection:
            pinned = saved_searches.pinned_by(connection, reach.organization.id, user_id, fields["type"])
            if pinned is not None:
                changed = replace(pinned, **fields)
                saved_searches.save(connection, changed)
                return changed
            search = SavedSearch(
                organization_id=reach.organization.id,
                user_id=user_id,
                name=PINNED_NAME,
                visibility=Visibility.PINNED,
                created_at=now,
                **fields,
            )
            return replace(search, id=saved_searches.create(connection, search))

    def unpin(self, reach: Reach, user_id: UserId, body: Mapping[str, Any]) -> None:
        """Let the user's list begin as everybody's does. Raises InvalidFields."""
        search_type = read_type(body)
        with self._state.write() as connection:
            saved_searches.unpin(connection, reach.organization.id, user_id, search_type)

    def remember(self, reach: Reach, user_id: UserId, body: Mapping[str, Any], now: datetime) -> bool:
        """Remember that the user searched; return whether it is the first time. Raises InvalidFields."""
        search_type, query = read_recent(body)
        with self._state.write() as connection:
            place = (reach.organization.id, user_id)
            return saved_searches.note_recent(connection, place, search_type, query, now)


def _own(connection: Transaction, reach: Reach, user_id: UserId, search_id: int) -> SavedSearch:
    found = saved_searches.by_id(connection, reach.organization.id, search_id)
    if found is None or not found.is_seen_by(user_id):
        raise NotFound
    if found.user_id != user_id and not reach.scopes & KEEPERS:
        raise Forbidden
    return found


def _require_keeper(reach: Reach, visibility: Visibility) -> None:
    if visibility is Visibility.ORGANIZATION and not reach.scopes & KEEPERS:
        raise Forbidden("Only managers and owners save searches for the whole organization. Save it for yourself.")
