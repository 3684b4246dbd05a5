"""Which paths the intake answers, and what it takes there (spec/ingest.md 1.1)."""

from enum import Enum, auto
from functools import lru_cache

import msgspec

_PATH_LENGTH_MAX = 2048


class Endpoint(Enum):
    """What a path takes."""

    ENVELOPE = auto()
    STORE = auto()
    UNKNOWN = auto()
    """A path of SDKs that Tocsin does not serve."""


class Route(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """One path of the intake."""

    endpoint: Endpoint
    project: str | None = None
    """The project as the path names it, None where the key or the dsn header must."""


_ENDPOINTS = {"envelope": Endpoint.ENVELOPE, "store": Endpoint.STORE}


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
    match plain.removeprefix(prefix).split("/"):
        case ["", "api", ("envelope" | "store") as name]:
            return Route(endpoint=_ENDPOINTS[name])
        case ["", "api", project, ("envelope" | "store") as name]:
            return Route(endpoint=_ENDPOINTS[name], project=project)
        case ["", "api", project, _, *_] if project.isdecimal() and project.strip("0"):
            return Route(endpoint=Endpoint.UNKNOWN, project=project)
        case _:
            return None


def plain_path(path: str) -> str:
    """Return *path* without repeated or trailing slashes, as ``find_route`` compares: ``/pre/fix``, ``""`` for none."""
    return "".join(f"/{segment}" for segment in path.split("/") if segment)
