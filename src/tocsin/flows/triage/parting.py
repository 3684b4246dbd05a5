"""Taking merged issues apart, inside the transaction of the command (spec/README.md, docs/api.md)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from tocsin.domain.errors import Conflict
from tocsin.domain.issue.account import Account
from tocsin.domain.issue.change import Change
from tocsin.domain.issue.effects import Unsubscribe
from tocsin.domain.issue.issue import ActivityType, Issue, IssueId, UserId
from tocsin.domain.issue.merging import (
    Child,
    Kin,
    ParentBefore,
    parted,
    returned,
    told_of_other,
)
from tocsin.domain.issue.whereabouts import Met, without
from tocsin.domain.issue.workflow import LEAVING
from tocsin.domain.organization import Project
from tocsin.domain.release.release import EnvironmentId
from tocsin.flows.triage.whereabouts import met, met_by, rows
from tocsin.flows.triage.write import write_whole
from tocsin.storage.history.accounts import accounts
from tocsin.storage.history.scope import IssueScope
from tocsin.storage.history.store import History
from tocsin.storage.state import (
    activity,
    applied,
    effects,
    environments,
    inbox,
    issue_hashes,
    issue_merges,
    issues,
    marks,
    projects,
    recounts,
)
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.issue_hashes import IssueHash
from tocsin.storage.state.issue_merges import Merge, MergeId
from tocsin.storage.state.mutations import MutationId

Where = dict[EnvironmentId, Met]


class _Member(msgspec.Struct, frozen=True, kw_only=True):
    """One child of a parent that is taken apart, whether it comes out or stays."""

    merge: Merge
    hashes: tuple[IssueHash, ...]
    """Those it gets back, each with the time since when its events came in between."""
    child: Child
    inside: tuple[IssueId, ...]
    """The issues merged into the child."""
    met: Where
    met_since: Where


class _Whole(msgspec.Struct, frozen=True, kw_only=True):
    """A parent with all its children, before any comes out."""

    project: Project
    parent: Issue
    before: ParentBefore
    own: Account | None
    met: Where
    met_own: Where
    gone: tuple[_Member, ...]
    kept: tuple[_Member, ...]


def merges_into(connection: Transaction, issue_ids: Iterable[IssueId]) -> list[Merge]:
    """Return all merges into the issues."""
    found = issue_merges.of_parents(connection, issue_ids)
    return [one for _, merges in sorted(found.items()) for one in merges]


def merges_of_mutation(connection: Transaction, mutation_id: int) -> list[Merge]:
    """Return what is left of the merges that a recorded command made."""
    return issue_merges.of_mutation(connection, mutation_id)


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes apart, when, and as which mutation if as any."""

    by: UserId | None
    now: datetime
    mutation_id: MutationId | None = None


def take_apart(connection: Transaction, history: History, merges: Sequence[Merge], deed: Deed) -> tuple[IssueId, ...]:
    """Undo *merges* and return the issues that came out, in the order in which they had gone in.

    Hold the parents first (``storage/state/holding.py``). All are as they were before they were merged, but for what
    happened since: events that came in between go to whom their hash belongs, and what people did to a parent stays.
    Raises Conflict when a parent was itself merged away since, or is being deleted.
    """
    of_parent: dict[IssueId, set[MergeId]] = defaultdict(set)
    for one in merges:
        of_parent[one.parent_id].add(one.id)
    for parent_id, merge_ids in sorted(of_parent.items()):
        _take_out(connection, _whole(connection, history, parent_id, merge_ids), deed)
    return tuple(one.child_id for one in merges)


# Reading


def _whole(connection: Transaction, history: History, parent_id: IssueId, leaving: Collection[MergeId]) -> _Whole:
    merges = issue_merges.of_parents(connection, [parent_id])[parent_id]
    loaded = issues.load(connection, [parent_id, *(one.child_id for one in merges)], lock=True)
    parent = loaded[parent_id]
    if parent.status in LEAVING:
        raise Conflict("The issue that others were merged into is itself merged or deleted. Take that apart first.")
    hashes, own_hashes = _owned(connection, parent_id, merges)
    scopes = [IssueScope.of(parent.project_id, one) for one in (own_hashes, *(hashes[one.id] for one in merges))]
    own, *since = accounts(history, scopes)
    project = projects.by_ids(connection, [parent.project_id])[parent.project_id]
    met_own, *met_since = met_by(connection, project, [own, *since])
    where = met(connection, loaded)
    inside = issue_merges.inside(connection, [one.child_id for one in merges])
    members = [
        _Member(
            merge=one,
            hashes=hashes[one.id],
            child=Child(issue=loaded[one.child_id], before=one.child_before, since=telling.total),
            inside=tuple(inside.get(one.child_id, ())),
            met=where[one.child_id],
            met_since=met_there,
        )
        for one, telling, met_there in zip(merges, since, met_since, strict=True)
    ]
    return _Whole(
        project=project,
        parent=parent,
        before=merges[0].parent_before,
        own=own.total,
        met=where[parent_id],
        met_own=met_own,
        gone=tuple(one for one in members if one.merge.id in leaving),
        kept=tuple(one for one in members if one.merge.id not in leaving),
    )


def _owned(
    connection: Transaction, parent_id: IssueId, merges: Sequence[Merge]
) -> tuple[dict[MergeId, tuple[IssueHash, ...]], list[IssueHash]]:
    """Return the hashes that each child gets back, with the time since when it shared them, and the parent's own."""
    left = {one.hash: one for one in issue_hashes.by_issue(connection, [parent_id])[parent_id]}
    owned = {
        merge.id: tuple(_shared_since(left.pop(name), merge.created_at) for name in merge.hashes if name in left)
        for merge in merges
    }
    return owned, list(left.values())


def _shared_since(owned: IssueHash, merged_at: datetime) -> IssueHash:
    return replace(owned, since=merged_at if owned.since is None else max(owned.since, merged_at))


# Writing


def _take_out(connection: Transaction, whole: _Whole, deed: Deed) -> None:
    issue_hashes.link(
        connection,
        {(one.project_id, one.hash): member.merge.child_id for member in whole.gone for one in member.hashes},
    )
    issue_merges.remove(connection, [member.merge.id for member in whole.gone])
    issues.lead_back(connection, {member.merge.child_id: member.inside for member in whole.gone})
    _remember_less(connection, whole, _take_subscriptions(connection, whole, deed.now))
    _restate_whereabouts(connection, whole)
    write_whole(connection, _changes(connection, whole, deed.by, deed.now), deed.now, deed.mutation_id)
    inbox.put_back(connection, _places_in_inbox(whole))
    _correct_later(connection, whole, deed.now)


def _changes(connection: Transaction, whole: _Whole, by: UserId | None, now: datetime) -> list[Change]:
    kin = Kin(
        before=whole.before,
        own=whole.own,
        gone=tuple(member.child for member in whole.gone),
        kept=tuple(member.child for member in whole.kept),
    )
    comments = _comments(connection, whole)
    parent = replace(parted(whole.parent, kin), comment_count=comments[whole.parent.id])
    of_parent = Change(before=whole.parent, issue=parent)
    of_children: list[Change] = []
    for member in whole.gone:
        child = replace(returned(member.child), comment_count=comments[member.merge.child_id])
        names = [one.hash for one in member.hashes]
        source, destination = ActivityType.UNMERGE_SOURCE, ActivityType.UNMERGE_DESTINATION
        told = told_of_other(source, child, whole.project.slug, names)
        of_parent = of_parent.telling(source, told, by=by, at=now)
        told = told_of_other(destination, parent, whole.project.slug, names)
        of_children.append(Change(before=member.child.issue, issue=child).telling(destination, told, by=by, at=now))
    return [of_parent, *of_children]


def _comments(connection: Transaction, whole: _Whole) -> dict[IssueId, int]:
    """Return how many comments each side has. They are counted anew: some may have been deleted in between."""
    members = (*whole.gone, *whole.kept)
    everybody = {whole.parent.id, *(one for member in members for one in (member.merge.child_id, *member.inside))}
    counts = activity.comment_counts(connection, everybody)
    comments = {
        member.merge.child_id: sum(counts[one] for one in (member.merge.child_id, *member.inside))
        for member in whole.gone
    }
    return comments | {whole.parent.id: sum(counts.values()) - sum(comments.values())}


def _take_subscriptions(connection: Transaction, whole: _Whole, now: datetime) -> dict[IssueId, tuple[UserId, ...]]:
    """Take from the parent what its lost children had brought, unless somebody has said something else since.

    A child that stays and has such a subscription too brings it from now on: return whose, by child.
    """
    parent_id = whole.parent.id
    said = marks.subscriptions(connection, [parent_id, *(one.merge.child_id for one in (*whole.gone, *whole.kept))])
    taken = {
        user_id
        for member in whole.gone
        for user_id in member.merge.parent_before.subscribers
        if _is_copy(said[parent_id].get(user_id), said[member.merge.child_id].get(user_id))
    }
    for user_id in sorted(taken):
        effects.apply(connection, Unsubscribe(frozenset({user_id})), [parent_id], now)
    brought: dict[IssueId, tuple[UserId, ...]] = {}
    for member in whole.kept:
        own = said[member.merge.child_id]
        brought[member.merge.child_id] = tuple(user_id for user_id in own if user_id in taken)
        taken -= own.keys()
        copies = [replace(own[user_id], issue_id=parent_id) for user_id in brought[member.merge.child_id]]
        marks.copy_subscriptions(connection, copies)
    return brought


def _is_copy(copy: marks.KeptSubscription | None, original: marks.KeptSubscription | None) -> bool:
    return copy is not None and original is not None and replace(copy, issue_id=original.issue_id) == original


def _remember_less(connection: Transaction, whole: _Whole, brought: Mapping[IssueId, Sequence[UserId]]) -> None:
    """Let the merges that stay remember what those that go did for them."""
    for position, member in enumerate(whole.kept):
        remembered = member.merge.parent_before
        subscribers = (*remembered.subscribers, *brought[member.merge.child_id])
        before = replace(whole.before if position == 0 else remembered, subscribers=subscribers)
        if before != remembered:
            issue_merges.remember(connection, member.merge.id, before)


def _restate_whereabouts(connection: Transaction, whole: _Whole) -> None:
    gone = [where for member in whole.gone for where in (member.met, member.met_since)]
    kept = [where for member in whole.kept for where in (member.met, member.met_since)]
    left = without(whole.met, gone, [whole.before.met, whole.met_own, *kept])
    environments.restate_issue(connection, whole.parent.id, rows(whole.parent.id, left))
    came_in = [row for member in whole.gone for row in rows(member.merge.child_id, member.met_since)]
    environments.note_issues(connection, came_in)


def _places_in_inbox(whole: _Whole) -> list[inbox.Waiting]:
    places = [(member.merge.child_id, member.merge.child_before.waited) for member in whole.gone]
    return [
        inbox.Waiting(issue_id=child_id, reason=waited.reason, added_at=waited.added_at)
        for child_id, waited in places
        if waited is not None
    ]


def _correct_later(connection: Transaction, whole: _Whole, now: datetime) -> None:
    """Have the events counted again that history does not know yet."""
    parts = tuple(
        recounts.Part(
            issue_id=member.merge.child_id,
            hashes=tuple((one.hash, one.since) for one in member.hashes),
            events=member.child.since.events if member.child.since else 0,
        )
        for member in whole.gone
        if member.hashes
    )
    if parts:
        split = recounts.Split(
            source_id=whole.parent.id,
            project_id=whole.parent.project_id,
            until=applied.after_all(connection, now),
            parts=parts,
        )
        recounts.schedule(connection, split, now)
