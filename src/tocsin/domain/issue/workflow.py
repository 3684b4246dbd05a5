"""What a person's command does to issues: the one place that knows (spec/mutation.md 3).

A command is atomic over all its issues: the flow writes every change of a :class:`BulkChange` in one transaction, or
none.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tocsin.domain.errors import Malformed
from tocsin.domain.issue.assignment import assign
from tocsin.domain.issue.change import Change, unchanged
from tocsin.domain.issue.circumstances import Circumstances
from tocsin.domain.issue.command import (
    Archive,
    AssignUser,
    Command,
    ReleaseTyped,
    Reopen,
    ResolveInCommit,
    ResolveInNextRelease,
    ResolveInRelease,
    ResolveNow,
)
from tocsin.domain.issue.delta import delta_of
from tocsin.domain.issue.effects import (
    EnterInbox,
    LeaveInbox,
    LinkCommit,
    SetBookmark,
    SetSeen,
    SetSubscription,
    Subscribe,
    Unsubscribe,
)
from tocsin.domain.issue.issue import (
    ActivityType,
    InboxReason,
    Issue,
    Resolution,
    ResolutionType,
    Snooze,
    Status,
    SubscriptionReason,
    Substatus,
    UserId,
)
from tocsin.domain.issue.release_line import ReleaseLine
from tocsin.domain.issue.resolution import in_next_release, in_release
from tocsin.domain.issue.snooze import begun, requested_details

NEWS_AGE_MAX = timedelta(days=7)
"""How long after its first event an issue brought back from the archive counts as new."""

LEAVING = frozenset({Status.PENDING_DELETION, Status.DELETION_IN_PROGRESS, Status.PENDING_MERGE})
"""States in which nothing a person commands has any effect, although bulk commands may select such issues by id."""


class BulkChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a command makes of all its issues."""

    changes: tuple[Change, ...]
    """One per issue, in the order the issues were given."""
    delta: dict[str, Any]
    """The body of the answer to a bulk command (spec/mutation.md 3.1)."""
    shows_activity: bool
    """Whether the delta gets ``activity``: the issue's newest 100 activities, once the change is stored."""


class _Order(msgspec.Struct, frozen=True, kw_only=True):
    """A command and all that is the same for each of its issues."""

    command: Command
    here: Circumstances
    actor_id: UserId | None
    is_alone: bool
    """Exactly one issue is selected."""
    moves_some: bool
    """At least one issue changes its status, which is then told on every one."""

    def told(self, change: Change, type_: ActivityType, data: Mapping[str, Any] | None = None) -> Change:
        return change.telling(type_, data, by=self.actor_id, at=self.here.now)

    def subscribed(self, change: Change, reason: SubscriptionReason) -> Change:
        if self.actor_id is None:
            return change
        return change.causing(Subscribe(frozenset({self.actor_id}), reason))


def carry_out(command: Command, issue: Issue, here: Circumstances) -> Change:
    """Return what *command* makes of the only issue it is about."""
    return carry_out_all(command, [issue], here).changes[0]


def carry_out_all(
    command: Command, issues: Sequence[Issue], here: Circumstances, *, selected: int | None = None
) -> BulkChange:
    """Return what *command*, its references resolved, makes of *issues*, each given once.

    An issue may stand for others of its kind (``kind.py``); *selected* then says how many there are in all. Raises
    Malformed when a resolution names a release and the issues belong to several projects. Decided where
    spec/mutation.md leaves it open: resolving an issue that is resolved in the same way already changes nothing, in
    another way resolves it anew; reopening, and archiving until escalating, end a snooze; issues on their way out
    (``LEAVING``) stay as they are.
    """
    if isinstance(command.status, ReleaseTyped) and len({issue.project_id for issue in issues}) > 1:
        raise Malformed("Cannot set resolved for multiple projects.")
    order = _Order(
        command=command,
        here=here,
        actor_id=None if here.actor is None else here.actor.user_id,
        is_alone=(len(issues) if selected is None else selected) == 1,
        moves_some=any(_moves(command, issue) for issue in issues),
    )
    changes = tuple(_change(issue, order) for issue in issues)
    return BulkChange(
        changes=changes,
        delta=delta_of(command, changes, here),
        shows_activity=order.is_alone and _is_in_a_release(command),
    )


def _is_in_a_release(command: Command) -> bool:
    """Whether *command* resolves in a release, be it one that a commit is in."""
    status = command.status
    return bool(status.release) if isinstance(status, ResolveInCommit) else isinstance(status, ReleaseTyped)


def _moves(command: Command, issue: Issue) -> bool:
    """Whether *command* reopens or archives *issue* and it is not open or archived already."""
    if issue.status in LEAVING:
        return False
    match command.status:
        case Reopen():
            return issue.status is not Status.UNRESOLVED
        case Archive():
            return issue.status is not Status.IGNORED
        case _:
            return False


def _change(issue: Issue, order: _Order) -> Change:
    change = unchanged(issue)
    if issue.status in LEAVING:
        return change
    for step in _STEPS:
        change = step(change, order)
    return change


def _set_priority(change: Change, order: _Order) -> Change:
    priority = order.command.priority
    if priority is None:
        return change
    differs = change.issue.priority is not priority
    change = change.having(priority=priority, priority_locked_at=order.here.now)
    told = {"priority": priority, "reason": None}
    return order.told(change, ActivityType.SET_PRIORITY, told) if differs else change


def _set_status(change: Change, order: _Order) -> Change:
    match order.command.status:
        case None:
            return change
        case Reopen(substatus):
            return _reopen(change, substatus, order)
        case Archive() as archive:
            return _archive(change, archive, order)
        case ResolveNow():
            return _resolve(change, None, ActivityType.SET_RESOLVED, {}, order)
        case ResolveInRelease() | ResolveInNextRelease() | ResolveInCommit() as way:
            return _resolve_in(change, way, order)


def _resolve_in(change: Change, way: ReleaseTyped, order: _Order) -> Change:
    match way:
        case ResolveInRelease(version):
            resolution = in_release(version, actor_id=order.actor_id, now=order.here.now)
            return _resolve(change, resolution, ActivityType.SET_RESOLVED_IN_RELEASE, {"version": version}, order)
        case ResolveInNextRelease(by_status):
            return _resolve_in_next_release(change, order, by_status=by_status)
        case ResolveInCommit() as fix:
            return _resolve_in_commit(change, fix, order)


def _resolve_in_next_release(change: Change, order: _Order, *, by_status: bool) -> Change:
    releases = order.here.releases
    resolution = in_next_release(
        change.issue, releases, by_status=by_status, actor_id=order.actor_id, now=order.here.now
    )
    told = _told_of_next_release(resolution, releases)
    return _resolve(change, resolution, ActivityType.SET_RESOLVED_IN_RELEASE, told, order)


def _resolve_in_commit(change: Change, fix: ResolveInCommit, order: _Order) -> Change:
    """Note the fix, and resolve in the release that has it or, until there is one, in no release."""
    resolution = in_release(fix.release, actor_id=order.actor_id, now=order.here.now) if fix.release else None
    told = {"commit": fix.commit_id}
    change = change.causing(LinkCommit(fix.commit_id))
    return _resolve(change, resolution, ActivityType.SET_RESOLVED_IN_COMMIT, told, order)


def _told_of_next_release(resolution: Resolution | None, releases: ReleaseLine) -> dict[str, Any]:
    """Return the data of the activity: by semver what is current, by date the next release if it exists already."""
    if resolution is None or resolution.type is ResolutionType.IN_NEXT_RELEASE:
        return {"version": ""}
    if releases.follows_semver and releases.greatest:
        return {"version": "", "current_release_version": releases.greatest}
    return {"version": resolution.release}


def _resolve(
    change: Change, resolution: Resolution | None, type_: ActivityType, told: Mapping[str, Any], order: _Order
) -> Change:
    change = change.causing(LeaveInbox())
    if _is_resolved_so(change.issue, resolution, order):
        return change
    change = change.having(
        status=Status.RESOLVED, substatus=None, resolved_at=order.here.now, resolution=resolution, snooze=None
    )
    change = _self_assign(order.subscribed(change, SubscriptionReason.STATUS_CHANGE), order)
    return order.told(change, type_, told)


def _is_resolved_so(issue: Issue, resolution: Resolution | None, order: _Order) -> bool:
    """Whether *issue* is resolved in this way already: in this release, or by this commit alone, or just so."""
    wanted, status = None, order.command.status
    if resolution is None and isinstance(status, ResolveInCommit):
        wanted = status.commit_id
    is_so = _means_the_same(issue.resolution, resolution) and order.here.fixed_by.get(issue.id) == wanted
    return issue.status is Status.RESOLVED and is_so


def _means_the_same(one: Resolution | None, other: Resolution | None) -> bool:
    """Whether two resolutions differ at most in who made them, and when."""
    if one is None or other is None:
        return one is other
    return (one.type, one.release, one.current_release) == (other.type, other.release, other.current_release)


def _self_assign(change: Change, order: _Order) -> Change:
    """Give a resolved issue that nobody has to who resolved it, if that is how they want it."""
    actor = order.here.actor
    if actor is None or not actor.self_assigns or order.command.assignment or change.issue.assignee is not None:
        return change
    return assign(change, AssignUser(user_id=actor.user_id, name=actor.name, email=actor.email), order.here)


def _reopen(change: Change, substatus: Substatus | None, order: _Order) -> Change:
    if not order.moves_some:
        return change
    issue = change.issue
    if issue.status is not Status.UNRESOLVED:
        back_as = substatus or _substatus_of_reopened(issue, order)
        change = change.having(status=Status.UNRESOLVED, substatus=back_as, resolution=None, snooze=None)
    change = order.told(change, ActivityType.SET_UNRESOLVED)
    return order.subscribed(change, SubscriptionReason.STATUS_CHANGE) if order.is_alone else change


def _substatus_of_reopened(issue: Issue, order: _Order) -> Substatus:
    """Infer the substatus; only a single issue is looked at closely (spec/mutation.md 3.3)."""
    if not order.is_alone:
        return Substatus.ONGOING
    if issue.status is Status.RESOLVED:
        return Substatus.REGRESSED
    return Substatus.NEW if order.here.now - issue.first_seen < NEWS_AGE_MAX else Substatus.ONGOING


def _archive(change: Change, archive: Archive, order: _Order) -> Change:
    """Archive an issue; one archived already keeps its substatus, whatever its new terms (spec/mutation.md 3.2.3)."""
    change = change.causing(LeaveInbox())
    issue = change.issue
    snooze = _snooze(issue, archive, order)
    if issue.status is not Status.IGNORED:
        substatus = archive.substatus or _substatus_of_archived(snooze)
        change = change.having(status=Status.IGNORED, substatus=substatus, resolution=None, snooze=snooze)
    elif issue.snooze != snooze:
        change = change.having(snooze=snooze)
    if not order.moves_some:
        return change
    change = order.told(change, ActivityType.SET_IGNORED, _told_of_archiving(archive, order.here.now))
    return order.subscribed(change, SubscriptionReason.STATUS_CHANGE) if order.is_alone else change


def _snooze(issue: Issue, archive: Archive, order: _Order) -> Snooze | None:
    if archive.terms is None or archive.until_escalating:
        return None
    users_seen = order.here.users_seen.get(issue.id, 0)
    return begun(archive.terms, issue, users_seen=users_seen, actor_id=order.actor_id, now=order.here.now)


def _substatus_of_archived(snooze: Snooze | None) -> Substatus:
    return Substatus.ARCHIVED_FOREVER if snooze is None else Substatus.ARCHIVED_UNTIL_CONDITION_MET


_NO_TERMS = {
    "ignoreCount": None,
    "ignoreDuration": None,
    "ignoreUntil": None,
    "ignoreUserCount": None,
    "ignoreUserWindow": None,
    "ignoreWindow": None,
    "ignoreUntilEscalating": None,
}


def _told_of_archiving(archive: Archive, now: datetime) -> dict[str, Any]:
    """Return the data of ``set_ignored``; a duration is told as the instant it ends at."""
    if archive.until_escalating:
        return _NO_TERMS | {"ignoreUntilEscalating": True}
    return _NO_TERMS if archive.terms is None else _NO_TERMS | requested_details(archive.terms, now)


def _set_assignee(change: Change, order: _Order) -> Change:
    assignment = order.command.assignment
    if assignment is None:
        return change
    return assign(change, assignment, order.here, integration=order.command.integration)


def _set_seen(change: Change, order: _Order) -> Change:
    """Record that the acting user saw the issue; somebody who is not on its project has not (spec/mutation.md 3.9)."""
    has_seen, actor = order.command.has_seen, order.here.actor
    if has_seen is None or actor is None or (has_seen and change.issue.project_id not in actor.project_ids):
        return change
    return change.causing(SetSeen(actor.user_id, order.here.now if has_seen else None))


def _set_bookmark(change: Change, order: _Order) -> Change:
    """Bookmark and subscribe, or take the bookmark away and any subscription with it."""
    is_bookmarked, user_id = order.command.is_bookmarked, order.actor_id
    if is_bookmarked is None or user_id is None:
        return change
    change = change.causing(SetBookmark(user_id, is_set=is_bookmarked))
    if is_bookmarked:
        return order.subscribed(change, SubscriptionReason.BOOKMARK)
    return change.causing(Unsubscribe(frozenset({user_id})))


def _set_subscription(change: Change, order: _Order) -> Change:
    is_subscribed, user_id = order.command.is_subscribed, order.actor_id
    if is_subscribed is None or user_id is None:
        return change
    return change.causing(SetSubscription(user_id, is_active=is_subscribed))


def _set_publicity(change: Change, order: _Order) -> Change:
    """Share an issue or stop that; sharing what is shared already gives it a new address (spec/mutation.md 3.6)."""
    is_public = order.command.is_public
    if is_public is None:
        return change
    if change.issue.share_id is not None:
        change = order.told(change.having(share_id=None), ActivityType.SET_PRIVATE)
    if not is_public:
        return change
    return order.told(change.having(share_id=order.here.share_ids[change.issue.id]), ActivityType.SET_PUBLIC)


def _set_inbox(change: Change, order: _Order) -> Change:
    """Enter or leave the inbox, unless the issue was resolved or archived and left it so (spec/mutation.md 3.13)."""
    status = order.command.status
    if order.command.inbox is None or not (status is None or isinstance(status, Reopen)):
        return change
    return change.causing(EnterInbox(InboxReason.MANUAL)) if order.command.inbox else _review(change, order)


def _review(change: Change, order: _Order) -> Change:
    issue = change.issue
    if issue.id in order.here.in_inbox:
        change = change.causing(LeaveInbox())
        if order.actor_id is not None:
            change = order.told(change, ActivityType.MARK_REVIEWED)
    if issue.status is not Status.UNRESOLVED or issue.substatus is Substatus.ONGOING:
        return change
    return order.told(change.having(substatus=Substatus.ONGOING), ActivityType.AUTO_SET_ONGOING, {"manually": True})


_STEPS: tuple[Callable[[Change, _Order], Change], ...] = (
    _set_priority,
    _set_status,
    _set_assignee,
    _set_seen,
    _set_bookmark,
    _set_subscription,
    _set_publicity,
    _set_inbox,
)
"""In the order in which the parts of one body take effect (spec/mutation.md 3.1)."""
