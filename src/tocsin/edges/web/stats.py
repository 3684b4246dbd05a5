"""What came in and what became of it: counts by outcome over time, by reason and by project."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidQuery
from tocsin.domain.organization import Project
from tocsin.domain.outcome import ERRORS, Category, Verdict
from tocsin.domain.query.window import EPOCH, Grid, daily_grid, hourly_grid
from tocsin.edges.web.rendering import show
from tocsin.edges.web.stacked import StackedChart, stacked_chart
from tocsin.edges.web.visit import Visit
from tocsin.storage.views import outcomes
from tocsin.storage.views.outcomes import Asked, Counts, Dimension

READERS = frozenset({Scope.ORG_READ, Scope.ORG_WRITE, Scope.ORG_ADMIN})
ROWS_MAX = 100
"""Reasons, and projects, that are listed; those with the highest counts."""

PERIODS = (
    ("24h", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("14d", "Last 14 days"),
    ("30d", "Last 30 days"),
    ("90d", "Last 90 days"),
)
DEFAULT_PERIOD = "14d"
CATEGORIES: Mapping[str, tuple[str, frozenset[Category]]] = {
    "error": ("Errors", ERRORS),
    "transaction": ("Transactions", frozenset({Category.TRANSACTION})),
    "attachment": ("Attachments", frozenset({Category.ATTACHMENT_ITEM})),
    "session": ("Sessions", frozenset({Category.SESSION})),
    "feedback": ("Feedback", frozenset({Category.FEEDBACK})),
    "monitor": ("Check-ins", frozenset({Category.MONITOR})),
    "span": ("Spans", frozenset({Category.SPAN})),
    "log": ("Logs", frozenset({Category.LOG_ITEM})),
    "replay": ("Replays", frozenset({Category.REPLAY})),
    "profile": ("Profiles", frozenset({Category.PROFILE, Category.PROFILE_CHUNK})),
    "metric": ("Metrics", frozenset({Category.TRACE_METRIC, Category.METRIC_BUCKET})),
}
OUTCOMES: Mapping[str, str] = {
    "accepted": "Accepted",
    "filtered": "Filtered",
    "limited": "Rate limited",
    "invalid": "Invalid",
    "discarded": "Discarded by clients",
}
"""What the page tells apart, from the ground of the chart up."""
_OUTCOME_OF = {
    Verdict.ACCEPTED: "accepted",
    Verdict.FILTERED: "filtered",
    Verdict.RATE_LIMITED: "limited",
    Verdict.ABUSE: "limited",
    Verdict.CARDINALITY_LIMITED: "limited",
    Verdict.INVALID: "invalid",
    Verdict.CLIENT_DISCARD: "discarded",
}
_BY = (Dimension.VERDICT, Dimension.REASON, Dimension.PROJECT)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What the URL asks; checked."""

    period: str = DEFAULT_PERIOD
    category: str = "error"
    project: Project | None = None
    """None for all that the caller may see."""

    @property
    def is_hourly(self) -> bool:
        """Whether a bar is an hour; else it is a day."""
        return self.period == "24h"

    @property
    def category_name(self) -> str:
        """What is counted, in the plural."""
        return CATEGORIES[self.category][0]


class ReasonRow(msgspec.Struct, frozen=True, kw_only=True):
    """How often something became of what was sent for one reason."""

    outcome: str
    reason: str
    count: int


class ProjectRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of what one project was sent."""

    slug: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.counts.values())


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the page counts."""

    totals: Mapping[str, int]
    chart: StackedChart
    reasons: tuple[ReasonRow, ...]
    """All but accepted; the most frequent first."""
    projects: tuple[ProjectRow, ...]
    """The busiest first."""

    @property
    def total(self) -> int:
        """How much was sent."""
        return sum(self.totals.values())


@get("/organizations/{org:str}/stats", sync_to_thread=True)
def stats(visit: NamedDependency[Visit], org: FromPath[str]) -> Response[str]:
    """Show what came in during the period, and what became of it."""
    del org
    visit.reach.require(READERS)
    try:
        asked = _question(visit)
    except InvalidQuery as refusal:
        return _show(visit, Question(), None, refusal.detail)
    grid = hourly_grid(visit.now) if asked.is_hourly else daily_grid(visit.now, int(asked.period.removesuffix("d")))
    wanted = visit.reach.projects if asked.project is None else (asked.project,)
    counts = outcomes.over_time(visit.services.views, _asked(asked, wanted, grid), _BY, grid)
    return _show(visit, asked, _told(counts, wanted, grid), "")


def _show(visit: Visit, asked: Question, told: Told | None, problem: str) -> Response[str]:
    return show(
        visit,
        "stats.html",
        status=400 if problem else 200,
        asked=asked,
        told=told,
        problem=problem,
        periods=PERIODS,
        categories=CATEGORIES,
        outcomes=OUTCOMES,
    )


def _question(visit: Visit) -> Question:
    """Return what the URL asks. Raises InvalidQuery, with a text for people."""
    period, category = visit.one("statsPeriod") or DEFAULT_PERIOD, visit.one("category") or "error"
    named = visit.one("project")
    project = visit.reach.project(named) if named else None
    if period not in dict(PERIODS):
        raise InvalidQuery("Counts are shown for 24 hours or for 7, 14, 30 or 90 days. Choose one from the list.")
    if category not in CATEGORIES:
        raise InvalidQuery("Nothing of that kind is counted. Choose one from the list.")
    if named and project is None:
        raise InvalidQuery("There is no such project, or none that you may see. Choose one from the list.")
    return Question(period=period, category=category, project=project)


def _asked(asked: Question, projects: Sequence[Project], grid: Grid) -> Asked:
    return Asked(
        project_ids=[project.id for project in projects],
        start=EPOCH + timedelta(seconds=grid.starts[0]),
        end=EPOCH + timedelta(seconds=grid.starts.stop),
        categories=sorted(CATEGORIES[asked.category][1]),
    )


def _told(counts: Counts, projects: Sequence[Project], grid: Grid) -> Told:
    series = {name: [0] * grid.points for name in OUTCOMES}
    reasons: dict[tuple[str, str], int] = defaultdict(int)
    of_projects: dict[int | str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(OUTCOMES, 0))
    for (verdict, reason, project_id), quantities in counts.items():
        name, total = _OUTCOME_OF[Verdict(str(verdict))], sum(quantities)
        series[name] = [sum(pair) for pair in zip(series[name], quantities, strict=True)]
        reasons[name, str(reason)] += total
        of_projects[project_id][name] += total
    return Told(
        totals={name: sum(values) for name, values in series.items()},
        chart=stacked_chart(grid.starts, series),
        reasons=_reason_rows(reasons.items()),
        projects=_project_rows(of_projects, projects),
    )


def _reason_rows(reasons: Iterable[tuple[tuple[str, str], int]]) -> tuple[ReasonRow, ...]:
    rows = [
        ReasonRow(outcome=outcome, reason=reason, count=count)
        for (outcome, reason), count in reasons
        if outcome != "accepted"
    ]
    return tuple(sorted(rows, key=lambda row: (-row.count, row.outcome, row.reason))[:ROWS_MAX])


def _project_rows(
    of_projects: Mapping[int | str, Mapping[str, int]], projects: Sequence[Project]
) -> tuple[ProjectRow, ...]:
    rows = [ProjectRow(slug=p.slug, counts=of_projects[p.id]) for p in projects if p.id in of_projects]
    return tuple(sorted(rows, key=lambda row: (-row.total, row.slug))[:ROWS_MAX])
