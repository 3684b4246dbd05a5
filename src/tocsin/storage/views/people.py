"""Teams and members for screens."""

from collections.abc import Mapping, Sequence

import msgspec

from tocsin.domain.issue.issue import TeamId, UserId
from tocsin.domain.organization import Member, OrganizationId, Project, Team
from tocsin.storage.state import organizations, teams
from tocsin.storage.state.engine import Transaction
from tocsin.storage.views.stores import Views


class ShownTeam(msgspec.Struct, frozen=True, kw_only=True):
    """A team, who is in it, and which of the projects given it looks after."""

    team: Team
    member_ids: frozenset[UserId]
    projects: tuple[Project, ...]


class ShownMember(msgspec.Struct, frozen=True, kw_only=True):
    """A member and the slugs of their teams."""

    member: Member
    teams: tuple[str, ...]


def teams_of_organization(
    views: Views, organization_id: OrganizationId, projects: Sequence[Project]
) -> list[ShownTeam]:
    """Return the organization's teams by slug, with those of *projects* that each looks after."""
    with views.state.read() as connection:
        known = teams.in_organization(connection, organization_id)
        return _shown(connection, known, projects)


def teams_of_project(views: Views, project: Project) -> list[ShownTeam]:
    """Return the teams that look after the project, by slug."""
    with views.state.read() as connection:
        return _shown(connection, teams.of_projects(connection, [project.id])[project.id], [project])


def members_of_organization(views: Views, organization_id: OrganizationId) -> list[ShownMember]:
    """Return everybody in the organization by e-mail address."""
    with views.state.read() as connection:
        known = teams.in_organization(connection, organization_id)
        people = teams.members_of(connection, [team.id for team in known])
        return [
            ShownMember(member=member, teams=_teams_of(member.user.id, known, people))
            for member in organizations.members(connection, organization_id)
        ]


def _shown(connection: Transaction, known: Sequence[Team], projects: Sequence[Project]) -> list[ShownTeam]:
    people = teams.members_of(connection, [team.id for team in known])
    owners = teams.of_projects(connection, [project.id for project in projects])
    return [
        ShownTeam(
            team=team,
            member_ids=frozenset(people[team.id]),
            projects=tuple(project for project in projects if team in owners[project.id]),
        )
        for team in known
    ]


def _teams_of(user_id: UserId, known: Sequence[Team], people: Mapping[TeamId, set[UserId]]) -> tuple[str, ...]:
    return tuple(team.slug for team in known if user_id in people[team.id])
