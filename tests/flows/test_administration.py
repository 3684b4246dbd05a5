"""What the command line does, and what the audit log says of it."""

import pytest

from tocsin.domain.access import ALL_SCOPES, Scope
from tocsin.domain.audit import AuditEvent
from tocsin.domain.errors import Malformed, NotFound
from tocsin.flows.administration import Administration, WantedUser
from tocsin.storage.state import audit, organizations, tokens


@pytest.fixture
def admin(shop, tmp_path) -> Administration:
    return Administration(shop.state, "http://tocsin.test", tmp_path, shop.clock)


def told(shop, slug="acme"):
    """Return what the audit log of an organization says, oldest first."""
    with shop.state.read() as connection:
        organization = organizations.by_slug(connection, slug)
        entries = [entry for _, entry in audit.page(connection, organization.id, limit=99)]
    return [(entry.event, entry.data) for entry in reversed(entries)]


def token_of(shop, secret):
    with shop.state.read() as connection:
        return tokens.by_secret(connection, secret)


def test_what_is_made_stands_in_the_audit_log_once(shop, admin):
    jane = WantedUser(email="jane@other.io", org="other", role="member", teams=["crew"])
    for _ in range(2):
        admin.add_organization("other")
        admin.add_team("crew", org="other")
        admin.add_project("pump", org="other", teams=["crew"], platform="python")
        admin.add_user(jane)
    assert told(shop, "other") == [
        (AuditEvent.ORGANIZATION_CREATE, {"slug": "other"}),
        (AuditEvent.TEAM_CREATE, {"slug": "crew"}),
        (AuditEvent.PROJECT_CREATE, {"slug": "pump"}),
        (AuditEvent.MEMBER_ADD, {"email": "jane@other.io", "role": "member"}),
    ]
    assert told(shop) == []


def test_another_role_is_told(shop, admin):
    for role in ("member", "owner", "owner"):
        admin.add_user(WantedUser(email="jane@acme.io", org="acme", role=role))
    assert told(shop) == [
        (AuditEvent.MEMBER_ADD, {"email": "jane@acme.io", "role": "member"}),
        (AuditEvent.MEMBER_EDIT, {"email": "jane@acme.io", "role": "owner"}),
    ]


def test_what_failed_is_not_told(shop, admin):
    with pytest.raises(NotFound):
        admin.add_user(WantedUser(email="jane@acme.io", org="acme", role="member", teams=["nope"]))
    assert told(shop) == []


def test_a_token_of_an_organization_belongs_to_no_user(shop, admin):
    secret = admin.add_token(org="acme", scopes="org:ci,project:releases").token
    token = token_of(shop, secret)
    assert (token.user_id, token.organization_id) == (None, shop.project.organization_id)
    assert token.scopes == {Scope.ORG_CI, Scope.PROJECT_RELEASES}
    assert told(shop) == [(AuditEvent.TOKEN_CREATE, {"user": None, "scopes": ["org:ci", "project:releases"]})]
    with shop.state.read() as connection:
        [(_, entry)] = audit.page(connection, shop.project.organization_id, limit=9)
    assert (entry.target_id, entry.actor_id) == (token.id, None)


def test_a_token_of_a_user_is_told_where_the_user_belongs(shop, admin):
    admin.add_organization("other")
    admin.add_organization("third")
    for org in ("acme", "other"):
        admin.add_user(WantedUser(email="jane@acme.io", org=org, role="member"))
    token = token_of(shop, admin.add_token(user="jane@acme.io", scopes="all").token)
    assert (token.organization_id, token.scopes) == (None, ALL_SCOPES)
    made = (AuditEvent.TOKEN_CREATE, {"user": "jane@acme.io", "scopes": sorted(ALL_SCOPES)})
    assert [told(shop, org)[-1] == made for org in ("acme", "other", "third")] == [True, True, False]


@pytest.mark.parametrize(
    ("owner", "refusal", "text"),
    [
        ({}, Malformed, "--user EMAIL or --org SLUG"),
        ({"user": "jane@acme.io", "org": "acme"}, Malformed, "--user EMAIL or --org SLUG"),
        ({"org": "nope"}, NotFound, "tocsin org add nope"),
        ({"user": "nobody@acme.io"}, NotFound, "tocsin user add"),
    ],
)
def test_a_token_needs_exactly_one_owner(admin, owner, refusal, text):
    with pytest.raises(refusal, match=text):
        admin.add_token(**owner, scopes="all")


def test_a_token_needs_scopes_that_there_are(admin):
    with pytest.raises(Malformed, match="event:read"):
        admin.add_token(org="acme", scopes="event:fly")


def test_init_makes_its_token_once(shop, admin, tmp_path):
    wanted = {
        "org": "acme",
        "project": "backend",
        "platform": "python",
        "email": "jane@acme.io",
        "password": "longer than 8",
    }
    first = admin.init(**wanted)
    assert admin.init(**wanted) == first
    (tmp_path / "init-token").write_text(admin.add_token(org="acme", scopes="all").token, encoding="ascii")
    assert token_of(shop, admin.init(**wanted).token).user_id is not None
