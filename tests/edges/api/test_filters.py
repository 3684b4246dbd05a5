"""Inbound filters and other settings of what comes in, through the API and as the next event feels them."""

import pytest

FILTERS = "/projects/acme/p/filters/"
PROJECT = "/projects/acme/p/"


def active(api):
    return {one["id"]: one["active"] for one in api.get(FILTERS).json()}


def test_filters_are_listed_and_switched(api):
    assert active(api) == {
        "browser-extensions": False,
        "localhost": False,
        "filtered-transaction": True,
        "web-crawlers": True,
        "react-hydration-errors": False,
        "chunk-load-error": False,
        "invalid-csp": True,
        "legacy-browsers": [],
    }
    assert api.put(f"{FILTERS}localhost/", {"active": True}).status_code == 204
    assert api.put(f"{FILTERS}web-crawlers/", {"active": False}).status_code == 204
    assert api.put(f"{FILTERS}legacy-browsers/", {"subfilters": ["ie9", "ie10"]}).status_code == 204
    found = active(api)
    assert (found["localhost"], found["web-crawlers"], found["legacy-browsers"]) == (True, False, ["ie10", "ie9"])
    assert api.put(f"{FILTERS}legacy-browsers/", {"active": True}).status_code == 204
    assert "ie9" in active(api)["legacy-browsers"]
    assert "ie11" not in active(api)["legacy-browsers"]


@pytest.mark.parametrize(
    ("filter_id", "body", "status"),
    [
        ("localhost", {}, 400),
        ("localhost", {"active": "perhaps"}, 400),
        ("legacy-browsers", {"subfilters": ["ie6000"]}, 400),
        ("nope", {"active": True}, 404),
    ],
)
def test_filters_that_cannot_be_switched_so_stay_as_they_are(api, filter_id, body, status):
    before = active(api)
    answer = api.put(f"{FILTERS}{filter_id}/", body)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["active"]
    assert active(api) == before


OPTIONS = {
    "allowedDomains": ["*.shop.test"],
    "dataScrubber": False,
    "sensitiveFields": ["pin"],
    "storeAttachments": False,
    "options": {"filters:releases": "1.*\n2.*", "filters:blacklisted_ips": ["10.0.0.0/8"]},
}


def test_what_comes_in_is_set_with_the_project(api):
    shown = api.put(PROJECT, OPTIONS).json()
    assert {name: shown[name] for name in OPTIONS if name != "options"} == {
        name: value for name, value in OPTIONS.items() if name != "options"
    }
    assert shown["options"].items() >= {"filters:releases": "1.*\n2.*", "filters:blacklisted_ips": "10.0.0.0/8"}.items()
    assert api.get(PROJECT).json() == shown
    assert api.put(PROJECT, {"allowedDomains": ""}).json()["allowedDomains"] == ["*"]


def test_an_organization_scrubs_for_all_its_projects(api):
    shown = api.put("/organizations/acme/", {"dataScrubber": True, "sensitiveFields": "pin\ntan"}).json()
    assert (shown["dataScrubber"], shown["sensitiveFields"]) == (True, ["pin", "tan"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"allowedDomains": [1]}, "allowedDomains"),
        ({"sensitiveFields": {"a": 1}}, "sensitiveFields"),
        ({"relayPiiConfig": "{oops"}, "relayPiiConfig"),
        ({"options": {"filters:blacklisted_ips": "300.1.1.1"}}, "options"),
        ({"options": {"filters:releases": "{a,b,c}" * 8}}, "options"),
        ({"options": {"filters:error_messages": ["[z-a]*"]}}, "options"),
        ({"options": {"filters:error_messages": [f"{{a,b}}{n}" for n in range(151)]}}, "options"),
        ({"options": 5}, "options"),
    ],
)
def test_settings_that_make_no_sense_are_told_by_field(api, body, field):
    before = api.get(PROJECT).json()
    answer = api.put(PROJECT, {"name": "renamed", **body})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert api.get(PROJECT).json() == before
