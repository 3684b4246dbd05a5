"""Releases of organizations and projects (spec/search.md 5.12)."""

from typing import Annotated, Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidQuery, NotFound
from tocsin.domain.organization import Project
from tocsin.domain.query.paging import page_by_number
from tocsin.domain.query.release_list import read_release_query
from tocsin.edges.api.asked import Paging, SearchText, SortText, paged
from tocsin.edges.api.call import Call
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.release import release_object
from tocsin.storage.views import releases
from tocsin.storage.views.releases import ReleaseQuestion

RELEASE_READ = any_of(
    Scope.PROJECT_READ, Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN, Scope.PROJECT_RELEASES, Scope.ORG_CI
)
STATUSES = frozenset({"open", "archived", ""})
BY_VERSION = frozenset({"semver", "build"})
SORTS = BY_VERSION | {"", "date"}

Status = Annotated[str | None, QueryParameter(name="status", description="open (default), archived, or empty for all.")]


def list_releases(
    call: NamedDependency[Call],
    projects: NamedDependency[tuple[Project, ...]],
    paging: NamedDependency[Paging],
    text: SearchText = None,
    status: Status = None,
    sort: SortText = None,
) -> Response[Any]:
    """List the releases of an organization, newest first."""
    return _listed(call, projects, paging, _wanted(call, text, status, sort))


def list_project_releases(
    call: NamedDependency[Call],
    paging: NamedDependency[Paging],
    text: SearchText = None,
    status: Status = None,
    sort: SortText = None,
) -> Response[Any]:
    """List the releases of a project, newest first."""
    return _listed(call, (call.project,), paging, _wanted(call, text, status, sort))


def show_release(
    call: NamedDependency[Call], version: FromPath[str], projects: NamedDependency[tuple[Project, ...]]
) -> Response[Any]:
    """Show a release of an organization."""
    return _shown(call, version, projects)


def show_project_release(call: NamedDependency[Call], version: FromPath[str]) -> Response[Any]:
    """Show a release of a project."""
    return _shown(call, version, (call.project,))


def _wanted(call: Call, text: str | None, status: str | None, sort: str | None) -> ReleaseQuestion:
    if status is not None and status not in STATUSES:
        raise InvalidQuery("invalid value for status")
    if (sort or "") not in SORTS:
        raise InvalidQuery("invalid sort")
    return ReleaseQuestion(
        query=read_release_query(text or "", call.now),
        status="open" if status is None else status,
        by_version=sort in BY_VERSION,
    )


def _listed(call: Call, projects: tuple[Project, ...], paging: Paging, wanted: ReleaseQuestion) -> Response[Any]:
    ids = tuple(project.id for project in projects)
    found = releases.release_page(call.services.views, ids, wanted, limit=paging.limit + 1, offset=paging.skipped)
    page = page_by_number(found, paging.cursor, paging.limit)
    return paged(call, page, [release_object(one) for one in page.rows])


def _shown(call: Call, version: str, projects: tuple[Project, ...]) -> Response[Any]:
    ids = [project.id for project in projects]
    found = releases.release(call.services.views, call.reach.organization.id, version, ids)
    if found is None:
        raise NotFound
    return Response(release_object(found))


_PROJECT = "/projects/{org:str}/{project:str}/releases"
_ORGANIZATION = "/organizations/{org:str}/releases"
_TAG = "Releases"

RELEASE_ROUTES = (
    Route(method="GET", paths=(_ORGANIZATION,), handler=list_releases, scopes=RELEASE_READ, tag=_TAG),
    Route(
        method="GET", paths=(f"{_ORGANIZATION}/{{version:str}}",), handler=show_release, scopes=RELEASE_READ, tag=_TAG
    ),
    Route(method="GET", paths=(_PROJECT,), handler=list_project_releases, scopes=RELEASE_READ, tag=_TAG),
    Route(
        method="GET",
        paths=(f"{_PROJECT}/{{version:str}}",),
        handler=show_project_release,
        scopes=RELEASE_READ,
        tag=_TAG,
    ),
)
