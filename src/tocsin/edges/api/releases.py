"""Releases of organizations and projects (spec/search.md 5.12)."""

from collections.abc import Collection, Sequence
from typing import Annotated, Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidQuery, NotFound
from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import Project
from tocsin.domain.query.paging import page_by_number
from tocsin.domain.query.release_list import read_release_query
from tocsin.edges.api.asked import Paging, SearchText, SortText, paged, says_yes
from tocsin.edges.api.call import Call
from tocsin.edges.api.release_body import PROJECT_RELEASE, RELEASE, RELEASE_CHANGES
from tocsin.edges.api.release_health import (
    SESSION_SORTS,
    WantedHealth,
    health_question,
    told_health,
    wanted_health,
)
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.release import release_object
from tocsin.storage.views import release_health, releases
from tocsin.storage.views.release_health import Rank
from tocsin.storage.views.releases import ReleaseQuestion, ShownRelease

RELEASE_READ = any_of(
    Scope.PROJECT_READ, Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN, Scope.PROJECT_RELEASES, Scope.ORG_CI
)
RELEASE_WRITE = any_of(Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN, Scope.PROJECT_RELEASES, Scope.ORG_CI)
RELEASE_DELETE = any_of(Scope.PROJECT_ADMIN, Scope.PROJECT_RELEASES)
STATUSES = frozenset({"open", "archived", ""})
BY_VERSION = frozenset({"semver", "build"})
SORTS = BY_VERSION | {"", "date"}

Status = Annotated[str | None, QueryParameter(name="status", description="open (default), archived, or empty for all.")]
WithHealth = Annotated[
    str | None,
    QueryParameter(name="health", description="1 adds healthData: how the sessions of each release went."),
]


def list_releases(  # noqa: PLR0913 - the parameters of the request
    call: NamedDependency[Call],
    projects: NamedDependency[tuple[Project, ...]],
    paging: NamedDependency[Paging],
    *,
    text: SearchText = None,
    status: Status = None,
    sort: SortText = None,
    health: WithHealth = None,  # noqa: ARG001 - read with the others of its kind
) -> Response[Any]:
    """List the releases of an organization or of a project, newest first."""
    visible, question, wanted = visible_ids(call, projects), _wanted(call, text, status, sort), wanted_health(call)
    part = slice(paging.skipped, paging.skipped + paging.limit + 1)
    if sort in SESSION_SORTS:
        found = _ranked(call, visible, question, wanted, part)
    else:
        found = releases.release_page(
            call.services.views, visible, question, limit=part.stop - part.start, offset=part.start
        )
    page = page_by_number(found, paging.cursor, paging.limit)
    told = told_health(call, page.rows, wanted)
    return paged(call, page, [release_object(one, told) for one in page.rows])


def show_release(
    call: NamedDependency[Call], version: FromPath[str], projects: NamedDependency[tuple[Project, ...]]
) -> Response[Any]:
    """Show a release of an organization or of a project."""
    return _shown(call, version, visible_ids(call, projects))


def announce_release(call: NamedDependency[Call]) -> Response[Any]:
    """Make a release of the projects that the body or the path names; one that exists is changed: 208."""
    project = call.project_or_none
    announced = call.services.releases.announce(call.fields(), call.reach, call.now, project=project)
    visible = call.reach.project_ids if project is None else {project.id}
    return _shown(call, announced.version, visible, 201 if announced.is_new else 208)


def change_release(
    call: NamedDependency[Call], version: FromPath[str], projects: NamedDependency[tuple[Project, ...]]
) -> Response[Any]:
    """Change a release, and show it as it is then."""
    visible = visible_ids(call, projects)
    call.services.releases.amend(version, call.fields(), call.reach, visible, call.now)
    return _shown(call, version, visible)


def delete_release(
    call: NamedDependency[Call], version: FromPath[str], projects: NamedDependency[tuple[Project, ...]]
) -> Response[None]:
    """Delete a release that no issue refers to."""
    call.services.releases.remove(version, call.reach, visible_ids(call, projects))
    return Response(None, status_code=204)


def visible_ids(call: Call, projects: Sequence[Project]) -> frozenset[ProjectId]:
    """Return the project that the path names or, below an organization, the *projects* asked for."""
    chosen = projects if call.project_or_none is None else (call.project_or_none,)
    return frozenset(project.id for project in chosen)


def _wanted(call: Call, text: str | None, status: str | None, sort: str | None) -> ReleaseQuestion:
    if status is not None and status not in STATUSES:
        raise InvalidQuery("invalid value for status")
    if (sort or "") not in SORTS and not (sort in SESSION_SORTS and says_yes(call.one("flatten"))):
        raise InvalidQuery("invalid sort")
    return ReleaseQuestion(
        query=read_release_query(text or "", call.now),
        status="open" if status is None else status,
        by_version=sort in BY_VERSION,
    )


def _ranked(
    call: Call, visible: Collection[ProjectId], question: ReleaseQuestion, wanted: WantedHealth, part: slice
) -> list[ShownRelease]:
    """Return releases in projects by how their sessions went, each with one of its projects (``flatten``)."""
    asked, rank = health_question(wanted, list(visible)), Rank(call.one("sort") or "")
    ranked = release_health.ranked(call.services.views, asked, rank, call.now)
    return releases.ranked_release_page(call.services.views, ranked, call.reach.organization.id, question, part)


def _shown(call: Call, version: str, visible: Collection[ProjectId], status_code: int = 200) -> Response[Any]:
    found = releases.release(call.services.views, call.reach.organization.id, version, visible)
    if found is None:
        raise NotFound
    told = told_health(call, [found], wanted_health(call))
    return Response(release_object(found, told), status_code=status_code)


_ORGANIZATION = "/organizations/{org:str}/releases"
_PROJECT = "/projects/{org:str}/{project:str}/releases"
VERSIONS = (f"{_ORGANIZATION}/{{version:str}}", f"{_PROJECT}/{{version:str}}")
_TAG = "Releases"

RELEASE_ROUTES = (
    Route(method="GET", paths=(_ORGANIZATION, _PROJECT), handler=list_releases, scopes=RELEASE_READ, tag=_TAG),
    Route(
        method="POST",
        paths=(_ORGANIZATION,),
        handler=announce_release,
        scopes=RELEASE_WRITE,
        tag=_TAG,
        body=RELEASE,
    ),
    Route(
        method="POST",
        paths=(_PROJECT,),
        handler=announce_release,
        scopes=RELEASE_WRITE,
        tag=_TAG,
        body=PROJECT_RELEASE,
    ),
    Route(method="GET", paths=VERSIONS, handler=show_release, scopes=RELEASE_READ, tag=_TAG),
    Route(method="PUT", paths=VERSIONS, handler=change_release, scopes=RELEASE_WRITE, tag=_TAG, body=RELEASE_CHANGES),
    Route(method="DELETE", paths=VERSIONS, handler=delete_release, scopes=RELEASE_DELETE, tag=_TAG),
)
