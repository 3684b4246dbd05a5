"""Which paths the intake answers, and what it takes there (spec/ingest.md 1.1)."""

from enum import IntEnum, auto
from functools import lru_cache

import msgspec

_PATH_LENGTH_MAX = 2048


class Endpoint(IntEnum):
    """What a path takes."""

    ENVELOPE = auto()
    STORE = auto()
    SECURITY = auto()
    NETWORK_ERRORS = auto()
    MINIDUMP = auto()
    UNREAL = auto()
    FILES = auto()
    CHECK_IN = auto()
    TRACES = auto()
    LOGS = auto()
    DIALOG = auto()
    UNKNOWN = auto()
    """A path of SDKs that Tocsin does not serve."""


class Route(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """One path of the intake."""

    endpoint: Endpoint
    project: str | None = None
    """The project as the path names it, None where the key or the dsn header must."""
    public_key: str = ""
    """As the path names it, ``""`` where something else must."""
    name: str = ""
    """What else the path names: a monitor's slug, an event's id."""


_ENDPOINTS = {
    "envelope": Endpoint.ENVELOPE,
    "store": Endpoint.STORE,
    "security": Endpoint.SECURITY,
    "csp-report": Endpoint.SECURITY,
    "nel": Endpoint.NETWORK_ERRORS,
    "minidump": Endpoint.MINIDUMP,
}
_OPEN_TELEMETRY = {"traces": Endpoint.TRACES, "logs": Endpoint.LOGS}


def find_route(path: str, prefix: str, tunnels: frozenset[str]) -> Route | None:
    """Return the route of *path*, None for a path that is not the intake's.

    Slashes may be repeated or missing at the end; *prefix* may stand in front (a proxy may have cut it off). *tunnels*
    are paths that take envelopes whose dsn header says where they belong. The REST API's ``/api/0/`` is left alone.
    """
    return _find(path, prefix, tunnels) if len(path) <= _PATH_LENGTH_MAX else None


@lru_cache(maxsize=4096)
def _find(path: str, prefix: str, tunnels: frozenset[str]) -> Route | None:
    plain = plain_path(path)
    if plain in tunnels:
        return Route(endpoint=Endpoint.ENVELOPE)
    segments = plain.removeprefix(prefix).split("/")
    match segments:
        case ["", "api", ("envelope" | "store") as name]:
            return Route(endpoint=_ENDPOINTS[name])
        case ["", "api", "embed", "error-page"]:
            return Route(endpoint=Endpoint.DIALOG)
        case ["", "api", project, name] if name in _ENDPOINTS and (project != "0" or name in {"envelope", "store"}):
            return Route(endpoint=_ENDPOINTS[name], project=project)
        case ["", "api", project, *rest] if rest and project.strip("0"):
            return _of_project(project, rest)
        case _:
            return None


def _of_project(project: str, rest: list[str]) -> Route | None:
    match rest:
        case ["unreal", public_key]:
            return Route(endpoint=Endpoint.UNREAL, project=project, public_key=public_key)
        case ["events", event_id, "attachments"]:
            return Route(endpoint=Endpoint.FILES, project=project, name=event_id)
        case ["cron", slug, *more] if len(more) < 2:
            return Route(endpoint=Endpoint.CHECK_IN, project=project, name=slug, public_key="".join(more))
        case ["otlp", "v1", "traces" as name] | ["integration", "otlp", "v1", ("traces" | "logs") as name]:
            return Route(endpoint=_OPEN_TELEMETRY[name], project=project)
        case _:
            return Route(endpoint=Endpoint.UNKNOWN, project=project) if project.isdecimal() else None


def plain_path(path: str) -> str:
    """Return *path* without repeated or trailing slashes, as ``find_route`` compares: ``/pre/fix``, ``""`` for none."""
    return "".join(f"/{segment}" for segment in path.split("/") if segment)
