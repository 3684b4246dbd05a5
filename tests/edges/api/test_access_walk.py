"""Every route of the URL table, asked by every role, a stranger, a revoked token, a token without scopes and nobody."""

import re
from uuid import uuid4

import pytest

from tocsin.domain.access import Role, Scope, effective_scopes
from tocsin.edges.api.comments import post_comment
from tocsin.edges.api.routes import ROUTES
from tocsin.storage.state import tokens

PUBLIC = [route for route in ROUTES if route.is_public]
"""What anybody may ask: none of these routes tells more than somebody decided to share."""
PRIVATE = [route for route in ROUTES if not route.is_public]
REFUSED = {401, 403}


def route_id(route):
    return f"{route.method} {route.paths[0]}"


def names(path):
    return re.findall(r"\{(\w+)(?::\w+)?\}", path)


@pytest.fixture(scope="module")
def asked(shared_api):
    """Return a function that asks one route with a token; what is deleted is made for the purpose."""
    first = {shared_api.project.slug: shared_api.new_issue()}

    def ask(route, token, path=None, *, org="acme", project=shared_api.project):
        doomed = route.method == "DELETE" or project.slug not in first
        issue_id = first.setdefault(project.slug, shared_api.new_issue(project)) if doomed else first[project.slug]
        if route.method == "DELETE":
            del first[project.slug]
        values = {
            "org": org, "project": project.slug, "issue_id": str(issue_id), "event_id": "ab" * 16, "short_id": "P-1",
            "key": "level", "team": "crew", "member_id": "me", "version": "nope", "attachment_id": "1",
            "environment": "production", "mutation_id": "999", "key_id": "nope", "user_id": "me", "note_id": "1",
            "search_id": "99", "filter_id": "nope", "deletion_id": "1", "repo_id": "999", "tombstone_id": "1",
            "monitor_id": "nope",
        }  # fmt: skip
        path = path or route.paths[0]
        if "share_id" in names(path):
            values["share_id"] = uuid4().hex
            shared_api.change(shared_api.new_issue(), share_id=values["share_id"])
        if route.method == "DELETE":
            # Nobody and nothing that the walk still needs is deleted.
            values |= {"member_id": "0", "team": "gone"}
            if names(path)[-1:] == ["project"] and org == "acme":
                values["project"] = shared_api.make_project(f"doomed-{next(shared_api.numbers)}").slug
        for name in names(path):
            path = re.sub(rf"\{{{name}(?::\w+)?\}}", values[name], path)
        return shared_api.request(route.method, path, token=token, json={} if route.method in {"PUT", "POST"} else None)

    return ask


@pytest.fixture(scope="module")
def revoked(shared_api):
    secret = shared_api.make_token(shared_api.jane)
    with shared_api.state.write() as connection:
        token = tokens.by_secret(connection, secret)
        tokens.revoke(connection, shared_api.jane.id, token.id, shared_api.now)
    return secret


@pytest.fixture(scope="module")
def stranger(shared_api):
    other = shared_api.organization("other")
    return shared_api.make_token(shared_api.make_user("eve@other.io", role=Role.OWNER, org=other))


@pytest.fixture(scope="module")
def token_of(shared_api):
    users = {role: shared_api.make_user(f"{role}@acme.io", role=role, teams=[shared_api.team]) for role in Role}
    return {role: shared_api.make_token(user) for role, user in users.items()}


@pytest.fixture(scope="module")
def closed(shared_api):
    """An organization without open membership, its project, and a member who is in none of its teams."""
    org = shared_api.organization("closed", openMembership=False)
    project = shared_api.make_project("hidden", org=org)
    return project, shared_api.make_token(shared_api.make_user("olga@closed.io", org=org))


@pytest.mark.parametrize("route", PRIVATE, ids=route_id)
def test_nobody_gets_nothing(asked, route):
    answer = asked(route, "")
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Authentication credentials were not provided."}


@pytest.mark.parametrize("route", [route for route in PUBLIC if "share_id" in names(route.paths[0])], ids=route_id)
def test_anybody_gets_what_is_shared(asked, stranger, route):
    for path in route.paths:
        for token in ("", stranger):
            answer = asked(route, token, path)
            assert answer.status_code == 200
            assert answer.json().get("permalink") is None
        assert asked(route, "", path, org="closed").status_code == (404 if "org" in names(path) else 200)


def test_only_these_routes_are_public():
    assert {(route.method, route.paths) for route in PUBLIC} == {
        ("GET", ("/",)),
        ("GET", ("/shared/issues/{share_id:str}",)),
        ("GET", ("/organizations/{org:str}/shared/issues/{share_id:str}",)),
    }
    assert not any(route.scopes for route in PUBLIC)


@pytest.mark.parametrize("route", ROUTES, ids=route_id)
def test_a_revoked_token_gets_nothing(asked, revoked, route):
    answer = asked(route, revoked)
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Invalid token"}


@pytest.mark.parametrize("route", PRIVATE, ids=route_id)
def test_a_stranger_reaches_nothing_of_the_organization(asked, stranger, route):
    for path in route.paths:
        if {"org", "issue_id"} & set(names(path)):
            answer = asked(route, stranger, path)
            assert answer.status_code == 403, path
            assert answer.json() == {"detail": "You do not have permission to perform this action."}


@pytest.mark.parametrize("route", ROUTES, ids=route_id)
def test_a_token_of_the_organization_may_do_what_its_scopes_say(shared_api, asked, route):
    every, none = shared_api.make_organization_token(), shared_api.make_organization_token(())
    for path in route.paths:
        answer = asked(route, every, path)
        # Only a user has a voice, and settings of their own.
        speaks = route.handler is post_comment
        assert (answer.status_code in REFUSED) is speaks, (path, answer.status_code, answer.text)
        assert answer.status_code < 500, (path, answer.text)
        assert (asked(route, none, path).status_code == 403) is bool(route.scopes), path


@pytest.mark.parametrize("route", PRIVATE, ids=route_id)
def test_a_token_of_another_organization_reaches_nothing(shared_api, asked, route):
    token = shared_api.make_organization_token(org=shared_api.organization("other"))
    for path in route.paths:
        if {"org", "issue_id"} & set(names(path)):
            answer = asked(route, token, path)
            assert answer.status_code == 403, path
            assert answer.json() == {"detail": "You do not have permission to perform this action."}


@pytest.mark.parametrize("route", ROUTES, ids=route_id)
def test_a_token_without_the_scopes_is_refused_whatever_the_role(shared_api, asked, route):
    wrong = frozenset(Scope) - route.scopes
    answer = asked(route, shared_api.make_token(shared_api.jane, tuple(wrong)))
    assert (answer.status_code == 403) is bool(route.scopes)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("route", ROUTES, ids=route_id)
def test_a_role_may_do_what_its_scopes_say(asked, token_of, route, role):
    allowed = not route.scopes or bool(effective_scopes(role) & route.scopes)
    for path in route.paths:
        answer = asked(route, token_of[role], path)
        assert (answer.status_code not in REFUSED) is allowed, (path, answer.status_code, answer.text)
        assert answer.status_code < 500, (path, answer.text)
        assert answer.status_code != 405, path


@pytest.mark.parametrize("route", ROUTES, ids=route_id)
def test_a_private_project_is_invisible_to_those_outside_its_teams(asked, closed, route):
    project, outsider = closed
    for path in route.paths:
        if {"project", "issue_id"} & set(names(path)):
            assert asked(route, outsider, path, org="closed", project=project).status_code == 403, path


def test_every_route_says_who_may_use_it():
    for route in ROUTES:
        assert route.scopes or route.is_public or route.tag == "Index", route.paths[0]


def test_no_two_routes_answer_the_same_request():
    claimed = [(route.method, re.sub(r"\{[^}]*\}", "{}", path)) for route in ROUTES for path in route.paths]
    assert len(claimed) == len(set(claimed))
