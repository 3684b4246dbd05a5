"""Comments: written, edited and deleted, with what goes with them, in one transaction each (spec/mutation.md 8.4)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tocsin.domain.errors import NotFound
from tocsin.domain.issue.change import Change
from tocsin.domain.issue.comments import (
    REPEAT_WITHIN,
    Audience,
    Draft,
    check_mentions,
    deleted,
    edited,
    own_note,
    post,
    read_comment,
)
from tocsin.domain.issue.issue import Activity, Issue, IssueId, UserId
from tocsin.domain.issue.workflow import LEAVING
from tocsin.storage.state import activity, effects, issues, organizations, outbox, projects, teams
from tocsin.storage.state.activity import ActivityId
from tocsin.storage.state.engine import State, Transaction

_RECENT_MAX = 1000


class Comment:
    """Keeps what people say about issues. Safe to share among threads.

    That a person may see the issue is for the caller to check. Every method raises NotFound for an issue that is gone
    or on its way out.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def post(
        self, issue_id: IssueId, body: Mapping[str, Any], by: UserId, now: datetime
    ) -> tuple[ActivityId, Activity]:
        """Add the comment in *body* and return it with its id. Raises InvalidFields and Malformed."""
        draft = read_comment(body)
        with self._state.write() as connection:
            issue = _locked(connection, issue_id)
            recent = activity.notes_of(connection, issue_id, by, since=now - REPEAT_WITHIN, limit=_RECENT_MAX)
            change = post(issue, draft, _audience(connection, issue, draft), recent=recent, by=by, now=now)
            _store(connection, change, now)
            (note,) = change.activities
            (note_id,) = activity.add(connection, [note])
            outbox.add(connection, [_news(issue, note)], now)
        return note_id, note

    def edit(self, issue_id: IssueId, note_id: ActivityId, body: Mapping[str, Any], by: UserId) -> Activity:
        """Give a comment of *by* the words in *body*. Raises InvalidFields, and NotFound for anybody else's comment."""
        with self._state.write() as connection:
            issue = _locked(connection, issue_id)
            note = own_note(activity.by_id(connection, note_id), issue, by)
            draft = read_comment(body)
            check_mentions(draft, _audience(connection, issue, draft))
            note = edited(note, draft)
            activity.set_data(connection, note_id, note.data)
        return note

    def delete(self, issue_id: IssueId, note_id: ActivityId, by: UserId, now: datetime) -> None:
        """Delete a comment of *by*, and their subscription if nothing else made it and it was their last.

        Raises NotFound for anybody else's comment.
        """
        with self._state.write() as connection:
            issue = _locked(connection, issue_id)
            own_note(activity.by_id(connection, note_id), issue, by)
            activity.remove(connection, note_id)
            was_last = not activity.notes_of(connection, issue_id, by, limit=1)
            _store(connection, deleted(issue, by, was_last=was_last), now)


def _locked(connection: Transaction, issue_id: IssueId) -> Issue:
    issue = issues.load(connection, [issue_id], lock=True).get(issue_id)
    if issue is None or issue.status in LEAVING:
        raise NotFound
    return issue


def _audience(connection: Transaction, issue: Issue, draft: Draft) -> Audience:
    """Return who may be mentioned: members who may log in, by the teams of the project; nobody unless it is asked."""
    if not draft.mentions:
        return Audience()
    project = projects.by_ids(connection, [issue.project_id])[issue.project_id]
    members = organizations.members(connection, project.organization_id)
    present = {member.user.id for member in members if member.user.is_active}
    team_ids = [team.id for team in teams.of_projects(connection, [project.id])[project.id]]
    people = teams.members_of(connection, team_ids)
    return Audience({team_id: frozenset(user_ids & present) for team_id, user_ids in people.items()})


def _store(connection: Transaction, change: Change, now: datetime) -> None:
    issues.save(connection, [change.issue])
    for effect in change.effects:
        effects.apply(connection, effect, [change.issue.id], now)


def _news(issue: Issue, note: Activity) -> outbox.Notice:
    payload = {"issue_id": issue.id, "project_id": issue.project_id, "user_id": note.user_id}
    return outbox.Notice(kind=f"issue.{note.type}", payload=payload)
