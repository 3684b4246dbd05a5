"""Counting again what history did not know yet when an issue was split (storage/state/recounts.py says why)."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from tocsin.domain.issue.account import Account, including
from tocsin.domain.issue.issue import Issue, IssueId
from tocsin.storage.history.accounts import accounts
from tocsin.storage.history.filters import digested_before
from tocsin.storage.history.scope import IssueScope, Selection
from tocsin.storage.history.store import History
from tocsin.storage.state import issues, outbox, recounts
from tocsin.storage.state.engine import State, Transaction
from tocsin.storage.state.holding import hold_upwards
from tocsin.storage.state.recounts import KIND, Split

SPLITS_PER_RUN_MAX = 100
LEASE = timedelta(minutes=10)
SETTLED_AFTER = timedelta(hours=1)
"""How long after a split a batch that state took in before may still be on its way into history."""


class Recount:
    """Corrects the counts of issues that were split. Safe to share among threads."""

    def __init__(self, state: State, history: History) -> None:
        self._state = state
        self._history = history

    def run(self, now: datetime) -> int:
        """Do what is due, at most ``SPLITS_PER_RUN_MAX`` splits, and return how many that were.

        What history tells more than it did at the split moves from the one issue to the other; moving it and noting
        that are one transaction, so however often this runs, each event moves once. Each split is looked at soon, and
        again when ``SETTLED_AFTER`` has passed.
        """
        with self._state.write() as connection:
            claimed = outbox.claim(connection, [KIND], now, lease=LEASE, limit=SPLITS_PER_RUN_MAX)
        for one in claimed:
            split = msgspec.convert(one.payload, Split)
            told = self._told(split)
            with self._state.write() as connection:
                _correct(connection, split, told)
                outbox.done(connection, [one.id])
                if not split.is_last:
                    due_at = one.created_at + SETTLED_AFTER
                    recounts.schedule(connection, _corrected_split(split, told), one.created_at, due_at=due_at)
        return len(claimed)

    def _told(self, split: Split) -> list[Account | None]:
        scopes = [IssueScope(split.project_id, part.hashes) for part in split.parts]
        earlier = Selection(where=digested_before(split.until))
        return [one.total for one in accounts(self._history, scopes, earlier)]


def _correct(connection: Transaction, split: Split, told: Sequence[Account | None]) -> None:
    """Give each part the events that were missing, and take them from the source.

    An issue that has been merged since counts for those it is inside of, too; one that is gone counts for nobody.
    """
    late = {
        part.issue_id: replace(account, events=account.events - part.events)
        for part, account in zip(split.parts, told, strict=True)
        if account is not None and account.events > part.events
    }
    if not late:
        return
    around = hold_upwards(connection, [split.source_id, *late])
    changes: Counter[IssueId] = Counter()
    for issue_id in (split.source_id, *around[split.source_id]):
        changes[issue_id] -= sum(account.events for account in late.values())
    for part_id, account in late.items():
        for issue_id in (part_id, *around[part_id]):
            changes[issue_id] += account.events
    stored = issues.load(connection, changes, lock=True).values()
    issues.save(connection, [_corrected(issue, changes[issue.id], late.get(issue.id)) for issue in stored])


def _corrected(issue: Issue, change: int, late: Account | None) -> Issue:
    return replace(including(issue, late), times_seen=issue.times_seen + change)


def _corrected_split(split: Split, told: Sequence[Account | None]) -> Split:
    parts = tuple(
        replace(part, events=max(part.events, account.events if account else 0))
        for part, account in zip(split.parts, told, strict=True)
    )
    return replace(split, parts=parts, is_last=True)
