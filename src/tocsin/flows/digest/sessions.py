"""What a batch tells of sessions, and the releases and environments that it makes known (spec/ingest.md 8.1)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import Project
from tocsin.domain.pipeline import Digested
from tocsin.domain.session.session import Told
from tocsin.storage.state import environments, projects, releases
from tocsin.storage.state.engine import Transaction


def told_by(connection: Transaction, digested: Sequence[Digested]) -> Sequence[Told]:
    """Return what a batch tells of the sessions of projects that are still there."""
    told = [one for each in digested for one in each.sessions]
    known = _projects(connection, told) if told else {}
    return [one for one in told if one.project_id in known]


def releases_run(connection: Transaction, told: Sequence[Told]) -> list[releases.Deployed]:
    """Return the releases that sessions ran, each since its first session: one without errors is a release too."""
    first: dict[tuple[int, str], datetime] = {}
    for one in told:
        key = one.project_id, one.release
        first[key] = min(first.get(key, one.started), one.started)
    known = _projects(connection, told) if told else {}
    return [
        releases.Deployed(
            organization_id=known[ProjectId(project_id)].organization_id,
            project_id=ProjectId(project_id),
            version=version,
            at=started,
        )
        for (project_id, version), started in first.items()
    ]


def note_session_environments(connection: Transaction, told: Sequence[Told]) -> None:
    """Make the environments known that sessions ran in."""
    if not told:
        return
    known = _projects(connection, told)
    used = {(ProjectId(one.project_id), one.environment) for one in told}
    environments.ensure(connection, {(known[project].organization_id, project, name) for project, name in used})


def _projects(connection: Transaction, told: Sequence[Told]) -> Mapping[ProjectId, Project]:
    found = projects.by_ids(connection, {ProjectId(one.project_id) for one in told})
    return {project_id: project for project_id, project in found.items() if not project.is_leaving}
