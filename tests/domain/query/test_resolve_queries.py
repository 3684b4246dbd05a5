"""Names that only state knows become terms that events can tell."""

from datetime import UTC, datetime

import pytest

from tocsin.domain.query.keys import KEYS
from tocsin.domain.query.parse import parse_event_query
from tocsin.domain.query.resolve import Names, needs_latest, needs_versions, resolve
from tocsin.domain.query.tree import terms_of

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
NAMES = Names(
    projects={"pump": 1, "pumice": 2, "valve": 3},
    latest=("app@2.0.0",),
    versions=("app@1.0.0", "app@2.0.0", "lib@2.0.0+7", "odd"),
)


@pytest.mark.parametrize(
    ("text", "key", "values"),
    [
        ("project:pump", "project.id", (1,)),
        ("!project:[pump, valve]", "project.id", (1, 3)),
        ("project:pum*", "project.id", (1, 2)),
        ("project:nope", "project.id", ()),
        ("has:project", "project.id", (1, 2, 3)),
        ("release:latest", "release", ("app@2.0.0",)),
        ("release:[odd, latest]", "release", ("odd", "app@2.0.0")),
        ("release.version:>1.0.0", "release.name", ("app@2.0.0", "lib@2.0.0+7")),
        ("release.version:9.*", "release.name", ()),
        ("!release.version:1.0.0", "release.name", ("app@1.0.0",)),
        ("release.package:app", "release.name", ("app@1.0.0", "app@2.0.0")),
        ("!has:release.build", "release.name", ("lib@2.0.0+7",)),
        ('release.package:""', "release.name", ("app@1.0.0", "app@2.0.0", "lib@2.0.0+7")),
        ("release.stage:adopted", "release.name", ()),
        ("level:latest", "level", ("latest",)),
    ],
)
def test_a_term_is_spelt_out(text, key, values):
    term = parse_event_query(text, now=NOW)
    resolved = resolve(term, NAMES)
    assert (resolved.key.name, resolved.values, resolved.negated) == (key, values, term.negated)


def test_every_term_of_a_tree_is_spelt_out():
    tree = parse_event_query("level:error (project:pump OR release:latest !release.version:1.*)", now=NOW)
    keys = [term.key.name for term in terms_of(resolve(tree, NAMES))]
    assert keys == ["level", "project.id", "release", "release.name"]


@pytest.mark.parametrize(
    ("text", "latest", "versions"),
    [
        ("level:error", False, False),
        ("release:x OR release:latest", True, False),
        ("release.package:x", False, True),
        ("x:latest", False, False),
    ],
)
def test_only_what_is_named_needs_to_be_looked_up(text, latest, versions):
    tree = parse_event_query(text, now=NOW)
    assert (needs_latest(tree), needs_versions(tree)) == (latest, versions)


def test_events_without_a_release_are_in_the_latest_one_where_there_is_none():
    resolved = resolve(parse_event_query("release:latest", now=NOW), Names(projects={}, latest=("",)))
    assert (resolved.key, resolved.values) == (KEYS["release"], ("",))
