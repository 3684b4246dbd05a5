"""Storing what a command made of issues: as few statements as there are kinds of issues, however many issues."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tocsin.domain.issue.change import Change
from tocsin.domain.issue.effects import Effect
from tocsin.domain.issue.issue import Activity, IssueId
from tocsin.domain.issue.journal import rewritten
from tocsin.domain.issue.kind import Kind
from tocsin.storage.state import activity, effects, issue_kinds, issues, outbox
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.mutations import Effected, Journal, MutationId

Changed = Sequence[tuple[Kind, Change]]
"""Every kind of issue, and what becomes of the one that stands for it."""


def write(connection: Transaction, changed: Changed, mutation_id: MutationId, now: datetime) -> Journal:
    """Store what becomes of the issues, what goes with them, their stories and the news; return the journal of it."""
    journal = [rewritten(change, kind.ids, kind.each) for kind, change in changed]
    written = [one for one in journal if one is not None]
    issue_kinds.rewrite(connection, [(one.ids, one.after.items()) for one in written])
    effected = _apply_effects(connection, changed, now)
    stories = _stories(changed)
    for ids, entries in stories:
        for entry in entries:
            activity.tell(connection, ids, entry, mutation_id)
    outbox.add(connection, _notices(changed, stories, mutation_id), now)
    told = tuple(issue_id for ids, _ in stories for issue_id in ids)
    return Journal(rewritten=tuple(written), effected=tuple(effected), told=told)


def write_whole(
    connection: Transaction, changes: Sequence[Change], now: datetime, mutation_id: MutationId | None = None
) -> None:
    """Store issues with all their fields, counts included, and what goes with them: for a few at a time."""
    issues.save(connection, [change.issue for change in changes if change.is_changed])
    for change in changes:
        for effect in change.effects:
            effects.apply(connection, effect, [change.issue.id], now)
        for entry in change.activities:
            activity.tell(connection, [change.issue.id], entry, mutation_id)
    outbox.add(connection, [notice for change in changes for notice in _news(change)], now)


def _news(change: Change) -> list[outbox.Notice]:
    about = {"issue_id": change.issue.id, "project_id": change.issue.project_id}
    return [
        outbox.Notice(kind=f"issue.{entry.type}", payload=about | {"user_id": entry.user_id})
        for entry in change.activities
    ]


def _apply_effects(connection: Transaction, changed: Changed, now: datetime) -> list[Effected]:
    """Apply effects in their order; kinds that cause the same ones go together."""
    alike: dict[tuple[Effect, ...], list[IssueId]] = defaultdict(list)
    for kind, change in changed:
        alike[change.effects].extend(kind.ids)
    return [
        Effected(
            ids=tuple(ids),
            traces=tuple(effects.apply(connection, effect, ids, now) for effect in caused),
        )
        for caused, ids in alike.items()
        if caused
    ]


def _stories(changed: Changed) -> list[tuple[list[IssueId], tuple[Activity, ...]]]:
    """Return what is told, with the issues of which exactly that is told."""
    alike: dict[tuple[Any, ...], list[tuple[Kind, Change]]] = defaultdict(list)
    for kind, change in changed:
        alike[tuple((entry.type, repr(entry.data)) for entry in change.activities)].append((kind, change))
    return [
        ([issue_id for kind, _ in same for issue_id in kind.ids], same[0][1].activities)
        for same in alike.values()
        if same[0][1].activities
    ]


def _notices(
    changed: Changed, stories: Sequence[tuple[list[IssueId], tuple[Activity, ...]]], mutation_id: MutationId
) -> list[outbox.Notice]:
    """Return the news: of one issue who and what, of many that they changed (spec/mutation.md 3.2.1)."""
    only = changed[0][0].issue if len(changed) == 1 and len(changed[0][0].ids) == 1 else None
    return [
        outbox.Notice(
            kind=f"issue.{entry.type}",
            payload={"mutation_id": mutation_id, "user_id": entry.user_id}
            | ({"issue_id": only.id, "project_id": only.project_id} if only else {"issues": len(ids)}),
        )
        for ids, entries in stories
        for entry in entries
    ]
