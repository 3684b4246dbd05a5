"""Making, sharing and deleting projects, their keys and their environments (spec/search.md 5.10, 5.13, 5.17)."""

from datetime import timedelta

import pytest

from tocsin.domain.access import Role, Scope
from tocsin.flows import project_keys
from tocsin.flows.projects import ROWS_AT_A_TIME, SETTLED_AFTER
from tocsin.storage.state import attachments, issues, outbox, projects
from tocsin.storage.state.key_cache import KeyCache

TEAM = "/teams/acme/crew/projects/"
KEYS = "/projects/acme/p/keys/"


@pytest.fixture
def member(api):
    return api.make_token(api.make_user("max@acme.io", role=Role.MEMBER))


def slugs(api, path="/organizations/acme/projects/", **options):
    return [project["slug"] for project in api.get(path, **options).json()]


def test_a_team_gets_a_new_project_with_a_key(api):
    made = api.post(TEAM, {"name": "Pump Station", "platform": "python-django", "default_rules": True})
    assert made.status_code == 201
    project = made.json()
    assert (project["slug"], project["name"], project["platform"]) == ("pump-station", "Pump Station", "python-django")
    assert [team["slug"] for team in project["teams"]] == ["crew"]
    assert slugs(api) == ["p", "pump-station"]
    (key,) = api.get("/projects/acme/pump-station/keys/").json()
    assert (key["name"], key["isActive"]) == ("Default", True)
    assert len({key["public"], key["secret"]}) == 2
    assert len(key["public"]) == 32


def test_a_slug_that_is_taken_is_a_conflict_and_one_that_is_not_chosen_is_found(api):
    assert api.post(TEAM, {"name": "x", "slug": "pump"}).json()["slug"] == "pump"
    refused = api.post(TEAM, {"name": "y", "slug": "pump"})
    assert (refused.status_code, refused.json()) == (409, {"detail": "A project with this slug already exists."})
    assert [api.post(TEAM, {"name": "Pump!"}).json()["slug"] for _ in range(2)] == ["pump-2", "pump-3"]
    assert api.post(TEAM, {"name": "Überdruck" * 9}).json()["slug"] == ("uberdruck" * 9)[:50]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"name"}),
        ({"name": " "}, {"name"}),
        ({"name": "x" * 201}, {"name"}),
        ({"name": "???"}, {"name"}),
        ({"name": "12"}, {"name"}),
        ({"name": "x", "slug": "Not A Slug"}, {"slug"}),
        ({"name": "x", "slug": "123"}, {"slug"}),
        ({"name": "x", "platform": "No Such!"}, {"platform"}),
    ],
)
def test_a_project_that_cannot_be_is_refused_field_by_field(api, body, fields):
    answer = api.post(TEAM, body)
    assert (answer.status_code, set(answer.json())) == (400, fields)
    assert slugs(api) == ["p"]


def test_a_project_needs_a_team_that_is_there(api):
    assert api.post("/teams/acme/nope/projects/", {"name": "x"}).status_code == 404


def test_a_member_makes_a_project_with_a_team_of_its_own(api, member):
    made = api.post("/organizations/acme/projects/", {"name": "Mine"}, token=member)
    assert (made.status_code, made.json()["slug"], made.json()["team_slug"]) == (201, "mine", "team-max")
    (team,) = made.json()["teams"]
    assert (team["slug"], made.json()["isMember"]) == ("team-max", True)
    assert api.post("/organizations/acme/projects/", {"name": "Mine"}, token=member).json()["team_slug"] == "team-max-2"
    assert api.post(TEAM, {"name": "x"}, token=member).status_code == 403
    api.organization("acme", allowMemberProjectCreation=False)
    refused = api.post("/organizations/acme/projects/", {"name": "x"}, token=member)
    assert refused.status_code == 403
    assert "disabled" in refused.json()["detail"]
    assert api.post("/organizations/acme/projects/", {"name": "x"}).status_code == 201


def test_teams_come_to_a_project_and_go(api):
    api.make_team("valves")
    added = api.post("/projects/acme/p/teams/valves/")
    assert (added.status_code, [team["slug"] for team in added.json()["teams"]]) == (201, ["crew", "valves"])
    assert {"color", "avatar", "status", "isInternal", "isPublic"} <= set(added.json())
    removed = api.delete("/projects/acme/p/teams/crew/")
    assert (removed.status_code, [team["slug"] for team in removed.json()["teams"]]) == (200, ["valves"])
    for answer in (api.post("/projects/acme/p/teams/nope/"), api.delete("/projects/acme/p/teams/nope/")):
        assert answer.status_code == 404


def test_a_deleted_project_is_out_of_sight_at_once_and_out_of_the_stores_soon(api):
    api.post("/projects/acme/p/keys/", {"name": "k"})
    (key,) = api.get(KEYS).json()
    issue_id = api.new_issue(event_id="ab" * 16)
    file = attachments.Attachment(
        project_id=api.project.id,
        event_id="ab" * 16,
        name="x",
        type="event.attachment",
        content_type="text/plain",
        size_bytes=1,
        sha256=api.blobs.put(b"x"),
        created_at=api.now,
    )
    with api.state.write() as connection:
        attachments.add(connection, [file])
    other = api.make_project("q")
    kept = api.new_issue(other)
    assert api.delete("/projects/acme/p/").status_code == 204
    assert slugs(api) == ["q"]
    assert api.get("/projects/acme/p/").status_code == 404
    assert api.get(f"/issues/{issue_id}/").status_code == 404
    assert api.get("/organizations/acme/shortids/P-1/").status_code == 404
    cache = KeyCache(api.state)
    assert cache.lookup(key["public"]) is None
    cache.close()
    api.send()
    assert api.history.rows("SELECT count() FROM event")[0][0] == 2
    assert api.services.projects.run(api.now) == 1
    assert api.history.rows("SELECT project_id FROM event") == [(other.id,)]
    assert set(api.issues()) == {kept}
    with api.state.read() as connection:
        assert projects.by_ids(connection, [api.project.id]) == {}
        assert attachments.newest(connection, api.project.id, limit=9) == []
    assert api.services.projects.run(api.now) == 0
    api.now += SETTLED_AFTER
    assert [api.services.projects.run(api.now) for _ in range(2)] == [1, 0]


def test_a_large_project_goes_piece_by_piece(api):
    for _ in range(2):
        api.send_groups(ROWS_AT_A_TIME // 2 + 1)
        api.delete("/organizations/acme/issues/?query=")
    api.send_groups(3)
    with api.state.read() as connection:
        assert len(issues.ids_of_project(connection, api.project.id, 5000)) > ROWS_AT_A_TIME
    api.delete("/projects/acme/p/")
    assert api.services.projects.run(api.now) == 1
    assert 0 < len(api.issues()) < ROWS_AT_A_TIME
    assert api.services.projects.run(api.now) == 1
    assert api.issues() == {}


def test_the_slug_of_a_deleted_project_is_free(api):
    api.delete("/projects/acme/p/")
    assert api.post(TEAM, {"name": "P"}).json()["slug"] == "p"
    assert slugs(api) == ["p"]


def test_work_on_a_deleted_project_is_never_forgotten(api):
    api.delete("/projects/acme/p/")
    with api.state.write() as connection:
        assert outbox.prune(connection, api.now + timedelta(days=9), 99, kept={"project.remove"}) == 0
    assert api.services.projects.run(api.now + timedelta(days=9)) == 1


def test_environments_are_hidden_and_shown_again(api):
    api.send(environment="production")
    api.send(environment="staging")
    path = "/projects/acme/p/environments/"
    hidden = api.put(f"{path}staging/", {"isHidden": True})
    assert (hidden.status_code, hidden.json()["name"], hidden.json()["isHidden"]) == (200, "staging", True)
    assert [one["name"] for one in api.get(path).json()] == ["production"]
    assert [one["name"] for one in api.get(f"{path}?visibility=hidden").json()] == ["staging"]
    assert [one["name"] for one in api.get("/organizations/acme/environments/").json()] == ["production"]
    both = api.put(path, {"isHidden": False})
    assert [(one["name"], one["isHidden"]) for one in both.json()] == [("production", False), ("staging", False)]
    some = api.put(path, {"isHidden": True, "environments": ["production"]})
    assert [one["name"] for one in some.json()] == ["production"]
    assert [one["name"] for one in api.get(path).json()] == ["staging"]
    assert api.put(f"{path}nope/", {"isHidden": True}).status_code == 404
    assert api.put(f"{path}staging/", {}).json() == {"isHidden": ["This field is required."]}
    assert api.put(f"{path}staging/", {"isHidden": "odd"}).status_code == 400


def test_a_key_is_made_limited_switched_off_and_deleted(api):
    made = api.post(KEYS, {"name": "CI", "rateLimit": {"count": 10, "window": 60}, "useCase": "user"})
    assert made.status_code == 201
    key = made.json()
    assert (key["name"], key["label"], key["rateLimit"]) == ("CI", "CI", {"count": 10, "window": 60})
    path = f"{KEYS}{key['id']}/"
    changed = api.put(path, {"isActive": False, "rateLimit": None, "dynamicSdkLoaderOptions": {"hasReplay": True}})
    assert changed.status_code == 200
    assert changed.json() == key | {
        "isActive": False,
        "rateLimit": None,
        "dynamicSdkLoaderOptions": key["dynamicSdkLoaderOptions"] | {"hasReplay": True},
    }
    again = api.put(path, {"name": "CD", "dynamicSdkLoaderOptions": {"hasDebug": True}, "browserSdkVersion": "9.x"})
    assert (
        again.json()["dynamicSdkLoaderOptions"] | {"hasReplay": True, "hasDebug": True}
        == (again.json()["dynamicSdkLoaderOptions"])
    )
    assert (again.json()["name"], again.json()["browserSdkVersion"], again.json()["isActive"]) == ("CD", "9.x", False)
    assert api.get(path).json() == again.json()
    assert api.delete(path).status_code == 204
    for answer in (api.get(path), api.put(path, {}), api.delete(path)):
        assert answer.status_code == 404
    assert api.post(KEYS, {}).json()["name"] == "Key"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rateLimit": {"count": -1, "window": 60}}, "rateLimit"),
        ({"rateLimit": {"count": 1, "window": 86_401}}, "rateLimit"),
        ({"rateLimit": 7}, "rateLimit"),
        ({"name": "x" * 201}, "name"),
        ({"isActive": "perhaps"}, "isActive"),
        ({"browserSdkVersion": "newest"}, "browserSdkVersion"),
        ({"dynamicSdkLoaderOptions": {"hasReplay": "perhaps"}}, "dynamicSdkLoaderOptions"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(api, body, field):
    answer = api.post(KEYS, body)
    assert (answer.status_code, set(answer.json())) == (400, {field})
    assert api.get(KEYS).json() == []


def test_half_a_limit_is_none(api):
    assert api.post(KEYS, {"rateLimit": {"count": 5}}).json()["rateLimit"] is None
    assert api.post(KEYS, {"rateLimit": {"count": 0, "window": 60}}).json()["rateLimit"] is None


def test_a_key_of_another_project_is_not_found(api):
    api.make_project("q")
    key = api.post("/projects/acme/q/keys/", {}).json()["id"]
    for answer in (api.put(f"{KEYS}{key}/", {"name": "x"}), api.delete(f"{KEYS}{key}/")):
        assert answer.status_code == 404


def test_a_project_has_only_so_many_keys(api):
    for _ in range(project_keys.KEYS_MAX):
        api.services.project_keys.add(api.project, {}, api.now)
    answer = api.post(KEYS, {})
    assert answer.status_code == 409
    assert "Delete one" in answer.json()["detail"]


def test_who_may_write_may_not_delete(api):
    writer = api.make_token(api.jane, [Scope.PROJECT_WRITE])
    key = api.post(KEYS, {}, token=writer).json()["id"]
    assert api.delete(f"{KEYS}{key}/", token=writer).status_code == 403
    assert api.delete("/projects/acme/p/", token=writer).status_code == 403
