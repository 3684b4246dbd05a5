"""Checking what a command names against what there is (spec/mutation.md 3.4 and 3.8)."""

from typing import Any, assert_never

import msgspec

from tocsin.domain.errors import InvalidFields
from tocsin.domain.issue.assignee_ref import UNREADABLE, AssigneeRef, TeamById, TeamBySlug, UserById, UserByName
from tocsin.domain.issue.command import (
    LATEST,
    Assignment,
    AssignTeam,
    AssignUser,
    Command,
    Needs,
    ResolveInCommit,
    ResolveInRelease,
    StatusChange,
)
from tocsin.domain.issue.issue import TeamId, UserId
from tocsin.domain.release.commit import CommitId


class UserFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A user somebody named, as one organization and one project know them."""

    user_id: UserId
    name: str
    """The name shown: the display name or, without one, the user name."""
    email: str
    is_member: bool
    """Of the organization."""
    is_active: bool = True
    """False once the membership is deactivated."""
    is_on_project: bool
    """On some team of the project."""


class TeamFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A team somebody named, as one organization and one project know it."""

    team_id: TeamId
    slug: str
    is_in_organization: bool
    is_on_project: bool


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the store knows, for one project, of what ``Command.needs`` names."""

    assignee: UserFacts | TeamFacts | None = None
    """Who ``needs.assignee`` is; None when there is nobody of that kind by that name."""
    open_membership: bool = True
    """Whether people may join teams of the organization by themselves, which makes assignment to anybody in it fair."""
    release_exists: bool = False
    """Whether the project has a release of the version ``needs.release``."""
    newest_release: str = ""
    """Version of the project's newest release by order date; empty without any."""
    repository_exists: bool = False
    """Whether the organization has the repository of ``needs.commit``."""
    commit_id: CommitId | None = None
    """The commit ``needs.commit``; None when that repository has none of the key."""
    commit_release: str = ""
    """Version of the project's newest release with that commit; empty without any."""
    may_discard: bool = False
    """Whether the caller holds ``event:admin``."""


def resolve_references(command: Command, facts: Facts) -> Command:
    """Return *command* with everything it names replaced by what that is.

    Raises InvalidFields with all that the *facts* of the project at hand speak against. The issues of several projects
    need one call per project (spec/mutation.md 2.3).
    """
    details = _detail_faults(command.needs, facts)
    assignee_fault = _assignee_fault(command.needs.assignee, facts)
    faults: dict[str, object] = {}
    if details:
        faults["statusDetails"] = details
    if command.discard is not None and not facts.may_discard:
        faults["discard"] = ["You do not have permission to discard events"]
    if assignee_fault:
        faults["assignedTo"] = [assignee_fault]
    if faults:
        raise InvalidFields(faults)
    return msgspec.structs.replace(
        command,
        status=_resolved_status(command.status, facts),
        assignment=_assignment(facts.assignee) or command.assignment,
    )


def _resolved_status(status: StatusChange | None, facts: Facts) -> StatusChange | None:
    """Return *status* with the release or the commit that it names replaced by what that is."""
    if isinstance(status, ResolveInRelease) and status.version == LATEST:
        return ResolveInRelease(facts.newest_release)
    if isinstance(status, ResolveInCommit) and facts.commit_id is not None:
        return ResolveInCommit(facts.commit_id, facts.commit_release)
    return status


def _detail_faults(needs: Needs, facts: Facts) -> dict[str, Any]:
    faults: dict[str, Any] = {}
    no_basis = ["No release data present in the system to form a basis for 'Next Release'"]
    if needs.release == LATEST and not facts.newest_release:
        faults["inRelease"] = no_basis
    elif needs.release and needs.release != LATEST and not facts.release_exists:
        faults["inRelease"] = ["Unable to find a release with the given version."]
    if needs.any_release and not facts.newest_release:
        faults["inNextRelease"] = no_basis
    if needs.upcoming_release:
        faults["inUpcomingRelease"] = ["Your organization does not have access to this feature."]
    if needs.commit is not None and facts.commit_id is None:
        missing = "commit" if facts.repository_exists else "repository"
        faults["inCommit"] = {missing: [f"Unable to find the given {missing}."]}
    return faults


def _assignee_fault(ref: AssigneeRef | None, facts: Facts) -> str:
    """Return what speaks against assigning to whom *ref* names, or an empty text."""
    if ref is None:
        return ""
    match facts.assignee:
        case None:
            return _unknown(ref)
        case UserFacts() as user:
            return _user_fault(user, open_membership=facts.open_membership)
        case TeamFacts() as team:
            return _team_fault(team, open_membership=facts.open_membership)


def _unknown(ref: AssigneeRef) -> str:
    match ref:
        case UserById():
            return "User does not exist"
        case TeamById():
            return "Team does not exist"
        case UserByName() | TeamBySlug():
            return UNREADABLE
        case _:
            assert_never(ref)


def _user_fault(user: UserFacts, *, open_membership: bool) -> str:
    if not user.is_member:
        return "User is not a member of this organization"
    if not user.is_active:
        return "Cannot assign to a deactivated member"
    if not (user.is_on_project or open_membership):
        return "Cannot assign to non-team member"
    return ""


def _team_fault(team: TeamFacts, *, open_membership: bool) -> str:
    if not team.is_in_organization:
        return "Team is not a member of this organization"
    if not (team.is_on_project or open_membership):
        return "Cannot assign to a team without access to the project"
    return ""


def _assignment(assignee: UserFacts | TeamFacts | None) -> Assignment | None:
    match assignee:
        case UserFacts():
            return AssignUser(user_id=assignee.user_id, name=assignee.name, email=assignee.email)
        case TeamFacts():
            return AssignTeam(team_id=assignee.team_id, slug=assignee.slug)
        case None:
            return None
