"""Merging issues and taking them apart again (spec/mutation.md 3.7, 8.3).

A merge re-points hashes and hides rows; it moves nothing. Its children keep what they were, and the first of a parent's
merges keeps what the parent was before all of them. So taking apart is exact, but for events that came in between,
which go to whom their hash belongs.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.domain.errors import Malformed
from tocsin.domain.event.event import GroupingHash
from tocsin.domain.issue.account import Account, account_of, excluding, including, joined, remainder
from tocsin.domain.issue.category import require_errors
from tocsin.domain.issue.change import Change, unchanged
from tocsin.domain.issue.effects import LeaveInbox
from tocsin.domain.issue.issue import (
    ActivityType,
    Assignee,
    InboxReason,
    Issue,
    IssueId,
    Status,
    Substatus,
    UserId,
)
from tocsin.domain.issue.short_id import encode
from tocsin.domain.issue.whereabouts import Met, Whereabouts
from tocsin.domain.issue.workflow import LEAVING
from tocsin.domain.release.release import EnvironmentId

TOLD_MAX: Final = 1000
"""How many issues or hashes one entry of a story names."""


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """Issues that are to become one."""

    parent: Issue
    """The one that survives."""
    children: tuple[Issue, ...]
    """At least one, in the order in which answers name them."""


class ParentBefore(msgspec.Struct, frozen=True, kw_only=True):
    """What a merge changed about its parent, as it was before."""

    times_seen: int
    comment_count: int
    first_seen: datetime
    last_seen: datetime
    first_release: str = ""
    last_release: str = ""
    assignee: Assignee | None = None
    subscribers: tuple[UserId, ...] = ()
    """Whose subscriptions were copied from this child."""
    met: dict[EnvironmentId, Met] = {}
    """Where the parent had been met: filled in by the first of its merges."""


class Waited(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the inbox."""

    reason: InboxReason
    added_at: datetime


class ChildBefore(msgspec.Struct, frozen=True, kw_only=True):
    """What a merge changed about its child, as it was before, and what the child counted then."""

    status: Status
    substatus: Substatus | None
    times_seen: int
    first_seen: datetime
    last_seen: datetime
    waited: Waited | None = None


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """A merged issue, and what its hashes brought in since."""

    issue: Issue
    """As its row was left by the merge."""
    before: ChildBefore
    since: Account | None = None
    """The events of its hashes that came after the merge."""


class Kin(msgspec.Struct, frozen=True, kw_only=True):
    """What a parent consists of when some of its children are taken out."""

    before: ParentBefore
    """What it was before the first of its merges."""
    own: Account | None
    """The events that are not of any child's hashes."""
    gone: tuple[Child, ...]
    kept: tuple[Child, ...] = ()


def family_of(issues: Sequence[Issue]) -> Family | None:
    """Return which of *issues* survives when they are merged; None when there are not two to merge.

    Issues on their way out do not take part. Raises Malformed when they belong to several projects, and InvalidList
    when one is no error.
    """
    live = [issue for issue in issues if issue.status not in LEAVING]
    if len(live) < 2:
        return None
    if len({issue.project_id for issue in live}) > 1:
        raise Malformed("Merging across multiple projects is not supported")
    require_errors(live, "merged")
    parent, *children = sorted(live, key=lambda issue: (issue.times_seen, issue.id), reverse=True)
    return Family(parent=parent, children=tuple(children))


# Merging


def before_of_parent(parent: Issue, subscribers: Sequence[UserId], met: Whereabouts) -> ParentBefore:
    """Return what is to be remembered of *parent* before a child joins it, whose *subscribers* it is given."""
    return ParentBefore(
        times_seen=parent.times_seen,
        comment_count=parent.comment_count,
        first_seen=parent.first_seen,
        last_seen=parent.last_seen,
        first_release=parent.first_release,
        last_release=parent.last_release,
        assignee=parent.assignee,
        subscribers=tuple(subscribers),
        met=dict(met),
    )


def before_of_child(child: Issue, waited: Waited | None) -> ChildBefore:
    """Return what is to be remembered of *child*, which *waited* in the inbox or did not."""
    return ChildBefore(
        status=child.status,
        substatus=child.substatus,
        times_seen=child.times_seen,
        first_seen=child.first_seen,
        last_seen=child.last_seen,
        waited=waited,
    )


def joined_by(parent: Issue, child: Issue) -> Issue:
    """Return *parent* with all that *child* counts; it is *child*'s assignee's too if it was nobody's."""
    grown = including(parent, account_of(child))
    return msgspec.structs.replace(
        grown,
        comment_count=parent.comment_count + child.comment_count,
        assignee=parent.assignee or child.assignee,
    )


def merged(family: Family, *, by: UserId | None, now: datetime) -> tuple[Change, ...]:
    """Return what becomes of a family: its parent first, then its children, hidden, in their order."""
    parent = family.parent
    for child in family.children:
        parent = joined_by(parent, child)
    told = {"issues": [{"id": child.id} for child in family.children[:TOLD_MAX]]}
    grown = Change(before=family.parent, issue=parent).telling(ActivityType.MERGE, told, by=by, at=now)
    return (grown, *(_hidden(child) for child in family.children))


def _hidden(child: Issue) -> Change:
    return unchanged(child).having(status=Status.PENDING_MERGE).causing(LeaveInbox())


# Taking apart


def returned(child: Child) -> Issue:
    """Return *child* as an issue of its own again."""
    grown = including(child.issue, child.since)
    return msgspec.structs.replace(grown, status=child.before.status, substatus=child.before.substatus)


def parted(parent: Issue, kin: Kin) -> Issue:
    """Return *parent* without the children of *kin* that are gone."""
    left = excluding(parent, _of_children(kin.gone), _rest(kin))
    return msgspec.structs.replace(left, assignee=_assignee_left(parent, kin))


def before_without(before: ParentBefore, gone: Account | None, rest: Account | None, met: Whereabouts) -> ParentBefore:
    """Return what is remembered of a parent whose own events of *gone* have moved to another issue since.

    *rest* is what is known of its own events that stay, *met* where it had been met without those that went.
    """
    if gone is None or rest is None:
        return before
    left = remainder(_remembered(before), [gone], rest)
    return msgspec.structs.replace(
        before,
        first_seen=left.first_seen,
        last_seen=left.last_seen,
        first_release=left.first_release,
        last_release=left.last_release,
        met=dict(met),
    )


def _of_children(children: Sequence[Child]) -> list[Account | None]:
    """Return all that *children* count: before they were merged, and since."""
    return [account for child in children for account in (account_of(child.issue), child.since)]


def _rest(kin: Kin) -> Account:
    remembered = _remembered(kin.before)
    return joined([remembered, kin.own, *_of_children(kin.kept)]) or remembered


def _remembered(before: ParentBefore) -> Account:
    return Account(
        events=before.times_seen,
        first_seen=before.first_seen,
        last_seen=before.last_seen,
        first_release=before.first_release,
        last_release=before.last_release,
    )


def _assignee_left(parent: Issue, kin: Kin) -> Assignee | None:
    """Return whose *parent* is: whom a child that is gone had given it, if anybody, has no part in it any more."""
    if kin.before.assignee is not None or parent.assignee is None:
        return parent.assignee
    if parent.assignee not in {child.issue.assignee for child in kin.gone}:
        return parent.assignee
    return next((child.issue.assignee for child in kin.kept if child.issue.assignee), None)


# What the stories say


def told_of_other(
    direction: ActivityType, other: Issue, project_slug: str, hashes: Sequence[GroupingHash]
) -> dict[str, Any]:
    """Return the data of an entry about *hashes* that went to *other* (UNMERGE_SOURCE) or came from it."""
    role = "destination" if direction is ActivityType.UNMERGE_SOURCE else "source"
    shown = {"id": str(other.id), "shortId": encode(project_slug, other.number), "title": other.title}
    return {"fingerprints": list(hashes[:TOLD_MAX]), role: shown}


def merge_delta(parent_id: IssueId, child_ids: Sequence[IssueId]) -> dict[str, Any]:
    """Return what the delta says under ``merge`` of issues that were merged."""
    return {"parent": str(parent_id), "children": [str(child_id) for child_id in child_ids]}


def unmerge_delta(child_ids: Sequence[IssueId]) -> dict[str, Any]:
    """Return what the delta says under ``merge`` of issues that were taken out of others again."""
    return {"unmerged": [str(child_id) for child_id in child_ids]}
