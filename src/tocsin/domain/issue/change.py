"""A change: an issue after a rule was applied, and all that goes with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.issue.effects import Effect
from tocsin.domain.issue.issue import Activity, ActivityType, Issue, UserId


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one issue."""

    before: Issue
    issue: Issue
    """The issue afterwards: the very same value as before if nothing about it changed."""
    activities: tuple[Activity, ...] = ()
    """In the order they happened."""
    effects: tuple[Effect, ...] = ()
    touched: frozenset[str] = frozenset()
    """The fields that were set, be it to what they were."""

    @property
    def is_changed(self) -> bool:
        """Whether the issue itself must be saved."""
        return self.issue is not self.before

    def having(self, **fields: Any) -> "Change":
        """Return this change with *fields* of the issue set."""
        changed = msgspec.structs.replace(self.issue, **fields)
        return msgspec.structs.replace(self, issue=changed, touched=self.touched | fields.keys())

    def causing(self, *effects: Effect) -> "Change":
        """Return this change with further *effects*."""
        return msgspec.structs.replace(self, effects=self.effects + effects)

    def telling(
        self, type_: ActivityType, data: Mapping[str, Any] | None = None, *, by: UserId | None, at: datetime
    ) -> "Change":
        """Return this change with an activity of *type_* more."""
        activity = Activity(issue_id=self.issue.id, type=type_, data=dict(data or {}), user_id=by, created_at=at)
        return msgspec.structs.replace(self, activities=(*self.activities, activity))


def unchanged(issue: Issue) -> Change:
    """Return the change that leaves *issue* as it is."""
    return Change(before=issue, issue=issue)
