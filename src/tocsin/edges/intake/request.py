"""What is known of a request before its body."""

from functools import lru_cache
from typing import Any

import msgspec

from tocsin.domain.errors import NotAuthenticated
from tocsin.domain.event.accepted import BodyForm
from tocsin.domain.event.project_key import parse_dsn, project_id_of, public_key_of
from tocsin.edges.intake.auth import Credentials, credentials_of, query_fields
from tocsin.edges.intake.routes import Endpoint, Route
from tocsin.lib.forwarded import TrustedProxies

_TEXT_LENGTH_MAX = 1024
_REMEMBERED_MAX = 1024
_REMEMBERED_BYTES_MAX = 2048
_NAMES = (
    b"x-sentry-auth",
    b"authorization",
    b"content-type",
    b"content-encoding",
    b"user-agent",
    b"x-forwarded-for",
    b"origin",
    b"referer",
)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before the body of one request. Text that was not sent is ``""``."""

    form: BodyForm
    """Of what is kept of it."""
    project_id: int | None
    """As the path names it, None where the key or the dsn header must."""
    credentials: Credentials | None
    """None when only the dsn in the envelope can tell, spec/ingest.md 1.3."""
    client: str
    """Name and version of the SDK, else the User-Agent."""
    client_ip: str
    user_agent: str
    origin: str
    """The Origin, else the Referer; ``""`` for a server."""
    encoding: str
    """The Content-Encoding."""
    query: bytes


class RequestReader:
    """Reads what stands before bodies, and remembers it: a client sends the same headers with every request."""

    def __init__(self, proxies: TrustedProxies) -> None:
        self._proxies = proxies
        self._remembered = lru_cache(maxsize=_REMEMBERED_MAX)(self._request)

    def read(self, scope: dict[str, Any], route: Route) -> tuple[Request, int]:
        """Return the request in an ASGI scope, and its Content-Length, 0 when not sent.

        Raises Malformed for a bad project id, public key or protocol version; NotAuthenticated when the credentials
        cannot be read, or are missing where no envelope could hold them.
        """
        header = dict(scope["headers"]).get
        sent = tuple(map(header, _NAMES))
        query: bytes = scope["query_string"]
        short = len(query) + sum(map(len, filter(None, sent))) <= _REMEMBERED_BYTES_MAX
        request = (self._remembered if short else self._request)(route, _peer(scope), query, sent)
        return request, _content_length(header(b"content-length"))

    def _request(self, route: Route, peer: str, query: bytes, sent: tuple[bytes | None, ...]) -> Request:
        headers = {name: value for name, value in zip(_NAMES, sent, strict=True) if value is not None}
        project_id = None if route.project is None else project_id_of(route.project)
        credentials = credentials_of(headers.get(b"x-sentry-auth", b""), headers.get(b"authorization", b""), query)
        form = _form(route.endpoint, headers)
        if route.endpoint is Endpoint.DIALOG:
            credentials, project_id = _of_dialog(query)
        elif credentials is None and route.public_key:
            credentials = Credentials(public_key=public_key_of(route.public_key))
        if credentials is None and (form is BodyForm.STORE or route.endpoint not in _WITH_ENVELOPES):
            raise not_authenticated()
        user_agent = _text(headers, b"user-agent")
        return Request(
            form=form,
            project_id=project_id,
            credentials=credentials,
            client=(credentials and credentials.client) or user_agent,
            client_ip=self._proxies.client_address(peer, _text(headers, b"x-forwarded-for")),
            user_agent=user_agent,
            origin=_text(headers, b"origin") or _text(headers, b"referer"),
            encoding=_text(headers, b"content-encoding"),
            query=query,
        )


def not_authenticated() -> NotAuthenticated:
    """Return the refusal of a request that names no key."""
    return NotAuthenticated("No project key was sent; send X-Sentry-Auth, ?sentry_key= or the envelope's dsn.")


_WITH_ENVELOPES = frozenset({Endpoint.ENVELOPE, Endpoint.STORE})


def _of_dialog(query: bytes) -> tuple[Credentials, int]:
    """Return what the dsn in the query of a crash-report dialog names."""
    sent = query_fields(query).get("dsn")
    if not sent:
        raise not_authenticated()
    dsn = parse_dsn(sent)
    return Credentials(public_key=dsn.public_key), dsn.project_id


def _form(endpoint: Endpoint, headers: dict[bytes, bytes]) -> BodyForm:
    """Return how to read the body: as the endpoint does, unless the content type says that it is an envelope."""
    if endpoint is Endpoint.STORE and not headers.get(b"content-type", b"").startswith(
        b"application/x-sentry-envelope"
    ):
        return BodyForm.STORE
    return BodyForm.ENVELOPE


def _content_length(sent: bytes | None) -> int:
    return int(sent) if sent and sent.isdigit() and len(sent) < 20 else 0


def _text(headers: dict[bytes, bytes], name: bytes) -> str:
    return headers[name][:_TEXT_LENGTH_MAX].decode("latin-1") if name in headers else ""


def _peer(scope: dict[str, Any]) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
