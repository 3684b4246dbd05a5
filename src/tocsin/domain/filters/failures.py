"""Failures that are nobody's mistake: of hydration, of loading a piece of a bundle, of content policies."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tocsin.domain.filters.evidence import exceptions

_HYDRATION = re.compile(
    r"hydration failed because|error while hydrating|content does not match server-rendered"
    r"|react\.dev/errors/(?:418|419|422|423|425)\b|reactjs\.org/docs/error-decoder\.html\?invariant=(?:418|419|422|423|425)\b",
    re.IGNORECASE,
)
_CHUNK = re.compile(r"^(?:Uncaught )?ChunkLoadError|Loading (?:CSS )?chunk [^\s]+ failed", re.IGNORECASE)
_EXTENSION_SCHEMES = frozenset(
    {
        *(
            "about",
            "chrome",
            "chrome-extension",
            "moz-extension",
            "safari-extension",
            "safari-web-extension",
            "resource",
        ),
        *("jar", "webviewprogressproxy", "ms-browser-extension", "tmtbff", "mbinit", "symres", "mx", "data-is"),
    }
)
_ADWARE = (
    *("superfish.com", "sweet-page.com", "sambreel.com", "dealply.com", "spigot.com", "localhost.sweet-page.com"),
    *("cdn.jsrelay.com", "istatic.eshopcomp.com", "wordlinx.com", "nikkomsgchannel", "ciuvo.com", "foxydeal.com"),
)


def is_hydration_error(event: Mapping[str, Any]) -> bool:
    """Say whether a page rendered by a server did not match what the browser made of it."""
    return any(_HYDRATION.search(str(one.get("value") or "")[:_CHARS_MAX]) for one in exceptions(event))


def is_chunk_load_error(event: Mapping[str, Any]) -> bool:
    """Say whether a piece of a bundle did not load, as after each deploy."""
    return any(
        one.get("type") == "ChunkLoadError" or _CHUNK.search(str(one.get("value") or "")[:_CHARS_MAX])
        for one in exceptions(event)
    )


def is_invalid_csp(event: Mapping[str, Any]) -> bool:
    """Say whether a content policy stopped what an extension or adware put into the page."""
    csp = event.get("csp") or {}
    return any(_is_foreign(str(csp.get(name) or "")) for name in ("blocked_uri", "source_file"))


def _is_foreign(uri: str) -> bool:
    scheme, separator, _ = uri.partition(":")
    if scheme.lower() in _EXTENSION_SCHEMES and (separator or scheme.lower() == "about"):
        return True
    try:
        host = urlsplit(uri).hostname or ""
    except ValueError:
        return False
    return any(host == bad or host.endswith(f".{bad}") for bad in _ADWARE)


_CHARS_MAX = 4096
