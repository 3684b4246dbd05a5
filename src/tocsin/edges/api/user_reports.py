"""What people say about events they ran into: user feedback (spec/search.md 5.15)."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath, QueryParameter

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidQuery
from tocsin.domain.issue.issue import Status
from tocsin.domain.query.paging import page_by_score
from tocsin.domain.query.window import Window
from tocsin.edges.api.asked import Paging, paged
from tocsin.edges.api.call import Call
from tocsin.edges.api.events import OF_ISSUES, OF_PROJECTS
from tocsin.edges.api.issues import Listing, issue_of, listed
from tocsin.edges.api.routing import Route, any_of, issue_paths
from tocsin.edges.api.serialize.user_report import user_report_object
from tocsin.storage.views import user_reports
from tocsin.storage.views.user_reports import ShownReport

PLAIN = Listing(period="", collapse=frozenset({"stats"}), expand=frozenset())
STATUSES = {
    "": None,
    "unresolved": Status.UNRESOLVED,
    "resolved": Status.RESOLVED,
    "ignored": Status.IGNORED,
}

ReportStatus = Annotated[
    str | None, QueryParameter(name="status", description="unresolved (default), resolved, ignored, empty for all.")
]


def list_user_reports(
    call: NamedDependency[Call],
    window: NamedDependency[Window],
    environments: NamedDependency[tuple[str, ...]],
    paging: NamedDependency[Paging],
    status: ReportStatus = None,
) -> Response[Any]:
    """List what people said about the events of a project, newest first."""
    wanted = "unresolved" if status is None else status
    if wanted not in STATUSES:
        raise InvalidQuery(f"Invalid status. Valid choices are {', '.join(filter(None, STATUSES))}.")
    found = user_reports.of_project(
        call.services.views, call.project, status=STATUSES[wanted], environments=environments
    )
    return _listed(call, window, found, paging)


def add_user_report(call: NamedDependency[Call], window: NamedDependency[Window]) -> Response[Any]:
    """Say something about an event, which may still be on its way; for five minutes it can be said better."""
    report = call.services.user_reports.take_down(call.project, call.fields(), call.now)
    if call.caller_or_none is None:
        # Who knows the DSN may speak, but sees nothing of the issue.
        return Response(user_report_object(report) | {"issue": None})
    return Response(_objects(call, window, [user_reports.of_report(call.services.views, report)])[0])


def list_issue_reports(
    call: NamedDependency[Call], issue_id: FromPath[str], paging: NamedDependency[Paging]
) -> Response[Any]:
    """List what people said about the events of an issue, newest first."""
    issue, _ = issue_of(call, issue_id)
    found = user_reports.of_issue(call.services.views, issue)
    page = page_by_score(found, _score, paging.cursor, paging.limit)
    return paged(call, page, [user_report_object(one.report) for one in page.rows])


def _listed(call: Call, window: Window, found: Sequence[ShownReport], paging: Paging) -> Response[Any]:
    page = page_by_score(found, _score, paging.cursor, paging.limit)
    return paged(call, page, _objects(call, window, page.rows))


def _objects(call: Call, window: Window, found: Sequence[ShownReport]) -> list[dict[str, Any]]:
    """Return reports, each with its issue."""
    about = {one.issue.id: one.issue for one in found if one.issue is not None}
    counted = call.services.search.statistics(list(about.values()), window, None, "", call.now)
    shown = {row["id"]: row for row in listed(call, counted, PLAIN)}
    return [
        user_report_object(one.report) | {"issue": shown[str(one.issue.id)] if one.issue else None} for one in found
    ]


def _score(one: ShownReport) -> float:
    return int(one.report.created_at.timestamp() * 1000)


_TEXT = Schema(type=OpenAPIType.STRING)
_BODY = Schema(
    type=OpenAPIType.OBJECT,
    properties={"event_id": _TEXT, "name": _TEXT, "email": _TEXT, "comments": _TEXT},
    required=["event_id", "name", "email", "comments"],
)
_PATHS = ("/projects/{org:str}/{project:str}/user-feedback", "/projects/{org:str}/{project:str}/user-reports")
_TAG = "Feedback"

USER_REPORT_ROUTES = (
    Route(method="GET", paths=_PATHS, handler=list_user_reports, scopes=OF_PROJECTS, tag=_TAG),
    Route(
        method="POST",
        paths=_PATHS,
        handler=add_user_report,
        scopes=any_of(Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN),
        tag=_TAG,
        body=_BODY,
        takes_dsn=True,
    ),
    Route(
        method="GET",
        paths=(*issue_paths("/user-reports"), *issue_paths("/user-feedback")),
        handler=list_issue_reports,
        scopes=OF_ISSUES,
        tag=_TAG,
    ),
)
