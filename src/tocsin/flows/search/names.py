"""Looking up what a search names: teams and short ids. Releases are looked up in storage/views/named_releases.py."""

from collections.abc import Sequence

from tocsin.domain.issue import short_id
from tocsin.domain.issue.issue import IssueId, ProjectId, TeamId
from tocsin.domain.organization import OrganizationId
from tocsin.storage.state import issues, projects, teams
from tocsin.storage.state.engine import Transaction


def team_ids(connection: Transaction, slug: str, searched: Sequence[ProjectId]) -> tuple[TeamId, ...]:
    """Return the team with *slug*, in any letter case, if it looks after one of the projects *searched*."""
    known = teams.of_projects(connection, searched)
    found = {team.id for those in known.values() for team in those if team.slug.lower() == slug.lower()}
    return tuple(sorted(found))


def issue_ids(
    connection: Transaction, texts: Sequence[str], organization_id: OrganizationId
) -> dict[str, IssueId | None]:
    """Return the issue that each short id names in the organization, None where there is none."""
    slugs = {project.slug: project.id for project in projects.in_organizations(connection, [organization_id])}
    parsed = {text: short_id.parse(text) for text in texts}
    keys = {
        text: (slugs[name.project_slug], name.number)
        for text, name in parsed.items()
        if name and name.project_slug in slugs
    }
    found = issues.by_numbers(connection, keys.values())
    return {text: found.get(keys[text]) if text in keys else None for text in texts}
