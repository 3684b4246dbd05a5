"""Tombstones: what was discarded in a project, and taking that back (spec/mutation.md 8.6)."""

from typing import Any

from litestar import MediaType, Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.errors import NotFound
from tocsin.domain.query.paging import page_by_number
from tocsin.edges.api.asked import Paging, paged
from tocsin.edges.api.call import Call
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.tombstone import tombstone_object
from tocsin.storage.views import tombstones

READ = any_of(Scope.PROJECT_READ, Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN)
LIFT = any_of(Scope.PROJECT_ADMIN)
_ID_DIGITS_MAX = 18


def list_tombstones(call: NamedDependency[Call], paging: NamedDependency[Paging]) -> Response[Any]:
    """List the issues that were discarded in a project, newest first."""
    found = tombstones.of_project(call.services.views, call.project, offset=paging.skipped, limit=paging.limit + 1)
    page = page_by_number(found, paging.cursor, paging.limit)
    return paged(call, page, [tombstone_object(one) for one in page.rows])


def lift_tombstone(call: NamedDependency[Call], tombstone_id: FromPath[str]) -> Response[None]:
    """Let events like those of a discarded issue in again; what was discarded stays gone."""
    if not (tombstone_id.isascii() and tombstone_id.isdecimal() and len(tombstone_id) <= _ID_DIGITS_MAX):
        raise NotFound
    call.services.hashes.lift(call.project.id, int(tombstone_id))
    return Response(None, status_code=204, media_type=MediaType.TEXT)


_LIST = "/projects/{org:str}/{project:str}/tombstones"

TOMBSTONE_ROUTES = (
    Route(method="GET", paths=(_LIST,), handler=list_tombstones, scopes=READ, tag="Tombstones"),
    Route(
        method="DELETE",
        paths=(f"{_LIST}/{{tombstone_id:str}}",),
        handler=lift_tombstone,
        scopes=LIFT,
        tag="Tombstones",
    ),
)
