"""What a client asks first: what this is, and who it is; and how people want things done (spec/search.md 6.1)."""

from typing import Any

from litestar import Response
from litestar.di import NamedDependency

from tocsin.domain.access import Scope
from tocsin.edges.api.call import Call
from tocsin.edges.api.routing import Route, any_of
from tocsin.edges.api.serialize.user import user_detail, user_object
from tocsin.edges.api.settings_body import USER_SETTINGS


def show_index(call: NamedDependency[Call]) -> Response[Any]:
    """Show the version of the API, the scopes of the token and the user behind it, as far as there are any."""
    caller = call.caller_or_none
    auth = {"scopes": sorted(caller.granted)} if caller and caller.granted is not None else None
    user = user_object(caller.user) if caller and caller.user else None
    return Response({"version": "0", "auth": auth, "user": user})


def show_caller(call: NamedDependency[Call]) -> Response[Any]:
    """Show the user behind the token or the session."""
    return Response(user_object(call.user))


def show_me(call: NamedDependency[Call]) -> Response[Any]:
    """Show the user behind the token or the session with their options."""
    return Response(user_detail(call.user))


def change_me(call: NamedDependency[Call]) -> Response[Any]:
    """Change one's own name and options."""
    return Response(user_detail(call.services.configure.user(call.user.id, call.fields())))


INDEX_ROUTES = (
    Route(method="GET", paths=("/",), handler=show_index, scopes=frozenset(), is_public=True, tag="Index"),
    Route(method="GET", paths=("/auth",), handler=show_caller, scopes=frozenset(), tag="Index"),
    Route(method="GET", paths=("/users/me",), handler=show_me, scopes=frozenset(), tag="Index"),
    # No scope is about oneself: who may change issues may say how, and a token that only reads may not.
    Route(
        method="PUT",
        paths=("/users/me",),
        handler=change_me,
        scopes=any_of(Scope.EVENT_WRITE, Scope.EVENT_ADMIN),
        tag="Index",
        body=USER_SETTINGS,
    ),
)
