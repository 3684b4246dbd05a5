"""Monitors through the API: made, found, changed, muted and deleted; what their jobs said."""

from typing import Any

import msgspec
import pytest
from tests.edges.api.conftest import Api

from tocsin.domain.access import Role, Scope
from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.pipeline import digest

MONITORS = "/organizations/acme/monitors/"
NIGHTLY = {"schedule_type": "crontab", "schedule": "0 3 * * *", "timezone": "Europe/Vienna"}


def check_in(api: Api, status: str = "ok", slug: str = "nightly-export", **fields: Any) -> None:
    payload = {"monitor_slug": slug, "status": status, "monitor_config": NIGHTLY} | fields
    body = b'{}\n{"type":"check_in"}\n' + msgspec.json.encode(payload) + b"\n"
    accepted = Accepted(project_id=api.project.id, public_key="k", received=api.now, body=body)
    api.writer.write(f"{next(api.numbers):032x}", [digest(accepted, IntakeLimits())])


def make(api: Api, name: str = "Nightly export", **fields: Any):
    return api.post(MONITORS, {"project": "p", "name": name, "config": NIGHTLY} | fields)


def test_a_monitor_is_made_and_found_by_slug_and_by_id(api):
    made = make(api)
    assert made.status_code == 201
    shown = made.json()
    assert (shown["slug"], shown["name"], shown["status"]) == ("nightly-export", "Nightly export", "active")
    assert shown["project"]["slug"] == "p"
    for reference in ("nightly-export", shown["id"]):
        assert api.get(f"{MONITORS}{reference}/").json() == shown
        assert api.get(f"/projects/acme/p/monitors/{reference}/").json() == shown


def test_the_schedule_is_a_crontab_or_a_number_and_a_unit(api):
    """clients-monitors: one client crashes when it is an object."""
    make(api, config={"schedule": {"type": "interval", "value": 2, "unit": "hour"}})
    make(api, "Other")
    configs = [one["config"] for one in api.get(MONITORS).json()]
    assert [(one["schedule_type"], one["schedule"]) for one in configs] == [
        ("interval", [2, "hour"]),
        ("crontab", "0 3 * * *"),
    ]


def test_a_check_in_makes_a_monitor_that_shows_how_it_fares(api):
    check_in(api, "error", environment="qa", duration=2.5)
    (shown,) = api.get(MONITORS).json()
    (environment,) = shown["environments"]
    assert (environment["name"], environment["status"]) == ("qa", "error")
    assert environment["lastCheckIn"] == environment["activeIncident"]["startingTimestamp"]
    (run,) = api.get(f"{MONITORS}nightly-export/checkins/").json()
    assert (run["status"], run["duration"], run["environment"]) == ("error", 2500, "qa")


def test_runs_are_listed_in_pages_newest_first_by_environment_and_period(api):
    for number in range(5):
        check_in(api, environment="qa" if number % 2 else "production", duration=number)
        api.later(hours=1)
    first = api.get(f"{MONITORS}nightly-export/checkins/?per_page=3")
    assert [run["duration"] for run in first.json()] == [4000, 3000, 2000]
    second = api.get(f"{MONITORS}nightly-export/checkins/?per_page=3&cursor=3:1:0")
    assert [run["duration"] for run in second.json()] == [1000, 0]
    assert 'rel="next"; results="true"' in first.headers["link"]
    qa = api.get("/projects/acme/p/monitors/nightly-export/checkins/?environment=qa&statsPeriod=2h").json()
    assert [run["duration"] for run in qa] == [3000]


def test_the_list_is_searched_by_name_environment_and_project(api):
    check_in(api, environment="qa")
    make(api, "Weekly report")
    other = api.make_project("other")
    make(api, "Elsewhere", project=str(other.id))
    slugs = {
        query: [one["slug"] for one in api.get(f"{MONITORS}?{query}").json()]
        for query in ("", "query=WEEK", "environment=qa", "project=other", "per_page=1&cursor=1:1:0")
    }
    assert slugs == {
        "": ["elsewhere", "nightly-export", "weekly-report"],
        "query=WEEK": ["weekly-report"],
        "environment=qa": ["nightly-export"],
        "project=other": ["elsewhere"],
        "per_page=1&cursor=1:1:0": ["nightly-export"],
    }


def test_a_change_keeps_what_it_does_not_name(api):
    make(api)
    path = f"{MONITORS}nightly-export/"
    assert api.put(path, {"config": {"max_runtime": 5}}).json()["config"]["schedule"] == "0 3 * * *"
    changed = api.put(path, {"name": "Export", "slug": "export", "isMuted": True}).json()
    assert (changed["name"], changed["slug"], changed["isMuted"]) == ("Export", "export", True)
    assert changed["config"]["max_runtime"] == 5
    assert api.get(path).status_code == 404


def test_another_schedule_is_expected_from_now_on(api):
    check_in(api)
    shown = api.put(f"{MONITORS}nightly-export/", {"config": {"schedule": "@hourly", "schedule_type": "crontab"}})
    assert shown.json()["environments"][0]["nextCheckIn"] == "2026-11-18T13:00:00Z"


def test_a_disabled_monitor_takes_no_check_ins_until_it_is_taken_up_again(api):
    check_in(api)
    path = f"{MONITORS}nightly-export/"
    assert api.put(path, {"status": "disabled"}).json()["status"] == "disabled"
    check_in(api)
    assert len(api.get(f"{path}checkins/").json()) == 1
    api.later(days=3)
    assert api.put(path, {"status": "active"}).json()["environments"][0]["nextCheckIn"] == "2026-11-22T02:00:00Z"


def test_one_environment_is_muted_and_forgotten(api):
    check_in(api)
    check_in(api, environment="qa")
    path = f"{MONITORS}nightly-export/environments/qa/"
    muted = {one["name"]: one["isMuted"] for one in api.put(path, {"isMuted": True}).json()["environments"]}
    assert muted == {"production": False, "qa": True}
    assert api.delete(path).status_code == 202
    assert [one["name"] for one in api.get(f"{MONITORS}nightly-export/").json()["environments"]] == ["production"]
    assert api.delete(path).status_code == api.put(path, {"isMuted": False}).status_code == 404


def test_a_deleted_monitor_is_gone_with_its_runs(api):
    check_in(api)
    assert api.delete(f"{MONITORS}nightly-export/").status_code == 202
    assert api.get(f"{MONITORS}nightly-export/").status_code == 404
    assert api.get(MONITORS).json() == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"name", "config"}),
        ({"name": "a", "config": {}}, {"config"}),
        ({"name": "a", "config": "0 3 * * *"}, {"config"}),
        ({"name": "a", "config": {"schedule": "0 0 L * *"}}, {"config"}),
        ({"name": "!", "config": NIGHTLY}, {"slug"}),
        ({"name": "a", "slug": "Nightly", "config": NIGHTLY}, {"slug"}),
        ({"name": "a", "slug": "123", "config": NIGHTLY}, {"slug"}),
        ({"name": "a" * 129, "config": NIGHTLY}, {"name"}),
        ({"name": "a", "status": "paused", "config": NIGHTLY}, {"status"}),
        ({"name": "a", "project": "nope", "config": NIGHTLY}, {"project"}),
    ],
)
def test_a_bad_monitor_is_refused_by_field_and_not_made(api, body, fields):
    answer = api.post(MONITORS, {"project": "p"} | body)
    assert (answer.status_code, set(answer.json())) == (400, fields)
    assert api.get(MONITORS).json() == []


def test_a_slug_is_there_once_in_a_project(api):
    make(api)
    make(api, "Other")
    assert make(api).status_code == 409
    assert api.put(f"{MONITORS}other/", {"slug": "nightly-export"}).status_code == 409
    api.make_project("q")
    assert make(api, project="q").status_code == 201


def test_members_read_and_admins_write(api):
    make(api)
    member = api.make_token(api.make_user("bob@acme.io", role=Role.MEMBER, teams=[api.team]))
    assert api.get(f"{MONITORS}nightly-export/", token=member).status_code == 200
    assert api.put(f"{MONITORS}nightly-export/", {"isMuted": True}, token=member).status_code == 403
    reader = api.make_token(api.jane, [Scope.ALERTS_READ])
    assert api.get(MONITORS, token=reader).status_code == 200
    assert api.delete(f"{MONITORS}nightly-export/", token=reader).status_code == 403


def test_a_monitor_of_another_organization_is_not_there(api):
    other = api.organization("other")
    elsewhere = api.make_project("secret", org=other)
    eve = api.make_token(api.make_user("eve@other.io", role=Role.OWNER, org=other))
    config = {"project": elsewhere.slug, "name": "Secret", "config": NIGHTLY}
    made = api.post("/organizations/other/monitors/", config, token=eve).json()
    assert api.get(f"{MONITORS}{made['id']}/").status_code == 404
    assert api.get(f"{MONITORS}secret/").status_code == 404
