"""Tags of issues, projects and organizations, and the users events happened to (spec/search.md 5.7)."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from tocsin.domain.caller import Reach
from tocsin.domain.errors import InvalidQuery, NotFound
from tocsin.domain.organization import Project
from tocsin.domain.query.paging import page_by_offset, page_by_score
from tocsin.domain.query.window import Window
from tocsin.edges.api.asked import Paging, SearchText, SortText, paged
from tocsin.edges.api.call import Call
from tocsin.edges.api.events import OF_ISSUES, OF_ORGANIZATIONS, OF_PROJECTS, issue_of
from tocsin.edges.api.routing import Route, issue_paths
from tocsin.edges.api.serialize.tag import (
    USER,
    event_user_object,
    key_object,
    summary_object,
    user_value_object,
    value_object,
)
from tocsin.storage.views import projects as project_views
from tocsin.storage.views import tags
from tocsin.storage.views.tags import TagOrder, TagQuestion, TagValue

TOP_VALUES = 10
TOP_VALUES_OF_ONE = 9
TOP_VALUES_MAX = 100
_ORDERS = {"date": TagOrder.LAST, "count": TagOrder.EVENTS}

Keys = Annotated[list[str] | None, QueryParameter(name="key", description="Only these keys; repeat for several.")]
Limit = Annotated[str | None, QueryParameter(name="limit", description="Most frequent values to show of each key.")]


def list_issue_tags(
    call: NamedDependency[Call],
    issue_id: FromPath[str],
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    key: Keys = None,
    limit: Limit = None,
) -> Response[Any]:
    """List the tag keys of an issue, each with its most frequent values."""
    question, _ = _of_issue(call, issue_id, window, environments)
    only = [name.removeprefix("sentry:") for name in key or ()]
    found = tags.summaries_of_issue(call.services.views, question, only, _top_max(limit, only))
    return Response([summary_object(one) for one in found])


def show_issue_tag(
    call: NamedDependency[Call],
    issue_id: FromPath[str],
    key: FromPath[str],
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
) -> Response[Any]:
    """Show one tag key of an issue with its most frequent values."""
    question, _ = _of_issue(call, issue_id, window, environments)
    found = tags.summary_of_issue(call.services.views, question, key.removeprefix("sentry:"))
    if found is None:
        raise NotFound
    return Response(summary_object(found))


def list_issue_tag_values(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    issue_id: FromPath[str],
    key: FromPath[str],
    *,
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    paging: NamedDependency[Paging],
    sort: SortText = None,
) -> Response[Any]:
    """List the values of a tag of an issue; those of ``user`` as users."""
    question, _ = _of_issue(call, issue_id, window, environments)
    order = _ORDERS.get(sort or "", TagOrder.FIRST)
    found = tags.values(call.services.views, question, key.removeprefix("sentry:"), order)
    if not found:
        raise NotFound
    return _scored(call, question, key.removeprefix("sentry:"), found, order, paging)


def list_project_tag_values(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    key: FromPath[str],
    *,
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    paging: NamedDependency[Paging],
    text: SearchText = None,
    sort: SortText = None,
) -> Response[Any]:
    """List the values of a tag of a project."""
    question = _of_projects(call, [call.project], window, environments)
    order = _ORDERS.get(sort or "", TagOrder.FIRST)
    found = tags.values(call.services.views, question, key.removeprefix("sentry:"), order, contains=text or "")
    return _scored(call, question, key.removeprefix("sentry:"), found, order, paging)


def list_organization_tags(
    call: NamedDependency[Call],
    projects: NamedDependency[tuple[Project, ...]],
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
) -> Response[Any]:
    """List the tag keys of the events of an organization."""
    question = _of_projects(call, projects, window, environments)
    return Response([key_object(one) for one in tags.keys_of_projects(call.services.views, question)])


def list_organization_tag_values(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    key: FromPath[str],
    *,
    projects: NamedDependency[tuple[Project, ...]],
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    paging: NamedDependency[Paging],
    text: SearchText = None,
) -> Response[Any]:
    """List the values of a tag among the events of an organization."""
    question = _of_projects(call, projects, window, environments)
    found = tags.values(call.services.views, question, key.removeprefix("sentry:"), TagOrder.LAST, contains=text or "")
    page = page_by_offset(found[paging.offset :], paging.cursor, paging.limit)
    return paged(call, page, [value_object(key.removeprefix("sentry:"), one) for one in page.rows])


def list_project_users(
    call: NamedDependency[Call],
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    paging: NamedDependency[Paging],
    text: SearchText = None,
) -> Response[Any]:
    """List the users that events of a project happened to; ``query=email:x`` narrows to one."""
    question = _of_projects(call, [call.project], window, environments)
    found = tags.values(call.services.views, question, USER, contains=text or "")
    page = page_by_score(found, lambda value: _score(value, TagOrder.FIRST), paging.cursor, paging.limit)
    details = tags.users_of(call.services.views, question, page.rows)
    return paged(call, page, [event_user_object(one.value, details.get(one.value), one.first) for one in page.rows])


def _scored(
    call: Call, question: TagQuestion, key: str, found: Sequence[TagValue], order: TagOrder, paging: Paging
) -> Response[Any]:
    page = page_by_score(found, lambda value: _score(value, order), paging.cursor, paging.limit)
    if key != USER:
        return paged(call, page, [value_object(key, one) for one in page.rows])
    details = tags.users_of(call.services.views, question, page.rows)
    return paged(call, page, [user_value_object(one, details.get(one.value)) for one in page.rows])


def _score(value: TagValue, order: TagOrder) -> float:
    """Return what a list of values is ordered by: a count, or a time in milliseconds."""
    match order:
        case TagOrder.EVENTS:
            return value.events
        case TagOrder.LAST:
            return int(value.last.timestamp() * 1000)
        case TagOrder.FIRST:
            return int(value.first.timestamp() * 1000)


def _top_max(limit: str | None, only: Sequence[str]) -> int:
    if not limit:
        return TOP_VALUES_OF_ONE if only else TOP_VALUES
    try:
        return max(1, min(int(limit), TOP_VALUES_MAX))
    except ValueError:
        raise InvalidQuery("invalid limit") from None


def _of_issue(call: Call, issue_id: str, window: Window, environments: tuple[str, ...]) -> tuple[TagQuestion, Project]:
    issue, project, reach = issue_of(call, issue_id)
    _require_environments(call, reach, environments)
    return TagQuestion(issue=issue, window=window, environments=environments), project


def _of_projects(call: Call, projects: Sequence[Project], window: Window, environments: tuple[str, ...]) -> TagQuestion:
    _require_environments(call, call.reach, environments)
    ids = tuple(project.id for project in projects)
    return TagQuestion(project_ids=ids, window=window, environments=environments)


def _require_environments(call: Call, reach: Reach, names: tuple[str, ...]) -> None:
    if not project_views.knows_environments(call.services.views, reach.organization.id, names):
        raise NotFound


_PROJECT = "/projects/{org:str}/{project:str}"
_ORGANIZATION = "/organizations/{org:str}"
_TAG = "Tags"

TAG_ROUTES = (
    Route(method="GET", paths=issue_paths("/tags"), handler=list_issue_tags, scopes=OF_ISSUES, tag=_TAG),
    Route(method="GET", paths=issue_paths("/tags/{key:str}"), handler=show_issue_tag, scopes=OF_ISSUES, tag=_TAG),
    Route(
        method="GET",
        paths=issue_paths("/tags/{key:str}/values"),
        handler=list_issue_tag_values,
        scopes=OF_ISSUES,
        tag=_TAG,
    ),
    Route(
        method="GET",
        paths=(f"{_PROJECT}/tags/{{key:str}}/values",),
        handler=list_project_tag_values,
        scopes=OF_PROJECTS,
        tag=_TAG,
    ),
    Route(method="GET", paths=(f"{_PROJECT}/users",), handler=list_project_users, scopes=OF_PROJECTS, tag=_TAG),
    Route(
        method="GET",
        paths=(f"{_ORGANIZATION}/tags",),
        handler=list_organization_tags,
        scopes=OF_ORGANIZATIONS,
        tag=_TAG,
    ),
    Route(
        method="GET",
        paths=(f"{_ORGANIZATION}/tags/{{key:str}}/values",),
        handler=list_organization_tag_values,
        scopes=OF_ISSUES,
        tag=_TAG,
    ),
)
