"""What time alone does: things are forgotten, files and events expire, snoozes end, news becomes old."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from tocsin.domain.issue.aging import SETTLING_TIME, resolve_by_age, settle
from tocsin.domain.issue.change import Change
from tocsin.domain.issue.effects import LeaveInbox
from tocsin.domain.issue.issue import ActivityType, Issue, IssueId, Status, Substatus
from tocsin.domain.issue.observe import Observation, wake
from tocsin.domain.organization import Project
from tocsin.storage.history.deletion import expire
from tocsin.storage.history.store import History
from tocsin.storage.state import (
    activity,
    applied,
    attachments,
    audit,
    check_ins,
    deletions,
    idempotency,
    inbox,
    issue_conditions,
    issues,
    monitor_steps,
    mutations,
    organizations,
    outbox,
    outcomes,
    projects,
    recounts,
    sessions,
)
from tocsin.storage.state.engine import State, Transaction
from tocsin.storage.state.issue_conditions import Among, Between, Condition, Field, Order, Position

ROWS_PER_RUN_MAX = 5000
"""How many rows of a kind one run forgets."""
ISSUES_PER_RUN_MAX = 1000
"""How many issues one run ages, per reason."""
INBOX_AGE_MAX = timedelta(days=7)
"""How long an issue waits for review at most: nobody can ask for older ones (spec/search.md 2.2)."""
NOTICE_AGE_MAX = timedelta(days=7)
MUTATION_AGE_MAX = timedelta(days=30)
"""How long a mutation can be undone."""
MUTATIONS_PER_RUN_MAX = 100
"""One of a hundred thousand issues is half a megabyte."""
WORK_NOTICES = frozenset({deletions.KIND, attachments.BLOB_KIND, recounts.KIND, "project.remove", *monitor_steps.KINDS})
"""Notices that stand for work, which never goes stale."""
AUDIT_AGE_MAX = timedelta(days=90)
"""How long the audit log goes back, and how long a finished deletion can be asked for."""
OUTCOME_AGE_MAX = timedelta(days=90)
"""How far back it is known what became of what was sent."""
CHECK_IN_AGE_MAX = timedelta(days=90)
"""How far back it is known how jobs ran."""
_ORGANIZATIONS_MAX = 10_000

_CAME_BACK = (ActivityType.SET_REGRESSION, ActivityType.SET_ESCALATING, ActivityType.SET_UNRESOLVED)
_NEWS = (Substatus.NEW, Substatus.REGRESSED, Substatus.ESCALATING)


class Retain:
    """Forgets and ages, a bounded piece at a time. Runs in one thread."""

    def __init__(self, state: State, history: History, *, duplicate_window_hours: int, retention_days: int) -> None:
        self._state = state
        self._history = history
        self._duplicate_window = timedelta(hours=duplicate_window_hours)
        self._retention = timedelta(days=retention_days)
        self._news_position: Position | None = None

    def run(self, now: datetime) -> None:
        """Do a piece of everything that is due."""
        self._forget(now)
        self._expire(now)
        self._wake(now)
        self._settle(now)
        self._resolve_by_age(now)
        self._state.fold_log()

    def _forget(self, now: datetime) -> None:
        with self._state.write() as connection:
            applied.prune(connection, now - self._duplicate_window, ROWS_PER_RUN_MAX)
            sessions.prune(connection, now)
            inbox.prune(connection, now - INBOX_AGE_MAX, ROWS_PER_RUN_MAX)
            outbox.prune(connection, now - NOTICE_AGE_MAX, ROWS_PER_RUN_MAX, kept=WORK_NOTICES)
            mutations.prune(connection, now - MUTATION_AGE_MAX, MUTATIONS_PER_RUN_MAX)
            idempotency.prune(connection, now - idempotency.KEPT, ROWS_PER_RUN_MAX)
            outcomes.prune(connection, now - OUTCOME_AGE_MAX, ROWS_PER_RUN_MAX)
            audit.prune(connection, now - AUDIT_AGE_MAX, ROWS_PER_RUN_MAX)
            check_ins.prune(connection, now - CHECK_IN_AGE_MAX, ROWS_PER_RUN_MAX)
            deletions.prune(connection, now - AUDIT_AGE_MAX, ROWS_PER_RUN_MAX)

    def _expire(self, now: datetime) -> None:
        """Delete events and files that are kept no longer. Issues stay, whatever their age."""
        expire(self._history, now - self._retention)
        with self._state.write() as connection:
            attachments.prune(connection, now - self._retention, ROWS_PER_RUN_MAX, now)

    def _wake(self, now: datetime) -> None:
        """Reopen issues whose snooze is over by the clock (spec/mutation.md 4.2)."""
        with self._state.write() as connection:
            lapsed = issues.with_lapsed_snooze(connection, now, ISSUES_PER_RUN_MAX)
            locked = issues.load(connection, lapsed, lock=True).values()
            _store_woken(connection, [woken for woken in (wake(issue, now) for issue in locked) if woken], now)

    def _settle(self, now: datetime) -> None:
        """Let what is no news any more be ongoing (spec/ingest.md 6.2, 6.4).

        Each run looks at the next piece of all issues that are news, so that those still new never hide the others.
        """
        with self._state.write() as connection:
            found = issue_conditions.candidates(
                connection,
                [Among(Field.STATUS, (Status.UNRESOLVED,)), Among(Field.SUBSTATUS, _NEWS), _older(now)],
                order=Order.FIRST_SEEN,
                after=self._news_position,
                limit=ISSUES_PER_RUN_MAX,
            )
            locked = issues.load(connection, [one.id for one in found], lock=True).values()
            told = activity.latest(connection, [one.id for one in locked], _CAME_BACK)
            _store_changed(connection, [settle(one, since=_news_since(one, told), now=now) for one in locked])
        is_last = len(found) < ISSUES_PER_RUN_MAX
        self._news_position = None if is_last else Position(found[-1].first_seen, found[-1].id)

    def _resolve_by_age(self, now: datetime) -> None:
        """Resolve what projects count as resolved because it was quiet for long."""
        with self._state.read() as connection:
            resolving = list(_resolving(connection))
        for project, hours in resolving:
            quiet: list[Condition] = [
                Among(Field.PROJECT, (project.id,)),
                Among(Field.STATUS, (Status.UNRESOLVED,)),
                Between(field=Order.LAST_SEEN, below=now - timedelta(hours=hours)),
            ]
            with self._state.write() as connection:
                found = issue_conditions.candidates(connection, quiet, limit=ISSUES_PER_RUN_MAX)
                locked = issues.load(connection, [one.id for one in found], lock=True).values()
                _store_changed(connection, [resolve_by_age(one, resolve_age_hours=hours, now=now) for one in locked])


def _older(now: datetime) -> Between:
    return Between(field=Order.FIRST_SEEN, most=now - SETTLING_TIME)


def _news_since(issue: Issue, came_back: Mapping[IssueId, datetime]) -> datetime:
    """Return since when an issue is new, regressed or escalating."""
    if issue.substatus is Substatus.NEW:
        return issue.active_at
    return came_back.get(issue.id, issue.active_at)


def _resolving(connection: Transaction) -> Iterator[tuple[Project, int]]:
    known = [one.id for one in organizations.newest(connection, _ORGANIZATIONS_MAX)]
    for project in projects.in_organizations(connection, known):
        hours = project.options.get("resolveAge")
        if isinstance(hours, int) and hours > 0:
            yield project, hours


def _store_woken(connection: Transaction, woken: Sequence[Observation], now: datetime) -> None:
    issues.save(connection, [one.issue for one in woken])
    activity.record(connection, [entry for one in woken for entry in one.activities])
    inbox.put(connection, {one.issue.id: one.inbox_reason for one in woken if one.inbox_reason}, now)
    outbox.add(connection, [_notice(f"issue.{one.turn}", one.issue) for one in woken], now)


def _store_changed(connection: Transaction, changes: Sequence[Change]) -> None:
    changed = [change for change in changes if change.is_changed]
    issues.save(connection, [change.issue for change in changed])
    activity.record(connection, [entry for change in changed for entry in change.activities])
    inbox.take_out(connection, _leaving_inbox(changed))


def _leaving_inbox(changes: Sequence[Change]) -> list[IssueId]:
    return [change.issue.id for change in changes if LeaveInbox() in change.effects]


def _notice(kind: str, issue: Issue) -> outbox.Notice:
    return outbox.Notice(kind=kind, payload={"issue_id": issue.id, "project_id": issue.project_id})
