"""Releases told of through the API: made, changed, deployed, deleted (spec/search.md 5.12, spec/clients.md)."""

import pytest
from tests.edges.api.test_object_keys import NUMBER, RELEASE, TEXT, TEXT_OR_NONE, USER

from tocsin.domain.access import Role, Scope
from tocsin.domain.issue.issue import Resolution, ResolutionType, Status

ALL = "/organizations/acme/releases/"
OF_PROJECT = "/projects/acme/p/releases/"
REPOS = "/organizations/acme/repos/"
COMMITS = [
    {
        "id": "c2",
        "repository": "acme/shop",
        "message": "Second",
        "author_name": "Jane",
        "author_email": "JANE@acme.io",
        "timestamp": "2026-11-18T11:00:00+01:00",
        "patch_set": [{"path": "b.py", "type": "M"}, {"path": "a.py", "type": "A"}],
    },
    {"id": "c1", "repository": "acme/shop", "author_name": "Bob", "author_email": "bob@else.io"},
]


def announce(api, version="1.0", **body):
    answer = api.post(ALL, {"version": version, "projects": ["p"], **body})
    assert answer.status_code in {201, 208}, answer.text
    return answer.json()


def has_keys(shown, keys):
    return [name for name, kind in keys.items() if name not in shown or not isinstance(shown[name], kind)] == []


# Making and changing


def test_a_release_is_made_once(api):
    """search-O09"""
    body = {"version": "x@9", "projects": ["p"], "ref": "main", "url": "https://ci.acme.io/9"}
    made, again = api.post(ALL, body), api.post(ALL, {"version": "x@9", "projects": ["p"]})
    assert (made.status_code, again.status_code) == (201, 208)
    assert made.json() == again.json() == api.get(f"{ALL}x%409/").json()
    assert has_keys(made.json(), RELEASE)
    assert (made.json()["ref"], made.json()["versionInfo"]["package"]) == ("main", "x")
    assert made.json()["dateCreated"] == "2026-11-18T12:00:00Z"


def test_a_project_may_be_named_by_its_path(api):
    made, again = (api.post(OF_PROJECT, {"version": "1.0"}) for _ in range(2))
    assert (made.status_code, again.status_code) == (201, 208)
    assert [project["slug"] for project in made.json()["projects"]] == ["p"]
    assert api.post(OF_PROJECT, {}).json() == {"version": ["This field is required."]}


def test_a_release_is_of_all_the_projects_it_names(api):
    other = api.make_project("q")
    shown = announce(api, projects=["p", str(other.id)])
    assert [project["slug"] for project in shown["projects"]] == ["p", "q"]
    api.make_project("r")
    assert len(announce(api, projects=["r"])["projects"]) == 3


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param(
            {"version": "x", "projects": ["nope"]},
            {"projects": ["Invalid project ids or slugs"]},
            id="search-O10",
        ),
        ({"version": "x", "projects": []}, {"projects": ["Invalid project ids or slugs"]}),
        ({"version": "x"}, {"projects": ["This field is required."]}),
        ({"version": "a/b", "projects": ["p"]}, {"version": ["Release with name a/b is not allowed"]}),
        (
            {"version": "x", "projects": ["p"], "refs": [{"repository": "no/such", "commit": "c"}]},
            {"refs": ["Invalid repository names: no/such"]},
        ),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(api, body, errors):
    answer = api.post(ALL, body)
    assert (answer.status_code, answer.json()) == (400, errors)
    assert api.get(ALL).json() == []


def test_a_change_leaves_alone_what_it_does_not_name(api):
    announce(api, ref="main", url="https://ci.acme.io/1", dateStarted="2026-11-17T10:00:00Z")
    shown = api.put(f"{ALL}1.0/", {"dateReleased": "2026-11-18T10:00:00Z", "ref": None}).json()
    assert (shown["ref"], shown["url"]) == ("main", "https://ci.acme.io/1")
    assert (shown["dateStarted"], shown["dateReleased"]) == ("2026-11-17T10:00:00Z", "2026-11-18T10:00:00Z")
    assert api.put(f"{OF_PROJECT}1.0/", {"url": "https://ci.acme.io/2"}).json()["url"] == "https://ci.acme.io/2"
    assert api.put(f"{ALL}nope/", {}).status_code == 404
    assert api.put(f"{ALL}1.0/", {"status": "lost"}).json() == {"status": ['"lost" is not a valid choice.']}


def test_an_archived_release_is_listed_apart(api):
    announce(api)
    answer = api.post(ALL, {"version": "1.0", "projects": [], "status": "archived"})
    assert (answer.status_code, answer.json()["status"]) == (208, "archived")
    assert api.get(ALL).json() == []
    assert [one["version"] for one in api.get(f"{ALL}?status=archived").json()] == ["1.0"]
    api.put(f"{ALL}1.0/", {"status": "open"})
    assert [one["version"] for one in api.get(ALL).json()] == ["1.0"]


# Commits


def test_a_release_shows_its_commits_and_who_made_them(api):
    shown = announce(api, commits=COMMITS)
    assert has_keys(shown, RELEASE)
    assert (shown["commitCount"], shown["lastCommit"]["id"]) == (2, "c2")
    by_name = {author["name"]: author for author in shown["authors"]}
    assert by_name["Bob"] == {"name": "Bob", "email": "bob@else.io"}
    assert has_keys(by_name["Jane Doe"], USER)
    first, second = api.get(f"{ALL}1.0/commits/").json()
    assert (first["message"], first["dateCreated"]) == ("Second", "2026-11-18T10:00:00Z")
    assert (second["id"], second["message"], second["dateCreated"]) == ("c1", None, "2026-11-18T12:00:00Z")
    assert has_keys(first, {"id": TEXT, "message": TEXT_OR_NONE, "suspectCommitType": TEXT, "dateCreated": TEXT})
    assert (first["pullRequest"], first["author"]["email"]) == (None, "jane@acme.io")
    assert first["releases"] == [
        {
            "version": "1.0",
            "shortVersion": "1.0",
            "ref": None,
            "url": None,
            "dateReleased": None,
            "dateCreated": "2026-11-18T12:00:00Z",
        }
    ]
    assert api.get(f"{OF_PROJECT}1.0/commits/").json() == [first, second]
    assert [one["id"] for one in api.get(f"{ALL}1.0/commits/?per_page=1&cursor=1:1:0").json()] == ["c1"]


def test_commits_are_replaced_added_and_taken_away(api):
    announce(api, commits=COMMITS)
    assert api.put(f"{ALL}1.0/", {"commits": [{"id": "c3", "repository": "acme/shop"}]}).json()["commitCount"] == 1
    answer = api.post(f"{ALL}1.0/commits/", {"commits": [*COMMITS, {"id": "c3", "repository": "acme/shop"}]})
    assert (answer.status_code, [one["id"] for one in answer.json()]) == (201, ["c2", "c1", "c3"])
    assert [one["id"] for one in api.get(f"{ALL}1.0/commits/").json()] == ["c3", "c2", "c1"]
    assert announce(api, commits=[], refs=[])["commitCount"] == 3
    shown = api.put(f"{ALL}1.0/", {"refs": []}).json()
    assert (shown["commitCount"], shown["lastCommit"], shown["authors"]) == (0, None, [])
    assert api.post(f"{ALL}1.0/commits/", {}).json() == {"commits": ["This field is required."]}
    assert api.get(f"{ALL}nope/commits/").status_code == 404


def test_a_commit_that_is_told_twice_is_one(api):
    shown = announce(api, commits=[COMMITS[0], COMMITS[0]])
    assert shown["commitCount"] == 1


def test_commits_without_a_repository_have_one_of_their_own(api):
    announce(api, commits=[{"id": "c1"}])
    (repository,) = api.get(REPOS).json()
    assert repository["name"] == f"organization-{api.org}"


def test_the_head_of_a_release_is_in_it(api):
    api.post(REPOS, {"name": "acme/shop"})
    shown = announce(api, refs=[{"repository": "acme/shop", "commit": "aaa..bbb"}])
    assert (shown["commitCount"], shown["lastCommit"]["id"], shown["lastCommit"]["author"]) == (1, "bbb", None)
    shown = announce(api, headCommits=[{"repository": "acme/shop", "currentId": "bbb"}])
    assert shown["commitCount"] == 1


def test_changed_files_come_by_path(api):
    announce(api, commits=COMMITS)
    files = api.get(f"{ALL}1.0/commitfiles/").json()
    assert [(one["filename"], one["type"], one["commitMessage"]) for one in files] == [
        ("a.py", "A", "Second"),
        ("b.py", "M", "Second"),
    ]
    assert files[0]["orgId"] == api.org
    assert files[0]["author"]["email"] == "jane@acme.io"


def test_the_previous_release_with_commits_is_the_newest_older_one(api):
    assert announce(api, "1.0", commits=COMMITS)["commitCount"] == 2
    for version in ("2.0", "3.0"):
        api.later(minutes=1)
        announce(api, version)
    assert api.get(f"{ALL}3.0/previous-with-commits/").json()["version"] == "1.0"
    assert api.get(f"{ALL}1.0/previous-with-commits/").json() == {}
    assert api.get(f"{ALL}9.0/previous-with-commits/").status_code == 404


# Deploys


@pytest.mark.parametrize("path", [ALL, OF_PROJECT])
def test_a_deploy_is_noted(api, path):
    """search-O12"""
    announce(api)
    answer = api.post(f"{path}1.0/deploys/", {"environment": "prod"})
    assert answer.status_code == 201
    assert answer.json() == {
        "id": answer.json()["id"],
        "environment": "prod",
        "name": None,
        "url": None,
        "dateStarted": None,
        "dateFinished": "2026-11-18T12:00:00Z",
    }
    assert isinstance(answer.json()["id"], str)
    assert api.get(f"{path}1.0/deploys/").json() == [answer.json()]
    missing = api.post(f"{path}1.0/deploys/", {"name": "x"})
    assert (missing.status_code, missing.json()) == (400, {"environment": ["This field is required."]})


def test_deploys_come_finished_last_first_and_the_release_shows_the_last(api):
    announce(api)
    for finished in ("2026-11-18T10:00:00Z", "2026-11-18T11:00:00Z", "2026-11-18T09:00:00Z"):
        body = {"environment": "prod", "dateFinished": finished, "name": finished[11:13], "projects": ["p"]}
        assert api.post(f"{ALL}1.0/deploys/", body).status_code == 201
    assert [one["name"] for one in api.get(f"{ALL}1.0/deploys/").json()] == ["11", "10", "09"]
    shown = api.get(f"{ALL}1.0/").json()
    assert (shown["deployCount"], shown["lastDeploy"]["name"]) == (3, "11")


def test_a_deploy_is_of_projects_of_its_release(api):
    announce(api)
    api.make_project("q")
    for projects in (["q"], ["nope"]):
        answer = api.post(f"{ALL}1.0/deploys/", {"environment": "prod", "projects": projects})
        assert (answer.status_code, answer.json()) == (400, {"projects": ["Invalid project ids or slugs"]})
    assert api.post(f"{ALL}nope/deploys/", {"environment": "prod"}).status_code == 404


# Deleting


def test_a_release_that_issues_refer_to_stays(api):
    """search-O13, search-O14"""
    api.send(release="app@1.2.3")
    api.later(minutes=-5)
    api.send(release="app@1.2.4")
    api.later(minutes=-5)
    api.send(release="app@1.2.3")
    answer = api.delete(f"{ALL}app%401.2.3/")
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "This release is referenced by active issues and cannot be removed."},
    )
    assert api.delete(f"{ALL}app%401.2.4/").status_code == 204
    assert [one["version"] for one in api.get(ALL).json()] == ["app@1.2.3"]


def test_a_release_that_something_is_resolved_in_stays(api):
    issue_id = api.new_issue()
    announce(api)
    resolution = Resolution(type=ResolutionType.IN_RELEASE, release="1.0", created_at=api.now)
    api.change(issue_id, status=Status.RESOLVED, substatus=None, resolution=resolution)
    assert api.delete(f"{ALL}1.0/").status_code == 400
    api.put(f"/issues/{issue_id}/", {"status": "unresolved"})
    assert api.delete(f"{OF_PROJECT}1.0/").status_code == 204
    assert api.delete(f"{OF_PROJECT}1.0/").status_code == 404


def test_a_deleted_release_takes_what_was_told_of_it_along(api):
    announce(api, commits=COMMITS)
    api.post(f"{ALL}1.0/deploys/", {"environment": "prod"})
    assert api.delete(f"{ALL}1.0/").status_code == 204
    shown = announce(api)
    assert (shown["commitCount"], shown["deployCount"]) == (0, 0)


# Who may


def test_a_release_of_hidden_projects_is_hidden(api):
    closed = api.organization("closed", openMembership=False)
    seen, hidden = (api.make_project(slug, org=closed) for slug in ("seen", "hidden"))
    crew = api.make_team("own", projects=[seen], org=closed)
    olga = api.make_token(api.make_user("olga@closed.io", teams=[crew], org=closed))
    boss = api.make_token(api.make_user("boss@closed.io", role=Role.OWNER, org=closed))
    path = "/organizations/closed/releases/"

    def by(token, method, rest="", json=None):
        return api.request(method, f"{path}{rest}", json=json, token=token)

    by(boss, "POST", json={"version": "1.0", "projects": ["hidden"], "commits": COMMITS})
    assert by(olga, "GET").json() == []
    for method, rest in [
        ("GET", "1.0/"),
        ("PUT", "1.0/"),
        ("DELETE", "1.0/"),
        ("GET", "1.0/commits/"),
        ("POST", "1.0/deploys/"),
        ("GET", "1.0/previous-with-commits/"),
    ]:
        assert by(olga, method, rest, {} if method != "GET" else None).status_code == 404
    refused = by(olga, "POST", json={"version": "1.0", "projects": [str(hidden.id)]})
    assert (refused.status_code, refused.json()) == (400, {"projects": ["Invalid project ids or slugs"]})
    # To whom the release was hidden it is new, and they see no more of it than their own project.
    made = by(olga, "POST", json={"version": "1.0", "projects": ["seen"]})
    assert (made.status_code, [project["slug"] for project in made.json()["projects"]]) == (201, ["seen"])
    assert by(olga, "DELETE", "1.0/").status_code == 403
    assert by(boss, "DELETE", "1.0/").status_code == 204


@pytest.mark.parametrize(
    ("scope", "method", "rest", "allowed"),
    [
        (Scope.ORG_CI, "POST", "", True),
        (Scope.ORG_CI, "PUT", "1.0/", True),
        (Scope.ORG_CI, "POST", "1.0/deploys/", True),
        (Scope.ORG_CI, "DELETE", "1.0/", False),
        (Scope.PROJECT_RELEASES, "DELETE", "1.0/", True),
        (Scope.PROJECT_READ, "POST", "", False),
        (Scope.PROJECT_READ, "GET", "1.0/", True),
        (Scope.PROJECT_WRITE, "PUT", "1.0/", True),
        (Scope.PROJECT_WRITE, "DELETE", "1.0/", False),
    ],
)
def test_a_token_needs_the_scope(api, scope, method, rest, allowed):
    announce(api)
    body = {"version": "2.0", "projects": ["p"], "environment": "prod"}
    token = api.make_token(api.jane, [scope])
    answer = api.request(method, f"{ALL}{rest}", json=None if method == "GET" else body, token=token)
    assert (answer.status_code != 403) is allowed
    assert answer.status_code < 404


# Repositories


def test_repositories_are_told_of_changed_and_forgotten(api):
    made = api.post(REPOS, {"name": "acme/shop", "url": "https://git.acme.io/shop", "provider": "git"})
    assert made.status_code == 201
    repository = made.json()
    assert has_keys(repository, {"id": TEXT, "name": TEXT, "url": TEXT, "provider": dict, "dateCreated": TEXT})
    assert (repository["provider"], repository["status"]) == ({"id": "git", "name": "git"}, "active")
    assert api.post(REPOS, {"name": "acme/shop"}).status_code == 409
    assert api.post(REPOS, {}).json() == {"name": ["This field is required."]}
    path = f"{REPOS}{repository['id']}/"
    assert api.put(path, {"status": "hidden", "name": "acme/store"}).json()["name"] == "acme/store"
    assert [one["name"] for one in api.get(f"{REPOS}?query=STORE&status=hidden").json()] == ["acme/store"]
    assert api.get(f"{REPOS}?status=active").json() == []
    assert api.get(f"{REPOS}?status=bogus").status_code == 400
    announce(api, commits=[{"id": "c1", "repository": "acme/store"}])
    assert [one["id"] for one in api.get(f"{path}commits/").json()] == ["c1"]
    assert api.delete(path).status_code == 202
    assert (api.get(REPOS).json(), api.get(f"{ALL}1.0/").json()["commitCount"]) == ([], 0)
    assert {api.delete(path).status_code, api.put(path, {}).status_code, api.get(f"{path}commits/").status_code} == {
        404
    }
    assert api.put(f"{REPOS}nope/", {}).status_code == 404


def test_a_repository_of_another_organization_is_none(api):
    other = api.organization("other")
    eve = api.make_token(api.make_user("eve@other.io", role=Role.OWNER, org=other))
    theirs = api.post("/organizations/other/repos/", {"name": "r"}, token=eve).json()
    assert api.delete(f"{REPOS}{theirs['id']}/").status_code == 404
    assert api.get(f"{REPOS}{theirs['id']}/commits/").status_code == 404


# As the command-line client does it (spec/clients.md)


def test_the_command_line_client_goes_through_a_release(api):
    """``releases new``, ``set-commits --local``, ``finalize``, ``deploys new``, and looking at it all, as of 3.x."""
    made = api.post(ALL, {"version": "pkg@1.0", "projects": ["p"], "url": None, "dateStarted": "2026-11-18T12:00:00Z"})
    assert (made.status_code, made.json()["version"]) == (201, "pkg@1.0")
    assert api.post(ALL, {"version": "pkg@1.0", "projects": ["p"]}).status_code == 208
    assert api.get(f"{REPOS}?cursor=").json() == []
    assert api.get(f"{ALL}pkg%401.0/previous-with-commits/").json() == {}
    shown = api.put(f"{ALL}pkg%401.0/", {"commits": COMMITS}).json()
    assert (shown["commitCount"], shown["lastCommit"]["id"]) == (2, "c2")
    finalized = api.put(f"{ALL}pkg%401.0/", {"projects": ["p"], "dateReleased": "2026-11-18T12:05:00Z"})
    assert finalized.json()["dateReleased"] == "2026-11-18T12:05:00Z"
    deploy = {"environment": "production", "name": "n", "url": None, "dateStarted": None, "dateFinished": None}
    assert api.post(f"{ALL}pkg%401.0/deploys/", deploy | {"projects": None}).status_code == 201
    assert [one["name"] for one in api.get(f"{ALL}pkg%401.0/deploys/").json()] == ["n"]
    for path in (ALL, OF_PROJECT):
        (listed,) = api.get(path).json()
        assert has_keys(listed, {"version": TEXT, "dateCreated": TEXT, "newGroups": NUMBER, "projects": list})
        assert listed["projects"][0].items() >= {"slug": "p", "name": "P"}.items()
    api.later(minutes=10)
    assert api.post(ALL, {"version": "pkg@1.1", "projects": ["p"]}).status_code == 201
    assert api.get(f"{ALL}pkg%401.1/previous-with-commits/").json()["lastCommit"]["id"] == "c2"
    for status in ("archived", "open"):
        answer = api.post(ALL, {"version": "pkg@1.0", "projects": [], "status": status})
        assert (answer.status_code, answer.json()["status"]) == (208, status)
    assert api.delete(f"{ALL}pkg%401.0/").status_code == 204
    assert api.get(f"{ALL}pkg%401.0/").status_code == 404


def test_the_older_command_line_client_goes_through_a_project(api):
    """The same as of 2.x, which plug-ins of build tools still ship."""
    assert api.post(OF_PROJECT, {"version": "1.0", "projects": ["p"]}).status_code == 201
    assert api.put(f"{OF_PROJECT}1.0/", {"commits": COMMITS}).json()["commitCount"] == 2
    assert api.put(f"{OF_PROJECT}1.0/", {"dateReleased": "2026-11-18T12:05:00Z"}).status_code == 200
    assert api.get(f"{OF_PROJECT}1.0/").json()["deployCount"] == 0
    assert api.delete(f"{OF_PROJECT}1.0/").status_code == 204
