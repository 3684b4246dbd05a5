"""Teams: who is in them and which projects they look after."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from tocsin.domain.issue.issue import ProjectId, TeamId, UserId
from tocsin.domain.organization import OrganizationId, Team
from tocsin.storage.state.rows import all_as, insert_missing, one_as, portions, refusing_duplicates, select_as
from tocsin.storage.state.tables import project_team, team, team_member

_SLUG_TAKEN = "A team with the slug {!r} already exists in this organization. Choose a different slug."


def create(connection: Connection, organization_id: OrganizationId, slug: str, name: str, now: datetime) -> TeamId:
    """Store a new team and return its id. Raises Conflict when the slug is taken in the organization."""
    values = {"organization_id": organization_id, "slug": slug, "name": name, "created_at": now}
    with refusing_duplicates(connection, _SLUG_TAKEN.format(slug)):
        new_id = connection.execute(insert(team).values(values).returning(team.c.id)).scalar_one()
    return TeamId(new_id)


def ensure(connection: Connection, organization_id: OrganizationId, slug: str, name: str, now: datetime) -> TeamId:
    """Return the id of the organization's team with *slug*, created if there is none."""
    known = by_slug(connection, organization_id, slug)
    return known.id if known else create(connection, organization_id, slug, name, now)


def save(connection: Connection, changed: Team) -> None:
    """Write slug and name of a stored team. Raises Conflict when the slug is taken."""
    with refusing_duplicates(connection, _SLUG_TAKEN.format(changed.slug)):
        connection.execute(update(team).where(team.c.id == changed.id).values(slug=changed.slug, name=changed.name))


def remove(connection: Connection, team_id: TeamId) -> None:
    """Delete the team; issues assigned to it are nobody's afterwards."""
    connection.execute(delete(team).where(team.c.id == team_id))


def by_ids(connection: Connection, team_ids: Collection[TeamId]) -> dict[TeamId, Team]:
    """Return those of the teams that exist, whatever their organization."""
    found: dict[TeamId, Team] = {}
    for some in portions(team_ids):
        teams = all_as(Team, connection.execute(select_as(Team, team).where(team.c.id.in_(some))))
        found |= {one.id: one for one in teams}
    return found


def by_slug(connection: Connection, organization_id: OrganizationId, slug: str) -> Team | None:
    """Return the organization's team with that slug."""
    query = select_as(Team, team).where(team.c.organization_id == organization_id, team.c.slug == slug)
    return one_as(Team, connection.execute(query))


def by_reference(connection: Connection, organization_id: OrganizationId, reference: str) -> Team | None:
    """Return the organization's team by slug or by the digits of its id."""
    known = (one for one in in_organization(connection, organization_id) if reference in {one.slug, str(one.id)})
    return next(known, None)


def in_organization(connection: Connection, organization_id: OrganizationId) -> list[Team]:
    """Return the organization's teams by slug."""
    query = select_as(Team, team).where(team.c.organization_id == organization_id).order_by(team.c.slug)
    return all_as(Team, connection.execute(query))


def of_user(connection: Connection, user_id: UserId) -> set[TeamId]:
    """Return the teams the user is in, of whatever organization."""
    return set(connection.execute(select(team_member.c.team_id).where(team_member.c.user_id == user_id)).scalars())


def of_projects(connection: Connection, project_ids: Collection[ProjectId]) -> dict[ProjectId, list[Team]]:
    """Return the teams of each project by slug; a project without teams has an empty list."""
    found: dict[ProjectId, list[Team]] = {project_id: [] for project_id in project_ids}
    for some in portions(project_ids):
        query = select_as(Team, team).add_columns(project_team.c.project_id).join_from(team, project_team)
        rows = connection.execute(query.where(project_team.c.project_id.in_(some)).order_by(team.c.slug)).mappings()
        for row in rows:
            found[row["project_id"]].append(Team(**{name: row[name] for name in Team.__struct_fields__}))
    return found


def members_of(connection: Connection, team_ids: Collection[TeamId]) -> dict[TeamId, set[UserId]]:
    """Return who is in each team."""
    found: dict[TeamId, set[UserId]] = {team_id: set() for team_id in team_ids}
    for some in portions(team_ids):
        query = select(team_member.c.team_id, team_member.c.user_id).where(team_member.c.team_id.in_(some))
        for team_id, user_id in connection.execute(query):
            found[team_id].add(user_id)
    return found


def add_member(connection: Connection, team_id: TeamId, user_id: UserId) -> None:
    """Put the user into the team; nothing happens when they are in it."""
    insert_missing(connection, team_member, [{"team_id": team_id, "user_id": user_id}])


def remove_member(connection: Connection, team_id: TeamId, user_id: UserId) -> None:
    """Take the user out of the team; nothing happens when they are not in it."""
    connection.execute(delete(team_member).where(team_member.c.team_id == team_id, team_member.c.user_id == user_id))


def add_project(connection: Connection, team_id: TeamId, project_id: ProjectId) -> None:
    """Let the team look after the project; nothing happens when it does."""
    insert_missing(connection, project_team, [{"project_id": project_id, "team_id": team_id}])


def remove_project(connection: Connection, team_id: TeamId, project_id: ProjectId) -> None:
    """Take the project from the team; nothing happens when it has it not."""
    pair = (project_team.c.project_id == project_id, project_team.c.team_id == team_id)
    connection.execute(delete(project_team).where(*pair))
