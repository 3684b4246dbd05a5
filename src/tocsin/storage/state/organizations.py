"""Organizations and who belongs to them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, insert, select, update

from tocsin.domain.access import Role
from tocsin.domain.issue.issue import UserId
from tocsin.domain.organization import Member, MemberId, Organization, OrganizationId, User
from tocsin.storage.state import config_version
from tocsin.storage.state.rows import (
    all_as,
    columns_for,
    insert_into,
    locked,
    one_as,
    portions,
    refusing_duplicates,
    select_as,
)
from tocsin.storage.state.tables import membership, organization, user

_SLUG_TAKEN = "Another organization has the slug {!r}. Choose a different slug."


def create(connection: Connection, slug: str, name: str, now: datetime) -> OrganizationId:
    """Store a new organization and return its id. Raises Conflict when the slug is taken."""
    values = {"slug": slug, "name": name, "options": {}, "created_at": now}
    with refusing_duplicates(connection, _SLUG_TAKEN.format(slug)):
        new_id = connection.execute(insert(organization).values(values).returning(organization.c.id)).scalar_one()
    config_version.bump(connection)
    return OrganizationId(new_id)


def ensure(connection: Connection, slug: str, name: str, now: datetime) -> OrganizationId:
    """Return the id of the organization with *slug*, created if there is none."""
    known = by_slug(connection, slug)
    return known.id if known else create(connection, slug, name, now)


def save(connection: Connection, changed: Organization) -> None:
    """Write slug, name and options of a stored organization. Raises Conflict when the slug is taken."""
    values = {"slug": changed.slug, "name": changed.name, "options": changed.options}
    with refusing_duplicates(connection, _SLUG_TAKEN.format(changed.slug)):
        connection.execute(update(organization).where(organization.c.id == changed.id).values(values))
    config_version.bump(connection)


def by_id(connection: Connection, organization_id: int, *, lock: bool = False) -> Organization | None:
    """Return the organization with that id; with *lock* nobody else changes it until the transaction ends."""
    query = select_as(Organization, organization).where(organization.c.id == organization_id)
    return one_as(Organization, connection.execute(locked(query) if lock else query))


def by_slug(connection: Connection, slug: str) -> Organization | None:
    """Return the organization with that slug."""
    query = select_as(Organization, organization).where(organization.c.slug == slug)
    return one_as(Organization, connection.execute(query))


def newest(connection: Connection, limit: int) -> list[Organization]:
    """Return the newest organizations of the installation, at most *limit*."""
    query = select_as(Organization, organization).order_by(organization.c.id.desc()).limit(limit)
    return all_as(Organization, connection.execute(query))


def of_user(connection: Connection, user_id: UserId) -> list[Organization]:
    """Return the organizations that the user is a member of, newest first."""
    own = select(membership.c.organization_id).where(membership.c.user_id == user_id)
    query = select_as(Organization, organization).where(organization.c.id.in_(own))
    return all_as(Organization, connection.execute(query.order_by(organization.c.id.desc())))


def set_member(
    connection: Connection, organization_id: OrganizationId, user_id: UserId, role: Role, now: datetime
) -> MemberId:
    """Make the user a member with *role*, or change the role, and return the membership's id."""
    statement = (
        insert_into(connection, membership)
        .values(organization_id=organization_id, user_id=user_id, role=role, created_at=now)
        .on_conflict_do_update(index_elements=["organization_id", "user_id"], set_={"role": role})
        .returning(membership.c.id)
    )
    return MemberId(connection.execute(statement).scalar_one())


def remove_member(connection: Connection, organization_id: OrganizationId, user_id: UserId) -> None:
    """End the user's membership; nothing happens when there is none."""
    place = (membership.c.organization_id == organization_id, membership.c.user_id == user_id)
    connection.execute(delete(membership).where(*place))


def member(connection: Connection, organization_id: OrganizationId, user_id: UserId) -> Member | None:
    """Return the user's membership, None when they have none."""
    row = connection.execute(_members(organization_id).where(user.c.id == user_id)).mappings().one_or_none()
    return None if row is None else _member(row)


def members(connection: Connection, organization_id: OrganizationId) -> list[Member]:
    """Return everybody in the organization, in the order of their e-mail addresses."""
    query = _members(organization_id).order_by(user.c.email)
    return [_member(row) for row in connection.execute(query).mappings()]


def of_role(connection: Connection, user_id: UserId, role: Role) -> set[OrganizationId]:
    """Return the organizations in which the user has that role."""
    own = (membership.c.user_id == user_id, membership.c.role == role)
    return set(connection.execute(select(membership.c.organization_id).where(*own)).scalars())


def member_counts(connection: Connection, ids: Collection[OrganizationId]) -> dict[OrganizationId, int]:
    """Return how many members each organization has; one without any has no entry."""
    found: dict[OrganizationId, int] = {}
    for some in portions(ids):
        query = select(membership.c.organization_id, func.count()).where(membership.c.organization_id.in_(some))
        rows = connection.execute(query.group_by(membership.c.organization_id))
        found |= {organization_id: members for organization_id, members in rows}  # noqa: C416 - rows are not pairs to mypy
    return found


def members_by_email(
    connection: Connection, organization_id: OrganizationId, emails: Collection[str]
) -> dict[str, User]:
    """Return those of the organization's members who have these e-mail addresses, by the address as it was given."""
    given = {email.lower() for email in emails if email}
    found: dict[str, User] = {}
    for some in portions(given):
        rows = connection.execute(_members(organization_id).where(user.c.email.in_(some))).mappings()
        found |= {one.user.email: one.user for one in map(_member, rows)}
    return {email: found[email.lower()] for email in emails if email.lower() in found}


def _members(organization_id: OrganizationId) -> Select[*tuple[Any, ...]]:
    place = (membership.c.id.label("member_id"), membership.c.organization_id, membership.c.role)
    since = membership.c.created_at.label("member_since")
    query = select(*place, since, *columns_for(User, user)).join_from(membership, user)
    return query.where(membership.c.organization_id == organization_id)


def _member(row: RowMapping) -> Member:
    return Member(
        id=row["member_id"],
        organization_id=row["organization_id"],
        user=User(**{name: row[name] for name in User.__struct_fields__}),
        role=row["role"],
        created_at=row["member_since"],
    )
