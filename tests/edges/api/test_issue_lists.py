"""Lists of issues (spec/search.md 3 and 5.2): the cases of 7.4, on the fixture FX that they are written for."""

from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from tocsin.domain.issue.effects import SetBookmark
from tocsin.domain.issue.issue import Assignee, Status, Substatus
from tocsin.storage.state import effects

LIST = "/organizations/acme/issues/"
E1, E2, DISK_FULL = "e1" * 16, "e2" * 16, "d1" * 16


@pytest.fixture(scope="module")
def fx(shared_api):
    api = shared_api
    api.now = noon = api.now.replace(minute=30)
    made = SimpleNamespace(api=api, pump=api.make_project("pump"), valve=api.make_project("valve"), noon=noon)
    api.make_team("backend", projects=[made.pump, made.valve])

    def send(project, group, ago, **event):
        api.now = noon - ago
        api.send(project, fingerprint=[group], **event)

    def text(said, level):
        return {"exception": None, "logentry": {"formatted": said}, "level": level}

    def bad_pressure(**event):
        handled = event.pop("handled")
        mechanism = {"type": "generic", "handled": handled}
        return {
            "exception": {"values": [{"type": "ValueError", "value": "bad pressure", "mechanism": mechanism}]}
        } | event

    chrome = {"tags": {"browser": "Chrome"}, "environment": "production"}
    send(made.pump, "I1", timedelta(hours=30), **bad_pressure(handled=True, user={"id": "1"}, environment="staging"))
    send(
        made.pump,
        "I2",
        timedelta(hours=3),
        event_id=DISK_FULL,
        environment="production",
        **text("Disk full", "warning"),
    )
    for user in "123":
        send(made.pump, "I3", timedelta(days=5), user={"id": user}, **text("worn seal", "error"))
    send(made.pump, "I1", timedelta(hours=2), event_id=E2, **bad_pressure(handled=True, user={"id": "2"}, **chrome))
    send(made.pump, "I1", timedelta(hours=1), event_id=E1, **bad_pressure(handled=False, user={"id": "1"}, **chrome))
    send(made.valve, "I4", timedelta(minutes=20), **text("Timeout", "error"))
    send(made.valve, "I4", timedelta(minutes=10), **text("Timeout", "error"))
    send(made.pump, "I5", timedelta(days=40), **text("cats or dogs", "info"))
    api.now = noon
    ids = {issue.title: issue.id for issue in api.issues().values()}
    made.i1, made.i2, made.i3 = ids["ValueError: bad pressure"], ids["Disk full"], ids["worn seal"]
    made.i4, made.i5 = ids["Timeout"], ids["cats or dogs"]
    api.change(made.i1, substatus=Substatus.ONGOING)
    api.change(made.i2, status=Status.RESOLVED, substatus=None, assignee=Assignee(user_id=api.jane.id))
    api.change(made.i3, status=Status.IGNORED, substatus=Substatus.ARCHIVED_FOREVER)
    with api.state.write() as connection:
        effects.apply(connection, SetBookmark(api.jane.id, is_set=True), [made.i2], api.now)
    return made


def titles(fx, answer):
    """Return the names that FX gives to the issues of *answer*."""
    assert answer.status_code == 200, answer.text
    names = {str(getattr(fx, name)): name.upper() for name in ("i1", "i2", "i3", "i4", "i5")}
    return [names[issue["id"]] for issue in answer.json()]


def at(fx, **ago):
    return quote((fx.noon - timedelta(**ago)).isoformat())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("?query=", ["I4", "I1", "I2", "I3", "I5"], id="sort-by-date"),
        pytest.param("", ["I4", "I1", "I5"], id="default-query"),
        pytest.param("?query=&sort=new", ["I4", "I2", "I1", "I3", "I5"], id="search-L02"),
        pytest.param("?query=&sort_by=freq", ["I4", "I1", "I2", "I3", "I5"], id="search-L05"),
        pytest.param("?query=&statsPeriod=24h", ["I4", "I1", "I2"], id="search-L09"),
        pytest.param("?query=&statsPeriod=3600", ["I4", "I1"], id="search-L11"),
        pytest.param("?query=&project=-1", ["I4", "I1", "I2", "I3", "I5"], id="all-projects"),
        pytest.param("?query=&projectSlug=valve", ["I4"], id="by-slug"),
        pytest.param("?query=&environment=production", ["I1", "I2"], id="one-environment"),
        pytest.param("?query=&environment=staging&environment=production", ["I1", "I2"], id="environments"),
        pytest.param("?query=bookmarks:me", ["I2"], id="bookmarks"),
    ],
)
def test_issues_are_listed_as_asked(fx, query, found):
    assert titles(fx, fx.api.get(LIST + query)) == found


def test_the_most_people_come_first(fx):
    """search-L03"""
    assert titles(fx, fx.api.get(f"{LIST}?query=&sort=user"))[:2] == ["I3", "I1"]


def test_a_project_narrows(fx):
    """search-L27"""
    assert titles(fx, fx.api.get(f"{LIST}?query=&project={fx.valve.id}")) == ["I4"]


def test_a_window_between_two_instants(fx):
    """search-L15, search-L17"""
    assert titles(fx, fx.api.get(f"{LIST}?query=&start={at(fx, days=11)}&end={at(fx, days=4)}")) == ["I3"]
    both = f"{LIST}?query=&statsPeriod=24h&start=2000-01-01&end=2000-01-02"
    assert titles(fx, fx.api.get(both)) == ["I4", "I1", "I2"]


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        pytest.param("limit=abc", 400, "invalid limit", id="search-L06"),
        pytest.param("start=2026-11-12", 400, "start and end are both required", id="search-L12"),
        pytest.param("start=foo&end=bar", 400, "foo is not a valid ISO8601 date query", id="search-L14"),
        pytest.param(
            "groupStatsPeriod=7d",
            400,
            "Invalid stats_period. Valid choices are '', '24h', '14d' and 'auto'",
            id="period",
        ),
        pytest.param("sort=priority", 400, "Sort key 'priority' not supported.", id="sort"),
        pytest.param("cursor=x", 400, "Invalid cursor parameter.", id="cursor"),
        pytest.param("project=999999", 403, "You do not have permission to perform this action.", id="search-L29"),
        pytest.param("project=abc", 403, "You do not have permission to perform this action.", id="search-L30"),
        pytest.param("project=1&projectSlug=pump", 400, "Cannot query for both ids and slugs", id="ids-and-slugs"),
        pytest.param("environment=nope", 404, "The requested resource does not exist", id="environment"),
        pytest.param("group=abc", 400, "Group ids must be integers", id="group"),
    ],
)
def test_a_parameter_without_meaning_is_refused(fx, query, status, detail):
    answer = fx.api.get(f"{LIST}?{query}")
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


def test_numbers_are_those_of_the_window_and_of_the_whole_life(fx):
    """search-L09"""
    i1 = fx.api.get(f"{LIST}?query=&statsPeriod=24h").json()[1]
    assert (i1["count"], i1["userCount"], i1["lifetime"]["count"], i1["lifetime"]["userCount"]) == ("2", 2, "3", 2)
    assert (i1["firstSeen"], i1["lastSeen"]) == ("2026-11-18T10:30:00Z", "2026-11-18T11:30:00Z")
    assert i1["lifetime"]["firstSeen"] == "2026-11-17T06:30:00Z"
    assert i1["isUnhandled"] is True


@pytest.mark.parametrize(
    ("query", "period", "points"),
    [("", "24h", 24), ("groupStatsPeriod=14d", "14d", 14), ("groupStatsPeriod=auto&statsPeriod=24h", "auto", None)],
)
def test_the_series_has_the_points_of_its_period(fx, query, period, points):
    """search-L20"""
    for issue in fx.api.get(f"{LIST}?query=&{query}").json():
        [(name, series)] = issue["stats"].items()
        assert name == period
        assert points in {None, len(series)}
        assert {later[0] - earlier[0] for earlier, later in pairwise(series)} in ({3600}, {86400})


def test_the_hours_of_a_day_end_with_the_current_one(fx):
    issue = fx.api.get(f"{LIST}?query=").json()[0]
    assert issue["stats"]["24h"][-1] == [int(fx.noon.replace(minute=0).timestamp()), 2]


def test_no_series_without_a_period(fx):
    """search-L20"""
    issue = fx.api.get(f"{LIST}?query=&groupStatsPeriod=").json()[0]
    assert "stats" not in issue
    assert "stats" not in issue["lifetime"]


def test_filtered_numbers_are_there_when_events_are_filtered(fx):
    """search-L21"""
    assert fx.api.get(f"{LIST}?query=is:unresolved").json()[1]["filtered"] is None
    [i1] = fx.api.get(f"{LIST}?query=is:unresolved browser:Chrome").json()
    assert (i1["filtered"]["count"], i1["count"]) == ("2", "3")
    assert len(i1["filtered"]["stats"]["24h"]) == 24


@pytest.mark.parametrize(
    ("collapse", "absent"),
    [
        pytest.param("stats", {"stats", "lifetime", "filtered"}, id="search-L23"),
        pytest.param("base", {"title", "shortId", "project"}, id="search-L24"),
        pytest.param("lifetime", {"lifetime"}, id="lifetime"),
        pytest.param("filtered", {"filtered"}, id="filtered"),
        pytest.param("unhandled", {"isUnhandled"}, id="unhandled"),
        pytest.param("nonsense", set(), id="nonsense"),
    ],
)
def test_what_is_collapsed_is_left_out(fx, collapse, absent):
    whole = set(fx.api.get(f"{LIST}?query=").json()[0])
    issue = fx.api.get(f"{LIST}?query=&collapse={collapse}").json()[0]
    assert absent <= whole
    assert not absent & set(issue)
    assert {"id", "count", "userCount", "firstSeen", "lastSeen"} <= set(issue)
    if collapse != "base":
        assert set(issue) == whole - absent


def test_what_is_expanded_is_added(fx):
    """search-L26"""
    i4 = fx.api.get(f"{LIST}?query=&expand=inbox&expand=owners&expand=nonsense").json()[0]
    assert i4["inbox"] == {"reason": 0, "reason_details": None, "date_added": "2026-11-18T12:10:00Z"}
    assert i4["owners"] is None
    assert "nonsense" not in i4


@pytest.mark.parametrize(
    ("text", "event_id"),
    [
        pytest.param(DISK_FULL, DISK_FULL, id="search-L32"),
        pytest.param(f" {E1.upper()} ", E1, id="search-L33-upper-case-and-spaces"),
        pytest.param(f"{E1[:8]}-{E1[8:12]}-{E1[12:16]}-{E1[16:20]}-{E1[20:]}", E1, id="search-L33-dashes"),
    ],
)
def test_the_id_of_an_event_leads_to_its_issue(fx, text, event_id):
    answer = fx.api.get(f"{LIST}?project={fx.valve.id}&query={quote(text)}")
    assert titles(fx, answer) == ["I2" if event_id == DISK_FULL else "I1"]
    assert answer.json()[0]["matchingEventId"] == event_id
    assert answer.headers["x-sentry-direct-hit"] == "1"
    assert not {"link", "x-hits"} & set(answer.headers)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("query=PUMP-2&shortIdLookup=1", id="search-L35"),
        pytest.param("query=issue:PUMP-2&shortIdLookup=1&project={valve}", id="search-L36"),
    ],
)
def test_a_short_id_leads_to_its_issue(fx, query):
    number = fx.api.issue(fx.i2).number
    answer = fx.api.get(f"{LIST}?{query.format(valve=fx.valve.id).replace('PUMP-2', f'PUMP-{number}')}")
    assert titles(fx, answer) == ["I2"]
    assert answer.headers["x-sentry-direct-hit"] == "1"


def test_an_id_of_no_event_is_searched_for(fx):
    answer = fx.api.get(f"{LIST}?query={'ab' * 16}")
    assert (answer.json(), "link" in answer.headers) == ([], True)


def test_a_group_is_exactly_what_is_named(fx):
    """search-L38"""
    named = f"group={fx.i2}&group={fx.i1}&group=999"
    assert titles(fx, fx.api.get(f"{LIST}?{named}&query=nothing")) == ["I2", "I1"]
    assert titles(fx, fx.api.get(f"{LIST}?{named}&project={fx.valve.id}")) == []


def test_hits_are_counted_and_links_lead_on(fx):
    """search-L39, search-P01, search-P02, search-P08"""
    first = fx.api.get(f"{LIST}?query=&limit=2")
    assert (first.headers["x-hits"], first.headers["x-max-hits"]) == ("5", "1000")
    assert titles(fx, first) == ["I4", "I1"]
    assert 'rel="previous"; results="false"' in first.headers["link"]
    assert 'rel="next"; results="true"' in first.headers["link"]
    following = first.links["next"]["url"].removeprefix("http://tocsin.test/api/0")
    assert titles(fx, fx.api.get(following)) == ["I2", "I3"]


def test_a_list_takes_no_post(fx):
    """search-L44"""
    answer = fx.api.post(LIST)
    assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "POST" not allowed.'})


def test_somebody_without_a_project_sees_an_empty_list(fx):
    """search-L45"""
    closed = fx.api.organization("closed", openMembership=False)
    fx.api.make_project("hidden", org=closed)
    token = fx.api.make_token(fx.api.make_user("zoe@closed.io", org=closed))
    answer = fx.api.get("/organizations/closed/issues/", token=token)
    assert (answer.status_code, answer.json(), "link" in answer.headers) == (200, [], False)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("statsPeriod=48h", 400, id="search-L47"),
        pytest.param("statsPeriod=14d", 200, id="14d"),
        pytest.param("environment=nope", 200, id="environment"),
    ],
)
def test_the_parameters_of_a_projects_list(fx, query, status):
    answer = fx.api.get(f"/projects/acme/pump/issues/?query=&{query}")
    assert answer.status_code == status
    if status == 400:
        assert answer.json() == {"detail": "Invalid stats_period. Valid choices are '', '24h', and '14d'"}
    elif "environment" in query:
        assert answer.json() == []
    else:
        assert titles(fx, answer) == ["I1", "I2", "I3", "I5"]
        assert len(answer.json()[0]["stats"]["14d"]) == 14
