"""Where issues were met, joined and taken away again."""

from datetime import timedelta

import pytest

from tocsin.domain.issue.whereabouts import Met, met_by_all, without

HOUR = timedelta(hours=1)


@pytest.fixture
def met(now):
    """Return events from so many hours ago until so many hours ago."""

    def make(first, last, release=""):
        return Met(first_seen=now - first * HOUR, last_seen=now - last * HOUR, first_release=release)

    return make


def test_several_reach_from_the_first_to_the_last_and_the_release_follows_the_first(met):
    assert met_by_all([None, met(5, 3, "2"), met(9, 4, "1"), met(9, 8, "0"), met(4, 1)]) == met(9, 1, "1")
    assert met_by_all([None]) is None


def test_where_nobody_that_goes_was_everything_stays(met):
    assert without({1: met(5, 3)}, [{2: met(9, 1)}], []) == {1: met(5, 3)}


def test_where_only_those_that_go_were_nothing_stays(met):
    assert without({1: met(5, 3), 2: met(5, 3)}, [{1: met(5, 4)}, {1: met(4, 3), 2: met(6, 2)}], [{}]) == {}


def test_what_cannot_come_from_those_that_go_stays(met):
    assert without({1: met(9, 1, "a")}, [{1: met(5, 3, "b")}], []) == {1: met(9, 1, "a")}
    assert without({1: met(9, 1, "a")}, [{1: met(9, 3, "a")}], []) == {1: met(9, 1, "a")}


def test_what_can_come_from_those_that_go_is_told_by_the_others(met):
    left = without({1: met(9, 1, "a")}, [{1: met(9, 1, "a")}], [{1: met(6, 3, "b")}, {1: met(5, 2, "c")}])
    assert left == {1: met(6, 2, "b")}
    assert without({1: met(9, 1, "a")}, [{1: met(8, 1)}], [{1: met(6, 3, "b")}]) == {1: met(9, 3, "a")}
    assert without({1: met(9, 1, "a")}, [{1: met(9, 2)}], [{1: met(6, 3, "b")}]) == {1: met(6, 1, "b")}
