"""Which credentials a reading route admits, and what the document of the API says of it."""

import pytest

from tocsin.domain.access import Role, Scope

PATHS_OF_ORGANIZATION = ("", "projects/", "teams/", "members/", "environments/", "releases/", "tags/", "project-keys/")


@pytest.fixture(scope="module")
def api(shared_api):
    return shared_api


@pytest.fixture(scope="module")
def outsider(api):
    """A token of somebody from another organization."""
    other = api.organization("other")
    return api.make_token(api.make_user("olga@other.io", role=Role.OWNER, org=other))


@pytest.mark.parametrize("path", PATHS_OF_ORGANIZATION)
def test_another_organization_is_forbidden_and_an_unknown_one_is_not_found(api, outsider, path):
    assert api.get(f"/organizations/acme/{path}", token=outsider).status_code == 403
    assert api.get(f"/organizations/nope/{path}", token=outsider).status_code == 404
    assert api.get(f"/organizations/acme/{path}", token="").status_code == 401


@pytest.mark.parametrize(
    ("path", "scopes"),
    [
        ("/issues/{issue}/events/", {Scope.EVENT_READ, Scope.EVENT_WRITE, Scope.EVENT_ADMIN}),
        ("/issues/{issue}/tags/", {Scope.EVENT_READ, Scope.EVENT_WRITE, Scope.EVENT_ADMIN}),
        ("/projects/acme/p/", {Scope.PROJECT_READ, Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN}),
        ("/projects/acme/p/events/", {Scope.PROJECT_READ, Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN}),
        ("/organizations/acme/projects/", {Scope.ORG_READ, Scope.ORG_WRITE, Scope.ORG_ADMIN}),
        ("/organizations/acme/members/", {Scope.MEMBER_READ, Scope.MEMBER_WRITE, Scope.MEMBER_ADMIN}),
        ("/teams/acme/crew/", {Scope.TEAM_READ, Scope.TEAM_WRITE, Scope.TEAM_ADMIN}),
        (
            "/organizations/acme/releases/",
            {Scope.PROJECT_READ, Scope.PROJECT_WRITE, Scope.PROJECT_ADMIN, Scope.PROJECT_RELEASES, Scope.ORG_CI},
        ),
        ("/auth/", set(Scope)),
    ],
)
def test_any_one_of_the_scopes_of_a_route_is_enough(api, path, scopes):
    place = path.format(issue=api.new_issue())
    admitted = {scope for scope in Scope if api.get(place, token=api.make_token(api.jane, [scope])).status_code == 200}
    assert admitted == scopes


def test_every_route_is_documented_with_its_parameters(api):
    document = api.client.get("/api/0/openapi.json").json()
    path = document["paths"]["/api/0/organizations/{org}/issues/{issue_id}/events"]
    names = {parameter["name"] for parameter in path["get"]["parameters"]}
    wanted = {"issue_id", "full", "sample", "query", "environment", "statsPeriod", "start", "end", "cursor", "per_page"}
    assert wanted <= names
