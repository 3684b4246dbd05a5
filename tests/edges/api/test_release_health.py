"""Releases tell how their sessions went (spec/ingest.md 8.1, spec/search.md 5.12)."""

from datetime import timedelta

import pytest
from tests.edges.api.test_object_keys import RELEASE

from tocsin.domain.session.session import Severity

ALL = "/organizations/acme/releases/"


@pytest.fixture
def told(api):
    """Two releases: one of two weeks ago that crashed, one of now; and one that nobody ran."""
    old = api.now - timedelta(days=10)
    api.tell(
        *(
            api.session(
                at, started=old, user=at, severity=Severity.CRASHED if at == 1 else Severity.HEALTHY, seconds=at
            )
            for at in range(1, 5)
        )
    )
    api.later(days=1)
    api.tell(*(api.session(10 + at, release="web@1.1", user=10 + at) for at in range(3)))
    api.tell(api.session(20, user=1, severity=Severity.ERRORED))
    api.later(days=1)
    api.tell(*(api.session(30 + at, release="web@1.1", user=10 + at) for at in range(19)))
    api.tell(api.session(60, user=1))
    api.post(ALL, {"version": "web@2", "projects": ["p"]})
    return api


def listed(api, **query):
    answer = api.get(ALL, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def health(api, version="web@1.0", **query):
    answer = api.get(f"{ALL}{version}/", params={"health": "1"} | query)
    assert answer.status_code == 200, answer.text
    return answer.json()["projects"][0]["healthData"]


def test_releases_that_only_have_sessions_are_listed(told):
    assert {one["version"] for one in listed(told)} == {"web@1.0", "web@1.1", "web@2"}
    assert all(name in one for one in listed(told) for name in RELEASE)


def test_a_release_says_whether_it_has_sessions_without_being_asked(told):
    found = {one["version"]: one["projects"][0] for one in listed(told)}
    assert {version: place["hasHealthData"] for version, place in found.items()} == {
        "web@1.0": True,
        "web@1.1": True,
        "web@2": False,
    }
    assert all(place["healthData"] is None for place in found.values())
    assert all(one["adoptionStages"] is None for one in listed(told))


def test_health_is_told_over_a_period_and_the_last_day(told):
    found = health(told)
    stats = found.pop("stats")["24h"]
    assert found == pytest.approx(
        {
            "hasHealthData": True,
            "crashFreeSessions": 100 * 5 / 6,
            "crashFreeUsers": 75,
            "totalSessions": 6,
            "totalUsers": 4,
            "sessionsCrashed": 1,
            "sessionsErrored": 1,
            "totalSessions24h": 2,
            "totalUsers24h": 1,
            "totalProjectSessions24h": 24,
            "totalProjectUsers24h": 20,
            "adoption": 5,
            "sessionsAdoption": 100 * 2 / 24,
            "durationP50": 2.5,
            "durationP90": 4,
        },
        abs=1,
    )
    assert stats[-1][0] == int(told.now.timestamp())
    assert [count for _, count in stats] == [1, *[0] * 23, 1]


def test_periods_can_be_chosen(told):
    assert health(told, summaryStatsPeriod="24h")["crashFreeSessions"] == 100
    stats = health(told, healthStatsPeriod="14d")["stats"]["14d"]
    assert sum(count for _, count in stats) == 6
    assert len(stats) == 15
    for name in ("summaryStatsPeriod", "healthStatsPeriod"):
        assert told.get(f"{ALL}web@1.0/", params={"health": "1", name: "soon"}).status_code == 400


def test_a_release_nobody_ran_has_rates_of_nothing(told):
    found = health(told, "web@2")
    assert (found["crashFreeSessions"], found["crashFreeUsers"], found["sessionsAdoption"]) == (None, None, 0)
    assert (found["totalSessions"], found["hasHealthData"], found["totalProjectSessions24h"]) == (0, False, 24)


def test_environments_narrow_what_counts(told):
    told.tell(told.session(99, environment="staging", severity=Severity.CRASHED))
    found = health(told, environment="staging")
    assert (found["totalSessions"], found["crashFreeSessions"], found["sessionsAdoption"]) == (1, 0, 100)


def test_stages_say_how_far_releases_have_come(told):
    found = {one["version"]: one["adoptionStages"]["p"] for one in listed(told, adoptionStages="1")}
    assert found["web@1.0"] == {
        "stage": "replaced",
        "adopted": "2026-11-08T00:00:00Z",
        "unadopted": "2026-11-20T00:00:00Z",
    }
    assert found["web@1.1"] == {"stage": "adopted", "adopted": "2026-11-19T00:00:00Z", "unadopted": None}
    assert found["web@2"] == {"stage": "low", "adopted": None, "unadopted": None}


@pytest.mark.parametrize(
    ("sort", "versions"),
    [
        ("sessions", ["web@1.1", "web@1.0"]),
        ("users", ["web@1.1", "web@1.0"]),
        ("sessions_24h", ["web@1.1", "web@1.0"]),
        ("crash_free_sessions", ["web@1.1", "web@1.0"]),
        ("crash_free_users", ["web@1.1", "web@1.0"]),
    ],
)
def test_flattened_lists_are_sorted_by_health(told, sort, versions):
    assert [one["version"] for one in listed(told, sort=sort, flatten="1")] == versions
    assert [one["version"] for one in listed(told, sort=sort, flatten="1", per_page="1", cursor="0:1:0")] == versions[
        1:
    ]
    assert told.get(ALL, params={"sort": sort}).json() == {"detail": "invalid sort"}


def test_a_flattened_list_has_a_row_for_each_project(told):
    other = told.make_project("q")
    told.tell(*(told.session(200 + at) for at in range(30)), project=other)
    found = listed(told, sort="sessions", flatten="1", health="1")
    assert [(one["version"], [place["slug"] for place in one["projects"]]) for one in found] == [
        ("web@1.0", ["q"]),
        ("web@1.1", ["p"]),
        ("web@1.0", ["p"]),
    ]
    assert [one["version"] for one in listed(told, sort="sessions", flatten="1", query="1.1")] == ["web@1.1"]
    told.put(f"{ALL}web@1.1/", {"status": "archived"})
    assert [one["version"] for one in listed(told, sort="sessions", flatten="1", project="p")] == ["web@1.0"]
