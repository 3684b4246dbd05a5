from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.release.semver_key import semver_key
from tocsin.domain.release.version import compare_releases

ASCENDING = [
    "p@1.0.0-alpha",
    "p@1.0.0-alpha.1",
    "p@1.0.0-alpha.beta",
    "p@1.0.0-beta.2",
    "p@1.0.0-beta.11",
    "p@1.0.0-beta.99999999999999999999999",
    "p@1.0.0-rc.1",
    "p@1.0.0",
    "p@1.0.0+9",
    "p@1.0.0+10",
    "p@1.0.0+abc",
    "p@1.0.0.1",
    "p@1.0.1",
    "p@1.2.0",
    "p@1.10.0",
    "p@20.0",
]
parts = st.integers(0, 300).map(str) | st.text("ab-0", min_size=1, max_size=4)
versions = st.builds(
    lambda numbers, prerelease, build: (
        ".".join(map(str, numbers))
        + (f"-{'.'.join(prerelease)}" if prerelease else "")
        + (f"+{build}" if build else "")
    ),
    st.lists(st.integers(0, 300), min_size=2, max_size=4),
    st.lists(parts, max_size=3),
    st.just("") | parts,
)


@pytest.mark.parametrize(("lower", "higher"), list(combinations_with_replacement(ASCENDING, 2)))
def test_keys_sort_like_versions(lower: str, higher: str) -> None:
    assert (semver_key(lower) < semver_key(higher)) == (lower != higher)


@given(versions, versions)
def test_keys_compare_as_the_versions_do(left: str, right: str) -> None:
    one, other = semver_key(left), semver_key(right)
    assert one is not None
    assert other is not None
    assert (one > other) - (one < other) == compare_releases(left, right)


@pytest.mark.parametrize("release", ["nightly", "p@deadbeef", "1", ""])
def test_what_is_no_version_has_no_key(release: str) -> None:
    assert semver_key(release) is None
