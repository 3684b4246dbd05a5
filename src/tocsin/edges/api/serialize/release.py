"""Releases as the API shows them (spec/search.md 5.12)."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tocsin.domain.release.version import short_version, version_info
from tocsin.edges.api.serialize.instants import iso, iso_or_none
from tocsin.storage.views.releases import ReleasePlace, ShownRelease

_LACKING: dict[str, Any] = {
    "owner": None,
    "commitCount": 0,
    "lastCommit": None,
    "deployCount": 0,
    "lastDeploy": None,
    "authors": [],
    "currentProjectMeta": {},
    "userAgent": None,
    "adoptionStages": None,
}
"""What stands for features that Tocsin does not have yet: commits, deploys, health."""
_LACKING_IN_PLACE: dict[str, Any] = {"hasHealthData": False, "healthData": None}


def release_object(shown: ShownRelease) -> dict[str, Any]:
    """Return a release; its id is a number, unlike all others."""
    one, places = shown.release, shown.places
    return {
        "id": one.id,
        "version": one.version,
        "shortVersion": short_version(one.version),
        "versionInfo": version_info(one.version),
        "status": one.status,
        "ref": one.ref or None,
        "url": one.url or None,
        "dateReleased": iso_or_none(one.released_at),
        "dateCreated": iso(one.added_at),
        "dateStarted": None,
        "data": one.data,
        "newGroups": sum(place.seen.new_issues for place in places),
        "projects": [_place(place) for place in places],
        "firstEvent": iso_or_none(_outermost(min, (place.seen.first_event_at for place in places))),
        "lastEvent": iso_or_none(_outermost(max, (place.seen.last_event_at for place in places))),
        **_LACKING,
    }


def release_of_event(version: str, shown: ShownRelease | None) -> dict[str, Any] | None:
    """Return the release of an event: its version alone when nobody knows more, None when it names none."""
    if shown is not None:
        return release_object(shown)
    return {"version": version} if version else None


def _place(place: ReleasePlace) -> dict[str, Any]:
    platform = place.project.platform or None
    return {
        "id": place.project.id,
        "slug": place.project.slug,
        "name": place.project.name,
        "newGroups": place.seen.new_issues,
        "platform": platform,
        "platforms": [platform] if platform else [],
        **_LACKING_IN_PLACE,
    }


def _outermost(choose: Callable[[Iterable[datetime]], datetime], moments: Iterable[datetime | None]) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return choose(known) if known else None
