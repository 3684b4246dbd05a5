"""The keys of a project's DSNs, as settings see them; what the intake asks is in ``key_cache``."""

from datetime import datetime

from msgspec import structs
from sqlalchemy import Connection, delete, insert, update

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import ClientKey, OrganizationId
from tocsin.storage.state import config_version
from tocsin.storage.state.rows import all_as, one_as, refusing_duplicates, select_as
from tocsin.storage.state.tables import project, project_key


def create(connection: Connection, key: ClientKey) -> None:
    """Store a new key. Raises Conflict when its public key exists."""
    with refusing_duplicates(connection, "This public key exists already. Choose a different one."):
        connection.execute(insert(project_key).values(structs.asdict(key)))
    config_version.bump(connection)


def ensure(connection: Connection, project_id: ProjectId, public_key: str, secret_key: str, now: datetime) -> ClientKey:
    """Return the project's oldest active key; with the two given one is made when there is none."""
    for key in of_project(connection, project_id):
        if key.is_active:
            return key
    key = ClientKey(
        project_id=project_id, public_key=public_key, secret_key=secret_key, label="Default", created_at=now
    )
    create(connection, key)
    return key


def save(connection: Connection, changed: ClientKey) -> None:
    """Write everything of a stored key but its public key and its project."""
    values = structs.asdict(changed)
    del values["public_key"], values["project_id"], values["created_at"]
    connection.execute(update(project_key).where(project_key.c.public_key == changed.public_key).values(values))
    config_version.bump(connection)


def remove(connection: Connection, public_key: str) -> None:
    """Delete the key: whoever still sends with it is refused."""
    connection.execute(delete(project_key).where(project_key.c.public_key == public_key))
    config_version.bump(connection)


def by_public_key(connection: Connection, public_key: str) -> ClientKey | None:
    """Return the key."""
    query = select_as(ClientKey, project_key).where(project_key.c.public_key == public_key)
    return one_as(ClientKey, connection.execute(query))


def of_project(connection: Connection, project_id: ProjectId) -> list[ClientKey]:
    """Return the project's keys, oldest first."""
    query = select_as(ClientKey, project_key).where(project_key.c.project_id == project_id)
    return all_as(ClientKey, connection.execute(query.order_by(project_key.c.created_at, project_key.c.public_key)))


def in_organization(connection: Connection, organization_id: OrganizationId) -> list[ClientKey]:
    """Return the keys of all projects of the organization, oldest first."""
    query = select_as(ClientKey, project_key).join_from(project_key, project)
    query = query.where(project.c.organization_id == organization_id)
    return all_as(ClientKey, connection.execute(query.order_by(project_key.c.created_at, project_key.c.public_key)))
