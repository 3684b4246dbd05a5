"""Who sent a request: a bearer token or a browser's session cookie, the same for the API and the pages."""

from base64 import b64decode
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from litestar import Request

from tocsin.domain.caller import Caller
from tocsin.domain.errors import NotAuthenticated
from tocsin.edges.services import Services
from tocsin.lib.forwarded import TrustedProxies

SESSION_COOKIE = "tocsin_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

NO_AUTHORIZATION = ("", "")

AnyRequest = Request[Any, Any, Any]


def authenticate(request: AnyRequest, services: Services, now: datetime) -> Caller:
    """Return who asks, by bearer token, by an organization's token as a user name, or by session cookie.

    Raises NotAuthenticated.
    """
    scheme, given = _authorization(request)
    if scheme == "bearer":
        return services.authenticate.by_token(given, now)
    if scheme == "basic":
        return services.authenticate.by_key(given, now)
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie and (request.method in SAFE_METHODS or is_same_origin(request, services)):
        return services.authenticate.by_session(cookie, now)
    raise NotAuthenticated("Authentication credentials were not provided.")


def authenticate_if_any(request: AnyRequest, services: Services, now: datetime) -> Caller | None:
    """Return who asks for what anybody may have, None for somebody without credentials.

    A session that has ended is as good as none; a token must be good. Raises NotAuthenticated.
    """
    try:
        return authenticate(request, services, now)
    except NotAuthenticated:
        if _authorization(request) != NO_AUTHORIZATION:
            raise
        return None


def dsn_of(request: AnyRequest) -> str:
    """Return the DSN that a program authenticates with, ``""`` when it does not."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "dsn" else ""


def _authorization(request: AnyRequest) -> tuple[str, str]:
    """Return the scheme and the token of the header, ``NO_AUTHORIZATION`` when it has none of ours.

    Basic credentials with a password are somebody else's: those of a proxy in front of us, which browsers send along.
    """
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            token = given.strip()
        case "basic":
            token = _user_name_alone(given)
        case _:
            token = ""
    return (scheme.lower(), token) if token else NO_AUTHORIZATION


def _user_name_alone(given: str) -> str:
    """Return the user name of Basic credentials, ``""`` when they have a password or cannot be read."""
    try:
        name, _, password = b64decode(given, validate=True).decode().partition(":")
    except ValueError:
        return ""
    return "" if password else name


def address_of(request: AnyRequest, services: Services) -> str:
    """Return the address of the client, as far as the trusted proxies say."""
    peer = request.client.host if request.client else ""
    proxies = TrustedProxies(services.settings.trusted_proxies)
    return proxies.client_address(peer, request.headers.get("x-forwarded-for", ""))


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
