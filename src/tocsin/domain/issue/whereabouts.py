"""Where issues were met: since when and until when in each environment, and in which release first."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from tocsin.domain.release.release import EnvironmentId


class Met(msgspec.Struct, frozen=True, kw_only=True):
    """When some events came from an environment; there is at least one."""

    first_seen: datetime
    last_seen: datetime
    first_release: str = ""
    """Version of the release of the first; empty when it has none."""


Whereabouts: TypeAlias = Mapping[EnvironmentId, Met]


def met_by_all(several: Iterable[Met | None]) -> Met | None:
    """Return several as one; of equal times the one given first counts. None when nothing is known."""
    known = [met for met in several if met is not None]
    if not known:
        return None
    first = min(known, key=lambda met: met.first_seen)
    return msgspec.structs.replace(first, last_seen=max(met.last_seen for met in known))


def without(
    whereabouts: Whereabouts, gone: Sequence[Whereabouts], rest: Sequence[Whereabouts]
) -> dict[EnvironmentId, Met]:
    """Return *whereabouts* without the events that *gone* tells of; *rest* tells of all the others, if of any.

    What cannot come from *gone* stays as it is; what comes from it alone is left out.
    """
    left: dict[EnvironmentId, Met] = {}
    for environment_id, whole in whereabouts.items():
        leaving = met_by_all(one.get(environment_id) for one in gone)
        staying = met_by_all(one.get(environment_id) for one in rest)
        remaining = whole if leaving is None else _remainder(whole, leaving, staying)
        if remaining is not None:
            left[environment_id] = remaining
    return left


def _remainder(whole: Met, gone: Met, rest: Met | None) -> Met | None:
    keeps_first, keeps_last = whole.first_seen < gone.first_seen, whole.last_seen > gone.last_seen
    if rest is None:
        return whole if keeps_first or keeps_last else None
    first = whole if keeps_first else rest
    return msgspec.structs.replace(first, last_seen=whole.last_seen if keeps_last else rest.last_seen)
