"""Saved and recent searches for screens."""

from tocsin.domain.issue.issue import UserId
from tocsin.domain.organization import OrganizationId
from tocsin.domain.saved_search import ISSUES, RecentSearch, SavedSearch
from tocsin.storage.state import saved_searches
from tocsin.storage.views.stores import Views

SEARCHES_MAX = 1000


def seen_by(views: Views, organization_id: OrganizationId, user_id: UserId) -> list[SavedSearch]:
    """Return the searches that a member sees, by name."""
    with views.state.read() as connection:
        return saved_searches.seen_by(connection, organization_id, user_id, SEARCHES_MAX)


def one(views: Views, organization_id: OrganizationId, user_id: UserId, search_id: int) -> SavedSearch | None:
    """Return a search by id, None unless the member sees it."""
    with views.state.read() as connection:
        found = saved_searches.by_id(connection, organization_id, search_id)
    return found if found and found.is_seen_by(user_id) else None


def pinned(views: Views, organization_id: OrganizationId, user_id: UserId) -> SavedSearch | None:
    """Return the search for issues that a member pinned."""
    with views.state.read() as connection:
        return saved_searches.pinned_by(connection, organization_id, user_id, ISSUES)


def recent(
    views: Views, place: tuple[OrganizationId, UserId], search_type: int, *, contains: str, limit: int
) -> list[RecentSearch]:
    """Return what a member searched for lately, latest first."""
    with views.state.read() as connection:
        return saved_searches.recent(connection, place, search_type, contains=contains, limit=limit)
