"""What a release that came to a project means to the issues that wait for one (spec/mutation.md 5.2)."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from tocsin.domain.issue.change import Change, unchanged
from tocsin.domain.issue.circumstances import Actor, Circumstances
from tocsin.domain.issue.command import Command, ResolveInCommit
from tocsin.domain.issue.issue import Issue, IssueId, ProjectId, ResolutionType, Status
from tocsin.domain.issue.release_line import ReleaseLine
from tocsin.domain.issue.resolution import in_release, when_released
from tocsin.domain.issue.workflow import LEAVING, carry_out
from tocsin.domain.release.commit import CommitId


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """A commit that is said to resolve an issue."""

    commit_id: CommitId
    is_new: bool
    """Whether nobody has said so before."""
    author: Actor | None = None
    """Who made the commit, if that is a member of the organization."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An issue that may wait for a release, and what that release brings."""

    issue_id: IssueId
    version: str
    is_new: bool
    """Whether the project did not have the release before."""
    fix: Fix | None = None


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """All that waits for the releases that came, as far as is known before the issues are locked."""

    lines: Mapping[ProjectId, ReleaseLine] = {}
    """Per project, the releases that came and those that resolutions point at."""
    waiting: tuple[Waiting, ...] = ()
    """In the order in which the releases came."""

    @property
    def issue_ids(self) -> set[IssueId]:
        """The issues to load and lock before anything is settled."""
        return {one.issue_id for one in self.waiting}


def settled(expectation: Expectation, stored: Mapping[IssueId, Issue], now: datetime) -> list[Change]:
    """Return what the releases make of the issues in *stored* that wait for them; issues that did not are left out.

    A resolution in the next release becomes one in the release that came. A commit that a release brings resolves the
    issue in it, unless somebody has resolved it in another release since the commit was named.
    """
    changes: dict[IssueId, Change] = {}
    for one in expectation.waiting:
        if one.issue_id in stored and stored[one.issue_id].status not in LEAVING:
            change = changes.get(one.issue_id, unchanged(stored[one.issue_id]))
            changes[one.issue_id] = _settled(change, one, expectation.lines, now)
    return [change for change in changes.values() if change.is_changed or change.effects]


def filled_in(change: Change) -> str:
    """Return the version that the activity "resolved in the next release" must show now, ``""`` for none."""
    before, after = change.before.resolution, change.issue.resolution
    is_turned = before is not None and before.type is ResolutionType.IN_NEXT_RELEASE
    return after.release if is_turned and after is not None and after.type is ResolutionType.IN_RELEASE else ""


def _settled(change: Change, one: Waiting, lines: Mapping[ProjectId, ReleaseLine], now: datetime) -> Change:
    resolution, line = change.issue.resolution, lines[change.issue.project_id]
    if one.is_new and resolution is not None:
        turned = when_released(resolution, one.version, line)
        change = change if turned is resolution else change.having(resolution=turned)
    return change if one.fix is None else _fixed(change, one.version, one.fix, now)


def _fixed(change: Change, version: str, fix: Fix, now: datetime) -> Change:
    issue = change.issue
    if issue.status is Status.RESOLVED and not fix.is_new:
        if issue.resolution is not None:
            return change
        # Told when the commit was named: only where to look for the fix is new.
        actor_id = fix.author.user_id if fix.author else None
        return change.having(resolution=in_release(version, actor_id=actor_id, now=now))
    command = Command(status=ResolveInCommit(fix.commit_id, version))
    done = carry_out(command, issue, Circumstances(now=now, actor=fix.author))
    return Change(
        before=change.before,
        issue=done.issue,
        activities=change.activities + done.activities,
        effects=change.effects + done.effects,
    )
