"""Issues on their way out: hidden at once, and a notice of what is to be deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.domain.event.event import GroupingHash
from tocsin.domain.issue.issue import Issue, IssueId, ProjectId, Status
from tocsin.storage.state import inbox, issue_hashes, issues, outbox
from tocsin.storage.state.engine import Transaction

KIND: Final = "issue.remove"


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """What is left to delete of an issue, as the outbox keeps it."""

    issue_id: IssueId
    project_id: ProjectId
    hashes: tuple[GroupingHash, ...]
    digested_before: datetime
    """Later events of the same hashes belong to somebody else."""


def hide(connection: Transaction, leaving: Sequence[Issue], now: datetime) -> None:
    """Take issues out of sight and have what they own by now, events and all, deleted soon.

    Claim their hashes and lock the issues first; afterwards take the hashes from them, in the same transaction.
    """
    outbox.add(connection, _notices(connection, leaving, now), now)
    inbox.take_out(connection, [issue.id for issue in leaving])
    issues.save(connection, [_hidden(issue) for issue in leaving])


def _hidden(issue: Issue) -> Issue:
    return msgspec.structs.replace(issue, status=Status.PENDING_DELETION, substatus=None)


def _notices(connection: Transaction, leaving: Sequence[Issue], now: datetime) -> list[outbox.Notice]:
    hashes = issue_hashes.by_issue(connection, [issue.id for issue in leaving])
    return [
        outbox.Notice(
            kind=KIND,
            payload=_payload(
                Removal(
                    issue_id=issue.id,
                    project_id=issue.project_id,
                    hashes=tuple(one.hash for one in hashes[issue.id]),
                    digested_before=now,
                )
            ),
        )
        for issue in leaving
    ]


def _payload(removal: Removal) -> dict[str, Any]:
    payload: dict[str, Any] = msgspec.to_builtins(removal)
    return payload
