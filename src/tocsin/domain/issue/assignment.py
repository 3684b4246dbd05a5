"""Whose an issue is, and who hears of that (spec/mutation.md 3.8)."""

from collections.abc import Mapping
from typing import Any

from tocsin.domain.issue.change import Change
from tocsin.domain.issue.circumstances import Circumstances
from tocsin.domain.issue.command import Assignment, AssignTeam, AssignUser, Unassign
from tocsin.domain.issue.effects import Subscribe, Unsubscribe
from tocsin.domain.issue.issue import ActivityType, Assignee, SubscriptionReason, TeamId, UserId


def assign(change: Change, assignment: Assignment, here: Circumstances, *, integration: str = "") -> Change:
    """Return *change* with the issue assigned, or with nobody's name on it.

    Whoever has it now is subscribed; whoever only heard of it because they had it is not any more. Giving it to who has
    it already, or taking it from nobody, is no activity.
    """
    previous, wanted = change.issue.assignee, _assignee(assignment)
    people = _people(wanted, here.team_members)
    if wanted != previous:
        dropped = _people(previous, here.team_members) - people
        change = change.having(assignee=wanted)
        change = change.causing(Unsubscribe(dropped, SubscriptionReason.ASSIGNED)) if dropped else change
        actor_id = None if here.actor is None else here.actor.user_id
        change = change.telling(_type(wanted), _told(assignment, integration), by=actor_id, at=here.now)
    return change.causing(Subscribe(people, SubscriptionReason.ASSIGNED)) if people else change


def shown_assignment(assignment: Assignment) -> dict[str, Any] | None:
    """Return the actor object of ``assignedTo`` in answers."""
    match assignment:
        case AssignUser():
            return {
                "type": "user",
                "id": str(assignment.user_id),
                "name": assignment.name,
                "email": assignment.email,
            }
        case AssignTeam():
            return {"type": "team", "id": str(assignment.team_id), "name": assignment.slug}
        case Unassign():
            return None


def _assignee(assignment: Assignment) -> Assignee | None:
    match assignment:
        case AssignUser():
            return Assignee(user_id=assignment.user_id)
        case AssignTeam():
            return Assignee(team_id=assignment.team_id)
        case Unassign():
            return None


def _people(assignee: Assignee | None, team_members: Mapping[TeamId, frozenset[UserId]]) -> frozenset[UserId]:
    """Return everybody an issue of *assignee* belongs to."""
    if assignee is None:
        return frozenset()
    if assignee.user_id is not None:
        return frozenset({assignee.user_id})
    return frozenset() if assignee.team_id is None else team_members.get(assignee.team_id, frozenset())


def _type(wanted: Assignee | None) -> ActivityType:
    return ActivityType.UNASSIGNED if wanted is None else ActivityType.ASSIGNED


def _told(assignment: Assignment, integration: str) -> dict[str, Any]:
    made_in = {"integration": integration} if integration else {}
    match assignment:
        case AssignUser(user_id=user_id, email=email):
            return {"assignee": str(user_id), "assigneeEmail": email, "assigneeType": "user", **made_in}
        case AssignTeam(team_id=team_id):
            return {"assignee": str(team_id), "assigneeEmail": None, "assigneeType": "team", **made_in}
        case Unassign():
            return {}
