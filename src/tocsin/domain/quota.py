"""How often somebody may ask: so many times in a window, which begins with the first of them. Values only."""

from datetime import datetime, timedelta

import msgspec


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """A limit on requests."""

    requests_max: int
    window_seconds: int


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has spent of a quota in the present window."""

    began_at: datetime
    requests: int
    """Those that were declined not counted."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one more request is within the quota, and what is left after it."""

    is_within: bool
    remaining: int
    resets_at: datetime


def spend(quota: Quota, before: Spending | None, now: datetime) -> tuple[Spending, Verdict]:
    """Return what is spent after one more request, and the verdict on it. *before* is None for the first request.

    A clock that went back begins a new window.
    """
    window = timedelta(seconds=quota.window_seconds)
    if before is None or not before.began_at <= now < before.began_at + window:
        before = Spending(began_at=now, requests=0)
    is_within = before.requests < quota.requests_max
    spent = Spending(began_at=before.began_at, requests=before.requests + is_within)
    verdict = Verdict(
        is_within=is_within, remaining=quota.requests_max - spent.requests, resets_at=before.began_at + window
    )
    return spent, verdict
