"""Resolving in a release, and whether an event undoes it (spec/mutation.md 5.2 and 5.3, spec/ingest.md 6.4)."""

from datetime import datetime

import msgspec

from tocsin.domain.issue.issue import Issue, Resolution, ResolutionType, UserId
from tocsin.domain.issue.release_line import ReleaseLine


def in_release(version: str, *, actor_id: UserId | None, now: datetime) -> Resolution:
    """Return the resolution of an issue fixed in release *version*."""
    return Resolution(type=ResolutionType.IN_RELEASE, release=version, actor_id=actor_id, created_at=now)


def in_next_release(
    issue: Issue, line: ReleaseLine, *, by_status: bool, actor_id: UserId | None, now: datetime
) -> Resolution | None:
    """Return the resolution of an issue fixed in the release after the present one; None without any release.

    Where semver rules, the present one is the greatest release, and *by_status* (asked for with
    ``status: resolvedInNextRelease``) points the resolution at it too. By date, it is the release the issue was last
    seen in: a later one that exists already is the next one; otherwise the resolution waits for it.
    """
    if not line.newest:
        return None
    latest = Resolution(type=ResolutionType.IN_RELEASE, release=line.newest, actor_id=actor_id, created_at=now)
    if line.follows_semver and line.greatest:
        pointed_at = line.greatest if by_status else line.newest
        return msgspec.structs.replace(latest, release=pointed_at, current_release=line.greatest)
    current = issue.last_release if issue.last_release in line.dates else None
    if current is not None and current in line.successors:
        return msgspec.structs.replace(latest, release=line.successors[current], current_release=current)
    return msgspec.structs.replace(latest, type=ResolutionType.IN_NEXT_RELEASE, current_release=current)


def when_released(resolution: Resolution, version: str, line: ReleaseLine) -> Resolution:
    """Return *resolution* after release *version* of the same project was created.

    What waited for the next release is resolved in that one, and the activity that announced it shows the version.
    """
    if resolution.type is not ResolutionType.IN_NEXT_RELEASE or not line.dated_before(resolution.release, version):
        return resolution
    return msgspec.structs.replace(resolution, type=ResolutionType.IN_RELEASE, release=version)


def holds_against(resolution: Resolution, version: str, line: ReleaseLine) -> bool:
    """Whether an issue so resolved stays resolved though an event of release *version* (or of none) was seen."""
    if not version:
        return True
    if resolution.current_release and _precedes_the_fix(resolution, resolution.current_release, version, line):
        return True
    if resolution.type is ResolutionType.IN_NEXT_RELEASE:
        return version == resolution.release or line.dated_before(version, resolution.release)
    return version != resolution.release and _is_older_than_the_fix(resolution, version, line)


def _precedes_the_fix(resolution: Resolution, current: str, version: str, line: ReleaseLine) -> bool:
    """Whether *version* is not newer than the release that was *current* when the issue was resolved."""
    against_current = line.compared(current, version)
    if against_current is None:
        return version == current or line.dated_before(version, current)
    against_fix = line.compared(resolution.release, version)
    return against_current >= 0 or (against_fix is not None and against_fix > 0)


def _is_older_than_the_fix(resolution: Resolution, version: str, line: ReleaseLine) -> bool:
    """By semver: strictly older. By date: a release of the very same date counts as older too."""
    against_fix = line.compared(resolution.release, version)
    if against_fix is not None:
        return against_fix > 0
    known = resolution.release in line.dates and version in line.dates
    return known and not line.dated_before(resolution.release, version)
