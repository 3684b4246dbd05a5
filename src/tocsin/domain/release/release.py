"""A release: a version of somebody's software, known to one organization. Values only."""

from datetime import datetime
from typing import Any, NewType

import msgspec

from tocsin.domain.release.commit import CommitId

ReleaseId = NewType("ReleaseId", int)
EnvironmentId = NewType("EnvironmentId", int)


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One version, as state keeps it (spec/search.md 5.12). Text that is absent is ``""``."""

    id: ReleaseId
    organization_id: int
    version: str
    package: str = ""
    """What stands before the ``@`` of the version."""
    semver_key: bytes | None = None
    """Sorts like the version by semantic versioning, byte by byte; None when the version is not semantic."""
    status: str = "open"
    """``open`` or ``archived``."""
    ref: str = ""
    url: str = ""
    data: dict[str, Any] = {}
    added_at: datetime
    started_at: datetime | None = None
    """When work on it began."""
    released_at: datetime | None = None

    @property
    def ordered_at(self) -> datetime:
        """The date releases are ordered by (spec/mutation.md 5.1)."""
        return self.released_at or self.added_at


class ReleaseProject(msgspec.Struct, frozen=True, kw_only=True):
    """What a release has meant to one of its projects."""

    release_id: ReleaseId
    project_id: int
    new_issues: int = 0
    """Issues first seen in it: ``newGroups``."""
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A release that has become one of a project's, or has brought commits to one it was in before."""

    release: Release
    project_id: int
    is_new: bool = True
    """Whether the project did not have the release before."""
    commit_ids: frozenset[CommitId] | None = None
    """The commits it brings now; None for all that it has."""


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Where software runs: ``production``, or ``""`` for events that do not say (spec/ingest.md 6.6)."""

    id: EnvironmentId
    organization_id: int
    name: str
