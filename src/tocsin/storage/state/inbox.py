"""The review inbox: issues that wait for somebody to look at them (spec/mutation.md 3.13)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, select

from tocsin.domain.issue.issue import InboxReason, IssueId
from tocsin.storage.state.rows import all_as, insert_missing, portions, select_as
from tocsin.storage.state.tables import inbox


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Since when and why an issue waits."""

    issue_id: IssueId
    reason: InboxReason
    added_at: datetime


def put(connection: Connection, reasons: Mapping[IssueId, InboxReason], now: datetime) -> None:
    """Let the issues wait; those that do already keep their reason and their place."""
    rows = [{"issue_id": issue_id, "reason": reasons[issue_id], "added_at": now} for issue_id in sorted(reasons)]
    insert_missing(connection, inbox, rows)


def put_back(connection: Connection, waited: Sequence[Waiting]) -> None:
    """Let issues that had left wait again, in their old places."""
    rows = [msgspec.structs.asdict(one) for one in sorted(waited, key=lambda one: one.issue_id)]
    insert_missing(connection, inbox, rows)


def take_out(connection: Connection, issue_ids: Iterable[IssueId]) -> set[IssueId]:
    """Let the issues wait no longer, and return those that did."""
    waited: set[IssueId] = set()
    for some in portions(issue_ids):
        statement = delete(inbox).where(inbox.c.issue_id.in_(some)).returning(inbox.c.issue_id)
        waited |= set(connection.execute(statement).scalars())
    return waited


def waiting(connection: Connection, issue_ids: Iterable[IssueId]) -> dict[IssueId, Waiting]:
    """Return those of the issues that wait."""
    found: dict[IssueId, Waiting] = {}
    for some in portions(issue_ids):
        rows = all_as(Waiting, connection.execute(select_as(Waiting, inbox).where(inbox.c.issue_id.in_(some))))
        found |= {one.issue_id: one for one in rows}
    return found


def prune(connection: Connection, before: datetime, rows_max: int) -> int:
    """Take out what was added before that time, at most *rows_max* issues, and return how many."""
    old = select(inbox.c.issue_id).where(inbox.c.added_at < before).order_by(inbox.c.issue_id).limit(rows_max)
    return len(take_out(connection, connection.execute(old).scalars().all()))
