"""Undoing a command: the state before, for every issue that nobody changed since."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from tocsin.domain.caller import Reach
from tocsin.domain.errors import Conflict, Forbidden, NotFound
from tocsin.domain.issue.issue import IssueId
from tocsin.domain.issue.journal import Fields, MutationKind, Rewritten
from tocsin.domain.issue.kind import Kind
from tocsin.domain.issue.workflow import LEAVING
from tocsin.flows.triage.parting import Deed, merges_of_mutation, take_apart
from tocsin.storage.history.store import History
from tocsin.storage.state import activity, effects, issue_kinds, issues, mutations, outbox
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.holding import hold
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


def undo(connection: Transaction, history: History, mutation_id: int, reach: Reach, deed: Deed) -> Undone:
    """Restore what the mutation changed: fields, what people keep beside the issues, the story, and who is who.

    Each issue is restored as a whole or, when any field that the mutation set has another value now, not at all. What
    was merged comes apart first. Raises NotFound, and Conflict for what was undone before and what cannot be undone.
    """
    mutation, journal = _undoable(connection, mutation_id, reach)
    done = _begun(connection, mutation, deed)
    parted = _take_apart(connection, history, mutation, reach, msgspec.structs.replace(deed, mutation_id=done))
    touched = journal.issue_ids
    standing = _standing(connection, journal, touched, reach)
    restored = touched - _changed_since(journal, standing)
    _restore(connection, journal, mutation, restored | parted)
    # As if it had not happened: the story tells neither the merging nor the taking apart.
    activity.untell(connection, sorted(parted), done)
    mutations.keep_journal(connection, done, Journal(), issue_count=len(restored | parted))
    mutations.mark_undone(connection, mutation.id, done)
    payload = {"mutation_id": done, "undone_id": mutation.id, "user_id": deed.by, "issues": len(restored | parted)}
    outbox.add(connection, [outbox.Notice(kind="mutation.undone", payload=payload)], deed.now)
    return Undone(
        mutation_id=done,
        undone_id=mutation.id,
        restored=tuple(sorted(restored | parted)),
        left_alone=tuple(sorted(touched - restored - parted)),
    )


def _begun(connection: Transaction, mutation: Mutation, deed: Deed) -> MutationId:
    return mutations.begin(
        connection,
        organization_id=mutation.organization_id,
        user_id=deed.by,
        kind=MutationKind.UNDO,
        request={"undo": str(mutation.id)},
        issue_count=0,
        now=deed.now,
    )


def _take_apart(
    connection: Transaction, history: History, mutation: Mutation, reach: Reach, deed: Deed
) -> set[IssueId]:
    """Take apart what the mutation merged, as far as nobody did so since; return all issues that were one."""
    merges = merges_of_mutation(connection, mutation.id)
    parents = {one.parent_id for one in merges}
    # Their hashes come before their rows, as whoever locks both has it.
    hold(connection, parents)
    if any(one.project_id not in reach.project_ids for one in issues.load(connection, parents).values()):
        raise Forbidden
    return parents | set(take_apart(connection, history, merges, deed))


def _undoable(connection: Transaction, mutation_id: int, reach: Reach) -> tuple[Mutation, Journal]:
    mutation = mutations.by_id(connection, reach.organization.id, mutation_id, lock=True)
    if mutation is None:
        raise NotFound
    if mutation.undone_by is not None:
        raise Conflict(f"Mutation {mutation.id} was undone already, by mutation {mutation.undone_by}.")
    if mutation.kind is not MutationKind.TRIAGE:
        raise Conflict(f"Mutation {mutation.id} cannot be undone. Send the command again instead.")
    journal = mutations.journal_of(connection, mutation.id)
    if journal.irreversible:
        raise Conflict(f"Mutation {mutation.id} cannot be undone. {journal.irreversible}")
    return mutation, journal


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
