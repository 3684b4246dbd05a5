"""Deleting issues: out of sight at once, out of the stores soon after (spec/mutation.md 7).

What is left to do stands in the outbox, a notice an issue, so a crash anywhere is made good by doing it again. An issue
is swept twice: the second time takes what state had taken in when the issue left but history only got later.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from tocsin.domain.event.event import GroupingHash
from tocsin.domain.issue.issue import IssueId, ProjectId, Status, UserId
from tocsin.domain.organization import OrganizationId
from tocsin.storage.blobs import BlobStore
from tocsin.storage.history.deletion import count_events, delete_events, event_ids
from tocsin.storage.history.store import History
from tocsin.storage.state import attachments, deletions, issues, outbox
from tocsin.storage.state.deletions import DeletionId, Removal
from tocsin.storage.state.engine import State, Transaction
from tocsin.storage.state.outbox import OutboxId

ISSUES_PER_RUN_MAX = 1000
BLOBS_PER_RUN_MAX = 100
LEASE = timedelta(minutes=10)
SETTLED_AFTER = timedelta(hours=1)
"""How long after a deletion a batch that state took in before it may still be on its way into history."""
_EVENTS_AT_A_TIME = 50_000

Removals = dict[OutboxId, Removal]


class Remove:
    """Deletes issues with their events and files. Safe to share among threads."""

    def __init__(self, state: State, history: History, blobs: BlobStore, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._history = history
        self._blobs = blobs
        self._clock = clock

    def schedule(
        self, issue_ids: Collection[IssueId], organization_id: OrganizationId, actor_id: UserId | None
    ) -> DeletionId | None:
        """Take issues of an organization out of sight and free their hashes: the next events make new issues.

        Return the deletion they belong to; None when all were on their way out already, or never were.
        """
        if not issue_ids:
            return None
        request = deletions.Request(organization_id=organization_id, actor_id=actor_id)
        with self._state.write() as connection:
            return deletions.begin(connection, issue_ids, request, self._clock())

    def run(self, now: datetime) -> int:
        """Delete what is due, at most ``ISSUES_PER_RUN_MAX`` issues, and return how many that were.

        What a crash interrupts is done again after the lease; everything may be done twice.
        """
        removals = self._claim(now)
        for (deletion_id, project_id), some in _by_deletion(removals).items():
            hashes = [name for removal in some.values() for name in removal.hashes]
            digested_before = next(iter(some.values())).digested_before
            self._delete_files(project_id, hashes, digested_before, now)
            if self._count(deletion_id, project_id, some, now):
                delete_events(self._history, project_id, hashes, digested_before)
        if removals:
            with self._state.write() as connection:
                _finish(connection, removals, now)
        return len(removals)

    def drop_blobs(self, now: datetime) -> int:
        """Delete blobs that no attachment names any more, at most ``BLOBS_PER_RUN_MAX``; return how many were due."""
        with self._state.write() as connection:
            claimed = outbox.claim(connection, [attachments.BLOB_KIND], now, lease=LEASE, limit=BLOBS_PER_RUN_MAX)
            contents = {str(one.payload["sha256"]) for one in claimed}
            # Deleted within the transaction: digest may not find a blob there that goes a moment later.
            attachments.lock_contents(connection, contents)
            for content in sorted(contents - attachments.named(connection, contents)):
                self._blobs.delete(content)
            outbox.done(connection, [one.id for one in claimed])
        return len(claimed)

    def _claim(self, now: datetime) -> Removals:
        with self._state.write() as connection:
            claimed = outbox.claim(connection, [deletions.KIND], now, lease=LEASE, limit=ISSUES_PER_RUN_MAX)
            removals = {one.id: msgspec.convert(one.payload, Removal) for one in claimed}
            issues.retire(connection, _issue_ids(removals.values()), Status.DELETION_IN_PROGRESS)
        return removals

    def _delete_files(
        self, project_id: ProjectId, hashes: Sequence[GroupingHash], digested_before: datetime, now: datetime
    ) -> None:
        """Delete the files of the events, while history still knows which events these are."""
        for some in event_ids(self._history, project_id, hashes, digested_before, at_a_time=_EVENTS_AT_A_TIME):
            with self._state.write() as connection:
                files = attachments.of_events(connection, project_id, some)
                attachments.remove(connection, [file.id for file in files], now)

    def _count(self, deletion_id: DeletionId, project_id: ProjectId, removals: Removals, now: datetime) -> bool:
        """Tell the deletion of the events about to be deleted, once; return whether there may be any."""
        uncounted = {notice: removal for notice, removal in removals.items() if not removal.is_counted}
        hashes = [name for removal in uncounted.values() for name in removal.hashes]
        digested_before = next(iter(removals.values())).digested_before
        events = count_events(self._history, project_id, hashes, digested_before)
        if events:
            with self._state.write() as connection:
                deletions.credit(connection, deletion_id, now, events=events)
                _remember(connection, uncounted, is_counted=True)
        return bool(events) or len(uncounted) < len(removals)


def _issue_ids(removals: Iterable[Removal]) -> list[IssueId]:
    return [issue_id for removal in removals for issue_id in removal.issue_ids]


def _by_deletion(removals: Removals) -> dict[tuple[DeletionId, ProjectId], Removals]:
    """Return the removals that go in the same statements: those of one deletion, which share an instant."""
    together: dict[tuple[DeletionId, ProjectId], Removals] = defaultdict(dict)
    for notice, removal in removals.items():
        together[removal.deletion_id, removal.project_id][notice] = removal
    return together


def _remember(connection: Transaction, removals: Removals, **fields: bool) -> None:
    """Note in the outbox how far the removals got."""
    outbox.rewrite(
        connection, {one: deletions.payload_of(replace(removal, **fields)) for one, removal in removals.items()}
    )


def _finish(connection: Transaction, removals: Removals, now: datetime) -> None:
    """Remove the issues; a first sweep makes way for the second, a second one was the last."""
    first = {notice: removal for notice, removal in removals.items() if not removal.is_removed}
    issues.remove(connection, _issue_ids(first.values()))
    for deletion_id, gone in Counter(removal.deletion_id for removal in first.values()).items():
        deletions.credit(connection, deletion_id, now, issues=gone)
    _remember(connection, first, is_removed=True, is_counted=False)
    outbox.put_off(connection, first, now + SETTLED_AFTER)
    outbox.done(connection, removals.keys() - first.keys())
