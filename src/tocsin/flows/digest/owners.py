"""Whom the ownership rules of a project suggest for the issues of a batch, and who gets the new ones."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from tocsin.domain.issue.issue import Activity, ActivityType, Assignee, Issue, IssueId, ProjectId
from tocsin.domain.issue.observe import Observation, Turn
from tocsin.domain.issue.suggestion import Suggestion, SuggestionReason
from tocsin.domain.organization import Project
from tocsin.domain.ownership import AutoAssignment, Owner, Ownership, Rule, owners_of, parse_rules
from tocsin.flows.digest.groups import Group
from tocsin.storage.state import activity, issues, organizations, ownership, teams, users
from tocsin.storage.state.engine import Transaction


class _Book(msgspec.Struct, frozen=True):
    """The rules of a project, and who is behind the names in them."""

    kept: Ownership
    rules: tuple[Rule, ...]
    known: dict[Owner, Assignee | None]


def note_owners(
    connection: Transaction, groups: Sequence[Group], observed: Sequence[Observation], now: datetime
) -> None:
    """Suggest owners for the issues of a batch, and assign the new ones where the project wants that."""
    books = _books(connection, {group.project.id for group in groups})
    if not books:
        return
    suggested: dict[IssueId, Sequence[Suggestion]] = {}
    for group, seen in zip(groups, observed, strict=True):
        book = books.get(group.project.id)
        found = _suggestions(connection, book, group, now) if book else []
        if book and found:
            suggested[seen.issue.id] = found
            if seen.turn is Turn.CREATED and book.kept.auto_assignment is not AutoAssignment.OFF:
                _assign(connection, seen.issue, found[0], now)
    ownership.suggest(connection, suggested)


def _books(connection: Transaction, project_ids: set[ProjectId]) -> Mapping[ProjectId, _Book]:
    kept = ownership.of_projects(connection, project_ids)
    return {one: _Book(rules, parse_rules(rules.raw), {}) for one, rules in kept.items() if rules.is_active}


def _suggestions(connection: Transaction, book: _Book, group: Group, now: datetime) -> list[Suggestion]:
    latest = max(group.events, key=lambda event: event.timestamp)
    found = []
    for owner in owners_of(book.rules, latest):
        if owner not in book.known:
            book.known[owner] = _person_or_team(connection, owner, group.project)
        who = book.known[owner]
        if who is not None:
            reason = SuggestionReason.OWNERSHIP_RULE
            found.append(Suggestion(user_id=who.user_id, team_id=who.team_id, reason=reason, added_at=now))
    return found


def _person_or_team(connection: Transaction, owner: Owner, project: Project) -> Assignee | None:
    """Return who is meant, None for a person or a team that is no longer there."""
    if owner.kind == "team":
        team = teams.by_slug(connection, project.organization_id, owner.identifier)
        return Assignee(team_id=team.id) if team else None
    user = users.by_email(connection, owner.identifier)
    is_member = user is not None and organizations.member(connection, project.organization_id, user.id) is not None
    return Assignee(user_id=user.id) if user and is_member else None


def _assign(connection: Transaction, issue: Issue, to: Suggestion, now: datetime) -> None:
    issues.save(connection, [replace(issue, assignee=Assignee(user_id=to.user_id, team_id=to.team_id))])
    kind = "user" if to.user_id is not None else "team"
    told = {"assignee": str(to.user_id or to.team_id), "assigneeType": kind, "integration": "projectOwnership"}
    activity.record(connection, [Activity(issue_id=issue.id, type=ActivityType.ASSIGNED, data=told, created_at=now)])
