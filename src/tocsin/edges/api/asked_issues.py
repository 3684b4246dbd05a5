"""Which issues a request is about: those of a search, those with certain ids (spec/search.md 3, spec/mutation.md 2)."""

from typing import Annotated, cast

import msgspec
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from tocsin.domain.errors import InvalidQuery, Malformed, NotFound
from tocsin.domain.issue.issue import IssueId, Status
from tocsin.domain.organization import Project
from tocsin.domain.query.parse import parse_issue_query
from tocsin.domain.query.window import Window
from tocsin.domain.saved_search import SavedSearch
from tocsin.edges.api import asked
from tocsin.edges.api.call import Call
from tocsin.flows.search import GroupStats, IssueSearch, Sort, Viewer
from tocsin.storage.views import issues, saved_searches

DEFAULT_QUERY = "is:unresolved"
_PERIODS = frozenset({"", "24h", "14d", "auto"})
_PERIODS_OF_PROJECT = frozenset({"", "24h", "14d"})
_STATUSES = {
    "resolved": Status.RESOLVED,
    "unresolved": Status.UNRESOLVED,
    "ignored": Status.IGNORED,
    "muted": Status.IGNORED,
}
_ID_MAX = 2**63 - 1

Period = Annotated[
    str | None,
    QueryParameter(name="groupStatsPeriod", description="Counts over time for each issue: 24h, 14d or auto."),
]


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request looks for issues: projects, environments and time."""

    projects: tuple[Project, ...]
    environments: tuple[str, ...] | None
    """None for any."""
    is_void: bool = False
    """Whether an environment is asked for that nobody knows, which on a project's routes finds nothing."""
    window: Window
    period: GroupStats


def frame(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    *,
    chosen: asked.Projects = None,
    environment: asked.Environments = None,
    stats_period: asked.StatsPeriod = None,
    start: asked.Start = None,
    end: asked.End = None,
    period: Period = None,
) -> Frame:
    """Return where to look. Raises InvalidQuery, NotFound and Forbidden, in the order of spec/search.md 3.2."""
    if call.project_or_none is not None:
        return _frame_of_project(call, environment, stats_period, asked.window(call, None, start, end))
    window = asked.window(call, stats_period, start, end)
    if period is not None and period not in _PERIODS:
        raise InvalidQuery("Invalid stats_period. Valid choices are '', '24h', '14d' and 'auto'")
    if _unknown(call, environment):
        raise NotFound
    slugs = call.all("projectSlug")
    if chosen and slugs:
        raise InvalidQuery("Cannot query for both ids and slugs")
    return Frame(
        projects=asked.projects(call, chosen or slugs),
        environments=tuple(environment) if environment else None,
        window=window,
        period=cast("GroupStats", "24h" if period is None else period),
    )


def _frame_of_project(call: Call, environment: list[str] | None, period: str | None, window: Window) -> Frame:
    """Read the parameters of a project's route, where ``statsPeriod`` names the series (spec/search.md 3.6)."""
    if period is not None and period not in _PERIODS_OF_PROJECT:
        raise InvalidQuery("Invalid stats_period. Valid choices are '', '24h', and '14d'")
    return Frame(
        projects=(call.project,),
        environments=tuple(environment) if environment else None,
        is_void=bool(_unknown(call, environment)),
        window=window,
        period=cast("GroupStats", "24h" if period is None else period),
    )


def _unknown(call: Call, environment: list[str] | None) -> set[str]:
    if not environment:
        return set()
    return issues.unknown_environments(call.services.views, call.reach.organization.id, environment)


def search_for(call: Call, frame: Frame, text: str) -> IssueSearch:
    """Return the search for *text* within *frame*. Raises InvalidQuery."""
    viewer = Viewer(user_id=call.caller.user_id, team_ids=issues.teams_of(call.services.views, call.caller.user))
    return IssueSearch(
        organization_id=call.reach.organization.id,
        viewer=viewer,
        projects=frame.projects,
        environments=frame.environments,
        query=parse_issue_query(text, now=call.now),
        window=frame.window,
        group_stats=frame.period,
    )


class KeptSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What a list begins with when nothing else is asked for."""

    query: str = DEFAULT_QUERY
    sort: str = Sort.DATE


def kept_search(call: Call, text: str | None) -> KeptSearch:
    """Return the search for *text*; without one that of a saved search, if the request names one (3.2).

    ``viewId`` names it, or ``savedSearch=0`` with ``searchId``, or without for the one that the caller pinned. Raises
    NotFound for a ``viewId`` that the caller does not see.
    """
    if text is not None:
        return KeptSearch(query=text)
    view_id = call.one("viewId")
    found = _saved(call, view_id) if view_id else _saved_or_pinned(call)
    if found is None and view_id:
        raise NotFound
    return KeptSearch(query=found.query, sort=found.sort) if found else KeptSearch()


def _saved_or_pinned(call: Call) -> SavedSearch | None:
    user_id = call.caller.user_id
    if call.one("savedSearch") != "0" or user_id is None:
        return None
    search_id = call.one("searchId")
    if search_id:
        return _saved(call, search_id)
    return saved_searches.pinned(call.services.views, call.reach.organization.id, user_id)


def _saved(call: Call, text: str) -> SavedSearch | None:
    if not _is_id(text) or int(text) > _ID_MAX:
        return None
    return saved_searches.one(call.services.views, call.reach.organization.id, call.user.id, int(text))


def selected(call: Call, frame: Frame) -> list[IssueId]:
    """Return the issues that a bulk command is about (spec/mutation.md 2.2): those named, or else those found.

    ``status`` narrows either kind. Raises Malformed for ids and statuses that are none, and InvalidQuery.
    """
    status = _status(call.one("status"))
    ids = call.all("id")
    if ids:
        project_ids = {project.id for project in frame.projects}
        return issues.chosen(call.services.views, _named(call, ids), project_ids, status)
    if frame.is_void or not frame.projects:
        return []
    return list(call.services.search.ids(search_for(call, frame, _text(call.one("query"), status)), call.now))


def _status(text: str | None) -> Status | None:
    if not text:
        return None
    if text not in _STATUSES:
        raise Malformed(f"Invalid status parameter. Values must be among {', '.join(sorted(_STATUSES))}.")
    return _STATUSES[text]


def _text(query: str | None, status: Status | None) -> str:
    """Return what to search for; a status that is asked for takes the place of the default."""
    if status is None:
        return DEFAULT_QUERY if query is None else query
    return f"{query or ''} is:{status}"


def _named(call: Call, ids: list[str]) -> list[IssueId]:
    if call.project_or_none is not None and not any(_is_id(text) for text in ids):
        return issues.by_short_ids(call.services.views, call.project, ids)
    return read_ids(ids, "Invalid id parameter. Values must be numbers.")


def read_ids(texts: list[str], otherwise: str) -> list[IssueId]:
    """Return the ids written in *texts*. Raises Malformed(*otherwise*) when one is not a number."""
    if not all(_is_id(text) for text in texts):
        raise Malformed(otherwise)
    return [IssueId(int(text)) for text in texts if int(text) <= _ID_MAX]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(_ID_MAX))


DEPENDENCIES = {"frame": Provide(frame, sync_to_thread=True)}
