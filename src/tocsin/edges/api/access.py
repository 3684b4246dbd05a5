"""From a request to a call: who asks, may they, and what the path names (spec/mutation.md 1.3, 1.4)."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from litestar.concurrency import sync_to_thread
from msgspec.structs import replace

from tocsin.domain.caller import Caller
from tocsin.domain.errors import Forbidden, Malformed, NotAuthenticated, NotFound
from tocsin.domain.event.project_key import parse_dsn
from tocsin.edges.api.call import Call
from tocsin.edges.api.limits import spend
from tocsin.edges.api.routing import Route
from tocsin.edges.bodies import read_body
from tocsin.edges.services import Services
from tocsin.edges.sessions import AnyRequest, authenticate, authenticate_if_any, dsn_of
from tocsin.storage.views import access

QUERY_FIELDS_MAX = 20_000
"""An id each: more issues than that are selected by a search."""


async def call_of(request: AnyRequest) -> Call:
    """Return the authorised call behind *request*.

    Credentials come first (401), then how often the caller asked (429), the token's scopes (403), the organization
    (404, and 403 for one the caller is no member of), the role's scopes (403) and the project (404, 403). A route for
    anybody asks for none of that. Raises the refusal that fits.
    """
    services: Services = request.app.state["services"]
    body = await read_body(request, services.settings.api_body_bytes_max)
    return await sync_to_thread(_authorised, request, services, body)


def _authorised(request: AnyRequest, services: Services, body: bytes) -> Call:
    route: Route = request.route_handler.opt["route"]
    now = services.clock()
    dsn = dsn_of(request) if route.takes_dsn else ""
    caller = None if dsn else _caller(request, services, route, now)
    if caller is not None and not caller.may_hold(route.scopes):
        raise Forbidden
    call = Call(
        services=services,
        now=now,
        # As it was sent: the framework drops the trailing slash, which Link headers must keep.
        path=request.scope["raw_path"].partition(b"?")[0].decode("latin-1"),
        query=_query(request.scope["query_string"]),
        content_type=request.headers.get("content-type", ""),
        body=body,
        headers=dict(request.headers.items()),
        caller_or_none=caller,
    )
    if dsn:
        return _holding_dsn(call, route, request, dsn)
    return call if route.is_public else _reaching(call, route, request.path_params)


def _holding_dsn(call: Call, route: Route, request: AnyRequest, dsn: str) -> Call:
    """Return the call of a program that knows the project's DSN, and nothing more."""
    spend(request, call.services, route, None, call.now)
    path = request.path_params
    public_key = parse_dsn(dsn).public_key
    project = access.project_of_key(call.services.views, public_key, str(path["org"]), str(path["project"]))
    return replace(call, project_or_none=project)


def _caller(request: AnyRequest, services: Services, route: Route, now: datetime) -> Caller | None:
    """Return who asks, once it is sure that they have not asked too often."""
    try:
        caller = (authenticate_if_any if route.is_public else authenticate)(request, services, now)
    except NotAuthenticated:
        spend(request, services, route, None, now)
        raise
    spend(request, services, route, caller, now)
    return caller


def _query(sent: bytes) -> tuple[tuple[str, str], ...]:
    """Return the query parameters in the order they were sent, which Link headers keep (spec/search.md 4.2)."""
    try:
        return tuple(parse_qsl(sent.decode("latin-1"), keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX))
    except ValueError:
        raise Malformed(
            f"More than {QUERY_FIELDS_MAX} query parameters; select by a search instead of by ids."
        ) from None


def _reaching(call: Call, route: Route, path: dict[str, Any]) -> Call:
    if "org" not in path:
        return call
    reach = access.reach(call.services.views, call.caller, str(path["org"]))
    reach.require(route.scopes)
    call = replace(call, reach_or_none=reach)
    if "project" not in path:
        return call
    project = reach.project(str(path["project"]))
    if project is None:
        if access.project_exists(call.services.views, reach.organization, str(path["project"])):
            raise Forbidden
        raise NotFound
    return replace(call, project_or_none=project)
