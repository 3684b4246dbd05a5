"""What a client asks first: what this is, and who it is (spec/search.md 6.1)."""

from typing import Any

from litestar import Response
from litestar.di import NamedDependency

from tocsin.edges.api.call import Call
from tocsin.edges.api.routing import Route
from tocsin.edges.api.serialize.user import user_object


def show_index(call: NamedDependency[Call]) -> Response[Any]:
    """Show the version of the API, the scopes of the token and the user behind it."""
    granted = call.caller.granted
    auth = None if granted is None else {"scopes": sorted(granted)}
    return Response({"version": "0", "auth": auth, "user": user_object(call.caller.user)})


def show_caller(call: NamedDependency[Call]) -> Response[Any]:
    """Show the user behind the token or the session."""
    return Response(user_object(call.caller.user))


INDEX_ROUTES = (
    Route(method="GET", paths=("/",), handler=show_index, scopes=frozenset(), tag="Index"),
    Route(method="GET", paths=("/auth", "/users/me"), handler=show_caller, scopes=frozenset(), tag="Index"),
)
