"""Errors on the machine of whoever develops (``localhost``)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tocsin.domain.filters.evidence import header

_ADDRESSES = frozenset({"127.0.0.1", "::1"})
_HOSTS = ("127.0.0.1", "localhost")


def is_of_localhost(event: Mapping[str, Any]) -> bool:
    """Say whether the event comes from its developer's machine: by user, URL, or the host of the request."""
    if (event.get("user") or {}).get("ip_address") in _ADDRESSES or header(event, "X-Forwarded-For") in _ADDRESSES:
        return True
    url = (event.get("request") or {}).get("url")
    if url:
        return is_local_url(str(url))
    return any(_name(header(event, name)) in _HOSTS for name in ("Host", "X-Forwarded-Host"))


def is_local_url(url: str) -> bool:
    """Say whether a URL is a file's, or of localhost or below it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme == "file" or any(host == local or host.endswith(f".{local}") for local in _HOSTS)


def _name(host: str) -> str:
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() and ":" in host else host
