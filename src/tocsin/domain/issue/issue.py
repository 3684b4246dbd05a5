"""The issue: what stays the same while its events come and go. Values only; the rules stand beside it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

import msgspec

IssueId = NewType("IssueId", int)
ProjectId = NewType("ProjectId", int)
UserId = NewType("UserId", int)
TeamId = NewType("TeamId", int)

UNSAVED = IssueId(0)
"""The id of an issue that state has not numbered yet."""


class Status(StrEnum):
    """Where an issue stands; the last three are never shown to anybody."""

    UNRESOLVED = "unresolved"
    RESOLVED = "resolved"
    IGNORED = "ignored"
    PENDING_DELETION = "pending_deletion"
    DELETION_IN_PROGRESS = "deletion_in_progress"
    PENDING_MERGE = "pending_merge"


class Substatus(StrEnum):
    """Why it stands there; resolved issues have none (spec/mutation.md 3.3)."""

    NEW = "new"
    ONGOING = "ongoing"
    REGRESSED = "regressed"
    ESCALATING = "escalating"
    ARCHIVED_FOREVER = "archived_forever"
    ARCHIVED_UNTIL_ESCALATING = "archived_until_escalating"
    ARCHIVED_UNTIL_CONDITION_MET = "archived_until_condition_met"


class Priority(StrEnum):
    """How urgent an issue is, set from the level until somebody decides."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class ResolutionType(StrEnum):
    """How a resolution names its release (spec/mutation.md 5.2)."""

    IN_RELEASE = "in_release"
    IN_NEXT_RELEASE = "in_next_release"


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """In which release an issue is resolved; an issue resolved "now" has none."""

    type: ResolutionType
    release: str
    """Version of the release the resolution points at."""
    current_release: str | None = None
    """Newest version at the time of resolving, when "next release" was asked for."""
    actor_id: UserId | None = None
    created_at: datetime


class Snooze(msgspec.Struct, frozen=True, kw_only=True):
    """Until when an ignored issue stays ignored; any one condition met lifts it (spec/mutation.md 4)."""

    until: datetime | None = None
    count: int | None = None
    window_minutes: int | None = None
    user_count: int | None = None
    user_window_minutes: int | None = None
    times_seen_at_start: int | None = None
    users_seen_at_start: int | None = None
    users_counted_from: datetime | None = None
    """When it began to count users without a window: those of events digested before are none of them."""
    actor_id: UserId | None = None


class Assignee(msgspec.Struct, frozen=True, kw_only=True):
    """Whose an issue is: a user or a team, exactly one of the two."""

    user_id: UserId | None = None
    team_id: TeamId | None = None


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as state keeps it. Text that is absent is ``""``."""

    id: IssueId
    project_id: ProjectId
    number: int
    """The per-project counter behind the short id, from 1."""
    status: Status = Status.UNRESOLVED
    substatus: Substatus | None = Substatus.NEW
    level: str
    logger: str = ""
    platform: str
    type: str
    title: str
    culprit: str = ""
    message: str = ""
    """Search text of the latest event."""
    metadata: dict[str, Any]
    first_seen: datetime
    last_seen: datetime
    active_at: datetime
    """Since when it is in its present life: creation, or the last regression."""
    times_seen: int = 1
    first_release: str = ""
    last_release: str = ""
    priority: Priority | None = None
    priority_locked_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: Resolution | None = None
    snooze: Snooze | None = None
    assignee: Assignee | None = None
    share_id: str | None = None
    """32 hex digits while the issue is public."""
    comment_count: int = 0
    version: int = 0
    """Counts changes of the row, whoever makes them."""


class ActivityType(StrEnum):
    """What happened to an issue (spec/mutation.md 6.4)."""

    FIRST_SEEN = "first_seen"
    SET_RESOLVED = "set_resolved"
    SET_RESOLVED_IN_RELEASE = "set_resolved_in_release"
    SET_RESOLVED_IN_COMMIT = "set_resolved_in_commit"
    SET_RESOLVED_BY_AGE = "set_resolved_by_age"
    SET_UNRESOLVED = "set_unresolved"
    SET_IGNORED = "set_ignored"
    SET_ESCALATING = "set_escalating"
    SET_REGRESSION = "set_regression"
    SET_PUBLIC = "set_public"
    SET_PRIVATE = "set_private"
    SET_PRIORITY = "set_priority"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    MARK_REVIEWED = "mark_reviewed"
    AUTO_SET_ONGOING = "auto_set_ongoing"
    NOTE = "note"
    MERGE = "merge"
    UNMERGE_SOURCE = "unmerge_source"
    UNMERGE_DESTINATION = "unmerge_destination"


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an issue's story, not stored yet."""

    issue_id: IssueId
    type: ActivityType
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    user_id: UserId | None = None
    created_at: datetime


class SubscriptionReason(StrEnum):
    """Why somebody hears of an issue."""

    UNKNOWN = "unknown"
    ASSIGNED = "assigned"
    BOOKMARK = "bookmarked"
    STATUS_CHANGE = "changed_status"
    COMMENT = "commented"
    MENTIONED = "mentioned"


class InboxReason(StrEnum):
    """Why an issue waits for review, by name; the API shows the numbers of spec/mutation.md 3.13."""

    NEW = "new"
    UNIGNORED = "unignored"
    REGRESSION = "regression"
    MANUAL = "manual"
    ESCALATING = "escalating"
    ONGOING = "ongoing"
