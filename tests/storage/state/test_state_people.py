from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec import structs
from sqlalchemy.exc import IntegrityError

from tocsin.domain.access import Role, Scope
from tocsin.domain.errors import Conflict
from tocsin.domain.organization import ClientKey
from tocsin.storage.state import organizations, project_keys, projects, sessions, teams, tokens, users
from tocsin.storage.state.engine import State
from tocsin.storage.state.tables import api_token, metadata, web_session


@pytest.fixture
def now(cast):
    return cast.issue().last_seen


def test_ensuring_twice_makes_one_of_each(state: State, cast, now) -> None:
    slug = uuid4().hex

    def ensure_all() -> tuple:
        with state.write() as tx:
            organization_id = organizations.ensure(tx, slug, "Name", now)
            project_id = projects.ensure(tx, organization_id, "pump", "Pump", now)
            key = project_keys.ensure(tx, project_id, uuid4().hex, uuid4().hex, now)
            team_id = teams.ensure(tx, organization_id, "crew", "Crew", now)
            user_id = users.ensure(tx, f"{slug}@acme.io", now)
            return organization_id, project_id, key, team_id, user_id

    assert ensure_all() == ensure_all()


def test_a_taken_name_is_a_conflict_and_the_transaction_goes_on(state: State, cast, now) -> None:
    with state.write() as tx:
        organization = organizations.by_id(tx, cast.organization_id)
        [project] = projects.in_organizations(tx, [cast.organization_id])
        user = users.by_id(tx, cast.user_id)
        teams.create(tx, cast.organization_id, "crew", "Crew", now)
        for attempt in (
            lambda: organizations.create(tx, organization.slug, "Other", now),
            lambda: projects.create(tx, cast.organization_id, project.slug, "Other", now),
            lambda: teams.create(tx, cast.organization_id, "crew", "Other", now),
            lambda: users.create(tx, user.email.upper(), now),
        ):
            with pytest.raises(Conflict):
                attempt()
        other_id = projects.create(tx, cast.organization_id, "other", "Other", now)
        other = projects.by_ids(tx, [other_id])[other_id]
        with pytest.raises(Conflict, match=project.slug):
            projects.save(tx, structs.replace(other, slug=project.slug))
    with state.read() as tx:
        assert projects.by_slug(tx, cast.organization_id, "other") == other


def test_what_is_saved_comes_back(state: State, cast, now) -> None:
    with state.write() as tx:
        organization = structs.replace(
            organizations.by_id(tx, cast.organization_id), name="New", options={"openMembership": False}
        )
        organizations.save(tx, organization)
        project = structs.replace(
            projects.by_ids(tx, [cast.project_id])[cast.project_id], slug=uuid4().hex, options={"resolveAge": 24}
        )
        projects.save(tx, project)
        user = structs.replace(users.by_id(tx, cast.user_id), username=uuid4().hex, is_active=False, last_login_at=now)
        users.save(tx, user)
    with state.read() as tx:
        assert organizations.by_slug(tx, organization.slug) == organization
        assert projects.by_slug(tx, cast.organization_id, project.slug) == project
        assert users.by_name(tx, user.username.upper()) == user
        assert users.by_name(tx, user.email) == user
        assert users.by_email(tx, user.username) is None


def test_a_password_is_kept_as_it_was_hashed(state: State, cast) -> None:
    with state.write() as tx:
        assert users.password_hash(tx, cast.user_id) == ""
        users.set_password_hash(tx, cast.user_id, "$argon2id$…")
        assert users.password_hash(tx, cast.user_id) == "$argon2id$…"


def test_a_member_changes_roles_and_leaves(state: State, cast, now) -> None:
    with state.write() as tx:
        [before] = organizations.members(tx, cast.organization_id)
        assert organizations.set_member(tx, cast.organization_id, cast.user_id, Role.MEMBER, now) == before.id
        member = organizations.member(tx, cast.organization_id, cast.user_id)
        assert (member.role, member.user.id) == (Role.MEMBER, cast.user_id)
        assert [one.id for one in organizations.of_user(tx, cast.user_id)] == [cast.organization_id]
        organizations.remove_member(tx, cast.organization_id, cast.user_id)
        assert organizations.member(tx, cast.organization_id, cast.user_id) is None
        assert organizations.of_user(tx, cast.user_id) == []


def test_a_user_reaches_the_projects_of_their_teams(state: State, cast, now) -> None:
    with state.write() as tx:
        team_id = teams.create(tx, cast.organization_id, "crew", "Crew", now)
        other_id = projects.create(tx, cast.organization_id, "other", "Other", now)
        for _ in range(2):
            teams.add_member(tx, team_id, cast.user_id)
            teams.add_project(tx, team_id, cast.project_id)
        assert teams.of_user(tx, cast.user_id) == {team_id}
        assert projects.of_user(tx, cast.user_id) == {cast.project_id}
        assert teams.members_of(tx, [team_id]) == {team_id: {cast.user_id}}
        [crew] = teams.in_organization(tx, cast.organization_id)
        assert teams.of_projects(tx, [cast.project_id, other_id]) == {cast.project_id: [crew], other_id: []}
        teams.remove_project(tx, team_id, cast.project_id)
        assert projects.of_user(tx, cast.user_id) == set()
        teams.remove_member(tx, team_id, cast.user_id)
        assert teams.of_user(tx, cast.user_id) == set()


def test_a_removed_project_takes_everything_of_it_with_it(state: State, cast, now) -> None:
    with state.write() as tx:
        key = project_keys.ensure(tx, cast.project_id, uuid4().hex, uuid4().hex, now)
        projects.remove(tx, cast.project_id)
        assert projects.by_ids(tx, [cast.project_id]) == {}
        assert project_keys.by_public_key(tx, key.public_key) is None


def test_keys_of_a_project_are_listed_oldest_first(state: State, cast, now) -> None:
    keys = [
        ClientKey(
            project_id=cast.project_id,
            public_key=uuid4().hex,
            secret_key=uuid4().hex,
            label=label,
            rate_limit_count=10,
            rate_limit_window_seconds=60,
            created_at=now + timedelta(seconds=age),
        )
        for age, label in enumerate(("first", "second"))
    ]
    with state.write() as tx:
        for key in reversed(keys):
            project_keys.create(tx, key)
        with pytest.raises(Conflict):
            project_keys.create(tx, keys[0])
        assert project_keys.of_project(tx, cast.project_id) == keys
        changed = structs.replace(keys[0], is_active=False, label="old")
        project_keys.save(tx, changed)
        assert project_keys.in_organization(tx, cast.organization_id) == [changed, keys[1]]
        project_keys.remove(tx, keys[1].public_key)
        assert project_keys.of_project(tx, cast.project_id) == [changed]


def test_a_token_is_known_by_its_text_which_is_not_kept(state: State, cast, now) -> None:
    secret = tokens.token_text(uuid4().bytes + uuid4().bytes[:8])
    assert secret.startswith("toc_")
    assert len(secret) == 52
    scopes = frozenset({Scope.EVENT_READ, Scope.ORG_READ})
    with state.write() as tx:
        token_id = tokens.create(tx, secret, tokens.Grant(user_id=cast.user_id, scopes=scopes, created_at=now))
        token = tokens.by_secret(tx, secret)
        assert (token.id, token.scopes, token.is_valid(now)) == (token_id, scopes, True)
        assert tokens.by_secret(tx, secret.upper()) is None
        kept = tx.execute(api_token.select().where(api_token.c.id == token_id)).one()
        assert secret not in str(kept)


def test_a_token_ends_when_it_expires_or_is_revoked_by_its_owner(state: State, cast, now) -> None:
    secret, later = tokens.token_text(b"x" * 16 + uuid4().bytes[:8]), now + timedelta(hours=1)
    grant = tokens.Grant(user_id=cast.user_id, scopes=frozenset(), created_at=now, expires_at=later)
    with state.write() as tx:
        token_id = tokens.create(tx, secret, grant)
        tokens.note_use(tx, token_id, now)
        assert tokens.by_secret(tx, secret).last_used_at == now
        assert not tokens.by_secret(tx, secret).is_valid(later)
        tokens.revoke(tx, cast.user_id + 1, token_id, now)
        assert tokens.by_secret(tx, secret).is_valid(now)
        tokens.revoke(tx, cast.user_id, token_id, now)
        assert not tokens.by_secret(tx, secret).is_valid(now)
        assert [one.id for one in tokens.of_user(tx, cast.user_id)] == [token_id]


def test_a_token_belongs_to_a_user_or_to_an_organization(state: State, cast, now) -> None:
    usual = {"scopes": frozenset({Scope.ORG_CI}), "created_at": now}
    secret = uuid4().hex
    with state.write() as tx:
        tokens.create(tx, secret, tokens.Grant(organization_id=cast.organization_id, **usual))
        token = tokens.by_secret(tx, secret)
        assert (token.user_id, token.organization_id, token.scopes) == (None, cast.organization_id, {Scope.ORG_CI})
    for owners in ({}, {"user_id": cast.user_id, "organization_id": cast.organization_id}):
        with pytest.raises(IntegrityError), state.write() as tx:
            tokens.create(tx, uuid4().hex, tokens.Grant(**owners, **usual))


@pytest.mark.parametrize("owner", ["user", "organization"])
def test_a_token_goes_with_its_owner(state: State, cast, now, owner: str) -> None:
    secret = uuid4().hex
    owned = {f"{owner}_id": getattr(cast, f"{owner}_id")}
    with state.write() as tx:
        tokens.create(tx, secret, tokens.Grant(**owned, scopes=frozenset(), created_at=now))
        table = metadata.tables[owner]
        tx.execute(table.delete().where(table.c.id == owned[f"{owner}_id"]))
        assert tokens.by_secret(tx, secret) is None


def test_a_token_of_too_little_randomness_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="24 random bytes"):
        tokens.token_text(b"short")


def test_a_session_lasts_until_it_expires_or_ends(state: State, cast, now) -> None:
    first, second, later = uuid4().hex, uuid4().hex, now + timedelta(hours=1)
    with state.write() as tx:
        sessions.create(tx, first, cast.user_id, now, later)
        sessions.create(tx, second, cast.user_id, now, later)
        assert sessions.by_secret(tx, first, now).user_id == cast.user_id
        assert sessions.by_secret(tx, first, later) is None
        assert first not in str(tx.execute(web_session.select()).all())
        sessions.end(tx, first)
        assert sessions.by_secret(tx, first, now) is None
        sessions.end_all(tx, cast.user_id)
        assert sessions.by_secret(tx, second, now) is None


def test_expired_sessions_are_pruned(state: State, cast, now) -> None:
    secret = uuid4().hex
    with state.write() as tx:
        sessions.create(tx, secret, cast.user_id, now, now + timedelta(hours=1))
        assert sessions.prune(tx, now) == 0
        assert sessions.prune(tx, now + timedelta(hours=1)) == 1
