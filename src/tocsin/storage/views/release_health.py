"""How the sessions of releases went, for lists and pages of releases (spec/ingest.md 8.1, spec/search.md 5.12)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.query.window import Grid
from tocsin.domain.session.health import Adoption, Durations, Health, Tally
from tocsin.storage.history import sessions
from tocsin.storage.history.filters import Clause
from tocsin.storage.history.sessions import Dimension, Sessions
from tocsin.storage.views.stores import Views

__all__ = ["HealthQuestion", "Place", "PlaceHealth", "Rank", "health_of", "health_over_time", "ranked", "with_health"]

Place = tuple[ProjectId, str]
"""A project's id, and the version of one of its releases."""

_BY = (Dimension.PROJECT, Dimension.RELEASE)
_DAY = timedelta(days=1)


class HealthQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Of which sessions, of which time, the health of releases is told."""

    project_ids: tuple[int, ...]
    period: timedelta
    """Up to now."""
    environments: tuple[str, ...] = ()
    """None means any."""


class PlaceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How a release does in one project."""

    health: Health
    """Over the period asked for."""
    day: Health = Health()
    """Over the last 24 hours."""
    project_day: Health = Health()
    """All releases of the project over the last 24 hours."""
    adoption: Adoption = Adoption()
    durations: Durations | None = None

    @property
    def session_adoption(self) -> float | None:
        """Which part of the project's sessions of the last 24 hours ran it, from 0 to 1; None without any."""
        return _share(self.day.sessions, self.project_day.sessions)

    @property
    def user_adoption(self) -> float | None:
        """Which part of the project's users of the last 24 hours ran it, from 0 to 1; None without any."""
        return _share(self.day.users, self.project_day.users)


def health_of(
    views: Views, asked: HealthQuestion, places: Collection[Place], now: datetime
) -> dict[Place, PlaceHealth]:
    """Return how each of the releases does in its project."""
    if not places:
        return {}
    versions = {version for _, version in places}
    within, day = _which(asked, now - asked.period, now), _which(asked, now - _DAY, now)
    named = _named(versions)
    whole = sessions.health(views.history, msgspec.structs.replace(within, where=named), _BY)
    lasted = sessions.durations(views.history, msgspec.structs.replace(within, where=named), _BY)
    today = sessions.health(views.history, msgspec.structs.replace(day, where=named), _BY)
    projects = sessions.health(views.history, day, (Dimension.PROJECT,))
    days = sessions.adopted_days(views.history, _which(asked, None, now), versions)
    found: dict[Place, PlaceHealth] = {}
    for project_id, version in places:
        at, own, everything = (project_id, version), today.get((project_id, version)), projects.get((project_id,))
        own, everything = own or Health(), everything or Health()
        found[at] = PlaceHealth(
            health=whole.get(at, Health()),
            day=own,
            project_day=everything,
            adoption=Adoption.of(days.get(at), _share(own.sessions, everything.sessions)),
            durations=lasted.get(at),
        )
    return found


class Rank(StrEnum):
    """What releases in projects can be ranked by, the highest first."""

    SESSIONS = "sessions"
    USERS = "users"
    SESSIONS_24H = "sessions_24h"
    USERS_24H = "users_24h"
    CRASH_FREE_SESSIONS = "crash_free_sessions"
    CRASH_FREE_USERS = "crash_free_users"


def ranked(views: Views, asked: HealthQuestion, by: Rank, now: datetime) -> list[Place]:
    """Return the releases in projects that had sessions, ranked; those of which nothing is known are left out."""
    if not asked.project_ids:
        return []
    period = _DAY if by in {Rank.SESSIONS_24H, Rank.USERS_24H} else asked.period
    found = sessions.health(views.history, _which(asked, now - period, now), _BY)
    scores = {(project_id, version): _score(one, by) for (project_id, version), one in found.items()}
    known = [(score, place) for place, score in scores.items() if score is not None]
    return [place for _, place in sorted(known, key=lambda pair: pair[0], reverse=True)]


def _score(health: Health, by: Rank) -> float | None:
    counted = health.users if by in {Rank.USERS, Rank.USERS_24H, Rank.CRASH_FREE_USERS} else health.sessions
    return counted.crash_free_rate if by in {Rank.CRASH_FREE_SESSIONS, Rank.CRASH_FREE_USERS} else counted.total


def health_over_time(
    views: Views, asked: HealthQuestion, versions: Collection[str], grid: Grid
) -> Mapping[Place, Mapping[int, Health]]:
    """Return how these releases did in each interval, by its number; one without sessions is missing."""
    if not asked.project_ids or not versions:
        return {}
    which = Sessions(project_ids=asked.project_ids, environments=asked.environments, where=_named(versions))
    found = sessions.series(views.history, which, _BY, grid)
    return {(project_id, version): series for (project_id, version), series in found.items()}


def with_health(views: Views, places: Iterable[Place]) -> set[Place]:
    """Return those of the places that ever had sessions which are still kept."""
    wanted = set(places)
    if not wanted:
        return set()
    found = sessions.places_with_sessions(
        views.history, sorted({project_id for project_id, _ in wanted}), sorted({version for _, version in wanted})
    )
    return wanted & found


def _named(versions: Collection[str]) -> Clause:
    return sessions.among((Dimension.RELEASE,), [(version,) for version in versions])


def _which(asked: HealthQuestion, start: datetime | None, now: datetime) -> Sessions:
    # The hour that has begun belongs to it.
    end = now + timedelta(microseconds=1)
    return Sessions(project_ids=asked.project_ids, start=start, end=end, environments=asked.environments)


def _share(part: Tally, whole: Tally) -> float | None:
    return whole.share(part.total)
