"""The part of a command that gives hashes to other owners: merge, take apart, discard (spec/mutation.md 3.7, 3.12)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tocsin.domain.issue.category import require_errors
from tocsin.domain.issue.command import Command
from tocsin.domain.issue.issue import Issue, UserId
from tocsin.domain.issue.merging import family_of, merge_delta, unmerge_delta
from tocsin.domain.issue.workflow import LEAVING
from tocsin.flows.triage.discarding import discard
from tocsin.flows.triage.merging import merge
from tocsin.flows.triage.parting import merges_into, take_apart
from tocsin.storage.history.store import History
from tocsin.storage.state.engine import Transaction


def regroups(command: Command) -> bool:
    """Whether *command* may give hashes to other owners, so that its issues must be held from the start."""
    return command.merge is not None or bool(command.discard)


def refuse_unfit(command: Command, chosen: Sequence[Issue]) -> None:
    """Raise Malformed or InvalidList when the issues *chosen* cannot be merged or discarded."""
    if command.merge:
        family_of(chosen)
    if command.discard:
        require_errors(chosen, "discarded")


def regroup(
    connection: Transaction,
    history: History,
    command: Command,
    chosen: Sequence[Issue],
    *,
    by: UserId | None,
    now: datetime,
) -> dict[str, Any]:
    """Merge, take apart or discard the issues *chosen*, given as stored now; return what the delta says of it."""
    match command.merge:
        case True:
            merged = merge(connection, chosen, by=by, now=now)
            return {"merge": merge_delta(merged.parent_id, merged.child_ids)} if merged else {}
        case False:
            live = [issue.id for issue in chosen if issue.status not in LEAVING]
            out = take_apart(connection, history, merges_into(connection, live), by=by, now=now)
            return {"merge": unmerge_delta(out)} if out else {}
        case None:
            if command.discard:
                discard(connection, chosen, by=by, now=now)
            return {}
