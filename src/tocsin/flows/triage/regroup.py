"""The part of a command that gives hashes to other owners: merge, take apart, discard (spec/mutation.md 3.7, 3.12)."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tocsin.domain.issue.category import require_errors
from tocsin.domain.issue.command import Command
from tocsin.domain.issue.issue import Issue
from tocsin.domain.issue.merging import family_of, merge_delta, unmerge_delta
from tocsin.domain.issue.workflow import LEAVING
from tocsin.flows.triage.discarding import discard
from tocsin.flows.triage.merging import merge
from tocsin.flows.triage.parting import Deed, merges_into, take_apart
from tocsin.storage.history.store import History
from tocsin.storage.state.deletions import Request
from tocsin.storage.state.engine import Transaction

_PARTED: Final = "It took merged issues apart. Merge them again instead."
_DISCARDED: Final = "It discarded issues, which are gone. Delete their tombstones to let new events make new issues."


def regroups(command: Command) -> bool:
    """Whether *command* may give hashes to other owners, so that its issues must be held from the start."""
    return command.merge is not None or bool(command.discard)


def refuse_unfit(command: Command, chosen: Sequence[Issue]) -> None:
    """Raise Malformed or InvalidList when the issues *chosen* cannot be merged or discarded."""
    if command.merge:
        family_of(chosen)
    if command.discard:
        require_errors(chosen, "discarded")


class Regrouped(msgspec.Struct, frozen=True, kw_only=True):
    """What became of hashes."""

    delta: dict[str, Any] = {}
    """What the answer says of it."""
    irreversible: str = ""
    """Why the mutation cannot be undone, and what to do instead; empty when it can."""


def regroup(
    connection: Transaction, history: History, command: Command, chosen: Sequence[Issue], deed: Deed, request: Request
) -> Regrouped:
    """Merge, take apart or discard the issues *chosen*, given as stored now; what is discarded leaves by *request*."""
    match command.merge:
        case True:
            merged = merge(connection, chosen, by=deed.by, now=deed.now, mutation_id=deed.mutation_id)
            return (
                Regrouped(delta={"merge": merge_delta(merged.parent_id, merged.child_ids)}) if merged else Regrouped()
            )
        case False:
            live = [issue.id for issue in chosen if issue.status not in LEAVING]
            out = take_apart(connection, history, merges_into(connection, live), deed)
            return Regrouped(delta={"merge": unmerge_delta(out)}, irreversible=_PARTED) if out else Regrouped()
        case None if command.discard:
            discard(connection, chosen, request, deed.now)
            return Regrouped(irreversible=_DISCARDED)
        case None:
            return Regrouped()
