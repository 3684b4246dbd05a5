"""Storing what a command made of issues: many at a time, in statements whose size does not grow with their number."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import TypeVar

from tocsin.domain.issue.change import Change
from tocsin.domain.issue.effects import (
    Effect,
    EnterInbox,
    LeaveInbox,
    LinkCommit,
    SetBookmark,
    SetSeen,
    SetSubscription,
    Subscribe,
    Unsubscribe,
)
from tocsin.domain.issue.issue import IssueId, UserId
from tocsin.storage.state import activity, inbox, issue_commits, issues, marks, outbox
from tocsin.storage.state.engine import Transaction
from tocsin.storage.state.marks import Subscription

_CHANGES_AT_A_TIME = 1000
_SUBSCRIPTIONS_AT_A_TIME = 10_000

Row = TypeVar("Row")


def write(connection: Transaction, changes: Sequence[Change], now: datetime) -> None:
    """Store *changes*, each of another issue: the issues, what goes with them, their stories, and the news of it."""
    for some in _portions(changes, _CHANGES_AT_A_TIME):
        issues.save(connection, [change.issue for change in some if change.is_changed])
        _apply_effects(connection, some, now)
        activity.record(connection, [entry for change in some for entry in change.activities])
        outbox.add(connection, [notice for change in some for notice in _notices(change)], now)


def _notices(change: Change) -> list[outbox.Notice]:
    return [
        outbox.Notice(
            kind=f"issue.{entry.type}",
            payload={
                "issue_id": change.issue.id,
                "project_id": change.issue.project_id,
                "user_id": entry.user_id,
            },
        )
        for entry in change.activities
    ]


def _apply_effects(connection: Transaction, changes: Sequence[Change], now: datetime) -> None:
    """Apply the first effect of every change, then every second one: equal effects of a round go together."""
    for round_ in zip_longest(*(change.effects for change in changes)):
        alike: dict[Effect, list[IssueId]] = defaultdict(list)
        for change, effect in zip(changes, round_, strict=True):
            if effect is not None:
                alike[effect].append(change.issue.id)
        for effect, issue_ids in alike.items():
            _apply(connection, effect, issue_ids, now)


def _apply(connection: Transaction, effect: Effect, issue_ids: Sequence[IssueId], now: datetime) -> None:
    match effect:
        case Subscribe():
            _subscribe(connection, effect, issue_ids, now)
        case Unsubscribe(user_ids, reason):
            for user_id in sorted(user_ids):
                marks.unsubscribe(connection, user_id, issue_ids, reason=reason)
        case SetSubscription(user_id, is_active):
            said = [Subscription(issue_id=one, user_id=user_id, is_active=is_active) for one in issue_ids]
            marks.set_subscriptions(connection, said, now)
        case SetBookmark(user_id, is_set):
            set_bookmarks = marks.add_bookmarks if is_set else marks.remove_bookmarks
            set_bookmarks(connection, user_id, issue_ids)
        case SetSeen(user_id, seen_at):
            _set_seen(connection, user_id, issue_ids, seen_at)
        case EnterInbox(reason):
            inbox.put(connection, dict.fromkeys(issue_ids, reason), now)
        case LeaveInbox():
            inbox.take_out(connection, issue_ids)
        case LinkCommit(commit_id):
            issue_commits.link(connection, [(issue_id, commit_id) for issue_id in issue_ids], now)


def _set_seen(connection: Transaction, user_id: UserId, issue_ids: Sequence[IssueId], seen_at: datetime | None) -> None:
    if seen_at is None:
        marks.remove_seen(connection, user_id, issue_ids)
    else:
        marks.set_seen(connection, user_id, issue_ids, seen_at)


def _subscribe(connection: Transaction, effect: Subscribe, issue_ids: Sequence[IssueId], now: datetime) -> None:
    wanted = [
        Subscription(issue_id=issue_id, user_id=user_id, reason=effect.reason)
        for issue_id in issue_ids
        for user_id in sorted(effect.user_ids)
    ]
    for some in _portions(wanted, _SUBSCRIPTIONS_AT_A_TIME):
        marks.subscribe(connection, some, now)


def _portions(rows: Sequence[Row], rows_max: int) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), rows_max):
        yield rows[start : start + rows_max]
