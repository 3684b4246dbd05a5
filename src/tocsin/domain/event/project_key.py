"""Project keys, the DSNs that name them, and the origins that may use them (spec/ingest.md 1.2 to 1.4)."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec

from tocsin.domain.errors import Malformed
from tocsin.domain.rate_limit import Cap

_TEXT_LENGTH_MAX = 512
_PUBLIC_KEY = re.compile(r"([0-9a-fA-F]{1,32})(?::[\w-]+)*", re.ASCII)
_PROJECT_ID = re.compile(r"[0-9]{1,19}", re.ASCII)
_DSN = re.compile(
    r"[\w+]+://(?P<public_key>[^:@/?#]+)(?::[^@/?#]*)?@[^@/?#]+/(?:[^?#]*/)?(?P<project_id>\d+)/?(?:[?#].*)?"
)


class ProjectKey(msgspec.Struct, frozen=True, kw_only=True):
    """What the intake must know of a key to decide whether to accept a request."""

    public_key: str
    project_id: int
    is_active: bool
    """False when the key, or its project, is disabled or deleted."""
    allowed_domains: tuple[str, ...] = ("*",)
    caps: tuple[Cap, ...] = ()
    """How many events may come of it, the project and the installation."""

    def admits(self, origin: str) -> bool:
        """Say whether a request with this Origin (or Referer), ``""`` for none, may use the key.

        A domain is ``*``, a host, ``*.host`` (which holds the host itself too), either with ``:port`` or a scheme in
        front. Only web origins are judged: servers send none, apps send schemes of their own (spec/ingest.md 1.4).
        """
        if not origin or "*" in self.allowed_domains:
            return True
        return _admitted(self.allowed_domains, origin[:_TEXT_LENGTH_MAX])


class Dsn(msgspec.Struct, frozen=True, kw_only=True):
    """The two parts of a DSN that name something of ours; host, path and secret are the client's affair."""

    public_key: str
    project_id: int


def parse_dsn(text: str) -> Dsn:
    """Return what a DSN names (spec/ingest.md 1.2). Raises Malformed."""
    if len(text) > _TEXT_LENGTH_MAX:
        raise Malformed("The dsn is too long; copy it again from the project's settings.")
    return _parsed_dsn(text)


def public_key_of(text: str) -> str:
    """Return the public key in lower case and without its ``:flag`` parts. Raises Malformed."""
    found = _PUBLIC_KEY.fullmatch(text)
    if found is None:
        raise Malformed("The public key must be at most 32 hexadecimal digits; copy the DSN again.")
    return found[1].lower()


def project_id_of(text: str) -> int:
    """Return the project id that a path or a DSN names in decimal digits. Raises Malformed."""
    if _PROJECT_ID.fullmatch(text) is None:
        raise Malformed("The project id must be a decimal number; copy the DSN again.")
    return int(text)


@lru_cache(maxsize=1024)
def _parsed_dsn(text: str) -> Dsn:
    found = _DSN.fullmatch(text)
    if found is None:
        raise Malformed("The dsn must look like https://key@host/1; copy it again from the project's settings.")
    return Dsn(public_key=public_key_of(found["public_key"]), project_id=project_id_of(found["project_id"]))


@lru_cache(maxsize=1024)
def _admitted(allowed_domains: tuple[str, ...], origin: str) -> bool:
    try:
        url = urlsplit(origin)
        host, port = url.hostname or "", url.port
    except ValueError:
        return False
    if url.scheme not in {"http", "https"}:
        return True
    return any(_fits(domain.strip().lower(), url.scheme, host, port) for domain in allowed_domains)


def _fits(domain: str, scheme: str, host: str, port: int | None) -> bool:
    wanted_scheme, separator, wanted = domain.rpartition("://")
    if separator and wanted_scheme != scheme:
        return False
    wanted_host, wanted_port = _host_and_port(wanted.rstrip("/"))
    if wanted_port not in {"", str(port or _DEFAULT_PORTS[scheme])}:
        return False
    if wanted_host.startswith("*."):
        return host == wanted_host[2:] or host.endswith(wanted_host[1:])
    return host == wanted_host


_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST_AND_PORT = re.compile(r"\[?(.*?)\]?(?::(\d+))?")


def _host_and_port(text: str) -> tuple[str, str]:
    found = _HOST_AND_PORT.fullmatch(text)
    return (found[1], found[2] or "") if found else (text, "")
