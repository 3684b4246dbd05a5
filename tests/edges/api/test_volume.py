"""How many events came in over time (spec/search.md 5.10, 5.16)."""

from datetime import timedelta
from itertools import pairwise

import pytest

from tocsin.domain.access import Role
from tocsin.domain.outcome import Category, Outcome, Source, Verdict
from tocsin.storage.state import organizations, outcomes, users

PROJECT = "/projects/acme/p/stats/"
ORGANIZATION = "/organizations/acme/stats/"
OUTCOMES = "/organizations/acme/stats_v2/"


@pytest.fixture
def busy(api):
    """A project with events of now, of half an hour ago and of three days ago, and another with one of now."""
    noon = api.now = api.now.replace(minute=15)
    for ago in (timedelta(days=3), timedelta(minutes=30), timedelta()):
        api.now = noon - ago
        api.send()
    api.other = api.make_project("q")
    api.send(api.other)
    return api


def counted(api, path):
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_events_of_a_project_are_counted_hour_by_hour(busy):
    """search-O22"""
    points = counted(busy, f"{PROJECT}?stat=received&resolution=1h")
    assert all(type(part) is int for point in points for part in point)
    assert {later[0] - earlier[0] for earlier, later in pairwise(points)} == {3600}
    assert [events for _, events in points][-2:] == [1, 1]
    assert points[-1][0] == int(busy.now.replace(minute=0).timestamp())
    assert len(points) == 25
    assert counted(busy, PROJECT) == points
    assert counted(busy, f"{PROJECT}?stat=generated") == points
    assert sum(events for _, events in counted(busy, f"{PROJECT}?stat=rejected")) == 0


def test_the_time_and_the_resolution_can_be_chosen(busy):
    now = int(busy.now.timestamp())
    days = counted(busy, f"{PROJECT}?since={now - 4 * 86_400}&until={now}&resolution=1d")
    assert [events for _, events in days] == [0, 1, 0, 0, 2]
    assert len(counted(busy, f"{PROJECT}?since={now - 8 * 86_400}")) == 9
    seconds = counted(busy, f"{PROJECT}?since={now - 60}&resolution=10s")
    assert [events for _, events in seconds] == [0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("resolution=7m", "Invalid resolution"),
        ("until=now", "until must be a numeric timestamp."),
        ("since=then", "since must be a numeric timestamp"),
        ("since=nan", "since must be a numeric timestamp"),
        ("since=1e20", "since must be a numeric timestamp"),
        ("since=20&until=10", "start must be before or equal to end"),
        ("stat=odd", "Invalid stat. Valid choices are received, generated, rejected, blacklisted."),
    ],
)
def test_numbers_that_mean_nothing_are_refused(busy, query, detail):
    """search-O22"""
    answer = busy.get(f"{PROJECT}?{query}")
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_too_many_points_are_refused(busy):
    answer = busy.get(f"{PROJECT}?since=0&resolution=10s")
    assert answer.status_code == 400
    assert "too many results" in answer.json()["detail"]


def test_an_organization_is_counted_in_all_or_project_by_project(busy):
    assert [events for _, events in counted(busy, ORGANIZATION)][-2:] == [1, 2]
    by_project = counted(busy, f"{ORGANIZATION}?group=project")
    assert {key: series[-1][1] for key, series in by_project.items()} == {
        str(busy.project.id): 1,
        str(busy.other.id): 1,
    }
    assert [events for _, events in counted(busy, f"{ORGANIZATION}?project={busy.other.id}")][-2:] == [0, 1]
    assert busy.get(f"{ORGANIZATION}?group=odd").status_code == 400
    api = busy
    api.organization("acme", openMembership=False)
    outsider = api.make_token(api.make_user("max@acme.io"))
    assert sum(events for _, events in api.get(ORGANIZATION, token=outsider).json()) == 0


def test_outcomes_are_grouped_as_asked(busy):
    whole = counted(busy, f"{OUTCOMES}?field=sum(quantity)&groupBy=outcome&groupBy=category")
    assert (whole["start"], whole["end"]) == ("2026-11-17T12:00:00Z", "2026-11-18T13:00:00Z")
    assert whole["intervals"][0] == whole["start"]
    (group,) = whole["groups"]
    assert group["by"] == {"outcome": "accepted", "category": "error"}
    assert group["totals"] == {"sum(quantity)": 3}
    assert len(group["series"]["sum(quantity)"]) == len(whole["intervals"]) == 25
    assert group["series"]["sum(quantity)"][-2:] == [1, 2]
    by_project = counted(busy, f"{OUTCOMES}?field=sum(times_seen)&groupBy=project&interval=1d&statsPeriod=4d")
    assert [(one["by"], one["totals"]) for one in by_project["groups"]] == [
        ({"project": busy.project.id}, {"sum(times_seen)": 3}),
        ({"project": busy.other.id}, {"sum(times_seen)": 1}),
    ]


@pytest.fixture
def told(busy):
    """What became of more items, now and an hour ago, with two keys."""
    source = Source(project_id=busy.project.id, public_key="k", received=busy.now)
    another = Source(project_id=busy.project.id, public_key="m", received=busy.now - timedelta(hours=1))
    with busy.state.write() as connection:
        outcomes.add(
            connection,
            {
                source.key(Outcome(category=Category.ERROR, verdict=Verdict.FILTERED, reason="web-crawlers")): 4,
                source.key(Outcome(category=Category.SECURITY, verdict=Verdict.FILTERED, reason="web-crawlers")): 1,
                another.key(Outcome(category=Category.ERROR, verdict=Verdict.RATE_LIMITED, reason="key_quota")): 7,
                another.key(Outcome(category=Category.SESSION, verdict=Verdict.ACCEPTED)): 50,
            },
        )
    return busy


@pytest.mark.parametrize(
    ("query", "groups"),
    [
        ("groupBy=outcome&category=error", {("accepted",): 3, ("filtered",): 5, ("rate_limited",): 7}),
        ("groupBy=reason&outcome=filtered&outcome=rate_limited", {("key_quota",): 7, ("web-crawlers",): 5}),
        ("groupBy=category", {("error",): 15, ("session",): 50}),
        ("groupBy=category&reason=none", {("error",): 3, ("session",): 50}),
        ("groupBy=key&groupBy=outcome&key=m", {("m", "accepted"): 50, ("m", "rate_limited"): 7}),
        ("groupBy=outcome&category=security", {("filtered",): 1}),
        ("groupBy=outcome&interval=2d&statsPeriod=6d", {("accepted",): 54, ("filtered",): 5, ("rate_limited",): 7}),
    ],
)
def test_outcomes_are_counted_for_those_asked_for(told, query, groups):
    found = counted(told, f"{OUTCOMES}?field=sum(quantity)&{query}")["groups"]
    assert {tuple(one["by"].values()): one["totals"]["sum(quantity)"] for one in found} == groups


def test_a_project_tells_what_was_turned_away(told):
    assert [events for _, events in counted(told, f"{PROJECT}?stat=blacklisted")][-2:] == [0, 5]
    assert [events for _, events in counted(told, f"{PROJECT}?stat=rejected")][-2:] == [7, 0]


@pytest.mark.parametrize("query", ["outcome=rate_limited", "category=transaction", "statsPeriod=1h&start=0&end=1"])
def test_what_is_not_counted_has_no_groups(busy, query):
    found = counted(busy, f"{OUTCOMES}?field=sum(quantity)&groupBy=outcome&{query}")
    if "statsPeriod" in query:
        assert len(found["groups"]) == 1
    else:
        assert found["groups"] == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "field=sum(quantity)",
        "groupBy=outcome",
        "field=sum(x)&groupBy=outcome",
        "field=sum(quantity)&groupBy=x",
        "field=sum(quantity)&groupBy=outcome&interval=x",
        "field=sum(quantity)&groupBy=outcome&interval=0h",
        "field=sum(quantity)&groupBy=outcome&interval=1m&statsPeriod=60d",
        "field=sum(quantity)&groupBy=outcome&interval=90m",
        "field=sum(quantity)&groupBy=outcome&outcome=odd",
        "field=sum(quantity)&groupBy=outcome&category=odd",
    ],
)
def test_outcomes_that_cannot_be_counted_are_refused(busy, query):
    assert busy.get(f"{OUTCOMES}?{query}").status_code == 400


def test_projects_are_listed_with_their_events(busy):
    listed = counted(busy, "/organizations/acme/projects/?statsPeriod=24h")
    assert [(one["slug"], len(one["stats"]), one["stats"][-1][1]) for one in listed] == [("p", 24, 1), ("q", 24, 1)]
    days = counted(busy, "/organizations/acme/projects/?statsPeriod=14d&all_projects=1")
    assert [sum(events for _, events in one["stats"]) for one in days] == [3, 1]
    assert "stats" not in counted(busy, "/organizations/acme/projects/")[0]
    assert busy.get("/organizations/acme/projects/?statsPeriod=5m").status_code == 400


def test_organizations_are_found_by_whom_and_sorted_by_size(api):
    other = api.organization("zeta")
    big = api.make_project("big", org=other)
    api.make_user("zoe@zeta.io", org=other)
    api.make_user("yan@zeta.io", org=other)
    boss = api.make_token(api.make_user("boss@acme.io"))
    with api.state.write() as connection:
        organizations.set_member(connection, other, users.by_email(connection, "boss@acme.io").id, Role.OWNER, api.now)
    api.send(big)

    def found(query=""):
        return [one["slug"] for one in api.get(f"/organizations/?{query}", token=boss).json()]

    assert found() == ["zeta", "acme"]
    assert found("owner=1") == ["zeta"]
    assert found("sortBy=members") == ["zeta", "acme"]
    assert found("sortBy=events") == ["zeta", "acme"]
    assert found("sortBy=projects") == ["zeta", "acme"]
    assert found("sortBy=odd") == ["zeta", "acme"]
    assert found("query=email:boss@acme.io acm") == ["acme"]
    assert found("query=email:other@acme.io") == []
    assert found("query=status:active id:" + str(other)) == ["zeta"]
