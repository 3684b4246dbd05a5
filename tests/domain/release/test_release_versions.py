"""Release names: taking them apart, ordering them, and telling whether a project orders by them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.release.version import (
    Version,
    VersionBound,
    compare_releases,
    follows_semver,
    greatest_release,
    is_semver,
    parse_release,
    parse_version,
    parse_version_query,
    short_version,
    version_info,
)

versions = st.builds(
    Version,
    numbers=st.lists(st.integers(0, 9), min_size=1, max_size=4).map(tuple),
    prerelease=st.sampled_from(["", "rc", "rc.1", "rc.2", "1", "beta-2"]),
    build=st.sampled_from(["", "1", "20", "abc"]),
)

ASCENDING = [
    "app@0.9",
    "app@1.0.0-1",
    "app@1.0.0-2",
    "app@1.0.0-10",
    "app@1.0.0-alpha",
    "app@1.0.0-alpha.1",
    "app@1.0.0-alpha.beta",
    "app@1.0.0-beta",
    "app@1.0.0",
    "app@1.0.0+2",
    "app@1.0.0+10",
    "app@1.0.0+abc",
    "app@1.0.0.1",
    "app@1.0.1",
    "app@1.10",
    "app@2.0",
]


@pytest.mark.parametrize(("older", "newer"), list(pairwise(ASCENDING)))
def test_versions_are_ordered_by_what_they_mean(older: str, newer: str) -> None:
    assert compare_releases(older, newer) == -1
    assert compare_releases(newer, older) == 1


def test_missing_numbers_count_as_zero() -> None:
    assert compare_releases("app@1.2", "app@1.2.0.0") == 0


def test_packages_do_not_matter_for_the_order() -> None:
    assert compare_releases("web@1.2.3", "1.2.4") == -1


@pytest.mark.parametrize(
    "name", ["rA", "foobar 1", "app@7", "9f8a3c", "app@latest", "", "app@", "@1", "1.2.3.4.5", "1.0-" + "9" * 5000]
)
def test_names_without_a_version_have_no_order(name: str) -> None:
    assert not is_semver(name)
    assert compare_releases(name, "app@1.0.0") is None


@given(versions)
def test_every_version_survives_a_round_trip_through_text(version: Version) -> None:
    assert parse_version(str(version)) == version


@given(st.text(max_size=20))
def test_every_text_is_some_release_name(raw: str) -> None:
    name = parse_release(raw)
    assert name.raw == raw
    assert raw in {name.version_text, f"{name.package}@{name.version_text}"}


@pytest.mark.parametrize(
    ("raw", "package", "version"),
    [
        ("app@1.2.3", "app", Version(numbers=(1, 2, 3))),
        ("@scope/app@1.2.3", "@scope/app", Version(numbers=(1, 2, 3))),
        ("app@1.2.3-rc.1+b7", "app", Version(numbers=(1, 2, 3), prerelease="rc.1", build="b7")),
        ("1.0rc1", "", Version(numbers=(1, 0), prerelease="rc1")),
        ("app@9f8a3c", "app", Version(numbers=(9,), prerelease="f8a3c")),
        ("app@main", "app", None),
    ],
)
def test_a_release_name_is_taken_apart(raw: str, package: str, version: Version | None) -> None:
    assert (parse_release(raw).package, parse_release(raw).version) == (package, version)


@pytest.mark.parametrize(
    ("semver_of_newest", "verdict"),
    [
        ("", False),
        ("y", True),
        ("n", False),
        ("ny", False),
        ("yn", True),
        ("nny", True),
        ("nnny", False),
        ("nnyn", True),
        ("ynnnnnnnn", True),
        ("ynnnnnnnnn", False),
        ("ynnnnnnnyy", True),
        ("nnnyyyyyyy", False),
        ("ynnnnnnnnnyyy", False),
    ],
)
def test_a_project_follows_semver_by_its_newest_ten_releases(semver_of_newest: str, *, verdict: bool) -> None:
    releases = ["app@1.0.0" if mark == "y" else "nightly" for mark in semver_of_newest]
    assert follows_semver(releases) is verdict


@pytest.mark.parametrize(
    ("releases", "greatest"),
    [
        (["pkg@1.0+0", "pkg@2.0+0", "pkg@1.0+1"], "pkg@2.0+0"),
        (["pkg@21.1.0", "pkg@21.1.1", "pkg@21.1.2"], "pkg@21.1.2"),
        (["3.0.0", "2.0.0", "3.0.1"], "3.0.1"),
        (["nightly", "1.0-rc", "1.0"], "1.0"),
        (["nightly"], None),
        ([], None),
    ],
    ids=["mutation-F11", "mutation-F14", "mutation-F34", "prerelease", "none-semver", "none"],
)
def test_the_greatest_release_is_the_highest_version(releases: list[str], greatest: str | None) -> None:
    assert greatest_release(releases) == greatest


@pytest.mark.parametrize(
    ("query", "release", "order"),
    [
        ("1.0.0", "t@1.0.0-beta", -1),
        ("1.0.0", "t@1.0.0", 0),
        ("1.0.0", "t@1.0.0+7", 0),
        ("1.2.3", "app@1.2.4", 1),
        ("app@1.2.3", "web@1.2.3", None),
        ("1.2.3", "nightly", None),
        ("1.2.*", "app@1.2.9-rc", 0),
        ("1.2.*", "app@1.3.0", None),
        ("1.x", "app@1.3.0", 0),
        ("app@1.X.X", "web@1.3.0", None),
        ("*", "app@9.9", 0),
        ("*", "nightly", None),
    ],
    ids=[
        *(
            "search-K32-below",
            "search-K32-at",
            "builds-apart",
            "search-K29",
            "another-package",
            "not-semver",
            "search-K34-in",
        ),
        *("search-K34-out", "x", "package-and-pattern", "any", "any-but-not-semver"),
    ],
)
def test_a_release_stands_below_at_or_above_a_version(query: str, release: str, order: int | None) -> None:
    wanted = parse_version_query(query)
    assert wanted is not None
    assert wanted.comparison(release) == order


@pytest.mark.parametrize("text", ["1.x.y.z.w-?", "", "nightly", "1.*.3", "*.1", "1.2.3.4.*", "a.*", "1.2.3.4.5"])
def test_what_is_no_version_cannot_be_asked_for(text: str) -> None:
    assert parse_version_query(text) is None


@pytest.mark.parametrize("text", ["1.2.3", "1.2.3.4", "1.2.3-beta", "pkg@1.2.3", "1.*", "pkg@1.2.*", "*"])
def test_a_version_query_prints_as_it_reads(text: str) -> None:
    assert str(parse_version_query(text)) == text


def test_a_bound_without_package_takes_any_package() -> None:
    bound = VersionBound(version=Version(numbers=(1,)))
    assert bound.comparison("a@1.0") == bound.comparison("1.0.0") == 0


def test_version_info_tells_what_the_name_tells() -> None:
    assert version_info("app@1.2.3-rc+7") == {
        "package": "app",
        "version": {
            "raw": "1.2.3-rc+7",
            "major": 1,
            "minor": 2,
            "patch": 3,
            "pre": "rc",
            "buildCode": "7",
            "components": 3,
        },
        "description": "1.2.3-rc (7)",
        "buildHash": None,
    }


def test_version_info_knows_commit_hashes() -> None:
    commit = "2ba09a7c53114ccbabebbd1c7d3e1ed6"
    assert version_info(commit) == {
        "package": None,
        "version": {"raw": commit},
        "description": "2ba09a7c5311",
        "buildHash": commit,
    }
    assert version_info(f"app@1.0+{commit}")["buildHash"] == commit
    assert short_version(commit) == commit
