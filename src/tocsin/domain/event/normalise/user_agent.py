"""Browser, device and operating system, as the request's headers tell them (spec/ingest.md 3.10)."""

import re
from functools import cache, lru_cache
from typing import Any, TypeAlias

from ua_parser import Parser
from ua_parser.loaders import load_builtins
from ua_parser.regex import Resolver

from tocsin.domain.event.normalise.request import header_of

USER_AGENT_LENGTH_MAX = 2048

_BRAND = re.compile(r'"([^"]*)"\s*;\s*v="([^"]*)"')
_ENGINES = re.compile(r"not.*brand|chromium|gecko|webkit", re.IGNORECASE)
_FROZEN = frozenset({("Windows", "10"), ("Mac OS X", "10.15.7")})
"""What browsers say on every later version too."""

Context: TypeAlias = dict[str, str]


def describe_client(event: dict[str, Any]) -> None:
    """Add the contexts browser, device and os (``client_os`` on servers) where the event says none of it; in place."""
    request = event.get("request")
    if not request or not request.get("headers"):
        return
    described = _described_by_hints(request)
    agent = header_of(request, "User-Agent")
    if agent:
        described = _described_by_agent(agent[:USER_AGENT_LENGTH_MAX]) | described
    contexts = event.get("contexts") or {}
    for kind, context in described.items():
        alias = "client_os" if kind == "os" and event.get("platform") != "javascript" else kind
        sent = contexts.get(alias, {})
        # A server's SDK sends a device of its own that says nothing of the client's family or model.
        if sent.keys().isdisjoint(context):
            contexts[alias] = {"type": kind} | sent | context
    if contexts:
        event["contexts"] = contexts


def browser_of(agent: str) -> tuple[str, int | None]:
    """Return the family of the browser that a User-Agent names, and its major version, None when that is unknown."""
    browser = _described_by_agent(agent[:USER_AGENT_LENGTH_MAX]).get("browser")
    if browser is None:
        return "", None
    major = browser.get("version", "").partition(".")[0]
    return browser["name"], int(major) if major.isascii() and major.isdigit() else None


def _described_by_hints(request: dict[str, Any]) -> dict[str, Context]:
    hints = {name: value for name, value in request["headers"] if name.startswith("Sec-Ch-Ua")}
    if not hints:
        return {}
    browser = next((each for each in _BRAND.findall(hints.get("Sec-Ch-Ua", "")) if not _ENGINES.search(each[0])), None)
    platform = hints.get("Sec-Ch-Ua-Platform", "").strip('" ')
    model = hints.get("Sec-Ch-Ua-Model", "").strip('" ')
    described: dict[str, Context] = {}
    if browser:
        described["browser"] = _named(*browser)
    if platform:
        described["os"] = _named(platform, hints.get("Sec-Ch-Ua-Platform-Version", "").strip('" '))
    if model:
        described["device"] = {"model": model}
    return described


@lru_cache(maxsize=4096)
def _described_by_agent(agent: str) -> dict[str, Context]:
    """Return the contexts that a User-Agent describes; shared between events, never to be changed."""
    result = _parser().parse(agent)
    described: dict[str, Context] = {}
    if result.user_agent:
        described["browser"] = _named(result.user_agent.family, _version(result.user_agent))
    if result.os:
        version = _version(result.os)
        frozen = (result.os.family, version) in _FROZEN
        described["os"] = _named(result.os.family, f">={version}" if frozen else version)
    if result.device:
        device = {"family": result.device.family, "model": result.device.model, "brand": result.device.brand}
        described["device"] = {name: value for name, value in device.items() if value}
    return described


@cache
def _parser() -> Parser:
    return Parser(Resolver(load_builtins()))


def _named(name: str, version: str) -> Context:
    return {"name": name, "version": version} if version else {"name": name}


def _version(part: Any) -> str:
    numbers = (part.major, part.minor, part.patch)
    return ".".join(numbers[: numbers.index(None) if None in numbers else None])
