"""Forecasts of issues archived until they escalate: those that state keeps, and new ones of what history has."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tocsin.domain.issue.escalation import HOURS_BACK, Forecast, awaits_escalation, forecast
from tocsin.domain.issue.issue import Issue, IssueId
from tocsin.storage.history.scope import IssueScope
from tocsin.storage.history.seen import full_hours
from tocsin.storage.history.store import History
from tocsin.storage.state import forecasts
from tocsin.storage.views.scopes import issue_scopes
from tocsin.storage.views.stores import Views

_ISSUES_PER_QUESTION_MAX = 100


def shown_forecasts(views: Views, found: Sequence[Issue], now: datetime) -> dict[IssueId, Forecast]:
    """Return what is expected of those of the issues that await escalation, at *now* if nobody has asked before."""
    awaiting = [issue for issue in found if awaits_escalation(issue)]
    with views.state.read() as connection:
        kept = forecasts.current(connection, [issue.id for issue in awaiting])
        lacking = [issue for issue in awaiting if issue.id not in kept]
        scopes = issue_scopes(connection, lacking)
    return kept | new_forecasts(views.history, lacking, scopes, now)


def new_forecasts(
    history: History,
    issues: Sequence[Issue],
    scopes: Mapping[IssueId, IssueScope],
    now: datetime,
    *,
    less: Mapping[IssueId, Sequence[datetime]] | None = None,
) -> dict[IssueId, Forecast]:
    """Return what is expected at *now* of those *issues* that have events at all, *scopes*.

    *less* are the times of events that are not to count, as they are about to be judged by the forecast.
    """
    known = [issue for issue in issues if issue.id in scopes]
    made: dict[IssueId, Forecast] = {}
    for start in range(0, len(known), _ISSUES_PER_QUESTION_MAX):
        some = known[start : start + _ISSUES_PER_QUESTION_MAX]
        series = full_hours(history, [scopes[issue.id] for issue in some], now, HOURS_BACK)
        for issue, hours in zip(some, series, strict=True):
            made[issue.id] = forecast(issue, _counted(hours, (less or {}).get(issue.id, ())), now)
    return made


def _counted(hours: Sequence[tuple[int, int]], less: Sequence[datetime]) -> list[int]:
    counts = dict(hours)
    for moment in less:
        start = int(moment.timestamp()) // 3600 * 3600
        if start in counts:
            counts[start] -= 1
    return list(counts.values())
