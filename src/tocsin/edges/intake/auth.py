"""How a request names its project key (spec/ingest.md 1.3)."""

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qsl

import msgspec

from tocsin.domain.errors import Malformed, NotAuthenticated
from tocsin.domain.event.project_key import public_key_of

PROTOCOL_VERSION_MAX = 7
_FIELDS_MAX = 32
_CACHED_LENGTH_MAX = 512


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """A project key as a request named it; secret and timestamp of old clients are ignored."""

    public_key: str
    client: str = ""
    """``sentry_client``, ``""`` when not sent."""


def credentials_of(x_sentry_auth: bytes, authorization: bytes, query: bytes) -> Credentials | None:
    """Return the first credentials among the two headers and the query string, None when there are none.

    The reference refuses requests with more than one; proxies duplicate them, so we do not. Raises NotAuthenticated
    for a Sentry header that cannot be read, Malformed for a bad key or a protocol of the future.
    """
    if len(x_sentry_auth) + len(authorization) + len(query) > _CACHED_LENGTH_MAX:
        return _read(x_sentry_auth, authorization, query)
    return _read_cached(x_sentry_auth, authorization, query)


def query_fields(query: bytes) -> dict[str, str]:
    """Return the fields of a query string, the last of each name. Raises Malformed when there are too many."""
    try:
        return dict(parse_qsl(query.decode("latin-1"), max_num_fields=_FIELDS_MAX))
    except ValueError as error:
        raise Malformed(f"The query string has more than {_FIELDS_MAX} fields.") from error


def _read(x_sentry_auth: bytes, authorization: bytes, query: bytes) -> Credentials | None:
    if x_sentry_auth:
        return _of_sentry_header(x_sentry_auth.decode("latin-1"))
    if authorization:
        scheme, _, rest = authorization.decode("latin-1").partition(" ")
        if scheme.lower() == "sentry":
            return _of_sentry_header(f"Sentry {rest}")
        # Basic and Bearer may be meant for a proxy in front of us: then the query counts.
        if scheme.lower() == "basic" and (found := _of_basic(rest)):
            return found
    return _of_query(query)


_read_cached = lru_cache(maxsize=4096)(_read)


def _of_sentry_header(header: str) -> Credentials:
    scheme, _, rest = header.strip().partition(" ")
    pairs = (field.partition("=") for field in rest.split(",", _FIELDS_MAX))
    fields = {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
    if scheme.lower() != "sentry" or not fields.get("sentry_key"):
        raise NotAuthenticated("The auth header cannot be read; send X-Sentry-Auth: Sentry sentry_key=KEY.")
    return _credentials(fields)


def _of_basic(encoded: str) -> Credentials | None:
    try:
        user, _, _ = base64.b64decode(encoded, validate=True).decode("latin-1").partition(":")
        return Credentials(public_key=public_key_of(user))
    except (binascii.Error, Malformed):
        return None


def _of_query(query: bytes) -> Credentials | None:
    if b"sentry_key=" not in query:
        return None
    fields = query_fields(query)
    return _credentials(fields) if fields.get("sentry_key") else None


def _credentials(fields: Mapping[str, str]) -> Credentials:
    _refuse_future_version(fields.get("sentry_version", ""))
    return Credentials(public_key=public_key_of(fields["sentry_key"]), client=fields.get("sentry_client", ""))


def _refuse_future_version(sent: str) -> None:
    # Some clients of old wrote 2.0.
    version = sent.partition(".")[0] or str(PROTOCOL_VERSION_MAX)
    if not (version.isascii() and version.isdecimal()):
        raise NotAuthenticated("The sentry_version cannot be read; send 7.")
    if len(version) > 4 or int(version) > PROTOCOL_VERSION_MAX:
        raise Malformed(f"Protocol versions above {PROTOCOL_VERSION_MAX} are not known; send sentry_version=7.")
