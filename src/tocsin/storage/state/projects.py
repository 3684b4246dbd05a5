"""Projects, and the counter their issues are numbered by."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from tocsin.domain.issue.issue import ProjectId, UserId
from tocsin.domain.organization import OrganizationId, Project
from tocsin.storage.state import config_version
from tocsin.storage.state.rows import all_as, locked, one_as, portions, refusing_duplicates, select_as
from tocsin.storage.state.tables import project, project_team, team_member

_SLUG_TAKEN = "A project with the slug {!r} already exists in this organization. Choose a different slug."


def create(
    connection: Connection, organization_id: OrganizationId, slug: str, name: str, now: datetime, *, platform: str = ""
) -> ProjectId:
    """Store a new project and return its id. Raises Conflict when the slug is taken in the organization."""
    values = {
        "organization_id": organization_id,
        "slug": slug,
        "name": name,
        "platform": platform,
        "options": {},
        "next_issue_number": 1,
        "created_at": now,
    }
    with refusing_duplicates(connection, _SLUG_TAKEN.format(slug)):
        new_id = connection.execute(insert(project).values(values).returning(project.c.id)).scalar_one()
    config_version.bump(connection)
    return ProjectId(new_id)


def ensure(
    connection: Connection, organization_id: OrganizationId, slug: str, name: str, now: datetime, *, platform: str = ""
) -> ProjectId:
    """Return the id of the organization's project with *slug*, created if there is none."""
    known = by_slug(connection, organization_id, slug)
    return known.id if known else create(connection, organization_id, slug, name, now, platform=platform)


def save(connection: Connection, changed: Project) -> None:
    """Write slug, name, platform and options of a stored project. Raises Conflict when the slug is taken."""
    values = {name: getattr(changed, name) for name in ("slug", "name", "platform", "options")}
    with refusing_duplicates(connection, _SLUG_TAKEN.format(changed.slug)):
        connection.execute(update(project).where(project.c.id == changed.id).values(values))
    config_version.bump(connection)


def remove(connection: Connection, project_id: ProjectId) -> None:
    """Delete the project and everything state keeps of it; its events are not state's."""
    connection.execute(delete(project).where(project.c.id == project_id))
    config_version.bump(connection)


def by_ids(connection: Connection, project_ids: Collection[int], *, lock: bool = False) -> dict[ProjectId, Project]:
    """Return those of the projects that exist, whatever their organization.

    With *lock* nobody else changes them until the transaction ends.
    """
    found: dict[ProjectId, Project] = {}
    for some in portions(project_ids):
        query = select_as(Project, project).where(project.c.id.in_(some)).order_by(project.c.id)
        found |= {one.id: one for one in all_as(Project, connection.execute(locked(query) if lock else query))}
    return found


def by_slug(connection: Connection, organization_id: OrganizationId, slug: str) -> Project | None:
    """Return the organization's project with that slug."""
    query = select_as(Project, project).where(project.c.organization_id == organization_id, project.c.slug == slug)
    return one_as(Project, connection.execute(query))


def by_slug_anywhere(connection: Connection, slug: str) -> list[Project]:
    """Return the projects with that slug, of whatever organization, oldest first."""
    query = select_as(Project, project).where(project.c.slug == slug).order_by(project.c.id)
    return all_as(Project, connection.execute(query))


def in_organizations(connection: Connection, organization_ids: Collection[OrganizationId]) -> list[Project]:
    """Return the projects of these organizations by slug, those left out that are being deleted."""
    query = select_as(Project, project).where(project.c.organization_id.in_(list(organization_ids)))
    found = all_as(Project, connection.execute(query.order_by(project.c.slug, project.c.id)))
    return [one for one in found if not one.is_leaving]


def of_user(connection: Connection, user_id: UserId) -> set[ProjectId]:
    """Return the projects that a team of the user looks after, of whatever organization.

    A role or an open organization may let them reach more: that is for the domain to say.
    """
    query = select(project_team.c.project_id).join(team_member, team_member.c.team_id == project_team.c.team_id)
    return set(connection.execute(query.where(team_member.c.user_id == user_id)).scalars())


def take_issue_numbers(connection: Connection, project_id: ProjectId, count: int) -> int:
    """Reserve *count* consecutive issue numbers and return the first; a number is never given out twice.

    The project's row stays locked until the transaction ends: take them in the order of project ids.
    """
    following = project.c.next_issue_number + count
    statement = update(project).where(project.c.id == project_id).values(next_issue_number=following)
    return int(connection.execute(statement.returning(project.c.next_issue_number)).scalar_one()) - count


def note_first_event(connection: Connection, project_id: ProjectId, at: datetime) -> None:
    """Remember when the project had its first event; later calls change nothing."""
    unset = (project.c.id == project_id, project.c.first_event_at.is_(None))
    connection.execute(update(project).where(*unset).values(first_event_at=at))
