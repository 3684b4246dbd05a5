"""What the clock makes of monitors, and the issues that failures and recoveries make (spec/ingest.md 8.2)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from tocsin.domain.event.event import EventId
from tocsin.domain.issue.aging import resolve_recovered
from tocsin.domain.issue.effects import LeaveInbox
from tocsin.domain.issue.issue import IssueId, ProjectId
from tocsin.domain.monitor.environment import look
from tocsin.domain.monitor.failure import failure_envelope
from tocsin.storage.spool.contract import Spool
from tocsin.storage.state import activity, check_ins, inbox, issue_hashes, issues, monitor_steps, monitors, outbox
from tocsin.storage.state.engine import State, Transaction
from tocsin.storage.state.monitor_steps import FAILED, KINDS, RECOVERED
from tocsin.storage.state.outbox import Claimed

MONITORS_AT_A_TIME = 100
MONITORS_PER_RUN_MAX = 5000
NOTICES_PER_RUN_MAX = 200
LEASE = timedelta(minutes=1)
WAIT = timedelta(seconds=2)
"""Until an event on its way is looked for again."""
WAIT_MAX = timedelta(hours=1)
"""After that the event of an incident has come to nothing: a project or an issue is gone."""


class MonitorClock:
    """Notices what did not come, and carries out what follows. Safe to run in several processes."""

    def __init__(self, state: State, spool: Spool, notify: Callable[[], None]) -> None:
        self._state = state
        self._spool = spool
        self._notify = notify

    def look(self, now: datetime) -> int:
        """Mark runs that were missed or took too long; return how many monitors were looked at.

        Check-ins that wait in the spool came in time: the clock stands at the oldest of them.
        """
        oldest = self._spool.depth().oldest_received
        at = now if oldest is None else min(now, oldest)
        looked = 0
        while looked < MONITORS_PER_RUN_MAX:
            with self._state.write() as connection:
                found = _look_at_some(connection, at)
            looked += found
            if found < MONITORS_AT_A_TIME:
                break
        return looked

    def tell(self, now: datetime) -> int:
        """Make the events of incidents, and resolve issues of those that are over; return how many notices that were.

        An event has the same id however often it is made, so it counts once. Of one environment the notices are
        carried out in their order: what comes after one that has to wait waits too.
        """
        with self._state.write() as connection:
            claimed = outbox.claim(connection, KINDS, now, lease=LEASE, limit=NOTICES_PER_RUN_MAX)
        waiting: set[int] = set()
        for one in sorted(claimed, key=lambda notice: notice.id):
            environment_id = one.payload["environment_id"]
            if environment_id in waiting or not self._carry_out(one, now):
                waiting.add(environment_id)
                with self._state.write() as connection:
                    outbox.put_off(connection, [one.id], now + WAIT)
        return len(claimed)

    def _carry_out(self, notice: Claimed, now: datetime) -> bool:
        """Do what a notice stands for, and forget it; return False when it is too early."""
        project_id = ProjectId(notice.payload["project_id"])
        if notice.kind == FAILED:
            self._spool.append_many([failure_envelope(project_id, notice.payload["payload"], notice.created_at)])
            self._notify()
        with self._state.write() as connection:
            if notice.kind == RECOVERED and not _resolve(connection, project_id, notice, now):
                return False
            outbox.done(connection, [notice.id])
        return True


def _look_at_some(connection: Transaction, at: datetime) -> int:
    due = monitors.due(connection, at, MONITORS_AT_A_TIME)
    for monitor, environments in due:
        late = check_ins.late(connection, [one.id for one in environments], at)
        for environment in environments:
            own = [one for one in late if one.monitor_environment_id == environment.id]
            step = look(environment, monitor.expectation, own, at)
            if step.check_ins:
                monitor_steps.write(connection, monitor, step, at)
    return len(due)


def _resolve(connection: Transaction, project_id: ProjectId, notice: Claimed, now: datetime) -> bool:
    """Resolve the issue of an incident that is over; return False while its event is on its way."""
    incident = monitor_steps.incident(connection, project_id, EventId(notice.payload["event_id"]))
    if incident is None or now - notice.created_at > WAIT_MAX:
        return True
    if incident.primary_hash is None:
        return False
    key = (project_id, incident.primary_hash)
    owner = issue_hashes.owners(connection, [key]).get(key)
    if owner is not None and owner.issue_id is not None:
        _resolve_issues(connection, [owner.issue_id], now)
    return True


def _resolve_issues(connection: Transaction, issue_ids: Sequence[IssueId], now: datetime) -> None:
    locked = issues.load(connection, issue_ids, lock=True).values()
    changes = [change for change in (resolve_recovered(one, now) for one in locked) if change.is_changed]
    issues.save(connection, [change.issue for change in changes])
    activity.record(connection, [entry for change in changes for entry in change.activities])
    inbox.take_out(connection, [change.issue.id for change in changes if LeaveInbox() in change.effects])
    outbox.add(connection, [_news(change.issue.id, change.issue.project_id) for change in changes], now)


def _news(issue_id: IssueId, project_id: ProjectId) -> outbox.Notice:
    about: dict[str, Any] = {"issue_id": issue_id, "project_id": project_id, "user_id": None}
    return outbox.Notice(kind="issue.set_resolved", payload=about)
