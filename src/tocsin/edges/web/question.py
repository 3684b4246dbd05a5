"""What a list of issues is asked: search text, order, period, projects, environments; all of it stands in the URL."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.issue.issue import TeamId
from tocsin.domain.organization import Project
from tocsin.domain.query.paging import parse_cursor
from tocsin.domain.query.parse import parse_issue_query
from tocsin.domain.query.window import Window, read_window
from tocsin.edges.web.visit import Visit
from tocsin.flows.search import GroupStats, IssueSearch, Viewer, read_sort

DEFAULT_QUERY = "is:unresolved"
DEFAULT_PERIOD = "14d"
ROWS_MAX = 50

PERIODS = (
    ("1h", "Last hour"),
    ("24h", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("14d", "Last 14 days"),
    ("30d", "Last 30 days"),
    ("90d", "Last 90 days"),
)
SORTS = (
    ("date", "Last seen"),
    ("new", "First seen"),
    ("freq", "Events"),
    ("user", "Users"),
    ("trends", "Trends"),
)
_HOURLY = frozenset({"1h", "24h"})
CARRIED = ("query", "sort", "statsPeriod", "start", "end", "project", "environment")
"""The parameters that say what a list shows, and that its links carry on."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters as the pickers show them, defaults filled in."""

    text: str
    sort: str
    period: str
    """Empty when the window has a start and an end instead."""
    project_ids: tuple[str, ...]
    environments: tuple[str, ...]
    carried: tuple[tuple[str, str], ...]
    """Those parameters of the URL that links carry on."""

    @property
    def group_stats(self) -> GroupStats:
        """Over which time the small charts go."""
        return "24h" if self.period in _HOURLY else "14d"


def question_of(visit: Visit) -> Question:
    """Return what the URL of a list asks."""
    parameters = dict(visit.query)
    is_absolute = bool(visit.one("start") and visit.one("end"))
    return Question(
        text=parameters.get("query", DEFAULT_QUERY).strip(),
        sort=visit.one("sort") or "date",
        period=visit.one("statsPeriod") or ("" if is_absolute else DEFAULT_PERIOD),
        project_ids=tuple(visit.all("project")),
        environments=tuple(visit.all("environment")),
        carried=tuple((name, value) for name, value in visit.query if name in CARRIED),
    )


def search_of(visit: Visit, asked: Question, own_team_ids: Sequence[TeamId]) -> IssueSearch:
    """Return the search for *asked*. Raises InvalidQuery, with a text for people, for what has no meaning."""
    cursor = visit.one("cursor")
    return IssueSearch(
        organization_id=visit.reach.organization.id,
        viewer=Viewer(user_id=visit.user.id, team_ids=tuple(own_team_ids)),
        projects=projects_of(visit, asked),
        environments=asked.environments or None,
        query=parse_issue_query(asked.text, now=visit.now),
        window=window_of(visit, asked),
        sort=read_sort(asked.sort),
        cursor=parse_cursor(cursor) if cursor else None,
        limit=ROWS_MAX,
        group_stats=asked.group_stats,
    )


def window_of(visit: Visit, asked: Question) -> Window:
    """Return the window of *asked*. Raises InvalidQuery."""
    return read_window(
        asked.period, visit.one("start"), visit.one("end"), visit.now, retention_days=_retention_days(visit)
    )


def whole_window(visit: Visit) -> Window:
    """Return the time for which events are kept."""
    return Window(start=visit.now - timedelta(days=_retention_days(visit)), end=visit.now + timedelta(minutes=1))


def _retention_days(visit: Visit) -> int:
    return visit.services.settings.retention_days


def projects_of(visit: Visit, asked: Question) -> tuple[Project, ...]:
    """Return the projects that *asked* is about. Raises InvalidQuery when the reader sees none of those named."""
    if not asked.project_ids:
        return visit.reach.projects
    found = tuple(project for name in asked.project_ids if (project := visit.reach.project(name)))
    if not found:
        raise InvalidQuery("There is no such project, or none that you may see. Choose one from the list.")
    return found
