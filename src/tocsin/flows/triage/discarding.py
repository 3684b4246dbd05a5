"""Discarding issues, inside the transaction of the command: no event of theirs is kept (spec/mutation.md 3.12)."""

from collections.abc import Sequence
from datetime import datetime

from tocsin.domain.issue.issue import Issue, UserId
from tocsin.domain.issue.workflow import LEAVING
from tocsin.storage.state import applied, deletions, issue_hashes, tombstones
from tocsin.storage.state.deletions import Request
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.tombstones import Tombstone


def discard(connection: Transaction, chosen: Sequence[Issue], request: Request, now: datetime) -> None:
    """Leave a tombstone of each of the issues *chosen*, bury its hashes there, and have it deleted.

    Hold them first (``storage/state/holding.py``). Issues on their way out already are left alone.
    """
    live = [issue for issue in chosen if issue.status not in LEAVING]
    graves = dict(
        zip(
            (issue.id for issue in live),
            tombstones.create(connection, [_of(one, request.actor_id, now) for one in live]),
            strict=True,
        )
    )
    owned = issue_hashes.by_issue(connection, graves)
    digested = applied.after_all(connection, now)
    deletions.begin(connection, graves, request, now)
    buried = {(one.project_id, one.hash): graves[issue_id] for issue_id, own in owned.items() for one in own}
    issue_hashes.bury(connection, buried, digested)


def _of(issue: Issue, by: UserId | None, now: datetime) -> Tombstone:
    return Tombstone(
        project_id=issue.project_id,
        previous_issue_id=issue.id,
        level=issue.level,
        type=issue.type,
        title=issue.title,
        culprit=issue.culprit,
        message=issue.message,
        metadata=issue.metadata,
        actor_id=by,
        created_at=now,
    )
