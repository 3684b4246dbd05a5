"""What the stores know that a command needs: what it names, and what it is carried out in."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from tocsin.domain.access import Scope
from tocsin.domain.caller import Reach
from tocsin.domain.issue.assignee_ref import AssigneeRef, TeamById, TeamBySlug, UserById, UserByName
from tocsin.domain.issue.circumstances import Actor, Circumstances
from tocsin.domain.issue.command import (
    LATEST,
    AssignTeam,
    Command,
    CommitRef,
    Needs,
    ReleaseTyped,
    ResolveInNextRelease,
    ResolveNow,
)
from tocsin.domain.issue.issue import Issue, IssueId, ProjectId, Status, TeamId, UserId
from tocsin.domain.issue.references import Facts, TeamFacts, UserFacts, resolve_references
from tocsin.domain.issue.release_line import ReleaseLine
from tocsin.domain.organization import Organization, Team, User
from tocsin.domain.release.commit import Commit, CommitId, Repository
from tocsin.domain.release.version import SEMVER_WINDOW, follows_semver
from tocsin.storage.history.scope import IssueScope
from tocsin.storage.history.seen import seen
from tocsin.storage.history.store import History
from tocsin.storage.state import (
    commits,
    inbox,
    issue_commits,
    issue_hashes,
    organizations,
    projects,
    releases,
    repositories,
    teams,
    users,
)
from tocsin.storage.state.engine import State, Transaction

_SCOPES_PER_QUESTION_MAX = 500


def resolved(connection: Transaction, command: Command, chosen: Sequence[Issue], reach: Reach) -> Command:
    """Return *command* with all it names looked up, for every project that has one of the issues *chosen*.

    Raises InvalidFields with the faults of the first project that has any (spec/mutation.md 2.3).
    """
    answers = [
        resolve_references(command, _facts(connection, command.needs, project_id, reach))
        for project_id in sorted({issue.project_id for issue in chosen})
    ]
    return answers[0]


def circumstances(
    connection: Transaction,
    command: Command,
    chosen: Sequence[Issue],
    actor: User | None,
    shown: Mapping[str, Any],
    now: datetime,
) -> Circumstances:
    """Return what state knows that *command* needs to be carried out on *chosen*."""
    return Circumstances(
        now=now,
        actor=None if actor is None else _actor(connection, actor, shown),
        releases=_release_line(connection, command, chosen),
        fixed_by=_fixed_by(connection, command, chosen),
        in_inbox=_in_inbox(connection, command, chosen),
        team_members=_team_members(connection, command, chosen),
    )


def users_seen(state: State, history: History, issue_ids: Collection[IssueId]) -> dict[IssueId, int]:
    """Return how many distinct users each of the issues has had, ever."""
    with state.read() as connection:
        hashes = issue_hashes.by_issue(connection, issue_ids)
    scopes = {issue_id: IssueScope.of(own[0].project_id, own) for issue_id, own in hashes.items() if own}
    counted: dict[IssueId, int] = {}
    asked = list(scopes)
    for start in range(0, len(asked), _SCOPES_PER_QUESTION_MAX):
        some = asked[start : start + _SCOPES_PER_QUESTION_MAX]
        figures = seen(history, [scopes[issue_id] for issue_id in some])
        counted |= {issue_id: one.users for issue_id, one in zip(some, figures, strict=True)}
    return counted


def _facts(connection: Transaction, needs: Needs, project_id: ProjectId, reach: Reach) -> Facts:
    newest = releases.newest(connection, project_id) if needs.any_release or needs.release == LATEST else None
    repository, commit = _commit(connection, needs.commit, reach.organization)
    holder = releases.newest_with_commit(connection, project_id, commit.id) if commit else None
    return Facts(
        assignee=_assignee(connection, needs.assignee, project_id, reach.organization),
        open_membership=bool(reach.organization.options.get("openMembership", True)),
        release_exists=bool(needs.release and releases.of_project(connection, project_id, [needs.release])),
        newest_release=newest.version if newest else "",
        repository_exists=repository is not None,
        commit_id=commit.id if commit else None,
        commit_release=holder.version if holder else "",
        may_discard=Scope.EVENT_ADMIN in reach.scopes,
    )


def _commit(
    connection: Transaction, ref: CommitRef | None, organization: Organization
) -> tuple[Repository | None, Commit | None]:
    """Return the repository that *ref* names in the organization, and its commit of exactly that key."""
    if ref is None:
        return None, None
    repository = repositories.by_names(connection, organization.id, [ref.repository]).get(ref.repository)
    commit = commits.by_key(connection, repository.id, ref.key) if repository else None
    return repository, commit


def _assignee(
    connection: Transaction, ref: AssigneeRef | None, project_id: ProjectId, organization: Organization
) -> UserFacts | TeamFacts | None:
    match ref:
        case None:
            return None
        case UserById(user_id):
            return _user_facts(connection, users.by_id(connection, user_id), project_id, organization)
        case UserByName(name):
            return _user_facts(connection, users.by_name(connection, name), project_id, organization)
        case TeamById(team_id):
            named = teams.by_ids(connection, [team_id]).get(team_id)
            return _team_facts(connection, named, project_id, organization)
        case TeamBySlug(slug):
            return _team_facts(connection, teams.by_slug(connection, organization.id, slug), project_id, organization)


def _user_facts(
    connection: Transaction, user: User | None, project_id: ProjectId, organization: Organization
) -> UserFacts | None:
    if user is None:
        return None
    return UserFacts(
        user_id=user.id,
        name=_name(user),
        email=user.email,
        is_member=organizations.member(connection, organization.id, user.id) is not None,
        is_active=user.is_active,
        is_on_project=project_id in projects.of_user(connection, user.id),
    )


def _team_facts(
    connection: Transaction, team: Team | None, project_id: ProjectId, organization: Organization
) -> TeamFacts | None:
    if team is None:
        return None
    return TeamFacts(
        team_id=team.id,
        slug=team.slug,
        is_in_organization=team.organization_id == organization.id,
        is_on_project=team in teams.of_projects(connection, [project_id])[project_id],
    )


def _actor(connection: Transaction, user: User, shown: Mapping[str, Any]) -> Actor:
    return Actor(
        user_id=user.id,
        name=_name(user),
        email=user.email,
        shown=shown,
        self_assigns=str(user.options.get("self_assign_issue")) == "1",
        project_ids=frozenset(projects.of_user(connection, user.id)),
    )


def _name(user: User) -> str:
    return user.name or user.username


def _release_line(connection: Transaction, command: Command, chosen: Sequence[Issue]) -> ReleaseLine:
    """Return the line of the issues' project, as far as resolving in the next release needs it."""
    project_ids = {issue.project_id for issue in chosen}
    if not isinstance(command.status, ResolveInNextRelease) or len(project_ids) > 1:
        return ReleaseLine()
    (project_id,) = project_ids
    newest, greatest = releases.newest(connection, project_id), releases.greatest(connection, project_id)
    latest = releases.newest_added(connection, project_id, SEMVER_WINDOW)
    known = releases.of_project(connection, project_id, {issue.last_release for issue in chosen} - {""})
    following = {version: releases.successor(connection, project_id, one) for version, one in known.items()}
    return ReleaseLine(
        follows_semver=follows_semver([release.version for release in latest]),
        dates={version: one.ordered_at for version, one in known.items()},
        newest=newest.version if newest else "",
        greatest=greatest.version if greatest else "",
        successors={version: one.version for version, one in following.items() if one},
    )


def _fixed_by(connection: Transaction, command: Command, chosen: Sequence[Issue]) -> dict[IssueId, CommitId]:
    if not isinstance(command.status, ResolveNow | ReleaseTyped):
        return {}
    just_so = [issue.id for issue in chosen if issue.status is Status.RESOLVED and issue.resolution is None]
    return issue_commits.pending(connection, just_so)


def _in_inbox(connection: Transaction, command: Command, chosen: Sequence[Issue]) -> frozenset[IssueId]:
    if command.inbox is not False:
        return frozenset()
    return frozenset(inbox.waiting(connection, [issue.id for issue in chosen]))


def _team_members(
    connection: Transaction, command: Command, chosen: Sequence[Issue]
) -> dict[TeamId, frozenset[UserId]]:
    """Return who is in the team that the issues go to, and in those that they come from."""
    if command.assignment is None:
        return {}
    involved = {issue.assignee.team_id for issue in chosen if issue.assignee and issue.assignee.team_id}
    if isinstance(command.assignment, AssignTeam):
        involved.add(command.assignment.team_id)
    members = teams.members_of(connection, involved)
    return {team_id: frozenset(user_ids) for team_id, user_ids in members.items()}
