"""One request of a browser, read and authorised: what every page is given."""

from datetime import datetime
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar.concurrency import sync_to_thread

from tocsin.domain.caller import Caller, Reach
from tocsin.domain.errors import Forbidden, NotAuthenticated, NotFound
from tocsin.domain.organization import User
from tocsin.edges.bodies import read_body
from tocsin.edges.services import Services
from tocsin.edges.sessions import SAFE_METHODS, SESSION_COOKIE, AnyRequest, authenticate, is_same_origin
from tocsin.edges.web.forms import Form, form_token
from tocsin.edges.web.notices import NOTICE_COOKIE, Notice, read_notice
from tocsin.storage.views import access

QUERY_FIELDS_MAX = 200


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose sender is known. Path and query are as the browser sent them."""

    services: Services
    now: datetime
    path: str
    query: tuple[tuple[str, str], ...]
    form: Form
    session: str
    """The cookie; empty for a bearer token."""
    caller: Caller
    user: User
    """The person at the browser."""
    reach_or_none: Reach | None = None
    notice: Notice | None = None
    """What the page before this one did."""

    @property
    def reach(self) -> Reach:
        """How far the caller reaches in the organization that the path names."""
        if self.reach_or_none is None:
            raise NotFound
        return self.reach_or_none

    @property
    def form_token(self) -> str:
        """What the forms of this page must carry."""
        return form_token(self.session)

    @property
    def here(self) -> str:
        """The address of this page, relative to the root: where forms lead back to."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def one(self, name: str) -> str:
        """Return the last value of a query parameter, ``""`` when it is absent."""
        return next((value for key, value in reversed(self.query) if key == name), "")

    def all(self, name: str) -> list[str]:
        """Return every value of a query parameter that is not empty, in order."""
        return [value for key, value in self.query if key == name and value]


async def visit_of(request: AnyRequest) -> Visit:
    """Return the visit behind *request*.

    Raises NotAuthenticated without a session, Forbidden for a form of another site or session and for an organization
    the caller is no member of, NotFound for one that nobody knows.
    """
    services = services_of(request)
    body = await read_body(request, services.settings.api_body_bytes_max)
    return await sync_to_thread(_authorised, request, services, body)


def services_of(request: AnyRequest) -> Services:
    """Return what the edges were given."""
    services: Services = request.app.state["services"]
    return services


def check_same_origin(request: AnyRequest) -> None:
    """Raise Forbidden for a form that another site sent."""
    if not is_same_origin(request, services_of(request)):
        raise Forbidden("This form came from another site. Open Tocsin in this tab and try again.")


def _authorised(request: AnyRequest, services: Services, body: bytes) -> Visit:
    now = services.clock()
    session = request.cookies.get(SESSION_COOKIE, "")
    form = Form.read(body)
    if request.method not in SAFE_METHODS:
        check_same_origin(request)
        form.check_token(session)
    caller = authenticate(request, services, now)
    if caller.user is None:
        raise NotAuthenticated("These pages are for people. Log in, or ask the API with this token.")
    return Visit(
        services=services,
        now=now,
        path=request.scope["path"],
        query=tuple(parse_qsl(request.url.query, keep_blank_values=True)[:QUERY_FIELDS_MAX]),
        form=form,
        session=session,
        caller=caller,
        user=caller.user,
        reach_or_none=_reach(services, caller, request.path_params.get("org")),
        notice=read_notice(request.cookies.get(NOTICE_COOKIE, "")),
    )


def _reach(services: Services, caller: Caller, organization: str | None) -> Reach | None:
    return None if organization is None else access.reach(services.views, caller, organization)
