"""Ownership rules: kept, suggested, assigned, searched (spec/search.md 2.3, 5.2, 6)."""

import pytest

from tocsin.domain.access import Role
from tocsin.domain.issue.issue import Assignee
from tocsin.storage.state import organizations, teams

PATH = "/projects/acme/p/ownership/"
LIST = "/organizations/acme/issues/"
OFF = "Turn off Auto-Assignment"


@pytest.fixture
def bob(api):
    return api.make_user("bob@acme.io", role=Role.MEMBER)


def found(api, query, **options):
    answer = api.get(LIST, params={"query": query}, **options)
    assert answer.status_code == 200, answer.text
    return [int(issue["id"]) for issue in answer.json()]


def frame(name):
    frames = [{"filename": name, "lineno": 1}]
    return {"exception": {"values": [{"type": "E", "value": "v", "stacktrace": {"frames": frames}}]}}


def test_rules_are_kept_as_they_were_written(api):
    shown = api.get(PATH).json()
    assert (shown["raw"], shown["fallthrough"], shown["isActive"]) == ("", True, True)
    assert shown["autoAssignment"] == "Auto Assign to Issue Owner"
    api.later(minutes=1)
    raw = "# comment\npath:src/* jane@acme.io #crew\n"
    changed = api.put(PATH, {"raw": raw, "fallthrough": False, "autoAssignment": OFF})
    assert changed.status_code == 202
    assert changed.json() == {
        "raw": raw,
        "fallthrough": False,
        "dateCreated": "2026-11-18T12:01:00Z",
        "lastUpdated": "2026-11-18T12:01:00Z",
        "isActive": True,
        "autoAssignment": OFF,
        "codeownersAutoSync": False,
        "schema": {
            "$version": 1,
            "rules": [
                {
                    "matcher": {"type": "path", "pattern": "src/*"},
                    "owners": [
                        {"type": "user", "identifier": "jane@acme.io"},
                        {"type": "team", "identifier": "crew"},
                    ],
                }
            ],
        },
    }
    api.later(minutes=1)
    assert api.put(PATH, {"isActive": False}).json()["dateCreated"] == "2026-11-18T12:01:00Z"
    assert api.get(PATH).json() == changed.json() | {"isActive": False, "lastUpdated": "2026-11-18T12:02:00Z"}


@pytest.mark.parametrize(
    ("body", "field", "text"),
    [
        ({"raw": "nonsense"}, "raw", "line 1"),
        ({"raw": "path:* eve@other.io #nope jane@acme.io"}, "raw", "Invalid rule owners: eve@other.io, #nope"),
        ({"raw": 7}, "raw", "Not a valid string."),
        ({"autoAssignment": "perhaps"}, "autoAssignment", "not a valid choice"),
        ({"fallthrough": "perhaps"}, "fallthrough", "boolean"),
    ],
)
def test_rules_that_mean_nothing_are_refused(api, body, field, text):
    answer = api.put(PATH, body)
    assert answer.status_code == 400
    assert text in answer.json()[field][0]
    assert api.get(PATH).json()["raw"] == ""


def test_whoever_a_rule_names_is_suggested_and_found(api, bob):
    """search-K13, search-K14"""
    crew = api.make_token(bob)
    api.put(PATH, {"raw": "path:src/* jane@acme.io\npath:lib/* #crew", "autoAssignment": OFF})
    mine, theirs, nobodys = (api.new_issue(**frame(name)) for name in ("src/a.py", "lib/b.py", "c.py"))
    taken = api.new_issue(**frame("c.py"))
    api.change(taken, assignee=Assignee(user_id=api.jane.id))
    assert found(api, "assigned_or_suggested:me") == [taken, theirs, mine]
    assert found(api, "assigned_or_suggested:jane@acme.io") == [taken, theirs, mine]
    assert found(api, "assigned_or_suggested:#crew") == [theirs]
    assert found(api, "assigned_or_suggested:my_teams") == [theirs]
    assert found(api, "assigned_or_suggested:none") == [nobodys]
    assert found(api, "assigned_or_suggested:[none, #crew]") == [nobodys, theirs]
    assert found(api, "!assigned_or_suggested:me") == [nobodys]
    assert found(api, "has:assigned_or_suggested") == [taken, theirs, mine]
    assert found(api, "assigned_or_suggested:me", token=crew) == []
    with api.state.write() as connection:
        teams.add_member(connection, api.team, bob.id)
    assert found(api, "assigned_or_suggested:me", token=crew) == [theirs]
    api.change(mine, assignee=Assignee(user_id=bob.id))
    assert found(api, "assigned_or_suggested:me") == [taken, theirs]
    assert found(api, "assigned:me") == [taken]


def test_suggestions_are_shown_when_asked_for(api):
    api.put(PATH, {"raw": "path:src/* #crew jane@acme.io"})
    issue_id, other = api.new_issue(**frame("src/a.py")), api.new_issue()
    owners = {row["id"]: row["owners"] for row in api.get(f"{LIST}?expand=owners").json()}
    told = {"type": "ownershipRule", "date_added": "2026-11-18T12:00:00Z"}
    wanted = [told | {"owner": f"team:{api.team}"}, told | {"owner": f"user:{api.jane.id}"}]
    assert owners[str(other)] is None
    assert sorted(owners[str(issue_id)], key=str) == sorted(wanted, key=str)
    assert api.get(f"/issues/{issue_id}/?expand=owners").json()["owners"] == owners[str(issue_id)]


def test_a_new_issue_is_assigned_to_the_first_owner_unless_that_is_switched_off(api, bob):
    api.put(PATH, {"raw": "path:src/* bob@acme.io\npath:src/a* #crew"})
    issue_id = api.new_issue(**frame("src/a.py"))
    assert api.issue(issue_id).assignee == Assignee(team_id=api.team)
    assert api.get(f"/issues/{issue_id}/activities/").json()["activity"][0]["type"] == "assigned"
    assert api.issue(api.new_issue(**frame("src/b.py"))).assignee == Assignee(user_id=bob.id)
    assert api.issue(api.new_issue(**frame("b.py"))).assignee is None
    api.put(PATH, {"autoAssignment": OFF})
    assert api.issue(api.new_issue(**frame("src/b.py"))).assignee is None
    api.put(PATH, {"isActive": False})
    issue_id = api.new_issue(**frame("src/b.py"))
    assert api.get(f"/issues/{issue_id}/?expand=owners").json()["owners"] is None


def test_an_issue_that_somebody_took_keeps_its_owner_when_it_comes_again(api):
    api.put(PATH, {"raw": "path:src/* #crew"})
    issue_id = api.new_issue(fingerprint=["one"], **frame("src/a.py"))
    api.change(issue_id, assignee=Assignee(user_id=api.jane.id))
    api.send(fingerprint=["one"], **frame("src/a.py"))
    assert api.issue(issue_id).assignee == Assignee(user_id=api.jane.id)


def test_somebody_who_left_is_suggested_no_more(api, bob):
    api.put(PATH, {"raw": "path:src/* jane@acme.io\npath:src/* bob@acme.io #crew"})
    with api.state.write() as connection:
        teams.remove(connection, api.team)
        organizations.remove_member(connection, api.org, bob.id)
    issue_id = api.new_issue(**frame("src/a.py"))
    assert api.issue(issue_id).assignee == Assignee(user_id=api.jane.id)
