"""What a list of releases is searched for."""

from datetime import UTC, datetime

import pytest

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.query.release_list import ReleaseQuery, read_release_query

NOW = datetime(2026, 11, 10, tzinfo=UTC)
RELEASES = ("app@1.0.0", "app@1.2.0-beta", "app@1.2.0+7", "lib@2.0.0", "odd")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("release.version:>1.0.0", ("app@1.2.0-beta", "app@1.2.0+7", "lib@2.0.0")),
        ("release.version:1.2.*", ("app@1.2.0-beta", "app@1.2.0+7")),
        ("!release.version:1.0.0", ("app@1.2.0-beta", "app@1.2.0+7", "lib@2.0.0", "odd")),
        ("release.package:lib", ("lib@2.0.0",)),
        ("release.build:7", ("app@1.2.0+7",)),
        ("has:release.build", ("app@1.2.0+7",)),
        ("release.stage:low", RELEASES),
        ("release.stage:adopted", ()),
        ("has:release.stage", RELEASES),
        ("release:odd", ("odd",)),
        ("release:[odd, app@1.0*]", ("app@1.0.0", "odd")),
        ("release.package:app release.version:<1.2.0", ("app@1.0.0", "app@1.2.0-beta")),
    ],
)
def test_terms_admit_some_releases(text, found):
    query = read_release_query(text, NOW)
    assert (query.contains, tuple(version for version in RELEASES if query.admits(version))) == ("", found)


def test_words_beside_terms_are_looked_for_in_the_version():
    query = read_release_query("release.package:app beta", NOW)
    assert (query.contains, len(query.terms)) == ("beta", 1)


@pytest.mark.parametrize(
    "text",
    ["", " 1.2 ", "a or b", "app:1", "release", "(release.build:1)x:y", "releases:a b:c", "release(1", "release: x"],
)
def test_a_text_that_is_no_search_is_looked_for_as_it_stands(text):
    assert read_release_query(text, NOW) == ReleaseQuery(contains=text.strip())


def test_a_version_that_is_none_is_refused():
    with pytest.raises(InvalidQuery, match="semantic version"):
        read_release_query("release.version:odd", NOW)
