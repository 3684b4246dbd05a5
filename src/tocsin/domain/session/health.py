"""What sessions come to: how many went how badly, and the rates that people watch (spec/ingest.md 8.1)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

import msgspec

from tocsin.domain.session.session import Severity

ADOPTED_FROM = 0.1
"""Share of its environment's sessions from which a release counts as adopted."""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions, or users, by the worst that happened to them: each is counted once."""

    total: int = 0
    """New sessions, those that were never said to have begun left out."""
    errored: int = 0
    unhandled: int = 0
    abnormal: int = 0
    crashed: int = 0

    @property
    def healthy(self) -> int:
        """Those that nothing happened to."""
        return max(self.total - self.errored - self.unhandled - self.abnormal - self.crashed, 0)

    def of(self, severity: Severity) -> int:
        """Return how many went just so badly."""
        return {
            Severity.HEALTHY: self.healthy,
            Severity.ERRORED: self.errored,
            Severity.UNHANDLED: self.unhandled,
            Severity.ABNORMAL: self.abnormal,
            Severity.CRASHED: self.crashed,
        }[severity]

    @property
    def crash_free_rate(self) -> float | None:
        """Share of those that did not crash, from 0 to 1; None without any. Unhandled errors are no crashes."""
        return None if not self.total else max(1 - self.crashed / self.total, 0.0)

    def share(self, count: int) -> float | None:
        """Return which part of all *count* is, from 0 to 1; None without any."""
        return None if not self.total else min(count / self.total, 1.0)


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions and the users who ran them."""

    sessions: Tally = Tally()
    users: Tally = Tally()


class Stage(StrEnum):
    """How far a release has come among those who run it."""

    LOW = "low"
    ADOPTED = "adopted"
    REPLACED = "replaced"
    """It was adopted once."""


class Adoption(msgspec.Struct, frozen=True, kw_only=True):
    """The stage of a release in one project, and since when."""

    stage: Stage = Stage.LOW
    adopted_at: datetime | None = None
    """The first day on which it had ``ADOPTED_FROM`` of the sessions."""
    replaced_at: datetime | None = None
    """The day after the last such day; None as long as it is adopted."""

    @classmethod
    def of(cls, days: tuple[datetime, datetime] | None, share: float | None) -> Self:
        """Return the adoption, given the first and the last day of it, and the *share* of the last 24 hours."""
        if share is not None and share >= ADOPTED_FROM:
            return cls(stage=Stage.ADOPTED, adopted_at=days[0] if days else None)
        if days is None:
            return cls()
        return cls(stage=Stage.REPLACED, adopted_at=days[0], replaced_at=days[1] + timedelta(days=1))


class Durations(msgspec.Struct, frozen=True, kw_only=True):
    """How long sessions lasted, in seconds."""

    avg: float
    min: float
    max: float
    p50: float
    p75: float
    p90: float
    p95: float
    p99: float


def tally(total: int, at_least: Sequence[int]) -> Tally:
    """Return the tally of *total*, given how many went at least as badly as each severity from errored on."""
    errored, unhandled, abnormal, crashed = at_least
    return Tally(
        total=total,
        errored=errored - unhandled,
        unhandled=unhandled - abnormal,
        abnormal=abnormal - crashed,
        crashed=crashed,
    )
