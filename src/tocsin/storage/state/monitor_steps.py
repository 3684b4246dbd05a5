"""What one step of a monitor's environment leaves behind: its state, its runs, its incidents, and the news of them."""

from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, update

from tocsin.domain.event.event import Event, EventId, GroupingHash
from tocsin.domain.issue.issue import IssueId, ProjectId
from tocsin.domain.monitor.check_in import MonitorEnvironmentId
from tocsin.domain.monitor.environment import Opened, Step
from tocsin.domain.monitor.failure import EVENT_TYPE, failure_payload
from tocsin.domain.monitor.monitor import Monitor
from tocsin.storage.state import check_ins, monitors, outbox
from tocsin.storage.state.rows import one_as, portions, select_as
from tocsin.storage.state.tables import issue, issue_hash, monitor_incident

FAILED = "monitor.failed"
"""Kind of a notice that stands for an event to be made."""
RECOVERED = "monitor.recovered"
"""Kind of a notice that stands for an issue to be resolved."""
KINDS = frozenset({FAILED, RECOVERED})


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """Failures past the threshold, until the recovery."""

    project_id: ProjectId
    monitor_environment_id: MonitorEnvironmentId
    event_id: EventId
    primary_hash: GroupingHash | None
    """Of the event; None while it is on its way."""
    opened_at: datetime
    ended_at: datetime | None


def write(connection: Connection, monitor: Monitor, step: Step, now: datetime) -> None:
    """Store a step of an environment of *monitor*, which is locked."""
    monitors.save_environment(connection, step.environment)
    check_ins.put(connection, step.check_ins)
    for news in step.news:
        about = {
            "project_id": monitor.project_id,
            "environment_id": step.environment.id,
            "event_id": news.event_id,
        }
        place = (
            monitor_incident.c.project_id == monitor.project_id,
            monitor_incident.c.event_id == news.event_id,
        )
        if isinstance(news, Opened):
            payload = failure_payload(monitor, step.environment, news.check_in, news.event_id, now)
            connection.execute(
                insert(monitor_incident).values(
                    project_id=monitor.project_id,
                    monitor_environment_id=step.environment.id,
                    event_id=news.event_id,
                    opened_at=now,
                )
            )
            outbox.add(connection, [outbox.Notice(kind=FAILED, payload=about | {"payload": payload})], now)
        else:
            connection.execute(update(monitor_incident).where(*place).values(ended_at=now))
            outbox.add(connection, [outbox.Notice(kind=RECOVERED, payload=about)], now)


def attach(connection: Connection, events: Iterable[Event]) -> None:
    """Tell incidents which hash their events have, now that they came."""
    for event in events:
        if event.type == EVENT_TYPE:
            place = (
                monitor_incident.c.project_id == event.project_id,
                monitor_incident.c.event_id == event.event_id,
            )
            connection.execute(update(monitor_incident).where(*place).values(primary_hash=event.primary_hash))


def incident(connection: Connection, project_id: ProjectId, event_id: str) -> Incident | None:
    """Return the incident that an event told of."""
    place = (monitor_incident.c.project_id == project_id, monitor_incident.c.event_id == event_id)
    return one_as(Incident, connection.execute(select_as(Incident, monitor_incident).where(*place)))


def incidents(
    connection: Connection, environment_ids: Collection[MonitorEnvironmentId], limit: int
) -> list[tuple[Incident, IssueId | None]]:
    """Return the incidents of environments, newest first, each with its issue as far as that is known."""
    owned = monitor_incident.outerjoin(
        issue_hash,
        (issue_hash.c.project_id == monitor_incident.c.project_id)
        & (issue_hash.c.hash == monitor_incident.c.primary_hash),
    ).outerjoin(issue, issue.c.id == issue_hash.c.issue_id)
    found: list[tuple[Incident, IssueId | None]] = []
    for some in portions(environment_ids):
        query = select_as(Incident, monitor_incident).add_columns(issue.c.id.label("issue_id")).select_from(owned)
        newest_first = (monitor_incident.c.opened_at.desc(), monitor_incident.c.id.desc())
        wanted = query.where(monitor_incident.c.monitor_environment_id.in_(some)).order_by(*newest_first).limit(limit)
        for row in connection.execute(wanted).mappings():
            values = dict(row)
            issue_id = values.pop("issue_id")
            found.append((Incident(**values), issue_id))
    return found
