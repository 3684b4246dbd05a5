"""What a request for releases wants to know of their health (spec/search.md 5.12)."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.query.window import Window, aligned_grid, read_period
from tocsin.edges.api.asked import says_yes
from tocsin.edges.api.call import Call
from tocsin.edges.api.serialize.release_health import Stats, ToldHealth
from tocsin.storage.views import release_health
from tocsin.storage.views.release_health import HealthQuestion, Rank
from tocsin.storage.views.releases import ShownRelease

PERIOD_DEFAULT = "14d"
STATS_PERIOD_DEFAULT = "24h"
_HOURLY_UP_TO = timedelta(days=2)
SESSION_SORTS = frozenset(Rank)


class WantedHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for."""

    is_told: bool
    with_stages: bool
    period: timedelta
    stats_period: str
    environments: tuple[str, ...]


def wanted_health(call: Call) -> WantedHealth:
    """Return what the request wants to know. Raises InvalidQuery for a period that is none."""
    stats_period = call.one("healthStatsPeriod") or STATS_PERIOD_DEFAULT
    read_period(stats_period)
    return WantedHealth(
        is_told=says_yes(call.one("health")),
        with_stages=says_yes(call.one("adoptionStages")),
        period=_kept(call, read_period(call.one("summaryStatsPeriod") or PERIOD_DEFAULT)),
        stats_period=stats_period,
        environments=tuple(call.all("environment")),
    )


def health_question(wanted: WantedHealth, project_ids: Sequence[int]) -> HealthQuestion:
    """Return the question of what the sessions of some projects came to."""
    return HealthQuestion(
        project_ids=tuple(sorted(project_ids)), period=wanted.period, environments=wanted.environments
    )


def told_health(call: Call, shown: Sequence[ShownRelease], wanted: WantedHealth) -> ToldHealth:
    """Return what is known of the health of the releases on a page, as far as the request asks for it."""
    views = call.services.views
    places = [(place.project.id, one.release.version) for one in shown for place in one.places]
    known = release_health.with_health(views, places)
    if not wanted.is_told and not wanted.with_stages:
        return ToldHealth(known=known)
    asked = health_question(wanted, list({project_id for project_id, _ in places}))
    versions = sorted({version for _, version in places})
    health = release_health.health_of(views, asked, places, call.now)
    return ToldHealth(
        known=known,
        health=health,
        stats=_stats(call, asked, versions, wanted) if wanted.is_told else None,
        with_stages=wanted.with_stages,
    )


def _stats(call: Call, asked: HealthQuestion, versions: Sequence[str], wanted: WantedHealth) -> Stats:
    period = _kept(call, read_period(wanted.stats_period))
    if not period:
        raise InvalidQuery(f"Invalid healthStatsPeriod: {wanted.stats_period!r}")
    grid = aligned_grid(Window(start=call.now - period, end=call.now), 3600 if period <= _HOURLY_UP_TO else 86_400)
    series = release_health.health_over_time(call.services.views, asked, versions, grid)
    return Stats(period=wanted.stats_period, grid=grid, series=series)


def _kept(call: Call, period: timedelta) -> timedelta:
    return min(period, timedelta(days=call.services.settings.retention_days))
