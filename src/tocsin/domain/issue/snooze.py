"""Snoozes: archiving an issue until something happens (spec/mutation.md 3.5 and 4)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tocsin.domain.issue.counts import Counts, CountsQuestion, reaching
from tocsin.domain.issue.issue import Issue, Snooze, UserId
from tocsin.domain.issue.sighting import Sighting

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""No event is older."""


class SnoozeTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions somebody asked for; 0 is written None. At least one of duration and the two counts is set."""

    duration_minutes: int | None = None
    count: int | None = None
    window_minutes: int | None = None
    user_count: int | None = None
    user_window_minutes: int | None = None


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
        users_counted_from=now if counts_users else None,
        actor_id=actor_id,
    )


def ends_at(terms: SnoozeTerms, now: datetime) -> datetime | None:
    """Return the instant at which *terms* that begin *now* are over, whatever happens."""
    return None if terms.duration_minutes is None else now + timedelta(minutes=terms.duration_minutes)


def counts_question(snooze: Snooze, now: datetime) -> CountsQuestion | None:
    """Return what must be counted in history before *snooze* can be judged at *now*; mostly None."""
    windowed = snooze.window_minutes if snooze.count else None
    if not windowed and not snooze.user_count:
        return None
    is_ever = bool(snooze.user_count) and not snooze.user_window_minutes
    return CountsQuestion(
        events_since=_ago(windowed, now),
        users_since=_EVER if is_ever else _ago(snooze.user_window_minutes if snooze.user_count else None, now),
        digested_before=snooze.users_counted_from if is_ever else None,
    )


def _ago(minutes: int | None, now: datetime) -> datetime | None:
    return now - timedelta(minutes=minutes) if minutes else None


def is_over(snooze: Snooze, *, times_seen: int, now: datetime) -> bool:
    """Whether *snooze* has lapsed as far as the issue alone can tell: by time, or by events since its start."""
    if snooze.until is not None and snooze.until <= now:
        return True
    if snooze.count is None or snooze.window_minutes:
        return False
    return times_seen - (snooze.times_seen_at_start or 0) >= snooze.count


def lifting(snooze: Snooze, ordered: Sequence[Sighting], counts: Counts, now: datetime) -> Sighting | None:
    """Return the first of *ordered* sightings by which *snooze* has lapsed as far as only history can tell, if any."""
    positions = (_reaching_events(snooze, ordered, counts, now), _reaching_users(snooze, ordered, counts, now))
    first = min((position for position in positions if position is not None), default=None)
    return None if first is None else ordered[first]


def _reaching_events(snooze: Snooze, ordered: Sequence[Sighting], counts: Counts, now: datetime) -> int | None:
    since = _ago(snooze.window_minutes, now)
    if not snooze.count or since is None:
        return None
    return reaching([sighting.timestamp >= since for sighting in ordered], total=counts.events, wanted=snooze.count)


def _reaching_users(snooze: Snooze, ordered: Sequence[Sighting], counts: Counts, now: datetime) -> int | None:
    if not snooze.user_count:
        return None
    since = _ago(snooze.user_window_minutes, now)
    counted = _first_times(ordered, counts.events_of_user, since or _EVER)
    at_start = 0 if since else _users_at_start(snooze, counts)
    return reaching(counted, total=counts.users, wanted=at_start + snooze.user_count)


def _users_at_start(snooze: Snooze, counts: Counts) -> int:
    """Return how many users there had been: those counted then, and those of events that were on their way then."""
    return max(snooze.users_seen_at_start or 0, counts.users_before)


def _first_times(ordered: Sequence[Sighting], events_of_user: Mapping[str, int], since: datetime) -> list[bool]:
    """Return of each sighting whether it was the first event of its user, as far as events from *since* on count."""
    users = [sighting.user if sighting.timestamp >= since else "" for sighting in ordered]
    sighted = Counter(users)
    met = {""} | {user for user in sighted if events_of_user.get(user, 0) > sighted[user]}
    first_times = []
    for user in users:
        first_times.append(user not in met)
        met.add(user)
    return first_times


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
