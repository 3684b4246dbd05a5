"""What a command is carried out in: who, when, and what the store knows of its issues."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.issue.issue import IssueId, ProjectId, TeamId, UserId
from tocsin.domain.issue.release_line import ReleaseLine
from tocsin.domain.release.commit import CommitId


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The acting user. Credentials without a user have none."""

    user_id: UserId
    name: str
    """The name shown: the display name or, without one, the user name."""
    email: str
    shown: Mapping[str, Any]
    """The user object of answers (spec/mutation.md 6.5)."""
    self_assigns: bool = False
    """Whether they want the issues they resolve if nobody has them: the user option ``self_assign_issue``."""
    project_ids: frozenset[ProjectId] = frozenset()
    """Projects of the teams they are on."""


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """Filled by the flow as far as the command at hand asks for it."""

    now: datetime
    actor: Actor | None = None
    releases: ReleaseLine = ReleaseLine()
    """For resolving in the next release: the line of the issues' project."""
    fixed_by: Mapping[IssueId, CommitId] = {}
    """For resolving: by which commit, in no release of the project yet, an issue is resolved already."""
    in_inbox: frozenset[IssueId] = frozenset()
    """For ``inbox: false``: which of the issues are in the inbox."""
    users_seen: Mapping[IssueId, int] = {}
    """When ``Command.needs_users_seen``: distinct users ever, per issue."""
    team_members: Mapping[TeamId, frozenset[UserId]] = {}
    """For ``assignedTo``: the members of the team assigned and of the teams that have issues now."""
    share_ids: Mapping[IssueId, str] = {}
    """For ``isPublic: true``: a fresh share id per issue, 32 random hex digits."""
