"""What people do to hashes alone: move some into an issue of their own, and free those of a tombstone (8.3, 8.6)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from tocsin.domain.errors import Conflict, NotFound
from tocsin.domain.event.event import GroupingHash
from tocsin.domain.issue.account import excluding, split_off
from tocsin.domain.issue.change import Change, unchanged
from tocsin.domain.issue.issue import ActivityType, Issue, IssueId, ProjectId, UserId
from tocsin.domain.issue.merging import before_without, told_of_other
from tocsin.domain.issue.whereabouts import Whereabouts, without
from tocsin.domain.issue.workflow import LEAVING
from tocsin.domain.organization import Project
from tocsin.flows.triage.whereabouts import met, met_by, rows
from tocsin.flows.triage.write import write_whole
from tocsin.storage.history.accounts import Telling, accounts
from tocsin.storage.history.filters import digested_before
from tocsin.storage.history.scope import IssueScope, Selection
from tocsin.storage.history.store import History
from tocsin.storage.state import (
    applied,
    environments,
    issue_hashes,
    issue_merges,
    issues,
    projects,
    recounts,
    tombstones,
)
from tocsin.storage.state.engine import State, Transaction
from tocsin.storage.state.holding import hold
from tocsin.storage.state.issue_hashes import IssueHash
from tocsin.storage.state.issue_merges import Merge


class _Move(msgspec.Struct, frozen=True, kw_only=True):
    """Hashes on their way from one issue to a new one."""

    project: Project
    source: Issue
    moved: tuple[IssueHash, ...]
    rest: tuple[IssueHash, ...]
    by: UserId | None
    now: datetime


class Hashes:
    """Gives hashes to other owners. Safe to share among threads."""

    def __init__(self, state: State, history: History) -> None:
        self._state = state
        self._history = history

    def move(self, issue_id: IssueId, wanted: Collection[GroupingHash], *, by: UserId | None, now: datetime) -> IssueId:
        """Make one new issue of those of the *wanted* hashes that the issue owns, and return it.

        Their events go with them: both issues count, and are called, as history tells. Raises Conflict when the issue
        owns none of them, NotFound when it is on its way out.
        """
        with self._state.write() as connection:
            hold(connection, [issue_id])
            source = issues.load(connection, [issue_id], lock=True).get(issue_id)
            if source is None or source.status in LEAVING:
                raise NotFound
            own = issue_hashes.by_issue(connection, [issue_id])[issue_id]
            moved = tuple(one for one in own if one.hash in wanted)
            if not moved:
                raise Conflict("Already being unmerged")
            rest = tuple(one for one in own if one.hash not in wanted)
            project = projects.by_ids(connection, [source.project_id])[source.project_id]
            return _move(
                connection,
                self._history,
                _Move(project=project, source=source, moved=moved, rest=rest, by=by, now=now),
            )

    def lift(self, project_id: ProjectId, tombstone_id: int) -> None:
        """Delete a tombstone: the next event of its hashes makes a new issue (spec/mutation.md 8.6).

        Raises NotFound for a tombstone that the project does not have.
        """
        with self._state.write() as connection:
            found = tombstones.by_id(connection, tombstone_id)
            if found is None or found.project_id != project_id:
                raise NotFound
            issue_hashes.claim(connection, issue_hashes.of_tombstone(connection, found.id))
            tombstones.remove(connection, found.id)


def _move(connection: Transaction, history: History, move: _Move) -> IssueId:
    scopes = [IssueScope.of(move.source.project_id, one) for one in (move.moved, move.rest)]
    gone, rest = accounts(history, scopes)
    number = projects.take_issue_numbers(connection, move.source.project_id, 1)
    new = split_off(move.source, gone.total, number=number, now=move.now)
    [new_id] = issues.create(connection, [new])
    new = replace(new, id=new_id)
    issue_hashes.link(connection, {(one.project_id, one.hash): new_id for one in move.moved})
    _forget_in_merges(connection, history, move)
    _restate_whereabouts(connection, move, new_id, gone, rest)
    left = Change(before=move.source, issue=excluding(move.source, [gone.total], rest.total))
    write_whole(connection, _told(move, left, new), move.now)
    _correct_later(connection, move, new_id, gone)
    return new_id


def _told(move: _Move, left: Change, new: Issue) -> list[Change]:
    names, slug = [one.hash for one in move.moved], move.project.slug
    source, destination = ActivityType.UNMERGE_SOURCE, ActivityType.UNMERGE_DESTINATION
    told = told_of_other(source, new, slug, names)
    came = told_of_other(destination, left.issue, slug, names)
    return [
        left.telling(source, told, by=move.by, at=move.now),
        unchanged(new).telling(destination, came, by=move.by, at=move.now),
    ]


def _restate_whereabouts(connection: Transaction, move: _Move, new_id: IssueId, gone: Telling, rest: Telling) -> None:
    source_id = move.source.id
    met_gone, met_rest = met_by(connection, move.project, [gone, rest])
    was = met(connection, [source_id])[source_id]
    left = without(was, [met_gone], [met_rest])
    environments.restate_issue(connection, source_id, rows(source_id, left))
    environments.note_issues(connection, rows(new_id, met_gone))


def _forget_in_merges(connection: Transaction, history: History, move: _Move) -> None:
    """Let what is remembered of merges into the source, however deep, no longer count what has moved."""
    inside = issue_merges.inside(connection, [move.source.id]).get(move.source.id, [])
    merges = issue_merges.of_parents(connection, [move.source.id, *inside])
    if merges:
        _Forgetting(connection, history, move, merges).in_holder(move.source.id, move.moved, move.rest)


class _Forgetting:
    """Goes down the tree of merges after the hashes that have moved."""

    def __init__(
        self, connection: Transaction, history: History, move: _Move, merges: Mapping[IssueId, Sequence[Merge]]
    ) -> None:
        self._connection = connection
        self._history = history
        self._move = move
        self._merges = merges

    def in_holder(self, holder_id: IssueId, moved: Sequence[IssueHash], rest: Sequence[IssueHash]) -> None:
        """Forget *moved*, which the holder had beside *rest*, in the merges into it."""
        merges = self._merges.get(holder_id, ())
        for merge in merges:
            gone, left = _of(merge, moved), _of(merge, rest)
            if gone:
                self._in_child(merge, gone, left)
                self.in_holder(merge.child_id, gone, left)
        merged = {name for merge in merges for name in merge.hashes}
        own_gone, own_left = (tuple(one for one in some if one.hash not in merged) for some in (moved, rest))
        if merges and own_gone:
            self._in_parent(merges[0], own_gone, own_left)

    def _in_child(self, merge: Merge, gone: Sequence[IssueHash], left: Sequence[IssueHash]) -> None:
        lost, kept = self._before(merge, gone, left)
        child = issues.load(self._connection, [merge.child_id], lock=True)[merge.child_id]
        issues.save(self._connection, [excluding(child, [lost.total], kept.total)])
        was = met(self._connection, [child.id])[child.id]
        environments.restate_issue(self._connection, child.id, rows(child.id, self._met_without(was, lost, kept)))
        issue_merges.let_go(self._connection, merge.id, [one.hash for one in left])

    def _in_parent(self, first: Merge, gone: Sequence[IssueHash], left: Sequence[IssueHash]) -> None:
        lost, kept = self._before(first, gone, left)
        before = first.parent_before
        where = self._met_without(before.met, lost, kept)
        issue_merges.remember(self._connection, first.id, before_without(before, lost.total, kept.total, where))

    def _before(self, merge: Merge, gone: Sequence[IssueHash], left: Sequence[IssueHash]) -> list[Telling]:
        """Return what the events of both say that came in before *merge*."""
        earlier = Selection(where=digested_before(merge.created_at))
        scopes = [IssueScope.of(self._move.source.project_id, some) for some in (gone, left)]
        return accounts(self._history, scopes, earlier)

    def _met_without(self, was: Whereabouts, lost: Telling, kept: Telling) -> Whereabouts:
        met_lost, met_kept = met_by(self._connection, self._move.project, [lost, kept])
        return without(was, [met_lost], [met_kept])


def _of(merge: Merge, hashes: Sequence[IssueHash]) -> tuple[IssueHash, ...]:
    return tuple(one for one in hashes if one.hash in merge.hashes)


def _correct_later(connection: Transaction, move: _Move, new_id: IssueId, gone: Telling) -> None:
    """Have the events counted again that history does not know yet."""
    part = recounts.Part(
        issue_id=new_id,
        hashes=tuple((one.hash, one.since) for one in move.moved),
        events=gone.total.events if gone.total else 0,
    )
    split = recounts.Split(
        source_id=move.source.id,
        project_id=move.source.project_id,
        until=applied.after_all(connection, move.now),
        parts=(part,),
    )
    recounts.schedule(connection, split, move.now)
