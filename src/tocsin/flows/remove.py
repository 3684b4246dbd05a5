"""Deleting issues: out of sight at once, out of the stores soon after (spec/mutation.md 7)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from tocsin.domain.event.event import EventId, GroupingHash
from tocsin.domain.issue.issue import IssueId, ProjectId
from tocsin.domain.issue.workflow import LEAVING
from tocsin.storage.blobs import BlobStore
from tocsin.storage.history.deletion import delete_events, event_ids
from tocsin.storage.history.store import History
from tocsin.storage.state import attachments, issue_hashes, issues, outbox
from tocsin.storage.state.engine import State, Transaction
from tocsin.storage.state.removals import KIND, Removal, hide

ISSUES_PER_RUN_MAX = 1000
LEASE = timedelta(minutes=10)
SETTLED_AFTER = timedelta(hours=1)
"""How long after a deletion a batch that state took in before it may still be on its way into history."""
_EVENTS_AT_A_TIME = 50_000


class Remove:
    """Deletes issues with their events and files. Safe to share among threads."""

    def __init__(self, state: State, history: History, blobs: BlobStore, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._history = history
        self._blobs = blobs
        self._clock = clock

    def schedule(self, issue_ids: Collection[IssueId]) -> None:
        """Take issues out of sight and free their hashes: the next events of their kind make new issues.

        Issues on their way out already, and those that do not exist, are left alone.
        """
        if not issue_ids:
            return
        with self._state.write() as connection:
            owned = issue_hashes.of_issues(connection, issue_ids)
            issue_hashes.claim(connection, {(one.project_id, one.hash) for one in owned})
            leaving = [
                one for one in issues.load(connection, issue_ids, lock=True).values() if one.status not in LEAVING
            ]
            # Digest reads its clock once it holds the hashes. Ours are held now, so each event is on one side of this.
            now = self._clock()
            hide(connection, leaving, now)
            issue_hashes.free(connection, [issue.id for issue in leaving], now)

    def run(self, now: datetime) -> int:
        """Delete what is due, at most ``ISSUES_PER_RUN_MAX`` issues, and return how many that were.

        What a crash interrupts is done again after the lease; everything may be done twice. Each issue is swept a
        second time when ``SETTLED_AFTER`` has passed.
        """
        with self._state.write() as connection:
            claimed = outbox.claim(connection, [KIND], now, lease=LEASE, limit=ISSUES_PER_RUN_MAX)
        removals = [msgspec.convert(one.payload, Removal) for one in claimed]
        for (project_id, digested_before), hashes in _by_deletion(removals).items():
            self._delete_files(project_id, hashes, digested_before)
            delete_events(self._history, project_id, hashes, digested_before)
        if claimed:
            with self._state.write() as connection:
                issues.remove(connection, [one.issue_id for one in removals])
                _finish(connection, claimed, now)
        return len(claimed)

    def _delete_files(self, project_id: ProjectId, hashes: Sequence[GroupingHash], digested_before: datetime) -> None:
        """Delete the files of the events, while history still knows which events these are."""
        for some in self._event_ids(project_id, hashes, digested_before):
            with self._state.write() as connection:
                files = attachments.of_events(connection, project_id, some)
                unnamed = attachments.remove(connection, [file.id for file in files])
            for content_hash in unnamed:
                self._blobs.delete(content_hash)

    def _event_ids(
        self, project_id: ProjectId, hashes: Sequence[GroupingHash], digested_before: datetime
    ) -> Iterator[Sequence[EventId]]:
        after: EventId | None = None
        while True:
            found = event_ids(self._history, project_id, hashes, digested_before, after=after, limit=_EVENTS_AT_A_TIME)
            if found:
                yield found
            if len(found) < _EVENTS_AT_A_TIME:
                return
            after = found[-1]


def _by_deletion(removals: Sequence[Removal]) -> dict[tuple[ProjectId, datetime], list[GroupingHash]]:
    """Return the hashes to delete by project and time: issues deleted together go in the same statements."""
    together: dict[tuple[ProjectId, datetime], list[GroupingHash]] = defaultdict(list)
    for removal in removals:
        together[removal.project_id, removal.digested_before].extend(removal.hashes)
    return together


def _finish(connection: Transaction, claimed: Sequence[outbox.Claimed], now: datetime) -> None:
    settled = {one.id for one in claimed if now - one.created_at >= SETTLED_AFTER}
    outbox.done(connection, settled)
    outbox.put_off(connection, {one.id for one in claimed} - settled, now + SETTLED_AFTER)
