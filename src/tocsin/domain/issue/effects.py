"""What a change means for what is kept beside an issue: people's marks, subscriptions, the inbox.

Storage applies effects in order. Every one can be applied twice without harm.
"""

from datetime import datetime

import msgspec

from tocsin.domain.issue.issue import InboxReason, SubscriptionReason, UserId
from tocsin.domain.release.commit import CommitId


class Subscribe(msgspec.Struct, frozen=True):
    """Subscribe users who have no subscription row yet; who opted out stays out."""

    user_ids: frozenset[UserId]
    reason: SubscriptionReason


class Unsubscribe(msgspec.Struct, frozen=True):
    """Delete users' subscription rows: those of one reason, or whatever their reason."""

    user_ids: frozenset[UserId]
    reason: SubscriptionReason | None = None


class SetSubscription(msgspec.Struct, frozen=True):
    """Insert or overwrite a user's subscription, with the reason *unknown*; False is an explicit opt-out."""

    user_id: UserId
    is_active: bool


class SetBookmark(msgspec.Struct, frozen=True):
    """Add or remove a user's bookmark."""

    user_id: UserId
    is_set: bool


class SetSeen(msgspec.Struct, frozen=True):
    """Record when a user saw the issue last; None forgets it."""

    user_id: UserId
    seen_at: datetime | None


class EnterInbox(msgspec.Struct, frozen=True):
    """Put the issue into the inbox unless it is there."""

    reason: InboxReason


class LeaveInbox(msgspec.Struct, frozen=True):
    """Take the issue out of the inbox if it is there."""


class LinkCommit(msgspec.Struct, frozen=True):
    """Note that a commit resolves the issue, as of now."""

    commit_id: CommitId


Effect = Subscribe | Unsubscribe | SetSubscription | SetBookmark | SetSeen | EnterInbox | LeaveInbox | LinkCommit
