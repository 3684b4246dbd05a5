"""Privacy options over the API: how they are shown, and how rules are tried before they are saved."""

import pytest

from tocsin.domain.access import Role


@pytest.fixture(scope="module")
def project(shared_api):
    return shared_api.make_project("private", sensitiveFields=["zip"], relayPiiConfig='{"applications":{}}')


PATH = "/projects/acme/private/scrubbing-test/"


def test_options_are_shown_with_their_defaults(shared_api, project):
    shown = shared_api.get("/projects/acme/p/").json()
    names = (
        "dataScrubber",
        "dataScrubberDefaults",
        "scrubIPAddresses",
        "sensitiveFields",
        "safeFields",
        "relayPiiConfig",
    )
    assert [shown[name] for name in names] == [True, True, False, [], [], None]
    assert (shown["storeAttachments"], shown["storeCrashReports"]) == (True, None)
    changed = shared_api.get("/projects/acme/private/").json()
    assert (changed["sensitiveFields"], changed["relayPiiConfig"]) == (["zip"], '{"applications":{}}')
    organization = shared_api.get("/organizations/acme/").json()
    assert [organization[name] for name in names] == [False, False, False, [], [], None]
    assert organization["storeCrashReports"] == -1


def test_rules_are_tried_together_with_what_is_saved(shared_api, project):
    body = {
        "event": {"extra": {"zip": "1", "name": "jane"}, "message": "hello"},
        "relayPiiConfig": "[Mask] [Anything] from [extra.name]",
    }
    answer = shared_api.post(PATH, body)
    assert answer.status_code == 200
    tried = answer.json()
    assert tried["event"]["extra"] == {"zip": "[Filtered]", "name": "****"}
    assert tried["changes"] == [
        {"path": "extra.name", "rule": "0", "method": "m", "start": 0, "end": 4, "originalLength": 4},
        {"path": "extra.zip", "rule": "strip-fields", "method": "s", "start": 0, "end": 10, "originalLength": 1},
    ]
    assert tried["rules"] == ["[Mask] [Anything] from [extra.name]"]
    assert tried["slowRules"] == []
    assert shared_api.get("/projects/acme/private/").json()["relayPiiConfig"] == '{"applications":{}}'


def test_a_text_is_tried_as_extra_data(shared_api, project):
    tried = shared_api.post(PATH, {"text": "card 4242 4242 4242 4242", "dataScrubberDefaults": True}).json()
    assert tried["event"]["extra"] == {"text": "card [Filtered]"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "event"),
        ({"event": "text"}, "event"),
        ({"event": []}, "event"),
        ({"text": "a", "relayPiiConfig": "nonsense"}, "relayPiiConfig"),
        ({"text": "a", "sensitiveFields": 5}, "sensitiveFields"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_by_its_fields(shared_api, project, body, field):
    answer = shared_api.post(PATH, body)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_an_event_that_is_none_is_refused(shared_api, project):
    answer = shared_api.post(PATH, {"event": {"timestamp": -1}})
    assert answer.status_code == 400
    assert "1970" in answer.json()["detail"]


def test_members_who_may_not_change_the_project_may_not_try(shared_api, project):
    member = shared_api.make_token(shared_api.make_user("tim@acme.io", role=Role.MEMBER, teams=[shared_api.team]))
    assert shared_api.post(PATH, {"text": "a"}, token=member).status_code == 403
