"""Numbers of issues without the issues: how many a search finds, and the figures of some (spec/search.md 5.16)."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.issue.issue import Issue
from tocsin.edges.api.asked import SearchText
from tocsin.edges.api.asked_issues import Frame, read_ids, search_for
from tocsin.edges.api.call import Call
from tocsin.edges.api.issues import READ, Collapse, Expand, Listing, listed
from tocsin.edges.api.routing import Route
from tocsin.storage.views import issues

COUNT_MAX = 100
"""Counted no further: a greater number looks the same."""
QUERIES_MAX = 20
GROUPS_MAX = 100

Queries = Annotated[list[str] | None, QueryParameter(name="query", description="What to count; repeat for more.")]
Groups = Annotated[list[str] | None, QueryParameter(name="groups", description="Ids of issues, at most 100.")]


def count_issues(call: NamedDependency[Call], frame: NamedDependency[Frame], queries: Queries = None) -> Response[Any]:
    """Count the issues that each of some searches finds, as far as 100."""
    asked = list(dict.fromkeys(queries or ()))
    if len(asked) > QUERIES_MAX:
        raise InvalidQuery(f"At most {QUERIES_MAX} queries can be counted at once.")
    return Response({text: _count(call, frame, text) for text in asked})


def show_issue_stats(
    call: NamedDependency[Call],
    frame: NamedDependency[Frame],
    *,
    groups: Groups = None,
    text: SearchText = None,
    collapse: Collapse = None,
    expand: Expand = None,
) -> Response[Any]:
    """Show the figures of some issues, within the window and among the events that a search matches."""
    found = _named(call, frame, groups or [])
    wanted = msgspec.structs.replace(search_for(call, frame, text or ""), group_stats=frame.period)
    listing = Listing(
        period=frame.period,
        collapse=frozenset(("base",) if collapse is None else collapse),
        expand=frozenset(expand or ()),
    )
    return Response(listed(call, call.services.search.figured(found, wanted, call.now), listing))


def _count(call: Call, frame: Frame, text: str) -> int:
    wanted = search_for(call, frame, text)
    return call.services.search.count(wanted, call.now, most=COUNT_MAX) if frame.projects else 0


def _named(call: Call, frame: Frame, groups: Sequence[str]) -> list[Issue]:
    if not groups:
        raise InvalidQuery("You should include `groups` with your request. (i.e. groups=1,2,3)")
    ids = read_ids([text.strip() for one in groups for text in one.split(",")], "Group ids must be integers")
    if len(ids) > GROUPS_MAX:
        raise InvalidQuery("Too many groups requested.")
    project_ids = {project.id for project in frame.projects}
    found = [issue for issue in issues.by_ids(call.services.views, ids) if issue.project_id in project_ids]
    if not found:
        raise InvalidQuery("No matching groups found")
    return found


_TAG = "Issues"

ISSUE_NUMBER_ROUTES = (
    Route(method="GET", paths=("/organizations/{org:str}/issues-count",), handler=count_issues, scopes=READ, tag=_TAG),
    Route(
        method="GET", paths=("/organizations/{org:str}/issues-stats",), handler=show_issue_stats, scopes=READ, tag=_TAG
    ),
)
