"""Making, changing and ending teams and memberships (spec/search.md 5.14)."""

import pytest

from tocsin.domain.access import Role

TEAMS = "/organizations/acme/teams/"
MEMBERS = "/organizations/acme/members/"


@pytest.fixture
def token_of(api):
    return {
        role: api.make_token(api.make_user(f"{role}@acme.io", role=role))
        for role in (Role.MEMBER, Role.ADMIN, Role.MANAGER)
    }


def member_id(api, email):
    return next(one["id"] for one in api.get(MEMBERS).json() if one["email"] == email)


def slugs(api):
    return [team["slug"] for team in api.get(TEAMS).json()]


def test_a_team_is_made_changed_and_deleted(api):
    made = api.post(TEAMS, {"name": "Pump Crew"})
    assert (made.status_code, made.json()["slug"], made.json()["name"]) == (201, "pump-crew", "Pump Crew")
    assert (made.json()["memberCount"], made.json()["isMember"]) == (1, True)
    assert api.post(TEAMS, {"slug": "valves"}).json()["name"] == "valves"
    changed = api.put("/teams/acme/pump-crew/", {"name": "Pumps", "slug": "pumps"})
    assert (changed.status_code, changed.json()["slug"], changed.json()["id"]) == (200, "pumps", made.json()["id"])
    assert slugs(api) == ["crew", "pumps", "valves"]
    assert api.delete("/teams/acme/pumps/").status_code == 204
    for answer in (api.delete("/teams/acme/pumps/"), api.put("/teams/acme/pumps/", {"name": "x"})):
        assert answer.status_code == 404
    assert slugs(api) == ["crew", "valves"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": "???"}, 400),
        ({"name": "x" * 201}, 400),
        ({"slug": "No Slug"}, 400),
        ({"slug": "crew"}, 409),
    ],
)
def test_a_team_that_cannot_be_is_refused(api, body, status):
    assert api.post(TEAMS, body).status_code == status
    assert slugs(api) == ["crew"]


def test_a_slug_of_another_team_is_not_taken(api):
    api.post(TEAMS, {"slug": "pumps"})
    answer = api.put("/teams/acme/pumps/", {"slug": "crew"})
    assert answer.status_code == 409
    assert "crew" in answer.json()["detail"]
    assert api.post(TEAMS, {"name": "Crew"}).json()["slug"] == "crew-2"


def test_a_team_is_shown_with_its_organization_and_its_projects(api):
    shown = api.get("/teams/acme/crew/?expand=projects").json()
    assert (shown["organization"]["slug"], [one["slug"] for one in shown["projects"]]) == ("acme", ["p"])
    assert {"organization", "projects"}.isdisjoint(api.get("/teams/acme/crew/?collapse=organization").json())


def test_members_join_open_teams_and_leave_them(api, token_of):
    path = f"{MEMBERS}me/teams/crew/"
    joined = api.post(path, token=token_of[Role.MEMBER])
    assert (joined.status_code, joined.json()["slug"], joined.json()["isMember"]) == (201, "crew", True)
    assert api.post(path, token=token_of[Role.MEMBER]).status_code == 204
    role = api.put(path, {"teamRole": "contributor"}, token=token_of[Role.MEMBER])
    assert (role.status_code, role.json()) == (200, {"isActive": True, "teamRole": "contributor"})
    assert api.put(path, {"teamRole": "admin"}, token=token_of[Role.MEMBER]).status_code == 400
    left = api.delete(path, token=token_of[Role.MEMBER])
    assert (left.status_code, left.json()["isMember"]) == (200, False)
    assert api.put(path, {}, token=token_of[Role.MEMBER]).status_code == 404
    assert api.post(f"{MEMBERS}me/teams/nope/", token=token_of[Role.MEMBER]).status_code == 404
    assert api.post(f"{MEMBERS}999/teams/crew/").status_code == 404


def test_only_some_put_others_into_teams(api, token_of):
    other = member_id(api, "admin@acme.io")
    path = f"{MEMBERS}{other}/teams/crew/"
    assert api.post(path, token=token_of[Role.MEMBER]).status_code == 403
    assert api.post(path, token=token_of[Role.MANAGER]).status_code == 201
    assert api.delete(path, token=token_of[Role.MEMBER]).status_code == 403
    assert api.delete(path, token=token_of[Role.MANAGER]).status_code == 200
    api.organization("acme", openMembership=False)
    assert api.post(f"{MEMBERS}me/teams/crew/", token=token_of[Role.MEMBER]).status_code == 403
    assert api.post(f"{MEMBERS}me/teams/crew/", token=token_of[Role.ADMIN]).status_code == 201


def test_somebody_new_becomes_a_member_with_an_account(api):
    made = api.post(MEMBERS, {"email": "Zoe@acme.io", "orgRole": "manager", "teamRoles": [{"teamSlug": "crew"}]})
    assert made.status_code == 201
    assert (made.json()["email"], made.json()["orgRole"], made.json()["teams"]) == ("zoe@acme.io", "manager", ["crew"])
    again = api.post(MEMBERS, {"email": "zoe@acme.io"})
    assert (again.status_code, again.json()) == (400, {"email": ["The user zoe@acme.io is already a member"]})
    changed = api.put(f"{MEMBERS}{made.json()['id']}/", {"orgRole": "member", "teams": []})
    assert (changed.json()["orgRole"], changed.json()["teams"]) == ("member", [])
    assert api.delete(f"{MEMBERS}{made.json()['id']}/").status_code == 204
    assert [one["email"] for one in api.get(MEMBERS).json()] == ["jane@acme.io"]
    assert api.post(MEMBERS, {"email": "zoe@acme.io"}).json()["orgRole"] == "member"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email"}),
        ({"email": "zoe"}, {"email"}),
        ({"email": "z@acme.io", "orgRole": "king"}, {"orgRole"}),
        ({"email": "z@acme.io", "teams": "crew"}, {"teams"}),
        ({"email": "z@acme.io", "teams": [7]}, {"teams"}),
        ({"email": "z@acme.io", "teams": ["nope"]}, {"teams"}),
    ],
)
def test_a_member_that_cannot_be_is_refused(api, body, fields):
    answer = api.post(MEMBERS, body)
    assert (answer.status_code, set(answer.json())) == (400, fields)
    assert [one["email"] for one in api.get(MEMBERS).json()] == ["jane@acme.io"]


def test_nobody_decides_about_a_role_above_their_own(api, token_of):
    manager = token_of[Role.MANAGER]
    owner, admin = member_id(api, "jane@acme.io"), member_id(api, "admin@acme.io")
    assert api.post(MEMBERS, {"email": "z@acme.io", "orgRole": "owner"}, token=manager).status_code == 403
    assert api.put(f"{MEMBERS}{admin}/", {"orgRole": "owner"}, token=manager).status_code == 403
    assert api.put(f"{MEMBERS}{owner}/", {"orgRole": "member"}, token=manager).status_code == 403
    assert api.delete(f"{MEMBERS}{owner}/", token=manager).status_code == 403
    assert api.put(f"{MEMBERS}{admin}/", {"orgRole": "manager"}, token=manager).status_code == 200
    assert api.delete(f"{MEMBERS}{admin}/", token=token_of[Role.MEMBER]).status_code == 403
    assert api.delete(f"{MEMBERS}{admin}/", token=manager).status_code == 204


def test_an_organization_keeps_an_owner(api):
    for answer in (api.delete(f"{MEMBERS}me/"), api.put(f"{MEMBERS}me/", {"orgRole": "member"})):
        assert answer.status_code == 403
        assert "only remaining owner" in answer.json()["detail"]
    api.make_user("second@acme.io", role=Role.OWNER)
    assert api.put(f"{MEMBERS}me/", {"orgRole": "owner"}).status_code == 200
    assert api.delete(f"{MEMBERS}me/").status_code == 204
    assert api.get(MEMBERS).status_code == 403


def test_members_leave_by_themselves(api, token_of):
    assert api.delete(f"{MEMBERS}me/", token=token_of[Role.MEMBER]).status_code == 204
    assert api.get("/organizations/acme/", token=token_of[Role.MEMBER]).status_code == 403
    assert api.delete(f"{MEMBERS}999/").status_code == 404
