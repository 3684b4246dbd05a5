"""Release versions: what is in a name like ``package@1.2.3-rc.1+build``, and which of two names is newer.

Implements the semver rules of spec/mutation.md 5.1, the release object's ``versionInfo`` of spec/search.md 5.12, and
the comparisons behind the search keys ``release.version`` and ``release.build`` of spec/search.md 2.3.
"""

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec

SEMVER_WINDOW = 10
"""How many of a project's newest releases say whether it follows semver."""

Rank: TypeAlias = tuple[int, int, str]
"""Where one identifier sorts: numbers by value, below words, which sort by their text."""

_NUMBER = r"[0-9]{1,18}"
_IDENTIFIERS = r"[0-9A-Za-z.-]{1,250}"
_VERSION = re.compile(
    rf"(?P<numbers>{_NUMBER}(?:\.{_NUMBER}){{0,3}})"
    rf"(?:-(?P<dashed>{_IDENTIFIERS})|(?P<glued>[A-Za-z](?:{_IDENTIFIERS})?))?"
    rf"(?:\+(?P<build>{_IDENTIFIERS}))?"
)
_COMMIT_HASH = re.compile(r"[0-9a-f]{12,64}", re.IGNORECASE)
_WILDCARD_PARTS = frozenset("*xX")


def _rank(identifier: str) -> Rank:
    return (0, int(identifier), "") if identifier.isdecimal() and identifier.isascii() else (1, 0, identifier)


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version of one to four numbers, with the prerelease and the build that may follow them."""

    numbers: tuple[int, ...]
    """As many as are written: major, minor, patch, revision."""
    prerelease: str = ""
    build: str = ""

    def __str__(self) -> str:
        text = ".".join(map(str, self.numbers))
        text += f"-{self.prerelease}" if self.prerelease else ""
        return text + (f"+{self.build}" if self.build else "")

    @property
    def components(self) -> tuple[int, int, int, int]:
        """Major, minor, patch and revision; numbers not written are 0."""
        major, minor, patch, revision = (*self.numbers, 0, 0, 0)[:4]
        return major, minor, patch, revision

    @property
    def precedence(self) -> tuple[tuple[int, ...], bool, tuple[Rank, ...]]:
        """What orders versions apart from their build; a prerelease sorts below its release."""
        identifiers = self.prerelease.split(".") if self.prerelease else ()
        return self.components, not self.prerelease, tuple(map(_rank, identifiers))

    @property
    def order(self) -> tuple[tuple[tuple[int, ...], bool, tuple[Rank, ...]], bool, Rank]:
        """What orders versions fully: precedence first, then no build, numeric builds, other builds."""
        return self.precedence, bool(self.build), _rank(self.build)


class ReleaseName(msgspec.Struct, frozen=True, kw_only=True):
    """A release name taken apart: ``package@version``, where either part may be missing or mean nothing to us."""

    raw: str
    package: str = ""
    version_text: str
    """What follows the package."""
    version: Version | None = None
    """None where the version has no numbers to compare."""

    @property
    def is_semver(self) -> bool:
        """Whether the name can order releases: it has at least major and minor, spec/mutation.md 5.1."""
        return self.version is not None and len(self.version.numbers) > 1

    @property
    def build(self) -> str:
        """What follows the ``+``, or ``""``."""
        return self.version.build if self.version else ""


def parse_version(text: str) -> Version | None:
    """Return the version that *text* spells, or None."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    return Version(
        numbers=tuple(map(int, found["numbers"].split("."))),
        prerelease=found["dashed"] or found["glued"] or "",
        build=found["build"] or "",
    )


def parse_release(raw: str) -> ReleaseName:
    """Return *raw* taken apart; every text is some release name, so nothing is refused here."""
    package, _, version_text = raw.rpartition("@")
    if not (package and version_text):
        package, version_text = "", raw
    return ReleaseName(raw=raw, package=package, version_text=version_text, version=parse_version(version_text))


def is_semver(release: str) -> bool:
    """Return whether *release* can be ordered by its name, spec/mutation.md 5.1."""
    return parse_release(release).is_semver


def follows_semver(releases: Sequence[str]) -> bool:
    """Return whether a project orders its releases by their names, spec/mutation.md 5.1.

    *releases* are the project's release names, most recently added first; those after the tenth do not count.
    """
    verdicts = [is_semver(release) for release in releases[:SEMVER_WINDOW]]
    if len(verdicts) < 3:
        return bool(verdicts) and verdicts[0]
    return any(verdicts[:3]) and (len(verdicts) < SEMVER_WINDOW or sum(verdicts) >= 3)


def compare_releases(left: str, right: str) -> int | None:
    """Return -1, 0 or 1 as *left* is older than, as new as or newer than *right*; None unless both are semver.

    Packages do not matter: a project's releases are compared whatever they are called.
    """
    one, other = parse_release(left), parse_release(right)
    if one.version is None or other.version is None or not (one.is_semver and other.is_semver):
        return None
    return (one.version.order > other.version.order) - (one.version.order < other.version.order)


def greatest_release(releases: Sequence[str]) -> str | None:
    """Return the highest semver release of *releases*, the first of equals; None where none is semver."""
    ranked = [
        (name.version.order, name.raw) for name in map(parse_release, releases) if name.version and name.is_semver
    ]
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else None


def short_version(release: str) -> str:
    """Return the release object's ``shortVersion`` (spec/search.md 5.12): the name as it was given."""
    return release


def version_info(release: str) -> dict[str, Any]:
    """Return the release object's ``versionInfo``, spec/search.md 5.12."""
    name = parse_release(release)
    hashes = (text for text in (name.build, name.version_text) if _COMMIT_HASH.fullmatch(text))
    return {
        "package": name.package or None,
        "version": _version_json(name),
        "description": _description(name),
        "buildHash": next(hashes, None),
    }


def _version_json(name: ReleaseName) -> dict[str, Any]:
    if name.version is None or not name.is_semver:
        return {"raw": name.version_text}
    major, minor, patch, _revision = name.version.components
    return {
        "raw": name.version_text,
        "major": major,
        "minor": minor,
        "patch": patch,
        "pre": name.version.prerelease or None,
        "buildCode": name.version.build or None,
        "components": len(name.version.numbers),
    }


def _description(name: ReleaseName) -> str:
    if name.version is not None and name.is_semver:
        public, _, build = name.version_text.partition("+")
        return f"{public} ({build})" if build else public
    return name.version_text[:12] if _COMMIT_HASH.fullmatch(name.version_text) else name.version_text


class VersionBound(msgspec.Struct, frozen=True, kw_only=True):
    """One version to compare releases with; without a package any package will do."""

    package: str = ""
    version: Version

    def __str__(self) -> str:
        return f"{self.package}@{self.version}" if self.package else str(self.version)

    def comparison(self, release: str) -> int | None:
        """Return -1, 0 or 1 as *release* is below, at or above this version, builds apart; None if not comparable."""
        name = parse_release(release)
        if name.version is None or not name.is_semver or self.package not in {"", name.package}:
            return None
        theirs, ours = name.version.precedence, self.version.precedence
        return (theirs > ours) - (theirs < ours)


class VersionPattern(msgspec.Struct, frozen=True, kw_only=True):
    """The versions that begin with some numbers: ``1.2.*``, or ``*`` for all of them."""

    package: str = ""
    numbers: tuple[int, ...] = ()

    def __str__(self) -> str:
        text = ".".join([*map(str, self.numbers), "*"])
        return f"{self.package}@{text}" if self.package else text

    def comparison(self, release: str) -> int | None:
        """Return 0 when *release* is one of these versions, None when not: a pattern orders nothing."""
        name = parse_release(release)
        if name.version is None or not name.is_semver or self.package not in {"", name.package}:
            return None
        return 0 if name.version.components[: len(self.numbers)] == self.numbers else None


def parse_version_query(text: str) -> VersionBound | VersionPattern | None:
    """Return what ``release.version:text`` asks for (spec/search.md 2.3), or None when that is no version.

    ``1.2.3``, ``1.2.3.4``, ``1.2.3-beta`` and ``package@1.2.3`` are versions; ``1.*``, ``1.2.*``, ``1.x`` are patterns.
    """
    name = parse_release(text)
    parts = name.version_text.split(".")
    numbers = [part for part in parts if part not in _WILDCARD_PARTS]
    if len(numbers) == len(parts):
        return VersionBound(package=name.package, version=name.version) if name.version else None
    is_prefix = parts[: len(numbers)] == numbers and len(parts) <= 4
    if not is_prefix or not all(re.fullmatch(_NUMBER, number) for number in numbers):
        return None
    return VersionPattern(package=name.package, numbers=tuple(map(int, numbers)))
