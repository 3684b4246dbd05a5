"""Searches that people save, pin and made lately (spec/search.md 6.1)."""

from typing import Annotated, Any

from litestar import MediaType, Response
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath, QueryParameter

from tocsin.domain.errors import InvalidQuery, NotFound
from tocsin.domain.saved_search import ISSUES, TYPES, Visibility
from tocsin.edges.api.asked import SearchText
from tocsin.edges.api.call import Call
from tocsin.edges.api.paging import read_limit
from tocsin.edges.api.projects import ORGANIZATION_READ
from tocsin.edges.api.routing import Route
from tocsin.edges.api.serialize.saved_search import recent_search_object, saved_search_object
from tocsin.flows.search import Sort
from tocsin.storage.views import saved_searches

RECENT_DEFAULT = 10

Type = Annotated[str | None, QueryParameter(name="type", description="0 (default) for searches for issues.")]
Limit = Annotated[str | None, QueryParameter(name="limit", description="Searches to show, at most 100.")]


def list_searches(call: NamedDependency[Call]) -> Response[Any]:
    """List the searches that the caller saved, and those saved for the whole organization, by name."""
    found = saved_searches.seen_by(call.services.views, call.reach.organization.id, call.user.id)
    return Response([saved_search_object(one) for one in found])


def add_search(call: NamedDependency[Call]) -> Response[Any]:
    """Save a search, for the caller or for the whole organization."""
    made = call.services.saved_searches.add(call.reach, call.user.id, call.fields(), call.now)
    return Response(saved_search_object(made), status_code=201)


def show_search(call: NamedDependency[Call], search_id: FromPath[str]) -> Response[Any]:
    """Show a saved search."""
    found = saved_searches.one(call.services.views, call.reach.organization.id, call.user.id, _id(search_id))
    if found is None:
        raise NotFound
    return Response(saved_search_object(found))


def change_search(call: NamedDependency[Call], search_id: FromPath[str]) -> Response[Any]:
    """Change name, query, sort or visibility of a saved search."""
    changed = call.services.saved_searches.change(call.reach, call.user.id, _id(search_id), call.fields(), call.now)
    return Response(saved_search_object(changed))


def delete_search(call: NamedDependency[Call], search_id: FromPath[str]) -> Response[None]:
    """Delete a saved search."""
    call.services.saved_searches.remove(call.reach, call.user.id, _id(search_id))
    return Response(None, status_code=204)


def pin_search(call: NamedDependency[Call]) -> Response[Any]:
    """Let the caller's list of issues begin with a search."""
    pinned = call.services.saved_searches.pin(call.reach, call.user.id, call.fields(), call.now)
    return Response(saved_search_object(pinned), status_code=201)


def unpin_search(call: NamedDependency[Call]) -> Response[None]:
    """Let the caller's list of issues begin as everybody's does."""
    call.services.saved_searches.unpin(call.reach, call.user.id, call.fields())
    return Response(None, status_code=204)


def list_recent_searches(
    call: NamedDependency[Call], search_type: Type = None, text: SearchText = None, limit: Limit = None
) -> Response[Any]:
    """List what the caller searched for lately, latest first; ``query`` narrows to what has that text in it."""
    organization_id = call.reach.organization.id
    found = saved_searches.recent(
        call.services.views,
        (organization_id, call.user.id),
        _type(search_type),
        contains=text or "",
        limit=read_limit(limit) if limit else RECENT_DEFAULT,
    )
    return Response([recent_search_object(one, organization_id) for one in found])


def remember_search(call: NamedDependency[Call]) -> Response[None]:
    """Remember that the caller searched for something: 201 for the first time, 204 for another."""
    is_new = call.services.saved_searches.remember(call.reach, call.user.id, call.fields(), call.now)
    return Response(None, status_code=201 if is_new else 204, media_type=MediaType.TEXT)


def _id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound
    return int(text)


def _type(text: str | None) -> int:
    if not text:
        return ISSUES
    if text not in map(str, TYPES):
        raise InvalidQuery(f"Invalid input for `type`. It is a number from 0 to {TYPES[-1]}, 0 for issues.")
    return int(text)


_TEXT = Schema(type=OpenAPIType.STRING)
_KIND = Schema(type=OpenAPIType.INTEGER, description="0 for searches for issues.")
_QUERY = Schema(type=OpenAPIType.STRING, description="What is searched for.")
_SORT = Schema(type=OpenAPIType.STRING, enum=[sort.value for sort in Sort])
_PIN = Schema(type=OpenAPIType.OBJECT, properties={"type": _KIND, "query": _QUERY, "sort": _SORT})
_SEARCH = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "name": _TEXT,
        "type": _KIND,
        "query": _QUERY,
        "sort": _SORT,
        "visibility": Schema(type=OpenAPIType.STRING, enum=[Visibility.OWNER, Visibility.ORGANIZATION]),
    },
)
_RECENT = Schema(type=OpenAPIType.OBJECT, properties={"type": _KIND, "query": _QUERY})

_ALL = ("/organizations/{org:str}/searches",)
_ONE = ("/organizations/{org:str}/searches/{search_id:str}",)
_PINNED = ("/organizations/{org:str}/pinned-searches",)
_LATELY = ("/organizations/{org:str}/recent-searches",)
_TAG = "Searches"

SEARCH_ROUTES = (
    Route(method="GET", paths=_ALL, handler=list_searches, scopes=ORGANIZATION_READ, tag=_TAG),
    Route(method="POST", paths=_ALL, handler=add_search, scopes=ORGANIZATION_READ, tag=_TAG, body=_SEARCH),
    Route(method="GET", paths=_ONE, handler=show_search, scopes=ORGANIZATION_READ, tag=_TAG),
    Route(method="PUT", paths=_ONE, handler=change_search, scopes=ORGANIZATION_READ, tag=_TAG, body=_SEARCH),
    Route(method="DELETE", paths=_ONE, handler=delete_search, scopes=ORGANIZATION_READ, tag=_TAG),
    Route(method="PUT", paths=_PINNED, handler=pin_search, scopes=ORGANIZATION_READ, tag=_TAG, body=_PIN),
    Route(method="DELETE", paths=_PINNED, handler=unpin_search, scopes=ORGANIZATION_READ, tag=_TAG),
    Route(method="GET", paths=_LATELY, handler=list_recent_searches, scopes=ORGANIZATION_READ, tag=_TAG),
    Route(method="POST", paths=_LATELY, handler=remember_search, scopes=ORGANIZATION_READ, tag=_TAG, body=_RECENT),
)
