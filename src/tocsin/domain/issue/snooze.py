"""Snoozes: archiving an issue until something happens (spec/mutation.md 3.5 and 4)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tocsin.domain.issue.issue import Issue, Snooze, UserId


class SnoozeTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions somebody asked for; 0 is written None. At least one of duration and the two counts is set."""

    duration_minutes: int | None = None
    count: int | None = None
    window_minutes: int | None = None
    user_count: int | None = None
    user_window_minutes: int | None = None


class SnoozeQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Which exact counts of an issue's events only history knows."""

    events_within_minutes: int | None = None
    users_within_minutes: int | None = None
    users_ever: bool = False


class SnoozeCounts(msgspec.Struct, frozen=True, kw_only=True):
    """History's answer to a :class:`SnoozeQuestion`, the sightings being observed included."""

    events_in_window: int = 0
    users_in_window: int = 0
    users_ever: int = 0


NO_COUNTS = SnoozeCounts()


def begun(terms: SnoozeTerms, issue: Issue, *, users_seen: int, actor_id: UserId | None, now: datetime) -> Snooze:
    """Return the snooze of *issue* by *terms* from *now* on.

    Counts without a window start from what was seen so far: *users_seen* is the number of distinct users ever.
    """
    counts_events = terms.count is not None and terms.window_minutes is None
    counts_users = terms.user_count is not None and terms.user_window_minutes is None
    return Snooze(
        until=ends_at(terms, now),
        count=terms.count,
        window_minutes=terms.window_minutes,
        user_count=terms.user_count,
        user_window_minutes=terms.user_window_minutes,
        times_seen_at_start=issue.times_seen if counts_events else None,
        users_seen_at_start=users_seen if counts_users else None,
        actor_id=actor_id,
    )


def ends_at(terms: SnoozeTerms, now: datetime) -> datetime | None:
    """Return the instant at which *terms* that begin *now* are over, whatever happens."""
    return None if terms.duration_minutes is None else now + timedelta(minutes=terms.duration_minutes)


def needs_counts(issue: Issue) -> SnoozeQuestion | None:
    """Return what must be counted in history before sightings of *issue* can be observed; mostly None."""
    snooze = issue.snooze
    if snooze is None:
        return None
    windowed = snooze.window_minutes if snooze.count else None
    if not windowed and not snooze.user_count:
        return None
    return SnoozeQuestion(
        events_within_minutes=windowed,
        users_within_minutes=snooze.user_window_minutes if snooze.user_count else None,
        users_ever=bool(snooze.user_count) and not snooze.user_window_minutes,
    )


def is_over(snooze: Snooze, *, times_seen: int, now: datetime) -> bool:
    """Whether *snooze* has lapsed as far as the issue alone can tell: by time, or by events since its start."""
    if snooze.until is not None and snooze.until <= now:
        return True
    if snooze.count is None or snooze.window_minutes:
        return False
    return times_seen - (snooze.times_seen_at_start or 0) >= snooze.count


def is_over_by_history(snooze: Snooze, counts: SnoozeCounts) -> bool:
    """Whether *snooze* has lapsed by what only history can count: events in a window, users."""
    if snooze.count and snooze.window_minutes and counts.events_in_window >= snooze.count:
        return True
    if not snooze.user_count:
        return False
    if snooze.user_window_minutes:
        return counts.users_in_window >= snooze.user_count
    return counts.users_ever - (snooze.users_seen_at_start or 0) >= snooze.user_count


def conditions(snooze: Snooze) -> dict[str, Any]:
    """Return the conditions as the activity ``set_escalating`` keeps them in ``expired_snooze``."""
    return {
        "until": None if snooze.until is None else iso(snooze.until),
        "count": snooze.count,
        "window": snooze.window_minutes,
        "user_count": snooze.user_count,
        "user_window": snooze.user_window_minutes,
    }


def requested_details(terms: SnoozeTerms, now: datetime) -> dict[str, Any]:
    """Return the ``ignore…`` keys of a snooze as it was asked for, without the actor (spec/mutation.md 3.5)."""
    until = ends_at(terms, now)
    return {
        "ignoreCount": terms.count,
        "ignoreUntil": None if until is None else iso(until),
        "ignoreUserCount": terms.user_count,
        "ignoreUserWindow": terms.user_window_minutes,
        "ignoreWindow": terms.window_minutes,
    }


def remaining_details(
    issue: Issue, snooze: Snooze, *, users_seen: int | None, actor: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return a snoozed issue's ``statusDetails``; counts without a window show what is left (spec/mutation.md 4.3).

    *users_seen* is the number of distinct users ever; without it the configured number of users is shown.
    """
    return {
        "ignoreCount": _remaining(snooze.count, issue.times_seen, snooze.times_seen_at_start),
        "ignoreUntil": None if snooze.until is None else iso(snooze.until),
        "ignoreUserCount": _remaining(snooze.user_count, users_seen, snooze.users_seen_at_start),
        "ignoreUserWindow": snooze.user_window_minutes,
        "ignoreWindow": snooze.window_minutes,
        "actor": actor,
    }


def iso(moment: datetime) -> str:
    """Return *moment*, UTC, as answers write it: ``2026-01-31T10:00:00.123456Z``."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def _remaining(count: int | None, seen: int | None, seen_at_start: int | None) -> int | None:
    if count is None or seen is None or seen_at_start is None:
        return count
    return max(0, count - (seen - seen_at_start))
