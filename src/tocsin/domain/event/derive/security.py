"""Titles of what browsers report about a page's policy (spec/ingest.md 4.6)."""

from typing import Any
from urllib.parse import urlsplit

CERTIFICATE_REPORTS = {"hpkp": "Public key pinning", "expectct": "Expect-CT", "expectstaple": "Expect-Staple"}

_KINDS = {
    "base-uri": "base",
    "child-src": "child",
    "connect-src": "connect",
    "default-src": "default",
    "font-src": "font",
    "form-action": "form",
    "frame-ancestors": "frame",
    "frame-src": "frame",
    "img-src": "image",
    "manifest-src": "manifest",
    "media-src": "media",
    "object-src": "object",
    "script-src": "script",
    "script-src-attr": "script",
    "script-src-elem": "script",
    "style-src": "style",
    "style-src-attr": "style",
    "style-src-elem": "style",
    "worker-src": "worker",
}


def csp_directive(csp: dict[str, Any]) -> str:
    """Return the directive in effect, ``""`` when the report names none."""
    for name in ("effective_directive", "violated_directive"):
        words = csp[name].split() if isinstance(csp.get(name), str) else ()
        if words:
            return str(words[0])
    return ""


def csp_title(csp: dict[str, Any]) -> str:
    """Return what was blocked, and from where."""
    directive = csp_directive(csp)
    kind = _KINDS.get(directive)
    blocked = csp.get("blocked_uri")
    if kind is None:
        return f"Blocked by '{directive}'" if directive else "Blocked by the content security policy"
    if blocked == "inline":
        return f"Blocked unsafe inline '{kind}'"
    if blocked == "eval":
        return f"Blocked unsafe eval() '{kind}'"
    return f"Blocked '{kind}' from '{csp_source(blocked)}'"


def csp_source(blocked: Any) -> str:
    """Return the host that was blocked, or its scheme when it has none; ``self`` when the report does not say."""
    if not isinstance(blocked, str) or not blocked:
        return "self"
    try:
        parts = urlsplit(blocked)
        host = parts.hostname
    except ValueError:
        return blocked
    return host or (f"{parts.scheme}:" if parts.scheme else blocked)


def host_title(kind: str, report: dict[str, Any]) -> str:
    """Return the title of a certificate report: hpkp, expectct, expectstaple."""
    host = report.get("hostname")
    return f"{CERTIFICATE_REPORTS[kind]} validation failed" + (
        f" for '{host}'" if isinstance(host, str) and host else ""
    )
