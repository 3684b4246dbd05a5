"""The cases of spec/search.md 7.6 to 7.8 that only read, on the fixture FX that they are written for."""

from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from tocsin.domain.access import Role
from tocsin.domain.organization import ClientKey
from tocsin.storage.state import project_keys

E1, E2, E3, DISK_FULL = "e1" * 16, "e2" * 16, "e3" * 16, "d1" * 16
LATEST_SEEN, FIRST_SEEN = "2026-11-18T11:00:00Z", "2026-11-17T06:00:00Z"
NO_MATCH = "No matching event found, try changing the environments, date range, or query."


def ago(fx, **passed):
    return (fx.api.now - timedelta(**passed)).timestamp()


def error(*, handled, user, browser, server, environment, release):
    frame = {
        "filename": "app/pump.py",
        "abs_path": "/srv/app/pump.py",
        "module": "app.pump",
        "function": "read",
        "lineno": 10,
        "in_app": True,
        "pre_context": ["def read():"],
        "context_line": "    raise ValueError('bad pressure')",
        "vars": {"p": "9"},
    }
    exception = {
        "type": "ValueError",
        "value": "bad pressure",
        "mechanism": {"type": "generic", "handled": handled},
        "stacktrace": {"frames": [frame]},
    }
    return {
        "exception": {"values": [exception]},
        "user": {"id": user, "email": f"u{user}@acme.io"},
        "tags": {"browser": browser},
        "server_name": server,
        "environment": environment,
        "release": release,
    }


def message(text, level, **fields):
    return {"exception": None, "logentry": {"formatted": text}, "level": level} | fields


@pytest.fixture(scope="module")
def fx(shared_api):
    api = shared_api
    made = SimpleNamespace(api=api, pump=api.make_project("pump"), valve=api.make_project("valve"))
    api.make_team("backend", projects=[made.pump, made.valve])
    oldest = error(
        handled=True, user="1", browser="Firefox", server="web-1", environment="staging", release="app@1.2.3"
    )
    second = error(
        handled=True, user="2", browser="Chrome", server="web-2", environment="production", release="app@1.2.4"
    )
    latest = error(
        handled=False, user="1", browser="Chrome", server="web-1", environment="production", release="app@1.2.3"
    )
    api.send(made.pump, event_id=E3, timestamp=ago(made, hours=30), **oldest)
    api.send(made.pump, event_id=E2, timestamp=ago(made, hours=2), **second)
    api.send(made.pump, event_id=E1, timestamp=ago(made, hours=1), **latest)
    (made.i1,) = api.issues()
    disk_full = message("Disk full", "warning", environment="production", server_name="web-2")
    api.send(made.pump, event_id=DISK_FULL, timestamp=ago(made, hours=3), **disk_full)
    (made.i2,) = set(api.issues()) - {made.i1}
    for minutes in (20, 10):
        api.send(made.valve, timestamp=ago(made, minutes=minutes), **message("Timeout", "error", release="app@2.0.0"))
    api.later(days=-40)
    api.send(made.pump, **message("cats or dogs", "info"))
    api.later(days=40)
    with api.state.write() as connection:
        for letter, is_active in (("a", True), ("b", False)):
            key = ClientKey(
                project_id=made.pump.id,
                public_key=letter * 32,
                secret_key="c" * 32,
                label="Default",
                is_active=is_active,
                created_at=api.now,
            )
            project_keys.create(connection, key)
    return made


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [item["eventID"] for item in answer.json()]


def events_of(fx, query=""):
    return fx.api.get(f"/organizations/acme/issues/{fx.i1}/events/{query}")


def event_of(fx, event_id, query=""):
    return fx.api.get(f"/organizations/acme/issues/{fx.i1}/events/{event_id}/{query}")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", [E1, E2, E3], id="search-E08"),
        pytest.param("?environment=staging", [E3], id="search-E11"),
        pytest.param("?environment=nope", [], id="search-E11-unknown"),
        pytest.param("?query=browser:Chrome", [E1, E2], id="search-E12"),
        pytest.param("?query=!browser:Chrome", [E3], id="search-E12-negated"),
        pytest.param("?query=release:latest", [E2], id="search-E17"),
        pytest.param("?query=pressure", [E1, E2, E3], id="free-text"),
        pytest.param("?query=browser:Firefox OR environment:production", [E1, E2, E3], id="or"),
        pytest.param("?query=environment:staging", [E3], id="environment-term"),
        pytest.param("?query=release.version:>1.2.3", [E2], id="release-version"),
        pytest.param("?statsPeriod=90m", [E1], id="window"),
        pytest.param("?start=2026-11-17T00:00:00&end=2026-11-18T00:00:00Z", [E3], id="absolute-window"),
        pytest.param("?cursor=", [E1, E2, E3], id="empty-cursor"),
    ],
)
def test_the_events_of_an_issue_are_found(fx, query, expected):
    answer = events_of(fx, query)
    assert ids(answer) == expected
    assert all("entries" not in item for item in answer.json())


@pytest.mark.parametrize(
    ("full", "is_full"),
    [
        pytest.param("true", True, id="search-E09-true"),
        pytest.param("1", True, id="search-E09-1"),
        pytest.param("yes", False, id="search-E09-yes"),
    ],
)
def test_only_some_words_ask_for_full_events(fx, full, is_full):
    for path in (f"/issues/{fx.i1}/events/", "/projects/acme/pump/events/"):
        item = fx.api.get(f"{path}?full={full}").json()[0]
        assert ("entries" in item) is is_full
        assert item.keys().isdisjoint({"release", "userReport", "sdkUpdates", "resolvedWith", "nextEventID"})


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        pytest.param("?query=is:unresolved", '"is:" queries', id="search-E14"),
        pytest.param("?query=foo(bar", "Parse error", id="search-E15"),
        pytest.param("?statsPeriod=lol", "Invalid statsPeriod: 'lol'", id="search-E18"),
        pytest.param("?start=2026-11-17", "start and end are both required", id="half-a-window"),
        pytest.param("?per_page=101", "Invalid per_page value", id="per-page"),
        pytest.param("?cursor=1:2", "Invalid cursor parameter.", id="cursor"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(fx, query, detail):
    answer = events_of(fx, query)
    assert answer.status_code == 400
    assert detail in answer.json()["detail"]


def test_events_come_in_pages_that_lead_to_each_other(fx):
    seen, query = [], "?per_page=2"
    for _ in range(2):
        answer = events_of(fx, query)
        seen += ids(answer)
        following = answer.links["next"]
        query = "?" + urlsplit(following["url"]).query
    assert seen == [E1, E2, E3]
    assert following["results"] == "false"
    assert parse_qs(urlsplit(following["url"]).query) == {"per_page": ["2"], "cursor": ["0:4:0"]}
    assert answer.links["previous"] | {"url": ""} == {
        "url": "",
        "rel": "previous",
        "results": "true",
        "cursor": "0:0:1",
    }


def test_an_event_id_as_query_is_a_direct_hit(fx):
    answer = events_of(fx, f"?query={E2}")
    assert ids(answer) == [E2]
    assert answer.headers["x-sentry-direct-hit"] == "1"
    assert ids(events_of(fx, f"?query={DISK_FULL}")) == []


def test_a_sample_has_the_same_order_each_time(fx):
    first, again = events_of(fx, "?sample=1"), events_of(fx, "?sample=true")
    assert ids(first) == ids(again)
    assert sorted(ids(first)) == [E1, E2, E3]


@pytest.mark.parametrize(
    ("name", "query", "expected"),
    [
        pytest.param("latest", "", {E1}, id="search-E20-latest"),
        pytest.param("oldest", "", {E3}, id="search-E20-oldest"),
        pytest.param("recommended", "", {E1, E2, E3}, id="search-E20-recommended"),
        pytest.param("latest", "?environment=staging", {E3}, id="search-E21"),
        pytest.param("latest", "?query=is:unresolved browser:Firefox", {E3}, id="issue-terms-do-not-matter"),
        pytest.param("oldest", "?statsPeriod=3h", {E2}, id="window"),
        pytest.param(E2.upper(), "", {E2}, id="upper-case"),
    ],
)
def test_an_event_of_an_issue_has_several_names(fx, name, query, expected):
    assert event_of(fx, name, query).json()["eventID"] in expected


@pytest.mark.parametrize(
    ("name", "query", "status", "detail"),
    [
        pytest.param("latest", "?query=nosuchtag:x", 404, NO_MATCH, id="search-E23"),
        pytest.param("oldest", "?environment=nope", 404, NO_MATCH, id="environment"),
        pytest.param(DISK_FULL, "", 404, "Event not found", id="search-E26"),
        pytest.param("0" * 32, "", 404, "Event not found", id="unknown"),
        pytest.param("nonsense", "", 404, "Event not found", id="no-id"),
        pytest.param("latest", "?statsPeriod=lol", 400, "Invalid date range", id="window"),
        pytest.param("latest", "?query=a:1 OR b:2", 400, "Unable to parse query", id="query"),
    ],
)
def test_an_event_that_is_not_there_is_said_so(fx, name, query, status, detail):
    answer = event_of(fx, name, query)
    assert (answer.status_code, answer.json()["detail"][: len(detail)]) == (status, detail)


@pytest.mark.parametrize(
    ("event_id", "query", "previous", "following"),
    [
        pytest.param(E2, "", E3, E1, id="search-E24"),
        (E1, "", E2, None),
        (E3, "", None, E2),
        (E2, "?environment=production", None, E1),
    ],
)
def test_an_event_leads_to_its_neighbours(fx, event_id, query, previous, following):
    event = event_of(fx, event_id, query).json()
    assert (event["previousEventID"], event["nextEventID"]) == (previous, following)


@pytest.mark.parametrize("name", [pytest.param(E1, id="search-E27")])
def test_an_event_is_shown_in_full(fx, name):
    event = event_of(fx, name).json()
    assert event["id"] == event["eventID"] == E1
    assert event["groupID"] == str(fx.i1)
    keys = [tag["key"] for tag in event["tags"]]
    assert keys == sorted(keys)
    (frame,) = event["entries"][0]["data"]["values"][0]["stacktrace"]["frames"]
    assert (frame["lineNo"], frame["absPath"], frame["inApp"]) == (10, "/srv/app/pump.py", True)
    assert frame["context"] == [[9, "def read():"], [10, "    raise ValueError('bad pressure')"]]
    assert event["release"]["version"] == "app@1.2.3"
    assert event["release"]["versionInfo"]["package"] == "app"
    assert fx.api.get(f"/projects/acme/pump/events/{E1}/").json() == event


@pytest.mark.parametrize(
    ("name", "expected"),
    [pytest.param(E1, {"key": "user", "value": "id:1", "query": 'user.id:"1"'}, id="search-E35")],
)
def test_the_user_tag_carries_the_search_that_finds_it(fx, name, expected):
    assert expected in event_of(fx, name).json()["tags"]
    assert [tag for tag in event_of(fx, name).json()["tags"] if "query" in tag] == [expected]


def test_parts_of_an_event_can_be_left_out(fx):
    assert event_of(fx, E1, "?collapse=fullRelease").json()["release"] == {"version": "app@1.2.3"}
    left = event_of(fx, E1, "?collapse=stacktraceOnly").json()
    assert [entry["type"] for entry in left["entries"]] == ["exception"]
    assert "tags" not in left


@pytest.mark.parametrize("path", [pytest.param("/projects/acme/pump/events/", id="search-E30")])
def test_the_events_of_a_project_come_newest_first(fx, path):
    found = fx.api.get(path)
    assert ids(found)[:4] == [E1, E2, DISK_FULL, E3]
    assert {item["groupID"] for item in found.json()[:4]} == {str(fx.i1), str(fx.i2)}
    assert found.json()[0]["user"]["email"] == "u1@acme.io"
    assert "project" not in found.json()[0]


@pytest.mark.parametrize(
    ("event_id", "status"),
    [
        pytest.param(E1, 200, id="search-E32"),
        pytest.param("0" * 32, 404, id="search-E32-unknown"),
        pytest.param("xyz", 400, id="search-E32-malformed"),
    ],
)
def test_an_event_id_leads_to_its_issue(fx, event_id, status):
    answer = fx.api.get(f"/organizations/acme/eventids/{event_id}/")
    assert answer.status_code == status
    if status == 200:
        found = answer.json()
        assert (found["projectSlug"], found["groupId"], found["eventId"]) == ("pump", str(fx.i1), E1)
        assert found["event"]["entries"]


def values(fx, key, query=""):
    answer = fx.api.get(f"/organizations/acme/issues/{fx.i1}/tags/{key}/values/{query}")
    assert answer.status_code == 200, answer.text
    return [(item["value"], item["count"]) for item in answer.json()]


@pytest.mark.parametrize(
    ("key", "query", "expected"),
    [
        pytest.param("browser", "", [("Chrome", 2), ("Firefox", 1)], id="search-T01"),
        pytest.param("server_name", "?sort=date", [("web-1", 2), ("web-2", 1)], id="search-T03-date"),
        pytest.param("server_name", "?sort=age", [("web-2", 1), ("web-1", 2)], id="search-T03-age"),
        pytest.param("browser", "?sort=bogus", [("Chrome", 2), ("Firefox", 1)], id="search-T12"),
        pytest.param("release", "", [("app@1.2.4", 1), ("app@1.2.3", 2)], id="search-T09"),
        ("server_name", "?sort=count", [("web-1", 2), ("web-2", 1)]),
        ("browser", "?environment=staging", [("Firefox", 1)]),
        ("browser", "?per_page=1", [("Chrome", 2)]),
    ],
)
def test_the_values_of_a_tag_are_sorted(fx, key, query, expected):
    assert values(fx, key, query) == expected


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("tags/nope/values/", id="search-T04"),
        "tags/nope/",
        "tags/?environment=nope",
        "tags/browser/values/?environment=nope",
    ],
)
def test_tags_that_are_not_there_are_not_found(fx, path):
    assert fx.api.get(f"/issues/{fx.i1}/{path}").status_code == 404


@pytest.mark.parametrize("key", [pytest.param("browser", id="search-T06")])
def test_a_tag_is_summed_up(fx, key):
    tag = fx.api.get(f"/groups/{fx.i1}/tags/{key}/").json()
    assert (tag["totalValues"], tag["uniqueValues"], tag["topValues"][0]["value"]) == (3, 2, "Chrome")
    assert tag["topValues"][1] == {
        "key": "browser",
        "name": "Firefox",
        "value": "Firefox",
        "count": 1,
        "firstSeen": FIRST_SEEN,
        "lastSeen": FIRST_SEEN,
    }


@pytest.mark.parametrize(
    "expected", [pytest.param({"browser", "environment", "level", "release", "server_name", "user"}, id="search-T07")]
)
def test_all_tags_of_an_issue_are_listed(fx, expected):
    tags = {tag["key"]: tag for tag in fx.api.get(f"/issues/{fx.i1}/tags/").json()}
    assert expected <= tags.keys()
    assert [value["value"] for value in tags["browser"]["topValues"]] == ["Chrome", "Firefox"]
    only = fx.api.get(f"/issues/{fx.i1}/tags/?key=browser&key=user&limit=1").json()
    assert [(tag["key"], len(tag["topValues"]), tag["uniqueValues"]) for tag in only] == [
        ("browser", 1, 2),
        ("user", 1, 2),
    ]


@pytest.mark.parametrize("key", [pytest.param("user", id="search-T10")])
def test_the_values_of_the_user_tag_are_users(fx, key):
    users = fx.api.get(f"/issues/{fx.i1}/tags/{key}/values/").json()
    assert [user["value"] for user in users] == ["id:2", "id:1"]
    assert users[1] | {"hash": "", "avatarUrl": ""} == {
        "key": "user",
        "value": "id:1",
        "tagValue": "id:1",
        "identifier": "1",
        "id": "1",
        "username": "",
        "email": "u1@acme.io",
        "name": "u1@acme.io",
        "ipAddress": "",
        "avatarUrl": "",
        "hash": "",
        "dateCreated": FIRST_SEEN,
        "count": 2,
        "firstSeen": FIRST_SEEN,
        "lastSeen": LATEST_SEEN,
        "query": 'user.id:"1"',
    }


def test_projects_and_organizations_have_tags_too(fx):
    tags = {tag["key"]: tag["totalValues"] for tag in fx.api.get("/organizations/acme/tags/").json()}
    assert tags["browser"] == 3
    assert tags["level"] == 7
    only = fx.api.get(f"/organizations/acme/tags/?project={fx.valve.id}&project=pump").json()
    assert {tag["key"]: tag["totalValues"] for tag in only} == tags
    assert fx.api.get("/organizations/acme/tags/?project=99").status_code == 403
    found = fx.api.get("/organizations/acme/tags/browser/values/?query=FIRE").json()
    assert [value["value"] for value in found] == ["Firefox"]
    found = fx.api.get("/projects/acme/pump/tags/browser/values/?query=rom").json()
    assert [value["value"] for value in found] == ["Chrome"]
    users = fx.api.get("/projects/acme/pump/users/").json()
    assert [user["email"] for user in users] == ["u2@acme.io", "u1@acme.io"]


@pytest.mark.parametrize("path", [pytest.param("/organizations/acme/projects/", id="search-O01")])
def test_projects_are_listed_by_slug(fx, path):
    found = {project["slug"]: project for project in fx.api.get(path).json()}
    assert list(found) == ["p", "pump", "valve"]
    assert found["pump"]["id"] == str(fx.pump.id)
    assert found["pump"]["team"] == found["pump"]["teams"][0]
    assert found["pump"]["environments"] == ["production", "staging"]
    assert found["pump"]["latestRelease"] == {"version": "app@1.2.4"}
    assert found["valve"]["environments"] == []
    assert [project["slug"] for project in fx.api.get(f"{path}?query=slug:pump").json()] == ["pump"]
    assert [project["slug"] for project in fx.api.get(f"{path}?query=team:backend v").json()] == ["valve"]
    assert [project["slug"] for project in fx.api.get(f"{path}?per_page=1&cursor=1:1:0").json()] == ["pump"]
    assert "link" not in fx.api.get(f"{path}?all_projects=1").headers


@pytest.mark.parametrize("by", [pytest.param("slug", id="search-O03"), pytest.param("id", id="search-O03-id")])
def test_a_project_is_shown_with_its_settings(fx, by):
    project = fx.api.get(f"/projects/acme/{getattr(fx.pump, by)}/").json()
    assert project["slug"] == "pump"
    assert project["options"] == {}
    assert project["organization"]["slug"] == "acme"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/projects/acme/nope/", 404, id="search-O04"),
        ("/projects/nope/pump/", 404),
        ("/organizations/nope/", 404),
        ("/organizations/acme/releases/nope/", 404),
        ("/teams/acme/nope/", 404),
        ("/organizations/acme/members/99/", 404),
        pytest.param("/organizations/acme/releases/?status=bogus", 400, id="search-O15-status"),
        pytest.param("/organizations/acme/releases/?sort=bogus", 400, id="search-O15-sort"),
        ("/projects/acme/pump/keys/?status=bogus", 400),
        ("/projects/acme/pump/environments/?visibility=bogus", 400),
        ("/organizations/acme/projects/?cursor=100:-1:1", 400),
    ],
)
def test_what_is_not_there_and_what_makes_no_sense(fx, path, status):
    answer = fx.api.get(path)
    assert answer.status_code == status
    assert answer.json()["detail"]


@pytest.mark.parametrize("path", [pytest.param("/organizations/", id="search-O06")])
def test_organizations_are_listed(fx, path):
    assert [one["slug"] for one in fx.api.get(path).json()] == ["acme"]
    assert fx.api.get(f"{path}?query=slug:other").json() == []
    shown = fx.api.get("/organizations/acme/").json()
    assert [project["slug"] for project in shown["projects"]] == ["p", "pump", "valve"]
    assert [team["slug"] for team in shown["teams"]] == ["backend", "crew"]
    assert fx.api.get("/organizations/acme/?detailed=0").json().keys().isdisjoint({"teams", "projects"})


@pytest.mark.parametrize("path", [pytest.param("/organizations/acme/releases/", id="search-O07")])
def test_releases_are_listed_newest_first(fx, path):
    found = fx.api.get(path).json()
    assert [release["version"] for release in found] == ["app@2.0.0", "app@1.2.4", "app@1.2.3"]
    assert isinstance(found[0]["id"], int)
    assert found[0]["versionInfo"]["package"] == "app"
    assert [(project["slug"], project["newGroups"]) for project in found[2]["projects"]] == [("pump", 1)]
    assert (found[2]["firstEvent"], found[2]["lastEvent"]) == (FIRST_SEEN, LATEST_SEEN)
    of_project = fx.api.get("/projects/acme/pump/releases/?query=1.2").json()
    assert [release["version"] for release in of_project] == ["app@1.2.4", "app@1.2.3"]
    by_version = fx.api.get(f"{path}?sort=semver&per_page=2&cursor=2:1:0").json()
    assert [release["version"] for release in by_version] == ["app@1.2.3"]
    for shown in ("/organizations/acme/releases/app%401.2.3/", "/projects/acme/pump/releases/app%401.2.3/"):
        assert fx.api.get(shown).json() == found[2]
    assert fx.api.get("/projects/acme/valve/releases/app%401.2.3/").status_code == 404


@pytest.mark.parametrize("path", [pytest.param("/projects/acme/pump/keys/", id="search-O16")])
def test_the_keys_of_a_project_are_listed(fx, path):
    active, inactive = fx.api.get(path).json()
    assert active["id"] == active["public"] == "a" * 32
    assert active["dsn"]["public"] == f"http://{'a' * 32}@tocsin.test/{fx.pump.id}"
    assert active["dsn"]["security"] == f"http://tocsin.test/api/{fx.pump.id}/security/?sentry_key={'a' * 32}"
    assert active["projectId"] == fx.pump.id
    assert inactive["isActive"] is False
    assert [key["id"] for key in fx.api.get(f"{path}?status=inactive").json()] == ["b" * 32]
    assert fx.api.get(f"{path}{'a' * 32}/").json() == active
    assert fx.api.get("/organizations/acme/project-keys/?status=active").json() == [active]
    assert fx.api.get(f"/projects/acme/valve/keys/{'a' * 32}/").status_code == 404


@pytest.mark.parametrize("path", [pytest.param("/organizations/acme/environments/", id="search-O18")])
def test_environments_are_listed(fx, path):
    assert [one["name"] for one in fx.api.get(path).json()] == ["production", "staging"]
    shown = fx.api.get("/projects/acme/pump/environments/?visibility=all").json()
    assert [(one["name"], one["isHidden"]) for one in shown] == [("production", False), ("staging", False)]
    assert fx.api.get("/projects/acme/pump/environments/staging/").json() == shown[1]


@pytest.mark.parametrize("path", [pytest.param("/organizations/acme/teams/", id="search-O19")])
def test_teams_and_members_are_listed(fx, path):
    backend, crew = fx.api.get(path).json()
    assert (backend["slug"], backend["memberCount"], backend["isMember"]) == ("backend", 0, False)
    assert (crew["memberCount"], crew["isMember"], crew["teamRole"]) == (1, True, "contributor")
    assert [project["slug"] for project in backend["projects"]] == ["pump", "valve"]
    shown = fx.api.get("/teams/acme/backend/?collapse=organization").json()
    assert shown == {k: v for k, v in backend.items() if k != "projects"}
    assert [one["slug"] for one in fx.api.get("/teams/acme/backend/projects/").json()] == ["pump", "valve"]
    assert [one["slug"] for one in fx.api.get("/projects/acme/pump/teams/").json()] == ["backend"]
    (jane,) = fx.api.get("/organizations/acme/members/").json()
    assert (jane["email"], jane["orgRole"], jane["teams"]) == ("jane@acme.io", Role.OWNER, ["crew"])
    me = fx.api.get("/organizations/acme/members/me/").json()
    assert (me["id"], me["isOnlyOwner"]) == (jane["id"], True)
    assert fx.api.get("/organizations/acme/members/?query=email:joe@acme.io").json() == []
    assert [one["teamSlug"] for one in fx.api.get("/teams/acme/crew/members/").json()] == ["crew"]


def test_clients_learn_who_they_are(fx):
    index = fx.api.get("/").json()
    assert (index["version"], index["user"]["email"]) == ("0", "jane@acme.io")
    assert "event:read" in index["auth"]["scopes"]
    assert fx.api.get("/auth/").json() == index["user"]
    assert fx.api.get("/users/me/").json().items() >= index["user"].items()
    refused = fx.api.get("/", token="nobody's")
    assert (refused.status_code, refused.json()) == (401, {"detail": "Invalid token"})
