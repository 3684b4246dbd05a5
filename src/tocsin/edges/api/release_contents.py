"""What is in a release and where it went: commits, changed files, deploys (spec/search.md 5.12)."""

from collections.abc import Sequence
from typing import Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.errors import NotFound
from tocsin.domain.organization import Project
from tocsin.domain.query.paging import page_by_number
from tocsin.domain.release.release import Release
from tocsin.edges.api.asked import Paging, paged
from tocsin.edges.api.call import Call
from tocsin.edges.api.release_body import COMMITS, DEPLOY
from tocsin.edges.api.releases import RELEASE_READ, RELEASE_WRITE, VERSIONS, visible_ids
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.commit import commit_object, file_object
from tocsin.edges.api.serialize.release import deploy_object, release_object
from tocsin.storage.views import commits, releases

_TAG = "Releases"


def list_commits(
    call: NamedDependency[Call],
    version: FromPath[str],
    projects: NamedDependency[tuple[Project, ...]],
    paging: NamedDependency[Paging],
) -> Response[Any]:
    """List the commits of a release, newest first."""
    release = _named(call, version, projects)
    found = commits.commits_of_release(
        call.services.views, release, call.reach.project_ids, limit=paging.limit + 1, offset=paging.skipped
    )
    page = page_by_number(found, paging.cursor, paging.limit)
    return paged(call, page, [commit_object(one) for one in page.rows])


def add_commits(
    call: NamedDependency[Call], version: FromPath[str], projects: NamedDependency[tuple[Project, ...]]
) -> Response[Any]:
    """Add commits to those of a release, and show them."""
    visible = visible_ids(call, projects)
    added = call.services.releases.add_commits(version, call.fields(), call.reach, visible, call.now)
    shown = commits.named(call.services.views, added, call.reach.project_ids)
    return Response([commit_object(one) for one in shown], status_code=201)


def list_files(
    call: NamedDependency[Call],
    version: FromPath[str],
    projects: NamedDependency[tuple[Project, ...]],
    paging: NamedDependency[Paging],
) -> Response[Any]:
    """List the files that the commits of a release changed, by path."""
    release = _named(call, version, projects)
    found = commits.files_of_release(call.services.views, release, limit=paging.limit + 1, offset=paging.skipped)
    page = page_by_number(found, paging.cursor, paging.limit)
    return paged(call, page, [file_object(one, call.reach.organization.id) for one in page.rows])


def show_previous(
    call: NamedDependency[Call], version: FromPath[str], projects: NamedDependency[tuple[Project, ...]]
) -> Response[Any]:
    """Show the newest release before this one that has commits; an empty object when there is none."""
    release = _named(call, version, projects)
    previous = releases.previous_with_commits(call.services.views, release, visible_ids(call, projects))
    return Response(release_object(previous) if previous else {})


def list_deploys(
    call: NamedDependency[Call],
    version: FromPath[str],
    projects: NamedDependency[tuple[Project, ...]],
    paging: NamedDependency[Paging],
) -> Response[Any]:
    """List the deploys of a release, finished last first."""
    release = _named(call, version, projects)
    found = releases.deploys_of_release(call.services.views, release, limit=paging.limit + 1, offset=paging.skipped)
    page = page_by_number(found, paging.cursor, paging.limit)
    return paged(call, page, [deploy_object(one) for one in page.rows])


def add_deploy(
    call: NamedDependency[Call], version: FromPath[str], projects: NamedDependency[tuple[Project, ...]]
) -> Response[Any]:
    """Note that a release was deployed."""
    deploy = call.services.releases.deploy(version, call.fields(), call.reach, visible_ids(call, projects), call.now)
    return Response(deploy_object(deploy), status_code=201)


def _named(call: Call, version: str, projects: Sequence[Project]) -> Release:
    organization = call.reach.organization
    release = releases.known_release(call.services.views, organization.id, version, visible_ids(call, projects))
    if release is None:
        raise NotFound
    return release


def _paths(rest: str) -> tuple[str, ...]:
    return tuple(f"{path}/{rest}" for path in VERSIONS)


RELEASE_CONTENT_ROUTES = (
    Route(method="GET", paths=_paths("commits"), handler=list_commits, scopes=RELEASE_READ, tag=_TAG),
    Route(method="POST", paths=_paths("commits"), handler=add_commits, scopes=RELEASE_WRITE, tag=_TAG, body=COMMITS),
    Route(
        method="GET", paths=_paths("commitfiles"), handler=list_files, scopes=any_of(Scope.PROJECT_RELEASES), tag=_TAG
    ),
    Route(method="GET", paths=_paths("previous-with-commits"), handler=show_previous, scopes=RELEASE_READ, tag=_TAG),
    Route(method="GET", paths=_paths("deploys"), handler=list_deploys, scopes=RELEASE_READ, tag=_TAG),
    Route(method="POST", paths=_paths("deploys"), handler=add_deploy, scopes=RELEASE_WRITE, tag=_TAG, body=DEPLOY),
)
