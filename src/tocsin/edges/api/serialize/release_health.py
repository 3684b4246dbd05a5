"""How the sessions of releases went, as releases show it (spec/search.md 5.12)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from tocsin.domain.organization import Project
from tocsin.domain.query.window import Grid
from tocsin.domain.session.health import Health
from tocsin.edges.api.serialize.instants import iso_or_none
from tocsin.storage.views.release_health import Place, PlaceHealth


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions over time."""

    period: str
    """As it was asked for."""
    grid: Grid
    series: Mapping[Place, Mapping[int, Health]]


class ToldHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the health of releases in projects, as far as it was asked for."""

    known: Collection[Place] = frozenset()
    """Those that have sessions at all."""
    health: Mapping[Place, PlaceHealth] = {}
    stats: Stats | None = None
    with_stages: bool = False

    def data(self, at: Place) -> dict[str, Any] | None:
        """Return the health of a release in one project, rates as percentages; None when nobody asked for it."""
        if self.stats is None:
            return None
        one = self.health.get(at) or PlaceHealth(health=Health())
        sessions, users = one.health.sessions, one.health.users
        series = self.stats.series.get(at, {})
        points = [series.get(index, Health()).sessions.total for index in range(self.stats.grid.points)]
        return {
            "hasHealthData": at in self.known,
            "crashFreeSessions": _percent(sessions.crash_free_rate),
            "crashFreeUsers": _percent(users.crash_free_rate),
            "totalSessions": sessions.total,
            "totalUsers": users.total,
            "sessionsCrashed": sessions.crashed,
            "sessionsErrored": sessions.errored,
            "totalSessions24h": one.day.sessions.total,
            "totalUsers24h": one.day.users.total,
            "totalProjectSessions24h": one.project_day.sessions.total,
            "totalProjectUsers24h": one.project_day.users.total,
            "adoption": _percent(one.user_adoption),
            "sessionsAdoption": _percent(one.session_adoption),
            "durationP50": one.durations.p50 if one.durations else None,
            "durationP90": one.durations.p90 if one.durations else None,
            "stats": {self.stats.period: [list(pair) for pair in zip(self.stats.grid.starts, points, strict=True)]},
        }

    def stages(self, version: str, projects: Sequence[Project]) -> dict[str, Any] | None:
        """Return how far a release has come in each project, by slug; None when nobody asked for it."""
        if not self.with_stages:
            return None
        found = {one.slug: (self.health.get((one.id, version)) or PlaceHealth(health=Health())) for one in projects}
        return {
            slug: {
                "stage": str(one.adoption.stage),
                "adopted": iso_or_none(one.adoption.adopted_at),
                "unadopted": iso_or_none(one.adoption.replaced_at),
            }
            for slug, one in found.items()
        }


NOTHING_TOLD = ToldHealth()


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100
