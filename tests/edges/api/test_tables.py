"""Tables over events and figures over time (spec/search.md 5.16)."""

from datetime import timedelta
from itertools import pairwise

import pytest

from tocsin.storage.state import issue_hashes

EVENTS = "/organizations/acme/events/"
STATS = "/organizations/acme/events-stats/"
SERIES = "/organizations/acme/events-timeseries/"


@pytest.fixture(scope="module")
def api(shared_api):
    api = shared_api
    api.now = noon = api.now.replace(minute=30)
    api.other = api.make_project("q")
    for number, (ago, project, fields) in enumerate(
        (
            (30, api.project, {"tags": {"browser": "Firefox"}, "level": "info", "fingerprint": ["one"]}),
            (2, api.project, {"tags": {"browser": "Chrome"}, "user": {"id": "1"}, "fingerprint": ["one"]}),
            (1, api.project, {"tags": {"browser": "Chrome"}, "user": {"id": "2"}, "fingerprint": ["two"]}),
            (0, api.other, {"tags": {"browser": "Safari"}, "user": {"id": "2"}, "environment": "staging"}),
        ),
        1,
    ):
        api.now = noon - timedelta(hours=ago)
        api.send(project, event_id=f"{number:032x}".replace("0", "e", 1), **fields)
    api.now = noon
    return api


def table(api, query):
    answer = api.get(f"{EVENTS}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_events_are_shown_newest_first_with_the_columns_asked_for(api):
    rows = table(api, "field=id&field=title&field=timestamp&field=browser&field=error.type&field=error.handled")
    assert rows[0] == {
        "id": f"e{4:031x}",
        "title": "ValueError: bad pressure",
        "timestamp": "2026-11-18T12:30:00Z",
        "browser": "Safari",
        "error.type": ["ValueError"],
        "error.handled": True,
    }
    assert [row["browser"] for row in rows] == ["Safari", "Chrome", "Chrome", "Firefox"]
    assert [row["browser"] for row in table(api, "field=browser&sort=browser")] == [
        *("Chrome", "Chrome", "Firefox", "Safari"),
    ]


def test_figures_are_told_by_the_values_beside_them(api):
    assert table(api, "field=browser&field=count()") == [
        {"browser": "Chrome", "count()": 2},
        {"browser": "Firefox", "count()": 1},
        {"browser": "Safari", "count()": 1},
    ]
    assert table(api, "field=count()&field=count_unique(user)&field=last_seen()&field=first_seen()") == [
        {
            "count()": 4,
            "count_unique(user)": 2,
            "last_seen()": "2026-11-18T12:30:00Z",
            "first_seen()": "2026-11-17T06:30:00Z",
        }
    ]
    ordered = table(api, "field=browser&field=count()&sort=count&sort=count")
    assert [row["browser"] for row in ordered] == ["Firefox", "Safari", "Chrome"]
    (rate,) = table(api, "field=epm()&field=eps()&field=any(browser)&field=latest_event()&statsPeriod=2d")
    assert rate["epm()"] == pytest.approx(4 / 2881)
    assert rate["eps()"] == pytest.approx(4 / 2881 / 60)
    assert rate["latest_event()"] == f"e{4:031x}"


def test_projects_and_issues_are_named(api):
    rows = table(api, "field=project&field=project.id&field=issue&field=issue.id")
    assert [(row["project"], row["issue"]) for row in rows] == [("q", "Q-1"), ("p", "P-2"), ("p", "P-1"), ("p", "P-1")]
    assert [row["project.id"] for row in rows[:2]] == [api.other.id, api.project.id]
    assert table(api, "field=project&field=count()")[0] == {"project": "p", "count()": 3}
    by_issue = table(api, "field=issue&field=count()&field=max(timestamp)")
    assert by_issue[0] == {"issue": "P-1", "count()": 2, "max(timestamp)": "2026-11-18T10:30:00Z"}
    assert {row["issue"] for row in by_issue[1:]} == {"P-2", "Q-1"}


def test_searches_windows_and_projects_narrow(api):
    assert len(table(api, "field=id&query=browser:Chrome OR browser:Safari")) == 3
    assert len(table(api, "field=id&query=project:q")) == 1
    assert len(table(api, "field=id&statsPeriod=90m")) == 2
    assert len(table(api, "field=id&environment=staging")) == 1
    assert len(table(api, f"field=id&project={api.other.id}")) == 1
    assert api.get(f"{EVENTS}?field=id&environment=nope").status_code == 404
    assert api.get(f"{EVENTS}?field=id&project=999").status_code == 403


def test_a_table_comes_in_pages_and_says_what_its_columns_hold(api):
    answer = api.get(f"{EVENTS}?field=browser&field=count()&per_page=2")
    assert [row["browser"] for row in answer.json()["data"]] == ["Chrome", "Firefox"]
    assert answer.json()["meta"]["fields"] == {"browser": "string", "count()": "integer"}
    following = api.get(answer.links["next"]["url"].removeprefix("http://tocsin.test/api/0"))
    assert [row["browser"] for row in following.json()["data"]] == ["Safari"]
    by_issue = api.get(f"{EVENTS}?field=issue&field=count()&per_page=1&cursor=0:2:0&sort=issue").json()["data"]
    assert by_issue == [{"issue": "Q-1", "count()": 1}]


@pytest.mark.parametrize(
    "query",
    ["", "field=p95(x)", "field=title&sort=level", "field=title&query=is:unresolved", "field=title&dataset=odd"],
)
def test_a_table_that_cannot_be_is_refused(api, query):
    assert api.get(f"{EVENTS}?{query}").status_code == 400


def test_other_datasets_are_empty(api):
    answer = api.get(f"{EVENTS}?field=id&dataset=spans").json()
    assert (answer["data"], answer["meta"]["dataset"]) == ([], "spans")
    assert api.get("/organizations/acme/events-meta/?dataset=spans").json() == {"count": 0}
    assert sum(point[1][0]["count"] for point in api.get(f"{STATS}?dataset=spans").json()["data"]) == 0


def test_the_events_of_a_search_are_counted(api):
    assert api.get("/organizations/acme/events-meta/?query=browser:Chrome").json() == {"count": 2}


def test_figures_are_told_over_time(api):
    answer = api.get(f"{STATS}?statsPeriod=3h&interval=1h").json()
    assert [point[1][0]["count"] for point in answer["data"]] == [0, 1, 1, 1]
    assert answer["start"] == answer["data"][0][0]
    both = api.get(f"{STATS}?statsPeriod=3h&interval=1h&yAxis=count()&yAxis=count_unique(user)&query=browser:C*").json()
    assert [point[1][0]["count"] for point in both["count_unique(user)"]["data"]] == [0, 1, 1, 0]
    assert both["count()"]["order"] == 0
    usual = api.get(f"{STATS}?statsPeriod=24h").json()["data"]
    assert {later[0] - earlier[0] for earlier, later in pairwise(usual)} == {3600}


def test_time_series_say_which_points_are_not_over_yet(api):
    answer = api.get(f"{SERIES}?statsPeriod=3h&interval=1h&yAxis=count()").json()
    (series,) = answer["timeSeries"]
    assert series["yAxis"] == "count()"
    assert [point["value"] for point in series["values"]] == [0, 1, 1, 1]
    assert [point["incomplete"] for point in series["values"]] == [False, False, False, True]
    assert series["meta"] == {"valueType": "integer", "valueUnit": None, "interval": 3_600_000, "order": 0}
    assert answer["meta"]["dataset"] == "errors"
    assert series["values"][0]["timestamp"] == answer["meta"]["start"]


def lines(api, query):
    """Return the counts of each line of a chart of the last three hours, by its label."""
    answer = api.get(f"{STATS}?statsPeriod=3h&interval=1h&{query}")
    assert answer.status_code == 200, answer.text
    return {label: [point[1][0]["count"] for point in line["data"]] for label, line in answer.json().items()}


def test_groups_that_stand_out_have_lines_of_their_own(api):
    assert lines(api, "topEvents=1&field=browser&field=count()&orderby=-count") == {
        "Chrome": [0, 1, 1, 0],
        "Other": [0, 0, 0, 1],
    }
    assert lines(api, "topEvents=5&field=browser&field=project&orderby=browser&excludeOther=1") == {
        "Chrome,p": [0, 1, 1, 0],
        "Safari,q": [0, 0, 0, 1],
    }
    assert lines(api, "topEvents=2&field=environment&field=error.type") == {
        "(no value),ValueError": [0, 1, 1, 0],
        "staging,ValueError": [0, 0, 0, 1],
    }
    assert list(lines(api, "topEvents=3&field=browser&sort=-browser")) == ["Safari", "Chrome"]


def test_issues_that_stand_out_have_lines_whatever_their_hashes(api):
    with api.state.write() as connection:
        numbers = {issue.number: issue.id for issue in api.issues().values() if issue.project_id == api.project.id}
        hashes = issue_hashes.of_issues(connection, [numbers[2]])
        issue_hashes.link(connection, {(one.project_id, one.hash): numbers[1] for one in hashes})
    assert lines(api, "topEvents=1&field=issue") == {"P-1": [0, 1, 1, 0], "Other": [0, 0, 0, 1]}
    with api.state.write() as connection:
        issue_hashes.link(connection, {(one.project_id, one.hash): numbers[2] for one in hashes})


def test_lines_tell_several_figures(api):
    axes = "yAxis=count()&yAxis=count_unique(user)"
    answer = api.get(f"{STATS}?statsPeriod=3h&interval=1h&topEvents=1&field=browser&{axes}").json()
    assert [point[1][0]["count"] for point in answer["Chrome"]["count_unique(user)"]["data"]] == [0, 1, 1, 0]
    assert (answer["Chrome"]["order"], answer["Other"]["order"]) == (0, 1)


def test_time_series_of_groups_say_what_their_events_have_in_common(api):
    asked = "statsPeriod=3h&interval=1h&topEvents=1&groupBy=browser&groupBy=project.id"
    first, others = api.get(f"{SERIES}?{asked}").json()["timeSeries"]
    assert first["groupBy"] == [{"key": "browser", "value": "Chrome"}, {"key": "project.id", "value": api.project.id}]
    assert [point["value"] for point in first["values"]] == [0, 1, 1, 0]
    assert (first["meta"]["isOther"], first["meta"]["order"]) == (False, 0)
    assert (others["groupBy"], others["meta"]["isOther"], others["meta"]["order"]) == (None, True, 1)


def test_groups_of_other_datasets_are_none(api):
    assert lines(api, "topEvents=3&field=browser&dataset=spans") == {}


@pytest.mark.parametrize(
    "query", ["topEvents=0&field=title", "topEvents=21&field=title", "topEvents=x&field=title", "topEvents=5"]
)
def test_groups_that_cannot_be_told_apart_are_refused(api, query):
    assert api.get(f"{STATS}?{query}").status_code == 400


VALIDATE = "/organizations/acme/events/validate/"


def test_a_question_that_can_be_asked_is_valid_in_all_its_parts(api):
    asked = f"field=title&field=count()&sort=-count&query=browser:Chrome&project={api.project.id}&environment=staging"
    told = api.get(f"{VALIDATE}?dataset=errors&{asked}").json()
    assert told["valid"] is True
    assert told["dataset"] == [{"name": "errors", "valid": True, "error": None}]
    assert told["field"][1] == {"name": "count()", "valid": True, "error": None, "attrType": "number"}
    assert told["query"] == {"valid": True, "error": None, "fields": []}
    assert [one["id"] for one in told["projects"]] == [str(api.project.id)]
    assert len(told["orderby"]) == len(told["environment"]) == 1


@pytest.mark.parametrize(
    ("part", "query"),
    [
        ("field", "field=p95(x)"),
        ("orderby", "field=title&sort=level"),
        ("query", "field=title&query=(a"),
        ("dataset", "field=title&dataset=odd"),
        ("projects", "field=title&project=nope"),
        ("environment", "field=title&environment=nope"),
    ],
)
def test_a_question_that_cannot_be_asked_is_told_where(api, part, query):
    told = api.get(f"{VALIDATE}?{query}").json()
    faults = told[part] if isinstance(told[part], list) else [told[part]]
    assert told["valid"] is False
    assert [fault["valid"] for fault in faults] == [False]
    assert faults[0]["error"]


@pytest.mark.parametrize(
    "query",
    [
        "yAxis=title",
        "interval=0m",
        "interval=x",
        "interval=1s&statsPeriod=7d",
        "&".join(f"yAxis=count_unique(t{n})" for n in range(11)),
    ],
)
def test_figures_that_cannot_be_told_over_time_are_refused(api, query):
    assert api.get(f"{STATS}?{query}").status_code == 400


def test_those_without_a_project_see_nothing(api):
    closed = api.organization("closed", openMembership=False)
    api.make_project("hidden", org=closed)
    token = api.make_token(api.make_user("zoe@closed.io", org=closed))
    for path, empty in (("events/?field=id", []), ("events/?field=issue&field=count()", [])):
        assert api.get(f"/organizations/closed/{path}", token=token).json()["data"] == empty
    assert api.get("/organizations/closed/events-meta/", token=token).json() == {"count": 0}


def test_an_issue_with_several_hashes_is_one_row(api):
    with api.state.write() as connection:
        numbers = {issue.number: issue.id for issue in api.issues().values() if issue.project_id == api.project.id}
        hashes = issue_hashes.of_issues(connection, [numbers[2]])
        issue_hashes.link(connection, {(one.project_id, one.hash): numbers[1] for one in hashes})
    rows = table(api, "field=issue&field=count()&field=first_seen()&field=any(browser)&field=min(timestamp)")
    assert [(row["issue"], row["count()"], row["first_seen()"]) for row in rows] == [
        ("P-1", 3, "2026-11-17T06:30:00Z"),
        ("Q-1", 1, "2026-11-18T12:30:00Z"),
    ]
    with api.state.write() as connection:
        issue_hashes.link(connection, {(one.project_id, one.hash): numbers[2] for one in hashes})
