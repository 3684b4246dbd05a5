"""How far deletions got: Tocsin's own, for the reference deletes out of sight (spec/mutation.md 7)."""

from typing import Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.errors import NotFound
from tocsin.domain.query.paging import page_by_number
from tocsin.edges.api.asked import Paging, paged
from tocsin.edges.api.call import Call
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.deletion import deletion_object
from tocsin.storage.views import deletions

READ = any_of(Scope.EVENT_READ, Scope.EVENT_WRITE, Scope.EVENT_ADMIN)
_ID_DIGITS_MAX = 18


def list_deletions(call: NamedDependency[Call], paging: NamedDependency[Paging]) -> Response[Any]:
    """List what was deleted in an organization of late and how far it got, newest first."""
    rows = deletions.page(
        call.services.views, call.reach.organization.id, offset=paging.skipped, limit=paging.limit + 1
    )
    page = page_by_number(rows, paging.cursor, paging.limit)
    return paged(call, page, [deletion_object(one) for one in page.rows])


def show_deletion(call: NamedDependency[Call], deletion_id: FromPath[str]) -> Response[Any]:
    """Show how far a deletion got; its id is in the header ``X-Tocsin-Deletion`` of the answer to the DELETE."""
    if not (deletion_id.isascii() and deletion_id.isdigit() and len(deletion_id) <= _ID_DIGITS_MAX):
        raise NotFound
    found = deletions.by_id(call.services.views, call.reach.organization.id, int(deletion_id))
    if found is None:
        raise NotFound
    return Response(deletion_object(found))


_DELETIONS = "/organizations/{org:str}/deletions"

DELETION_ROUTES = (
    Route(method="GET", paths=(_DELETIONS,), handler=list_deletions, scopes=READ, tag="Deletions"),
    Route(
        method="GET", paths=(f"{_DELETIONS}/{{deletion_id:str}}",), handler=show_deletion, scopes=READ, tag="Deletions"
    ),
)
