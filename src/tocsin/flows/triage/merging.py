"""Merging issues, inside the transaction of the command (spec/mutation.md 3.7)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from tocsin.domain.issue.issue import Issue, IssueId, UserId
from tocsin.domain.issue.merging import (
    Family,
    Waited,
    before_of_child,
    before_of_parent,
    family_of,
    joined_by,
    merged,
)
from tocsin.flows.triage.whereabouts import met, rows
from tocsin.flows.triage.write import write_whole
from tocsin.storage.state import applied, environments, inbox, issue_hashes, issue_merges, issues, marks
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.issue_hashes import IssueHash
from tocsin.storage.state.issue_merges import NewMerge
from tocsin.storage.state.mutations import MutationId


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """What became one issue."""

    parent_id: IssueId
    child_ids: tuple[IssueId, ...]
    """In the order in which answers name them."""


def merge(
    connection: Transaction,
    chosen: Sequence[Issue],
    *,
    by: UserId | None,
    now: datetime,
    mutation_id: MutationId | None = None,
) -> Merged | None:
    """Make one issue of those *chosen*, given as they are stored now; None when there are not two to merge.

    Hold them first (``storage/state/holding.py``). Of the events only their hashes are touched, so it takes as long for
    one as for a billion. *mutation_id* is the command on record. Raises Malformed and InvalidList.
    """
    family = family_of(chosen)
    if family is None:
        return None
    parent_id = family.parent.id
    owned = issue_hashes.by_issue(connection, [child.id for child in family.children])
    copies = _copies(connection, family)
    # Their hashes are held: what was digested up to now was the children's own.
    remembered = _remembered(connection, family, owned, copies, applied.after_all(connection, now))
    issue_merges.add(connection, [replace(one, mutation_id=mutation_id, actor_id=by) for one in remembered])
    issue_hashes.link(connection, {(one.project_id, one.hash): parent_id for own in owned.values() for one in own})
    issues.redirect(connection, [_redirect(child, parent_id) for child in family.children])
    marks.copy_subscriptions(connection, [replace(one, issue_id=parent_id) for one in copies])
    where = met(connection, owned)
    environments.note_issues(connection, [row for child_id in owned for row in rows(parent_id, where[child_id])])
    write_whole(connection, merged(family, by=by, now=now), now, mutation_id)
    return Merged(parent_id=parent_id, child_ids=tuple(child.id for child in family.children))


def _copies(connection: Transaction, family: Family) -> list[marks.KeptSubscription]:
    """Return the children's subscriptions of people who said nothing about the parent, each of the first such child."""
    said = marks.subscriptions(connection, [family.parent.id, *(child.id for child in family.children)])
    known = set(said[family.parent.id])
    copies: list[marks.KeptSubscription] = []
    for child in family.children:
        copies += [one for user_id, one in said[child.id].items() if user_id not in known]
        known |= said[child.id].keys()
    return copies


def _remembered(
    connection: Transaction,
    family: Family,
    owned: Mapping[IssueId, Sequence[IssueHash]],
    copies: Sequence[marks.KeptSubscription],
    merged_at: datetime,
) -> list[NewMerge]:
    """Return what there is to remember, one child after the other: the parent grows as they go in."""
    parent = family.parent
    waiting = inbox.waiting(connection, owned)
    subscribers: dict[IssueId, list[UserId]] = defaultdict(list)
    for copy in copies:
        subscribers[copy.issue_id].append(copy.user_id)
    is_first = not issue_merges.of_parents(connection, [parent.id])
    where = met(connection, [parent.id])[parent.id] if is_first else {}
    remembered: list[NewMerge] = []
    for child in family.children:
        remembered.append(
            NewMerge(
                parent_id=parent.id,
                child_id=child.id,
                hashes=tuple(one.hash for one in owned[child.id]),
                parent_before=before_of_parent(parent, subscribers[child.id], {} if remembered else where),
                child_before=before_of_child(child, _waited(waiting.get(child.id))),
                created_at=merged_at,
            )
        )
        parent = joined_by(parent, child)
    return remembered


def _waited(waiting: inbox.Waiting | None) -> Waited | None:
    return None if waiting is None else Waited(reason=waiting.reason, added_at=waiting.added_at)


def _redirect(child: Issue, parent_id: IssueId) -> issues.Redirect:
    return issues.Redirect(
        previous_issue_id=child.id, project_id=child.project_id, previous_number=child.number, issue_id=parent_id
    )
