"""What a batch adds to releases, environments and projects (spec/ingest.md 6.6)."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from tocsin.domain.event.event import Event
from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.issue.observe import Observation, Turn
from tocsin.domain.release.release import ReleaseProject
from tocsin.flows.digest.groups import Group
from tocsin.storage.state import environments, projects, releases
from tocsin.storage.state.engine import Transaction

Met = Sequence[tuple[Group, Observation]]


def note_surroundings(connection: Transaction, groups: Sequence[Group], observed: Sequence[Observation]) -> None:
    """Count the batch in its releases and environments (spec/ingest.md 6.6)."""
    met = list(zip(groups, observed, strict=True))
    _note_releases(connection, met)
    _note_environments(connection, met)
    for project_id, first in _first_events(groups).items():
        projects.note_first_event(connection, project_id, first)


def _first_events(groups: Sequence[Group]) -> dict[ProjectId, datetime]:
    silent = [group for group in groups if group.project.first_event_at is None]
    first: dict[ProjectId, datetime] = {}
    for group in silent:
        earliest = min(event.timestamp for event in group.events)
        first[group.project.id] = min(first.get(group.project.id, earliest), earliest)
    return first


def _note_releases(connection: Transaction, met: Met) -> None:
    times: dict[tuple[ProjectId, str], list[datetime]] = defaultdict(list)
    new: Counter[tuple[ProjectId, str]] = Counter()
    organizations = {group.project.id: group.project.organization_id for group, _ in met}
    for group, observation in met:
        for event in group.events:
            if event.release:
                times[group.project.id, event.release].append(event.timestamp)
        if observation.turn is Turn.CREATED and observation.issue.first_release:
            new[group.project.id, observation.issue.first_release] += 1
    known = releases.by_keys(connection, {(organizations[project_id], version) for project_id, version in times})
    noted = [
        ReleaseProject(
            release_id=known[organizations[project_id], version].id,
            project_id=project_id,
            new_issues=new[project_id, version],
            first_event_at=min(seen),
            last_event_at=max(seen),
        )
        for (project_id, version), seen in times.items()
    ]
    releases.note_events(connection, noted)


def _note_environments(connection: Transaction, met: Met) -> None:
    used = {
        (group.project.organization_id, group.project.id, event.environment)
        for group, _ in met
        for event in group.events
    }
    ids = environments.ensure(connection, used)
    noted: list[environments.IssueEnvironment] = []
    for group, observation in met:
        for name, events in _by_environment(group.events).items():
            first = min(events, key=lambda event: event.timestamp)
            noted.append(
                environments.IssueEnvironment(
                    issue_id=observation.issue.id,
                    environment_id=ids[group.project.organization_id, name],
                    first_seen=first.timestamp,
                    last_seen=max(event.timestamp for event in events),
                    first_release=first.release,
                )
            )
    environments.note_issues(connection, noted)


def _by_environment(events: Sequence[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        found[event.environment].append(event)
    return found
