"""Sessions for screens: counted group by group, in all and over time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from tocsin.domain.organization import Project
from tocsin.domain.query.resolve import resolve
from tocsin.domain.query.tree import And, Expression
from tocsin.domain.query.window import EPOCH, Grid
from tocsin.domain.session.health import Durations, Health
from tocsin.storage.history import sessions
from tocsin.storage.history.filters import ALWAYS
from tocsin.storage.history.matching import matching
from tocsin.storage.history.sessions import Dimension, Group, Series, Sessions
from tocsin.storage.views import named_releases
from tocsin.storage.views.stores import Views

__all__ = ["Dimension", "Figures", "Group", "SessionQuestion", "over_time", "totals"]


class SessionQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Which sessions are wanted."""

    projects: tuple[Project, ...]
    grid: Grid
    """The time in which they began, in intervals."""
    environments: tuple[str, ...] = ()
    query: Expression = And()
    by: tuple[Dimension, ...] = ()
    with_durations: bool = False


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What some sessions come to."""

    health: Health = Health()
    durations: Durations | None = None


def totals(views: Views, asked: SessionQuestion, now: datetime) -> dict[Group, Figures]:
    """Return what the sessions of each group come to, those with the most sessions first.

    Without dimensions there is one group, which may be empty.
    """
    if not asked.projects:
        return {} if asked.by else {(): Figures()}
    which = _sessions(views, asked, now)
    lasted = sessions.durations(views.history, which, asked.by) if asked.with_durations else {}
    found = sessions.health(views.history, which, asked.by)
    return {group: Figures(health=one, durations=lasted.get(group)) for group, one in found.items()}


def over_time(
    views: Views, asked: SessionQuestion, groups: Sequence[Group], now: datetime
) -> Mapping[Group, Mapping[int, Figures]]:
    """Return what the sessions of *groups* come to in each interval; an interval without any is missing."""
    if not asked.projects or not groups:
        return {}
    which = _sessions(views, asked, now)
    which = msgspec.structs.replace(which, where=which.where & sessions.among(asked.by, groups))
    lasted: Series[Durations] = {}
    if asked.with_durations:
        lasted = sessions.duration_series(views.history, which, asked.by, asked.grid)
    found = sessions.series(views.history, which, asked.by, asked.grid)
    return {
        group: {
            index: Figures(health=one, durations=lasted.get(group, {}).get(index)) for index, one in by_interval.items()
        }
        for group, by_interval in found.items()
    }


def _sessions(views: Views, asked: SessionQuestion, now: datetime) -> Sessions:
    where = ALWAYS
    if asked.query != And():
        with views.state.read() as connection:
            names = named_releases.names(connection, asked.query, asked.projects)
        where = matching(resolve(asked.query, names), now=now)
    return Sessions(
        project_ids=tuple(project.id for project in asked.projects),
        start=EPOCH + timedelta(seconds=asked.grid.origin),
        end=EPOCH + timedelta(seconds=asked.grid.starts.stop),
        environments=asked.environments,
        where=where,
    )
