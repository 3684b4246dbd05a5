"""The answer to a bulk command: what was asked for, and what that came to (spec/mutation.md 3.1)."""

from collections.abc import Sequence
from typing import Any

from tocsin.domain.issue.assignment import shown_assignment
from tocsin.domain.issue.change import Change
from tocsin.domain.issue.circumstances import Actor, Circumstances
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
    StatusChange,
)
from tocsin.domain.issue.snooze import requested_details


def delta_of(command: Command, changes: Sequence[Change], here: Circumstances) -> dict[str, Any]:
    """Return the delta of *command*: the fields accepted, in the order they were sent, then what they led to.

    As in the data of activities, a commit is its row's id here; answers show the commit itself.
    """
    answer = dict(command.echo)
    if command.status is not None:
        answer |= _status(command, command.status, here)
    if command.assignment is not None:
        answer["assignedTo"] = shown_assignment(command.assignment)
    elif here.actor is not None and any(change.issue.assignee is not change.before.assignee for change in changes):
        answer["assignedTo"] = shown_assignment(_self_assignment(here.actor))
    if command.is_subscribed is not None:
        answer["subscriptionDetails"] = {"reason": "unknown"}
    if command.is_public is not None:
        answer["shareId"] = changes[-1].issue.share_id if changes else None
    return answer


def _status(command: Command, change: StatusChange, here: Circumstances) -> dict[str, Any]:
    """Return the keys ``status``, ``statusDetails`` and ``inbox``; ``muted`` is echoed as it was sent."""
    match change:
        case Reopen():
            return {"status": "unresolved", "statusDetails": {}}
        case Archive():
            return {"status": command.echo["status"], "statusDetails": _archived(change, here), "inbox": None}
        case ResolveNow() | ResolveInRelease() | ResolveInNextRelease() | ResolveInCommit():
            return {"status": "resolved", "statusDetails": _resolved(change, here.actor), "inbox": None}


def _archived(archive: Archive, here: Circumstances) -> dict[str, Any]:
    if archive.until_escalating:
        return {"ignoreUntilEscalating": True}
    if archive.terms is None:
        return {}
    return requested_details(archive.terms, here.now) | {"actor": here.actor.shown if here.actor else None}


def _resolved(change: ResolveNow | ReleaseTyped, actor: Actor | None) -> dict[str, Any]:
    by = {"actor": actor.shown} if actor is not None else {}
    match change:
        case ResolveNow():
            return {}
        case ResolveInRelease(version):
            return {"inRelease": version, **by}
        case ResolveInNextRelease():
            return {"inNextRelease": True, **by}
        case ResolveInCommit(commit_id):
            return {"inCommit": commit_id, **by}


def _self_assignment(actor: Actor) -> AssignUser:
    return AssignUser(user_id=actor.user_id, name=actor.name, email=actor.email)
