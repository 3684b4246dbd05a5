"""Makers of issues, sightings and circumstances; tests name only what they are about."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tocsin.domain.issue.circumstances import Actor, Circumstances
from tocsin.domain.issue.issue import Issue, IssueId, ProjectId, UserId
from tocsin.domain.issue.release_line import ReleaseLine, release_line
from tocsin.domain.issue.sighting import Sighting
from tocsin.domain.release.release import Release, ReleaseId
from tocsin.domain.release.version import follows_semver

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)

_ISSUE = Issue(
    id=IssueId(1),
    project_id=ProjectId(1),
    number=1,
    level="error",
    platform="python",
    type="error",
    title="ValueError: boom",
    metadata={"type": "ValueError", "value": "boom"},
    first_seen=NOW - timedelta(days=1),
    last_seen=NOW - timedelta(hours=1),
    active_at=NOW - timedelta(days=1),
)
_SIGHTING = Sighting(
    event_id="e" * 32,
    timestamp=NOW,
    type="error",
    level="error",
    platform="python",
    title="ValueError: boom",
    metadata={"type": "ValueError", "value": "boom"},
)
_JANE = Actor(
    user_id=UserId(7),
    name="Jane",
    email="jane@acme.io",
    shown={"id": "7", "name": "Jane"},
    project_ids=frozenset({ProjectId(1)}),
)


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def jane() -> Actor:
    return _JANE


@pytest.fixture(scope="session")
def issue_with() -> Callable[..., Issue]:
    """An unresolved issue, 1, of a day ago."""
    return lambda **fields: msgspec.structs.replace(_ISSUE, **fields)


@pytest.fixture(scope="session")
def sighting_with() -> Callable[..., Sighting]:
    """A sighting right now that looks like the issue."""
    return lambda **fields: msgspec.structs.replace(_SIGHTING, **fields)


@pytest.fixture(scope="session")
def here() -> Callable[..., Circumstances]:
    """Jane acts, now."""

    def make(**fields: Any) -> Circumstances:
        return Circumstances(**{"now": NOW, "actor": _JANE, **fields})

    return make


@pytest.fixture(scope="session")
def line_of() -> Callable[..., ReleaseLine]:
    """A line of releases, a day apart, the last of them added right now."""

    def make(*versions: str) -> ReleaseLine:
        releases = [
            Release(
                id=ReleaseId(position),
                organization_id=1,
                version=version,
                added_at=NOW - timedelta(days=len(versions) - 1 - position),
            )
            for position, version in enumerate(versions)
        ]
        return release_line(releases, follows_semver=follows_semver(versions[::-1]))

    return make
