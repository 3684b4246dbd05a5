"""Repositories of an organization and their commits (spec/search.md 6, spec/clients.md)."""

from typing import Annotated, Any

from litestar import MediaType, Response
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from tocsin.domain.access import Scope
from tocsin.domain.errors import InvalidQuery, NotFound
from tocsin.domain.query.paging import page_by_number
from tocsin.edges.api.asked import Paging, SearchText, paged
from tocsin.edges.api.call import Call
from tocsin.edges.api.release_body import REPOSITORY, REPOSITORY_CHANGES
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.commit import commit_object, repository_object
from tocsin.storage.views import commits

COMMITS_READ = any_of(Scope.ORG_READ, Scope.ORG_WRITE, Scope.ORG_ADMIN)
REPOSITORY_READ = COMMITS_READ | any_of(Scope.ORG_CI, Scope.ORG_INTEGRATIONS)
REPOSITORY_WRITE = any_of(Scope.ORG_WRITE, Scope.ORG_ADMIN, Scope.ORG_INTEGRATIONS)
STATUSES = frozenset({"", "active", "hidden", "disabled"})
_ID_DIGITS_MAX = 18

Status = Annotated[
    str | None, QueryParameter(name="status", description="active, hidden or disabled; all unless given.")
]


def list_repositories(
    call: NamedDependency[Call], paging: NamedDependency[Paging], text: SearchText = None, status: Status = None
) -> Response[Any]:
    """List the repositories of an organization by name."""
    if (status or "") not in STATUSES:
        raise InvalidQuery("invalid value for status")
    found = commits.repository_page(
        call.services.views,
        call.reach.organization.id,
        contains=(text or "").strip(),
        status=status or "",
        limit=paging.limit + 1,
        offset=paging.skipped,
    )
    page = page_by_number(found, paging.cursor, paging.limit)
    return paged(call, page, [repository_object(one) for one in page.rows])


def add_repository(call: NamedDependency[Call]) -> Response[Any]:
    """Tell of a repository."""
    added = call.services.repositories.add(call.fields(), call.reach.organization, call.now)
    return Response(repository_object(added), status_code=201)


def change_repository(call: NamedDependency[Call], repo_id: FromPath[str]) -> Response[Any]:
    """Change what is known of a repository."""
    changed = call.services.repositories.change(_number(repo_id), call.fields(), call.reach.organization)
    return Response(repository_object(changed))


def delete_repository(call: NamedDependency[Call], repo_id: FromPath[str]) -> Response[None]:
    """Forget a repository and its commits."""
    call.services.repositories.remove(_number(repo_id), call.reach.organization)
    return Response(None, status_code=202, media_type=MediaType.TEXT)


def list_repository_commits(
    call: NamedDependency[Call], repo_id: FromPath[str], paging: NamedDependency[Paging]
) -> Response[Any]:
    """List the commits of a repository, latest first."""
    repository = commits.repository(call.services.views, call.reach.organization.id, _number(repo_id))
    if repository is None:
        raise NotFound
    found = commits.commits_of_repository(
        call.services.views, repository, call.reach.project_ids, limit=paging.limit + 1, offset=paging.skipped
    )
    page = page_by_number(found, paging.cursor, paging.limit)
    return paged(call, page, [commit_object(one) for one in page.rows])


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS_MAX):
        raise NotFound
    return int(text)


_ALL = "/organizations/{org:str}/repos"
_ONE = f"{_ALL}/{{repo_id:str}}"
_TAG = "Repositories"

REPOSITORY_ROUTES = (
    Route(method="GET", paths=(_ALL,), handler=list_repositories, scopes=REPOSITORY_READ, tag=_TAG),
    Route(method="POST", paths=(_ALL,), handler=add_repository, scopes=REPOSITORY_WRITE, tag=_TAG, body=REPOSITORY),
    Route(
        method="PUT",
        paths=(_ONE,),
        handler=change_repository,
        scopes=REPOSITORY_WRITE,
        tag=_TAG,
        body=REPOSITORY_CHANGES,
    ),
    Route(method="DELETE", paths=(_ONE,), handler=delete_repository, scopes=REPOSITORY_WRITE, tag=_TAG),
    Route(method="GET", paths=(f"{_ONE}/commits",), handler=list_repository_commits, scopes=COMMITS_READ, tag=_TAG),
)
