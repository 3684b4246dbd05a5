"""The order of one project's releases, as far as its issues need it (spec/mutation.md 5.1)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import pairwise

import msgspec

from tocsin.domain.release.release import Release
from tocsin.domain.release.version import compare_releases, greatest_release


class ReleaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a project's releases when a rule asks which came first.

    ``dates`` need only hold the releases a rule can name: those of the resolution and of the sightings at hand. The
    last three fields matter to resolving in the next release only.
    """

    follows_semver: bool = False
    dates: Mapping[str, datetime] = {}
    """The order date of a version."""
    newest: str = ""
    """Version of the newest release by order date; empty while the project has none."""
    greatest: str = ""
    """Version of the greatest semantic release; empty when no release is semantic."""
    successors: Mapping[str, str] = {}
    """For a version, that of the earliest release after it by order date."""

    def dated_before(self, version: str, other: str) -> bool:
        """Whether *version* is older than *other* by order date; releases nobody knows are in no order."""
        date, other_date = self.dates.get(version), self.dates.get(other)
        return date is not None and other_date is not None and date < other_date

    def compared(self, version: str, other: str) -> int | None:
        """Return below, at or above 0 as *version* stands to *other* by semver, or None where semver has no say."""
        return compare_releases(version, other) if self.follows_semver else None


def release_line(releases: Iterable[Release], *, follows_semver: bool) -> ReleaseLine:
    """Return the line of all *releases* of a project, in whatever order they come."""
    ordered = sorted(releases, key=lambda release: (release.ordered_at, release.id))
    versions = [release.version for release in ordered]
    return ReleaseLine(
        follows_semver=follows_semver,
        dates={release.version: release.ordered_at for release in ordered},
        newest=versions[-1] if versions else "",
        greatest=greatest_release(versions) or "",
        successors=dict(pairwise(versions)),
    )
