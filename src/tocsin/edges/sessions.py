"""Who sent a request: a bearer token or a browser's session cookie, the same for the API and the pages."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from litestar import Request

from tocsin.domain.caller import Caller
from tocsin.domain.errors import NotAuthenticated
from tocsin.edges.services import Services

SESSION_COOKIE = "tocsin_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

AnyRequest = Request[Any, Any, Any]


def authenticate(request: AnyRequest, services: Services, now: datetime) -> Caller:
    """Return who asks, by bearer token or by session cookie. Raises NotAuthenticated."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return services.authenticate.by_token(token.strip(), now)
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie and (request.method in SAFE_METHODS or is_same_origin(request, services)):
        return services.authenticate.by_session(cookie, now)
    raise NotAuthenticated("Authentication credentials were not provided.")


def authenticate_if_any(request: AnyRequest, services: Services, now: datetime) -> Caller | None:
    """Return who asks for what anybody may have, None for somebody without credentials.

    A session that has ended is as good as none; a bearer token must be good. Raises NotAuthenticated.
    """
    try:
        return authenticate(request, services, now)
    except NotAuthenticated:
        if request.headers.get("authorization", "").lower().startswith("bearer "):
            raise
        return None


def is_same_origin(request: AnyRequest, services: Services) -> bool:
    """Whether a browser says that one of our own pages sent this: what keeps a cookie from working for others.

    Browsers leave ``Sec-Fetch-Site`` out over plain http, except for the local machine; then the origin must be the
    public one, or the host that was asked.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    public = urlsplit(services.settings.public_url)
    is_public = (origin.scheme, origin.netloc) == (public.scheme, public.netloc)
    return is_public or (bool(origin.netloc) and origin.netloc == request.headers.get("host"))
