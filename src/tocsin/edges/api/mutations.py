"""Mutations: what was done to issues by whom, and undoing it. Only Tocsin has these routes."""

from typing import Any, Final

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from tocsin.domain.access import Scope
from tocsin.domain.errors import NotFound
from tocsin.domain.query.paging import page_by_number
from tocsin.edges.api.asked import Paging, paged
from tocsin.edges.api.call import Call
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.instants import iso
from tocsin.edges.api.serialize.user import user_object
from tocsin.flows.triage import Acting, Undone
from tocsin.storage.views import mutations
from tocsin.storage.views.mutations import ShownMutation

READ = any_of(Scope.EVENT_READ, Scope.EVENT_WRITE, Scope.EVENT_ADMIN)
WRITE = any_of(Scope.EVENT_WRITE, Scope.EVENT_ADMIN)
IDS_MAX: Final = 1000
_ID_DIGITS_MAX = 18


def list_mutations(call: NamedDependency[Call], paging: NamedDependency[Paging]) -> Response[Any]:
    """List what was done to issues of the organization, newest first."""
    organization_id = call.reach.organization.id
    found = mutations.page(call.services.views, organization_id, limit=paging.limit + 1, offset=paging.skipped)
    page = page_by_number(found, paging.cursor, paging.limit)
    return paged(call, page, [mutation_object(one) for one in page.rows])


def show_mutation(call: NamedDependency[Call], mutation_id: FromPath[str]) -> Response[Any]:
    """Show what was done, by whom, and whether it was undone."""
    found = mutations.one(call.services.views, call.reach.organization.id, _number(mutation_id))
    if found is None:
        raise NotFound
    return Response(mutation_object(found))


def undo_mutation(call: NamedDependency[Call], mutation_id: FromPath[str]) -> Response[Any]:
    """Restore the state before a mutation for every issue that was not changed since, and list the others."""
    acting = Acting(user=call.caller.user, reach=call.reach)
    undone = call.services.triage.undo(_number(mutation_id), acting, call.now)
    return Response(_undone_object(undone), headers={"X-Tocsin-Mutation": str(undone.mutation_id)})


def mutation_object(shown: ShownMutation) -> dict[str, Any]:
    """Return a mutation as answers show it."""
    mutation = shown.mutation
    return {
        "id": str(mutation.id),
        "kind": mutation.kind,
        "user": user_object(shown.user) if shown.user else None,
        "request": mutation.request,
        "issueCount": mutation.issue_count,
        "undoneBy": None if mutation.undone_by is None else str(mutation.undone_by),
        "dateCreated": iso(mutation.created_at),
    }


def _undone_object(undone: Undone) -> dict[str, Any]:
    return {
        "id": str(undone.mutation_id),
        "undone": str(undone.undone_id),
        "restoredCount": len(undone.restored),
        "restored": [str(one) for one in undone.restored[:IDS_MAX]],
        "leftAloneCount": len(undone.left_alone),
        "leftAlone": [str(one) for one in undone.left_alone[:IDS_MAX]],
    }


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS_MAX):
        raise NotFound
    return int(text)


_LIST = "/organizations/{org:str}/mutations"
_ONE = f"{_LIST}/{{mutation_id:str}}"
_TAG = "Mutations"

MUTATION_ROUTES = (
    Route(method="GET", paths=(_LIST,), handler=list_mutations, scopes=READ, tag=_TAG),
    Route(method="GET", paths=(_ONE,), handler=show_mutation, scopes=READ, tag=_TAG),
    Route(method="POST", paths=(f"{_ONE}/undo",), handler=undo_mutation, scopes=WRITE, tag=_TAG),
)
