"""Saved and recent searches as the API shows them."""

from typing import Any

from tocsin.domain.saved_search import RecentSearch, SavedSearch, Visibility
from tocsin.edges.api.serialize.instants import iso


def saved_search_object(one: SavedSearch) -> dict[str, Any]:
    """Return a search with its name."""
    return {
        "id": str(one.id),
        "type": one.type,
        "name": one.name,
        "query": one.query,
        "sort": one.sort,
        "visibility": one.visibility,
        "dateCreated": iso(one.created_at),
        "isGlobal": False,
        "isPinned": one.visibility is Visibility.PINNED,
    }


def recent_search_object(one: RecentSearch, organization_id: int) -> dict[str, Any]:
    """Return a search that somebody made lately."""
    return {
        "id": str(one.id),
        "organizationId": str(organization_id),
        "type": one.type,
        "query": one.query,
        "lastSeen": iso(one.last_seen),
        "dateCreated": iso(one.created_at),
    }
