"""What the pickers of one organization offer: environments, people and teams."""

import msgspec

from tocsin.domain.issue.issue import Assignee, TeamId, UserId
from tocsin.domain.organization import Team, User
from tocsin.edges.web.visit import Visit
from tocsin.storage.views import people, projects

PEOPLE_MAX = 500


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to pick from."""

    environments: tuple[str, ...]
    """Names, sorted."""
    people: tuple[User, ...]
    """By e-mail address; those who may not log in any more are left out."""
    teams: tuple[Team, ...]
    """By slug."""
    own_team_ids: tuple[TeamId, ...]
    """The caller's."""

    def assignee_name(self, assignee: Assignee | None) -> str:
        """Return whom an issue belongs to, ``""`` for nobody or somebody who has left."""
        if assignee is None:
            return ""
        team = next((f"#{team.slug}" for team in self.teams if team.id == assignee.team_id), "")
        return team or self.person_name(assignee.user_id)

    def person_name(self, user_id: UserId | None) -> str:
        """Return the name that people know a member by, ``""`` for somebody who has left."""
        return next((user.name or user.email for user in self.people if user.id == user_id), "")


def choices_of(visit: Visit) -> Choices:
    """Return what there is to pick from in the organization of the visit."""
    views, organization_id = visit.services.views, visit.reach.organization.id
    teams = people.teams_of_organization(views, organization_id, ())
    members = people.members_of_organization(views, organization_id)
    known = projects.environments_of_organization(views, organization_id)
    return Choices(
        environments=tuple(environment.name for environment in known),
        people=tuple(one.member.user for one in members if one.member.user.is_active)[:PEOPLE_MAX],
        teams=tuple(one.team for one in teams),
        own_team_ids=tuple(one.team.id for one in teams if visit.user.id in one.member_ids),
    )
