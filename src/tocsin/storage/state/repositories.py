"""Repositories of an organization, known by name: told of with commits, or by themselves."""

from collections.abc import Collection
from datetime import datetime

from msgspec import structs
from sqlalchemy import Connection, delete, insert, update

from tocsin.domain.organization import OrganizationId
from tocsin.domain.release.commit import Repository, RepositoryId
from tocsin.storage.state.rows import all_as, insert_missing, one_as, portions, refusing_duplicates, select_as
from tocsin.storage.state.tables import repository

_TAKEN = "A repository of that name already exists. Choose a different name, or change the one that has it."


def ensure(
    connection: Connection, organization_id: OrganizationId, names: Collection[str], now: datetime
) -> dict[str, Repository]:
    """Return the repositories of these names, created where there were none."""
    known = by_names(connection, organization_id, names)
    missing = sorted(set(names) - known.keys())
    if missing:
        insert_missing(connection, repository, [_row(organization_id, name, now) for name in missing])
        known |= by_names(connection, organization_id, missing)
    return known


def create(
    connection: Connection, organization_id: OrganizationId, name: str, *, url: str, provider: str, now: datetime
) -> RepositoryId:
    """Store a new repository and return its id. Raises Conflict when the name is taken."""
    values = _row(organization_id, name, now) | {"url": url, "provider": provider}
    with refusing_duplicates(connection, _TAKEN):
        return RepositoryId(
            connection.execute(insert(repository).values(values).returning(repository.c.id)).scalar_one()
        )


def save(connection: Connection, changed: Repository) -> None:
    """Write name, URL, provider and status of a stored repository. Raises Conflict when the name is taken."""
    values = {name: getattr(changed, name) for name in ("name", "url", "provider", "status")}
    with refusing_duplicates(connection, _TAKEN):
        connection.execute(update(repository).where(repository.c.id == changed.id).values(values))


def remove(connection: Connection, repository_id: RepositoryId) -> None:
    """Delete a repository with its commits; releases and issues forget those."""
    connection.execute(delete(repository).where(repository.c.id == repository_id))


def by_names(connection: Connection, organization_id: OrganizationId, names: Collection[str]) -> dict[str, Repository]:
    """Return those of the organization's repositories, by name."""
    found: dict[str, Repository] = {}
    for some in portions(names):
        own = (repository.c.organization_id == organization_id, repository.c.name.in_(some))
        found |= {
            one.name: one
            for one in all_as(Repository, connection.execute(select_as(Repository, repository).where(*own)))
        }
    return found


def by_ids(connection: Connection, ids: Collection[RepositoryId]) -> dict[RepositoryId, Repository]:
    """Return those of the repositories that exist."""
    found: dict[RepositoryId, Repository] = {}
    for some in portions(ids):
        rows = all_as(
            Repository, connection.execute(select_as(Repository, repository).where(repository.c.id.in_(some)))
        )
        found |= {one.id: one for one in rows}
    return found


def in_organization(connection: Connection, organization_id: OrganizationId, repository_id: int) -> Repository | None:
    """Return the organization's repository with that id."""
    own = (repository.c.organization_id == organization_id, repository.c.id == repository_id)
    return one_as(Repository, connection.execute(select_as(Repository, repository).where(*own)))


def page(
    connection: Connection,
    organization_id: OrganizationId,
    *,
    contains: str = "",
    status: str = "",
    limit: int,
    offset: int = 0,
) -> list[Repository]:
    """Return the organization's repositories by name, optionally of one status or with *contains* in the name."""
    query = select_as(Repository, repository).where(repository.c.organization_id == organization_id)
    if status:
        query = query.where(repository.c.status == status)
    if contains:
        query = query.where(repository.c.name.icontains(contains, autoescape=True))
    query = query.order_by(repository.c.name, repository.c.id).limit(limit).offset(offset)
    return all_as(Repository, connection.execute(query))


def _row(organization_id: OrganizationId, name: str, now: datetime) -> dict[str, object]:
    row = structs.asdict(Repository(id=RepositoryId(0), organization_id=organization_id, name=name, created_at=now))
    del row["id"]
    return row
