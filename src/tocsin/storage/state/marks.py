"""What single users keep about issues: bookmarks, what they have seen, what they want to hear of.

They are written as effects of commands (``effects.py``).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, and_, select

from tocsin.domain.issue.issue import IssueId, SubscriptionReason, UserId
from tocsin.storage.state.rows import all_as, insert_missing, portions, select_as
from tocsin.storage.state.tables import bookmark, issue, seen, subscription


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """One user's relation to one issue."""

    is_bookmarked: bool = False
    last_seen: datetime | None = None
    is_subscribed: bool | None = None
    """None when the user never said; False is a "no" that automatic subscriptions respect (spec/mutation.md 3.11)."""
    subscription_reason: SubscriptionReason | None = None


def of_user(connection: Connection, user_id: UserId, issue_ids: Iterable[IssueId]) -> dict[IssueId, Marks]:
    """Return the user's marks on each of the issues that exist."""
    found: dict[IssueId, Marks] = {}
    for some in portions(issue_ids):
        own = [
            and_(table.c.issue_id == issue.c.id, table.c.user_id == user_id) for table in (bookmark, seen, subscription)
        ]
        columns = (issue.c.id, bookmark.c.user_id, seen.c.last_seen, subscription.c.is_active, subscription.c.reason)
        joined = issue.outerjoin(bookmark, own[0]).outerjoin(seen, own[1]).outerjoin(subscription, own[2])
        query = select(*columns).select_from(joined).where(issue.c.id.in_(some))
        for issue_id, bookmarker_id, last_seen, is_active, reason in connection.execute(query):
            found[issue_id] = Marks(
                is_bookmarked=bookmarker_id is not None,
                last_seen=last_seen,
                is_subscribed=is_active,
                subscription_reason=reason,
            )
    return found


def seen_by(connection: Connection, issue_id: IssueId, limit: int) -> list[tuple[UserId, datetime]]:
    """Return who looked at the issue, and when, latest first."""
    query = select(seen.c.user_id, seen.c.last_seen).where(seen.c.issue_id == issue_id)
    rows = connection.execute(query.order_by(seen.c.last_seen.desc(), seen.c.user_id).limit(limit))
    return [(user_id, last_seen) for user_id, last_seen in rows]


class KeptSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A user's word on whether to hear of an issue, and when it was given."""

    issue_id: IssueId
    user_id: UserId
    is_active: bool
    reason: SubscriptionReason

    created_at: datetime


def subscriptions(
    connection: Connection, issue_ids: Iterable[IssueId]
) -> dict[IssueId, dict[UserId, KeptSubscription]]:
    """Return what users said about hearing of each of the issues, be it yes or no."""
    wanted = list(issue_ids)
    found: dict[IssueId, dict[UserId, KeptSubscription]] = {issue_id: {} for issue_id in wanted}
    for some in portions(wanted):
        query = select_as(KeptSubscription, subscription).where(subscription.c.issue_id.in_(some))
        for one in all_as(KeptSubscription, connection.execute(query.order_by(subscription.c.user_id))):
            found[one.issue_id][one.user_id] = one
    return found


def copy_subscriptions(connection: Connection, copies: Sequence[KeptSubscription]) -> None:
    """Store subscriptions as they are, for those who have not said anything yet about the same issue."""
    rows = [msgspec.structs.asdict(one) for one in sorted(copies, key=lambda one: (one.issue_id, one.user_id))]
    insert_missing(connection, subscription, rows)


def subscribers(
    connection: Connection, issue_ids: Iterable[IssueId]
) -> dict[IssueId, dict[UserId, SubscriptionReason]]:
    """Return who hears of each issue, and why."""
    wanted = list(issue_ids)
    found: dict[IssueId, dict[UserId, SubscriptionReason]] = {issue_id: {} for issue_id in wanted}
    for some in portions(wanted):
        query = select(subscription).where(subscription.c.issue_id.in_(some), subscription.c.is_active)
        for row in connection.execute(query.order_by(subscription.c.user_id)):
            found[row.issue_id][row.user_id] = row.reason
    return found
