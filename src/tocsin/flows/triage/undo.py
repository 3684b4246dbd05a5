"""Undoing a command: the state before, for every issue that nobody changed since."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from tocsin.domain.caller import Reach
from tocsin.domain.errors import Conflict, NotFound
from tocsin.domain.issue.issue import IssueId, UserId
from tocsin.domain.issue.journal import Fields, MutationKind, Rewritten
from tocsin.domain.issue.kind import Kind
from tocsin.domain.issue.workflow import LEAVING
from tocsin.storage.state import activity, effects, issue_kinds, mutations, outbox
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.mutations import Journal, Mutation, MutationId


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What undoing a mutation came to."""

    mutation_id: MutationId
    """Of the undoing."""
    undone_id: MutationId
    restored: tuple[IssueId, ...]
    """Issues that are as they were before, ascending."""
    left_alone: tuple[IssueId, ...]
    """Issues that were changed since, are gone, or that the caller cannot see, ascending."""


def undo(connection: Transaction, mutation_id: int, reach: Reach, user_id: UserId | None, now: datetime) -> Undone:
    """Restore what the mutation changed: fields, what people keep beside the issues, and the story.

    Each issue is restored as a whole or, when any field that the mutation set has another value now, not at all.
    Raises NotFound, and Conflict for what was undone before and what cannot be undone.
    """
    mutation = _undoable(connection, mutation_id, reach)
    journal = mutations.journal_of(connection, mutation.id)
    touched = journal.issue_ids
    standing = _standing(connection, journal, touched, reach)
    restored = touched - _changed_since(journal, standing)
    _restore(connection, journal, mutation, restored)
    done = mutations.begin(
        connection,
        organization_id=mutation.organization_id,
        user_id=user_id,
        kind=MutationKind.UNDO,
        request={"undo": str(mutation.id)},
        issue_count=len(restored),
        now=now,
    )
    mutations.keep_journal(connection, done, Journal())
    mutations.mark_undone(connection, mutation.id, done)
    payload = {"mutation_id": done, "undone_id": mutation.id, "user_id": user_id, "issues": len(restored)}
    outbox.add(connection, [outbox.Notice(kind="mutation.undone", payload=payload)], now)
    return Undone(
        mutation_id=done,
        undone_id=mutation.id,
        restored=tuple(sorted(restored)),
        left_alone=tuple(sorted(touched - restored)),
    )


def _undoable(connection: Transaction, mutation_id: int, reach: Reach) -> Mutation:
    mutation = mutations.by_id(connection, reach.organization.id, mutation_id, lock=True)
    if mutation is None:
        raise NotFound
    if mutation.undone_by is not None:
        raise Conflict(f"Mutation {mutation.id} was undone already, by mutation {mutation.undone_by}.")
    if mutation.kind is not MutationKind.TRIAGE:
        raise Conflict(f"Mutation {mutation.id} cannot be undone. Send the command again instead.")
    return mutation


def _standing(
    connection: Transaction, journal: Journal, touched: Collection[IssueId], reach: Reach
) -> dict[IssueId, Kind]:
    """Return the issues within reach, told apart by every field that the mutation set anywhere."""
    apart = {name for part in journal.rewritten for name in part.after.items()}
    kinds = issue_kinds.load(connection, touched, project_ids=reach.project_ids, apart=apart)
    return {issue_id: kind for kind in kinds for issue_id in kind.ids}


def _changed_since(journal: Journal, standing: Mapping[IssueId, Kind]) -> set[IssueId]:
    """Return the issues that are not as the mutation left them."""
    after: dict[IssueId, Fields] = {issue_id: part.after for part in journal.rewritten for issue_id in part.ids}
    nothing = Fields()
    return {one for one in journal.issue_ids if not _is_as_left(standing.get(one), after.get(one, nothing))}


def _is_as_left(kind: Kind | None, after: Fields) -> bool:
    return kind is not None and kind.issue.status not in LEAVING and after.are_those_of(kind.issue)


def _restore(connection: Transaction, journal: Journal, mutation: Mutation, restored: Collection[IssueId]) -> None:
    for part in journal.rewritten:
        _restore_fields(connection, part, [one for one in part.ids if one in restored])
    for effected in reversed(journal.effected):
        ids = [one for one in effected.ids if one in restored]
        for trace in reversed(effected.traces):
            effects.take_back(connection, trace, ids, mutation.created_at)
    activity.untell(connection, sorted(restored), mutation.id)


def _restore_fields(connection: Transaction, part: Rewritten, ids: Sequence[IssueId]) -> None:
    if ids:
        issue_kinds.rewrite(connection, [(ids, part.before.items())])
        for name, values in part.each_of(ids).items():
            issue_kinds.put_stored(connection, name, values)
