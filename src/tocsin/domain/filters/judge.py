"""Whether an event or a session is wanted, and if not, which filter says so (spec/ingest.md 6.8)."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, TypeAlias

import msgspec

from tocsin.domain.filters.agents import AGENT_CHARS_MAX, is_crawler, is_legacy_browser
from tocsin.domain.filters.evidence import messages, user_agent
from tocsin.domain.filters.extensions import is_of_extension
from tocsin.domain.filters.failures import is_chunk_load_error, is_hydration_error, is_invalid_csp
from tocsin.domain.filters.filters import LEGACY, Filters
from tocsin.domain.filters.globs import is_any_matched
from tocsin.domain.filters.local import is_of_localhost

_Network: TypeAlias = IPv4Network | IPv6Network


class Sender(msgspec.Struct, frozen=True):
    """Who sent: the address of the connection."""

    client_ip: str = ""


def why_filtered(event: Mapping[str, Any], filters: Filters, sender: Sender) -> str | None:
    """Return the id of the first filter that a normalised event does not pass, None if it passes all."""
    if filters.addresses and is_among(sender.client_ip, filters.addresses):
        return "ip-address"
    if filters.releases and is_any_matched((str(event.get("release") or ""),), filters.releases):
        return "release-version"
    agent = user_agent(event)[:AGENT_CHARS_MAX]
    if agent and (reason := _of_agent(agent, filters)):
        return reason
    for name, is_unwanted in _PLAIN.items():
        if name in filters.on and is_unwanted(event):
            return name
    if filters.error_messages and is_any_matched(messages(event), filters.error_messages):
        return "error-message"
    return None


def why_filtered_session(attributes: Mapping[str, Any], filters: Filters, sender: Sender) -> str | None:
    """Return the id of the first filter that a session does not pass; *attributes* are its ``attrs``."""
    address = str(attributes.get("ip_address") or sender.client_ip)
    if filters.addresses and is_among(address, filters.addresses):
        return "ip-address"
    if filters.releases and is_any_matched((str(attributes.get("release") or ""),), filters.releases):
        return "release-version"
    if "localhost" in filters.on and attributes.get("ip_address") in {"127.0.0.1", "::1"}:
        return "localhost"
    agent = str(attributes.get("user_agent") or "")[:AGENT_CHARS_MAX]
    return _of_agent(agent, filters) if agent else None


def is_among(address: str, networks: tuple[str, ...]) -> bool:
    """Say whether an address, in text, is one of *networks* or lies in one."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in _networks(networks))


def _of_agent(agent: str, filters: Filters) -> str | None:
    if "web-crawlers" in filters.on and is_crawler(agent):
        return "web-crawlers"
    if filters.legacy_browsers and is_legacy_browser(agent, filters.legacy_browsers):
        return LEGACY
    return None


_PLAIN: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "browser-extensions": is_of_extension,
    "localhost": is_of_localhost,
    "react-hydration-errors": is_hydration_error,
    "chunk-load-error": is_chunk_load_error,
    "invalid-csp": is_invalid_csp,
}


@lru_cache(maxsize=1024)
def _networks(texts: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)
