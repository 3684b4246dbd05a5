"""Searches that people saved or pinned, and those they made lately."""

from datetime import datetime
from hashlib import sha256

from msgspec import structs
from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from tocsin.domain.issue.issue import UserId
from tocsin.domain.organization import OrganizationId
from tocsin.domain.saved_search import RecentSearch, SavedSearch, SavedSearchId, Visibility
from tocsin.storage.state.rows import all_as, insert_into, one_as, select_as
from tocsin.storage.state.tables import recent_search, saved_search

RECENT_MAX = 100
"""Searches of one type that are remembered of somebody in an organization."""


def create(connection: Connection, search: SavedSearch) -> SavedSearchId:
    """Store a new search and return its id; the one it carries is ignored."""
    values = structs.asdict(search)
    del values["id"]
    new_id = connection.execute(insert(saved_search).values(values).returning(saved_search.c.id)).scalar_one()
    return SavedSearchId(new_id)


def save(connection: Connection, changed: SavedSearch) -> None:
    """Write name, query, sort and visibility of a stored search."""
    values = {name: getattr(changed, name) for name in ("name", "query", "sort", "visibility")}
    connection.execute(update(saved_search).where(saved_search.c.id == changed.id).values(values))


def remove(connection: Connection, search_id: SavedSearchId) -> None:
    """Delete a search."""
    connection.execute(delete(saved_search).where(saved_search.c.id == search_id))


def by_id(connection: Connection, organization_id: OrganizationId, search_id: int) -> SavedSearch | None:
    """Return the organization's search with that id, whoever may see it."""
    place = (saved_search.c.organization_id == organization_id, saved_search.c.id == search_id)
    return one_as(SavedSearch, connection.execute(select_as(SavedSearch, saved_search).where(*place)))


def seen_by(connection: Connection, organization_id: OrganizationId, user_id: UserId, limit: int) -> list[SavedSearch]:
    """Return the searches that a member of the organization sees, by name."""
    query = select_as(SavedSearch, saved_search).where(
        saved_search.c.organization_id == organization_id,
        or_(saved_search.c.visibility == Visibility.ORGANIZATION, saved_search.c.user_id == user_id),
    )
    ordered = query.order_by(func.lower(saved_search.c.name), saved_search.c.id).limit(limit)
    return all_as(SavedSearch, connection.execute(ordered))


def pinned_by(
    connection: Connection, organization_id: OrganizationId, user_id: UserId, search_type: int
) -> SavedSearch | None:
    """Return the search that a member's list begins with."""
    query = select_as(SavedSearch, saved_search).where(*_pinned(organization_id, user_id, search_type))
    return one_as(SavedSearch, connection.execute(query.order_by(saved_search.c.id).limit(1)))


def unpin(connection: Connection, organization_id: OrganizationId, user_id: UserId, search_type: int) -> None:
    """Delete the search that a member pinned; nothing happens when there is none."""
    connection.execute(delete(saved_search).where(*_pinned(organization_id, user_id, search_type)))


def count(connection: Connection, organization_id: OrganizationId, user_id: UserId) -> int:
    """Return how many searches somebody made in the organization."""
    own = (saved_search.c.organization_id == organization_id, saved_search.c.user_id == user_id)
    return int(connection.execute(select(func.count()).select_from(saved_search).where(*own)).scalar_one())


def note_recent(
    connection: Connection, place: tuple[OrganizationId, UserId], search_type: int, query: str, now: datetime
) -> bool:
    """Remember that somebody searched, for the first time or again; return whether it is new.

    Of each type the latest ``RECENT_MAX`` are remembered.
    """
    organization_id, user_id = place
    digest = sha256(query.encode(errors="surrogatepass")).hexdigest()[:32]
    own = (*_recent(organization_id, user_id, search_type), recent_search.c.query_hash == digest)
    known = connection.execute(select(recent_search.c.id).where(*own)).scalar()
    row = {
        "organization_id": organization_id,
        "user_id": user_id,
        "type": search_type,
        "query": query,
        "query_hash": digest,
        "created_at": now,
        "last_seen": now,
    }
    key = ["user_id", "organization_id", "type", "query_hash"]
    connection.execute(
        insert_into(connection, recent_search)
        .values(row)
        .on_conflict_do_update(index_elements=key, set_={"last_seen": now})
    )
    _forget_old(connection, organization_id, user_id, search_type)
    return known is None


def recent(
    connection: Connection, place: tuple[OrganizationId, UserId], search_type: int, *, contains: str, limit: int
) -> list[RecentSearch]:
    """Return what somebody searched for lately with *contains* in it, latest first."""
    query = select_as(RecentSearch, recent_search).where(*_recent(*place, search_type))
    if contains:
        query = query.where(recent_search.c.query.icontains(contains, autoescape=True))
    ordered = query.order_by(recent_search.c.last_seen.desc(), recent_search.c.id.desc()).limit(limit)
    return all_as(RecentSearch, connection.execute(ordered))


def _pinned(organization_id: OrganizationId, user_id: UserId, search_type: int) -> tuple[ColumnElement[bool], ...]:
    return (
        saved_search.c.user_id == user_id,
        saved_search.c.organization_id == organization_id,
        saved_search.c.type == search_type,
        saved_search.c.visibility == Visibility.PINNED,
    )


def _recent(organization_id: OrganizationId, user_id: UserId, search_type: int) -> tuple[ColumnElement[bool], ...]:
    return (
        recent_search.c.user_id == user_id,
        recent_search.c.organization_id == organization_id,
        recent_search.c.type == search_type,
    )


def _forget_old(connection: Connection, organization_id: OrganizationId, user_id: UserId, search_type: int) -> None:
    own = _recent(organization_id, user_id, search_type)
    newest_first = (recent_search.c.last_seen.desc(), recent_search.c.id.desc())
    kept = select(recent_search.c.id).where(*own).order_by(*newest_first).limit(RECENT_MAX)
    connection.execute(delete(recent_search).where(*own, recent_search.c.id.not_in(kept)))
