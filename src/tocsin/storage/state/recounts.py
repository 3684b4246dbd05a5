"""Counts that history could not tell exactly yet when events changed hands, to be corrected once it can.

A batch is in state before it is in history. What was on its way between the two when an issue was split was counted by
state, but not by the split.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tocsin.domain.event.event import GroupingHash
from tocsin.domain.issue.issue import IssueId, ProjectId
from tocsin.storage.state import outbox
from tocsin.storage.state.engine import Transaction

KIND: Final = "issue.recount"
SOON = timedelta(seconds=10)
"""How long a batch mostly takes from state to history."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What went from one issue to another."""

    issue_id: IssueId
    """Where it went."""
    hashes: tuple[tuple[GroupingHash, datetime | None], ...]
    """Each with the time since when its events count; None for all of them."""
    events: int
    """As many as were counted."""


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """Which events left an issue, as the outbox keeps it."""

    source_id: IssueId
    project_id: ProjectId
    until: datetime
    """Events digested from then on were never the source's."""
    parts: tuple[Part, ...]
    is_last: bool = False
    """Whether nothing can be on its way any more."""


def schedule(connection: Transaction, split: Split, now: datetime, *, due_at: datetime | None = None) -> None:
    """Have the events of *split* counted again at *due_at*, soon by default."""
    payload: dict[str, Any] = msgspec.to_builtins(split)
    outbox.add(connection, [outbox.Notice(kind=KIND, payload=payload)], now, due_at=due_at or now + SOON)
