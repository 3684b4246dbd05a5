"""Every route of the URL table, asked by every role, a stranger, a revoked token, a token without scopes and nobody."""

import re

import pytest

from tocsin.domain.access import Role, Scope, effective_scopes
from tocsin.edges.api.routes import ROUTES
from tocsin.storage.state import tokens

IDS = [f"{route.method} {route.paths[0]}" for route in ROUTES]
REFUSED = {401, 403}


def names(path):
    return re.findall(r"\{(\w+)(?::\w+)?\}", path)


@pytest.fixture
def asked(api):
    """Return a function that asks one route, about an issue of its own, with a token."""
    api.send()

    def ask(route, token, path=None):
        issue_id = api.new_issue()
        event_id = f"{next(api.numbers) - 2:032x}"
        values = {
            "org": "acme", "project": "p", "issue_id": str(issue_id), "event_id": event_id, "short_id": "P-1",
            "key": "level", "team": "crew", "member_id": "me", "version": "nope", "attachment_id": "1",
            "environment": "production", "key_id": "nope", "user_id": "me", "share_id": "ab" * 16,
        }  # fmt: skip
        path = path or route.paths[0]
        for name in names(path):
            path = re.sub(rf"\{{{name}(?::\w+)?\}}", values[name], path)
        return api.request(route.method, path, token=token, json={} if route.method in {"PUT", "POST"} else None)

    return ask


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_nobody_gets_nothing(asked, route):
    answer = asked(route, "")
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Authentication credentials were not provided."}


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_a_revoked_token_gets_nothing(api, asked, route):
    secret = api.make_token(api.jane)
    with api.state.write() as connection:
        token = tokens.by_secret(connection, secret)
        tokens.revoke(connection, api.jane.id, token.id, api.now)
    answer = asked(route, secret)
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Invalid token"}


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_a_stranger_reaches_nothing_of_the_organization(api, asked, route):
    other = api.organization("other")
    stranger = api.make_token(api.make_user("eve@other.io", role=Role.OWNER, org=other))
    for path in route.paths:
        if {"org", "issue_id"} & set(names(path)):
            answer = asked(route, stranger, path)
            assert answer.status_code == 403, path
            assert answer.json() == {"detail": "You do not have permission to perform this action."}


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_a_token_without_the_scopes_is_refused_whatever_the_role(api, asked, route):
    wrong = frozenset(Scope) - route.scopes
    answer = asked(route, api.make_token(api.jane, tuple(wrong)))
    assert (answer.status_code == 403) is bool(route.scopes)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_a_role_may_do_what_its_scopes_say(api, asked, route, role):
    user = api.make_user(f"{role}@acme.io", role=role, teams=[api.team])
    allowed = not route.scopes or bool(effective_scopes(role) & route.scopes)
    for path in route.paths:
        answer = asked(route, api.make_token(user), path)
        assert (answer.status_code not in REFUSED) is allowed, (path, answer.status_code, answer.text)
        assert answer.status_code < 500, (path, answer.text)
        assert answer.status_code != 405, path


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_a_private_project_is_invisible_to_those_outside_its_teams(api, asked, route):
    api.organization("acme", openMembership=False)
    outsider = api.make_token(api.make_user("olga@acme.io"))
    for path in route.paths:
        if {"project", "issue_id"} & set(names(path)):
            assert asked(route, outsider, path).status_code == 403, path


def test_every_route_says_who_may_use_it():
    for route in ROUTES:
        assert route.scopes or route.tag == "Index", route.paths[0]


def test_no_two_routes_answer_the_same_request():
    claimed = [(route.method, re.sub(r"\{[^}]*\}", "{}", path)) for route in ROUTES for path in route.paths]
    assert len(claimed) == len(set(claimed))
