"""Grouping through the API: rules, why an event is where it is, and what other rules would change."""

import pytest

from tocsin.domain.access import Scope
from tocsin.domain.grouping import LATEST, OLDEST
from tocsin.domain.grouping.project import PATTERNS_CHARS_MAX, RULES_CHARS_MAX, TRANSITION_SECONDS

PROJECT = "/projects/acme/p/"
FRAMES = [{"module": "lib", "function": "call"}, {"module": "shop", "function": "pay", "in_app": True, "lineno": 3}]
ERROR = {"type": "Declined", "value": "card 17", "stacktrace": {"frames": FRAMES}}
RULES = {
    "fingerprintingRules": "# money\ntype:Declined -> payments",
    "groupingEnhancements": "module:lib +app",
    "groupingConfig": OLDEST,
    "secondaryGroupingConfig": LATEST,
    "secondaryGroupingExpiry": 1_800_000_000,
}


def send(api, **event):
    api.send(exception={"values": [ERROR]}, **event)
    return api.get("/projects/acme/p/events/").json()[0]["eventID"]


def test_what_a_project_says_about_grouping_is_kept(api):
    shown = api.get(PROJECT).json()
    assert {name: shown[name] for name in RULES} == {
        "fingerprintingRules": "",
        "groupingEnhancements": "",
        "groupingConfig": LATEST,
        "secondaryGroupingConfig": None,
        "secondaryGroupingExpiry": 0,
    }
    assert api.put(PROJECT, RULES).status_code == 200
    shown = api.get(PROJECT).json()
    assert {name: shown[name] for name in RULES} == RULES
    entry = api.get("/organizations/acme/audit-logs/").json()["rows"][0]
    assert entry["data"]["changed"] == sorted(RULES)


def test_a_move_to_another_configuration_keeps_the_one_before_for_90_days(api):
    api.put(PROJECT, {"groupingConfig": OLDEST, "secondaryGroupingConfig": None})
    assert api.get(PROJECT).json()["secondaryGroupingConfig"] is None
    shown = api.put(PROJECT, {"groupingConfig": LATEST}).json()
    assert shown["secondaryGroupingConfig"] == OLDEST
    assert shown["secondaryGroupingExpiry"] == int(api.now.timestamp()) + TRANSITION_SECONDS
    again = api.put(PROJECT, {"groupingConfig": LATEST, "secondaryGroupingExpiry": 5}).json()
    assert (again["secondaryGroupingConfig"], again["secondaryGroupingExpiry"]) == (OLDEST, 5)


@pytest.mark.parametrize(
    ("sent", "start"),
    [
        ({"fingerprintingRules": "type:A -> a\n\nnonsense"}, "line 3: "),
        ({"fingerprintingRules": "type:A ->"}, "line 1: a rule needs a fingerprint"),
        ({"fingerprintingRules": 7}, "Not a valid string."),
        ({"groupingEnhancements": "\nfamily:all -everything"}, "line 2: "),
        ({"groupingEnhancements": "#" * (RULES_CHARS_MAX + 1)}, "The rules may have"),
        ({"groupingEnhancements": "function:a\x00 -app"}, "The rules hold characters"),
        (
            {"groupingEnhancements": "\n".join(["function:" + "{a,b}" * 5 + "x" * 80 + " -app"] * 200)},
            "line ",
        ),
        ({"groupingEnhancements": "function:" + "{a,b}" * 7 + " -app"}, "line 1: the pattern"),
        ({"groupingEnhancements": "function:" + "{a,b}" * 40 + " -app"}, "line 1: the patterns"),
        ({"groupingConfig": "newstyle:2023-01-11"}, '"newstyle:2023-01-11" is not a valid choice.'),
        ({"secondaryGroupingConfig": "x"}, '"x" is not a valid choice.'),
        ({"secondaryGroupingExpiry": -1}, "Ensure this value is greater"),
    ],
)
def test_what_cannot_be_saved_is_told_with_its_line(api, sent, start):
    answer = api.put(PROJECT, sent)
    assert answer.status_code == 400
    [(name, [detail])] = answer.json().items()
    assert (name, detail[: len(start)]) == (*sent, start)
    assert api.get(PROJECT).json()["options"] == {}
    assert PATTERNS_CHARS_MAX < 200 * 32 * 80


def test_an_event_tells_why_it_is_where_it_is(api):
    event_id = send(api)
    told = api.get(f"/projects/acme/p/events/{event_id}/grouping-info/").json()
    app = told["app"]
    assert (app["contributes"], app["hashMismatch"], app["values"]) == (True, False, ["Declined", "shop", "pay"])
    assert app["config"] == {"id": LATEST}
    stacktrace = app["component"]["values"][0]["values"][-1]
    assert [(frame["contributes"], frame["hint"], frame["inApp"]) for frame in stacktrace["values"]] == [
        (False, "it is not in-app", False),
        (True, None, True),
    ]
    issue_id = api.get(f"/organizations/acme/eventids/{event_id}/").json()["groupId"]
    for path in (f"/issues/{issue_id}/events/{event_id}", f"/organizations/acme/issues/{issue_id}/events/latest"):
        assert api.get(f"{path}/grouping-info/").json() == told


def test_changed_rules_show_as_a_mismatch_with_the_rule_that_did_it(api):
    event_id = send(api)
    api.put(PROJECT, RULES)
    told = api.get(f"/projects/acme/p/events/{event_id}/grouping-info/").json()
    custom = told["custom-fingerprint"]
    assert (custom["contributes"], custom["hashMismatch"], custom["fingerprint"]) == (True, True, ["payments"])
    assert custom["matchedRule"] == {"text": "type:Declined -> payments", "line": 2, "isBuiltIn": False}
    frames = told["app"]["component"]["values"][0]["values"][0]["values"]
    assert frames[0]["rules"] == [{"text": "module:lib +app", "line": 1, "isBuiltIn": False}]
    assert (told["app"]["contributes"], told["app"]["hashMismatch"]) == (False, False)


@pytest.mark.parametrize(
    "path",
    ["/projects/acme/p/events/{none}/grouping-info/", "/issues/{issue}/events/{none}/grouping-info/",
     "/issues/{issue}/events/odd/grouping-info/", "/projects/acme/p/events/odd/grouping-info/"],
)  # fmt: skip
def test_an_event_that_is_not_there_is_not_explained(api, path):
    send(api)
    [issue] = api.issues()
    assert api.get(path.format(none="f" * 32, issue=issue)).status_code == 404


def test_a_preview_tells_what_would_change_and_changes_nothing(api):
    for kind in "ABB":
        api.later(minutes=1)
        api.send(exception={"values": [{"type": kind, "value": "same"}]})
    answer = api.post(f"{PROJECT}grouping-preview/", {"fingerprintingRules": "value:same -> one", "events": 50})
    told = answer.json()
    assert (told["events"], told["wanted"], told["issues"], told["stay"]) == (3, 50, 2, 0)
    [merge] = told["merges"]
    assert sorted((part["title"], part["events"]) for part in merge["issues"]) == [("A: same", 1), ("B: same", 2)]
    assert told["splits"] == []
    assert api.get(PROJECT).json()["fingerprintingRules"] == ""


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ({"events": 0}, "events"),
        ({"events": 10_001}, "events"),
        ({"events": "x"}, "events"),
        ({"fingerprintingRules": "x"}, "fingerprintingRules"),
    ],
)
def test_a_preview_that_makes_no_sense_is_refused(api, sent, name):
    answer = api.post(f"{PROJECT}grouping-preview/", sent)
    assert (answer.status_code, list(answer.json())) == (400, [name])


def test_a_preview_needs_the_right_to_change_the_project(api):
    token = api.make_token(api.jane, [Scope.PROJECT_READ])
    assert api.post(f"{PROJECT}grouping-preview/", {}, token=token).status_code == 403
