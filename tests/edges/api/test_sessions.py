"""How sessions went, as the API tells it (spec/ingest.md 8.1, spec/search.md 5.16)."""

from datetime import timedelta

import pytest

from tocsin.domain.session.session import SessionBucket, Severity

PATH = "/organizations/acme/sessions/"
COUNT, RATE, USERS = "sum(session)", "crash_free_rate(session)", "crash_free_rate(user)"


@pytest.fixture
def told(api):
    """Ten sessions of four users in two releases, one of which crashed; and some of another project."""
    api.tell(
        *(
            api.session(
                number,
                user=number % 4 + 1,
                release="web@1.0" if number < 8 else "web@1.1",
                environment="staging" if number == 9 else "production",
                started=api.now - timedelta(hours=number % 3),
                severity=Severity.CRASHED if number == 1 else Severity.HEALTHY,
                seconds=float(number),
            )
            for number in range(1, 11)
        )
    )
    other = api.make_project("q")
    api.tell(api.session(101, release="app@3", severity=Severity.ERRORED), project=other)
    return api


def ask(api, **query):
    answer = api.get(PATH, params={"statsPeriod": "24h", "project": "p", "field": COUNT} | query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def totals(api, **query):
    return [(one["by"], one["totals"]) for one in ask(api, **query)["groups"]]


def test_rates_of_ten_sessions_of_four_users_of_which_one_crashed(told):
    """ingest-I10"""
    ((by, found),) = totals(told, field=[RATE, USERS, COUNT, "count_unique(user)", "crash_rate(session)"])
    assert by == {}
    assert found == pytest.approx(
        {RATE: 0.9, USERS: 0.75, COUNT: 10, "count_unique(user)": 4, "crash_rate(session)": 0.1}
    )


def test_the_answer_has_its_time_its_intervals_and_its_query(told):
    shown = ask(told, query="release:web@1.1")
    assert (shown["start"], shown["end"]) == ("2026-11-17T12:00:00Z", "2026-11-18T13:00:00Z")
    assert shown["intervals"] == [f"2026-11-{17 + at // 24}T{at % 24:02}:00:00Z" for at in range(12, 37)]
    assert shown["query"] == "release:web@1.1"
    shown = ask(told, statsPeriod="", start="2026-11-16T12:30:00", end="2026-11-18T00:00:00", interval="1d")
    assert shown["intervals"] == ["2026-11-16T00:00:00Z", "2026-11-17T00:00:00Z"]


def test_series_have_a_figure_for_each_interval(told):
    told.later(minutes=30)
    (group,) = ask(told, field=[COUNT, RATE], statsPeriod="3h")["groups"]
    assert group["series"] == {COUNT: [0, 3, 4, 3], RATE: [None, 1.0, 0.75, 1.0]}
    (group,) = ask(told, interval="1d", statsPeriod="2d")["groups"]
    assert group["series"] == {COUNT: [0, 0, 10]}


def test_statuses_are_told_apart(told):
    found = totals(told, project="-1", groupBy="session.status")
    counts = {by["session.status"]: one[COUNT] for by, one in found}
    assert counts == {"healthy": 9, "errored": 1, "unhandled": 0, "abnormal": 0, "crashed": 1}
    ((_, found),) = totals(told, query="session.status:[crashed, errored]", project="-1")
    assert found == {COUNT: 2}
    ((by, found),) = totals(told, query="!session.status:[crashed, errored] session.status:healthy", project="p")
    assert (by, found) == ({}, {COUNT: 9})


@pytest.mark.parametrize(
    ("by", "counts"),
    [
        (["release"], {("web@1.0",): 7, ("web@1.1",): 3, ("app@3",): 1}),
        (["environment"], {("production",): 10, ("staging",): 1}),
        (["release", "environment"], None),
    ],
)
def test_groups_come_with_the_most_sessions_first(told, by, counts):
    found = [(tuple(one.values()), figures[COUNT]) for one, figures in totals(told, groupBy=by, project="-1")]
    if counts is None:
        assert found[:2] == [(("web@1.0", "production"), 7), (("web@1.1", "production"), 2)]
    else:
        assert dict(found) == counts
        assert [number for _, number in found] == sorted(counts.values(), reverse=True)


def test_projects_are_named_by_their_ids(told):
    found = totals(told, groupBy="project", project="-1")
    assert [(one["project"], figures[COUNT]) for one, figures in found][:1] == [(told.project.id, 10)]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("release:web@1.1", 3),
        ("release:web@*", 10),
        ("!release:web@1.1", 7),
        ("release:[web@1.1, nope]", 3),
        ("release.version:>1.0", 3),
        ("release.package:web", 10),
        ("environment:staging OR release:web@1.0", 8),
        ("project:p", 10),
        ("project:nope", 0),
        ("release:latest", 3),
    ],
)
def test_sessions_are_searched_by_where_they_ran(told, query, count):
    assert totals(told, query=query)[0][1] == {COUNT: count}


def test_environments_and_projects_narrow_what_counts(told):
    assert totals(told, environment="staging")[0][1] == {COUNT: 1}
    assert told.get(PATH, params={"field": COUNT, "environment": "nowhere"}).status_code == 404
    assert told.get(PATH, params={"field": COUNT, "project": "nope"}).status_code == 403


def test_durations_are_of_each_session_once(told):
    told.tell(told.session(10, is_first=False, release="web@1.1", started=told.now - timedelta(hours=1), seconds=20.0))
    fields = [f"{name}(session.duration)" for name in ("p50", "max", "avg", "min", "p99")]
    ((_, found),) = totals(told, field=fields)
    assert found == pytest.approx(dict(zip(fields, [6, 20, 6.5, 1, 20], strict=True)), abs=1)
    (group,) = ask(told, field=fields[:1], statsPeriod="3h", interval="3h")["groups"]
    assert len(group["series"][fields[0]]) == 2


def test_groups_are_ordered_by_a_field(told):
    def versions(order, **query):
        found = totals(told, groupBy="release", orderBy=order, project="-1", **query)
        return [by["release"] for by, _ in found]

    assert versions(COUNT) == ["app@3", "web@1.1", "web@1.0"]
    assert versions(f"-{COUNT}") == ["web@1.0", "web@1.1", "app@3"]
    told.tell(told.session(99, release="web@0", is_first=False))
    assert versions(RATE, field=[RATE])[0] == "web@1.0"
    assert versions(RATE, field=[RATE])[-1] == versions(f"-{RATE}", field=[RATE])[-1] == "web@0"


def test_totals_and_series_can_be_left_out(told):
    (group,) = ask(told, includeTotals="0")["groups"]
    assert group.keys() == {"by", "series"}
    (group,) = ask(told, includeSeries="0")["groups"]
    assert group.keys() == {"by", "totals"}


def test_groups_come_page_by_page(told):
    answer = told.get(PATH, params={"field": COUNT, "groupBy": "release", "per_page": "2", "statsPeriod": "1d"})
    assert [one["by"]["release"] for one in answer.json()["groups"]] == ["web@1.0", "web@1.1"]
    assert 'rel="next"; results="true"' in answer.headers["Link"]
    rest = told.get(PATH, params={"field": COUNT, "groupBy": "release", "per_page": "2", "cursor": "0:2:0"}).json()
    assert [one["by"]["release"] for one in rest["groups"]] == ["app@3"]


def test_an_answer_has_a_bounded_number_of_points(told):
    told.tell(*(told.session(1000 + at, release=f"web@2.{at}") for at in range(20)))
    for period, groups in (("24h", 22), ("90d", 4)):
        shown = ask(told, groupBy="release", statsPeriod=period)
        assert len(shown["groups"]) == groups
        assert len(shown["groups"]) * len(shown["intervals"]) <= 10_000


def test_without_sessions_there_is_nothing_to_tell(api):
    assert totals(api, field=[COUNT, RATE]) == [({}, {COUNT: 0, RATE: None})]
    assert totals(api, groupBy="release") == []
    nobody = api.make_token(api.make_user("max@acme.io", org=api.organization("acme", openMembership=False)))
    shown = api.get(PATH, params={"field": COUNT}, token=nobody).json()
    assert [group["totals"] for group in shown["groups"]] == [{COUNT: 0}]


def test_numbers_of_servers_count_as_sessions(api):
    bucket = SessionBucket(project_id=0, release="web@1.0", started=api.now - timedelta(hours=1), healthy=3, errored=1)
    api.tell(bucket)
    assert totals(api) == [({}, {COUNT: 4})]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"field": []}, 'Request is missing a "field", such as "field=sum(session)".'),
        ({"field": "sum(sessions)"}, 'Invalid field: "sum(sessions)"'),
        ({"field": "p50(session)"}, 'Invalid field: "p50(session)"'),
        ({"field": "count()"}, 'Invalid field: "count()"'),
        ({"field": [f"p50(session.duration){' ' * at}" for at in range(21)]}, "At most 20 fields"),
        ({"groupBy": "browser"}, 'Invalid groupBy: "browser"'),
        ({"groupBy": "session.status", "field": RATE}, f"{RATE} cannot be told by session.status"),
        ({"query": "session.status:crashed", "field": RATE}, f"{RATE} cannot be told by session.status"),
        ({"query": "session.status:odd"}, "Invalid session.status"),
        ({"query": "level:error"}, "Invalid search filter 'level:error'"),
        ({"query": "broken"}, "Invalid search filter 'broken'"),
        ({"query": "session.status:crashed OR release:x"}, "Invalid search filter 'session.status:crashed'"),
        ({"query": "release:"}, ""),
        ({"interval": "10m"}, "The interval has to be a multiple of the minimum interval of one hour."),
        ({"interval": "90m"}, "The interval has to be a multiple of the minimum interval of one hour."),
        ({"interval": "5h"}, "The interval should divide one day without a remainder."),
        ({"interval": "0"}, "The interval has to be a multiple"),
        ({"interval": "soon"}, "Invalid interval: 'soon'"),
        ({"orderBy": RATE}, f"orderBy must be one of the fields asked for, '{RATE}' is not."),
        ({"orderBy": COUNT, "groupBy": "session.status"}, "Cannot use orderBy when grouping by session.status."),
        ({"statsPeriod": "lol"}, "Invalid statsPeriod: 'lol'"),
    ],
)
def test_what_cannot_be_told_is_refused_with_a_reason(told, query, detail):
    answer = told.get(PATH, params={"field": COUNT, "statsPeriod": "24h"} | query)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(detail)
    assert answer.json()["detail"]
