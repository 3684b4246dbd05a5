"""Releases as the API shows them (spec/search.md 5.12)."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tocsin.domain.release.commit import Deploy
from tocsin.domain.release.version import short_version, version_info
from tocsin.edges.api.serialize.commit import author_object, commit_object
from tocsin.edges.api.serialize.instants import iso, iso_or_none
from tocsin.edges.api.serialize.release_health import NOTHING_TOLD, ToldHealth
from tocsin.storage.views.releases import ReleasePlace, ShownRelease

_LACKING: dict[str, Any] = {
    "owner": None,
    "currentProjectMeta": {},
    "userAgent": None,
}
"""What stands for features that Tocsin does not have: owners."""


def release_object(shown: ShownRelease, told: ToldHealth = NOTHING_TOLD) -> dict[str, Any]:
    """Return a release; its id is a number, unlike all others. *told* is what is known of its health."""
    one, places, contents, deploys = shown.release, shown.places, shown.contents, shown.deploys
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
        "dateStarted": iso_or_none(one.started_at),
        "data": one.data,
        "newGroups": sum(place.seen.new_issues for place in places),
        "commitCount": contents.commit_count,
        "lastCommit": commit_object(contents.last_commit) if contents.last_commit else None,
        "authors": [author_object(signature) for signature in contents.authors],
        "deployCount": deploys.count,
        "lastDeploy": deploy_object(deploys.last) if deploys.last else None,
        "projects": [_place(place, one.version, told) for place in places],
        "firstEvent": iso_or_none(_outermost(min, (place.seen.first_event_at for place in places))),
        "lastEvent": iso_or_none(_outermost(max, (place.seen.last_event_at for place in places))),
        "adoptionStages": told.stages(one.version, [place.project for place in places]),
        **_LACKING,
    }


def deploy_object(deploy: Deploy) -> dict[str, Any]:
    """Return a deploy."""
    return {
        "id": str(deploy.id),
        "environment": deploy.environment,
        "dateStarted": iso_or_none(deploy.started_at),
        "dateFinished": iso(deploy.finished_at),
        "name": deploy.name or None,
        "url": deploy.url or None,
    }


def release_of_event(version: str, shown: ShownRelease | None) -> dict[str, Any] | None:
    """Return the release of an event: its version alone when nobody knows more, None when it names none."""
    if shown is not None:
        return release_object(shown)
    return {"version": version} if version else None


def _place(place: ReleasePlace, version: str, told: ToldHealth) -> dict[str, Any]:
    at, platform = (place.project.id, version), place.project.platform or None
    return {
        "id": place.project.id,
        "slug": place.project.slug,
        "name": place.project.name,
        "newGroups": place.seen.new_issues,
        "platform": platform,
        "platforms": [platform] if platform else [],
        "hasHealthData": at in told.known,
        "healthData": told.data(at),
    }


def _outermost(choose: Callable[[Iterable[datetime]], datetime], moments: Iterable[datetime | None]) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return choose(known) if known else None
