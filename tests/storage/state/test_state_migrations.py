import multiprocessing
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from tocsin.domain.access import Scope
from tocsin.domain.errors import Malformed
from tocsin.storage.state import organizations, tokens
from tocsin.storage.state.engine import State
from tocsin.storage.state.migration import is_current, migrate
from tocsin.storage.state.tables import metadata


def test_migrations_make_exactly_the_tables_of_the_schema_page(state: State) -> None:
    with state.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_server_default": False})
        assert compare_metadata(context, metadata) == []


def test_a_store_is_current_only_once_it_is_migrated(empty_url: str) -> None:
    with closing(State.open(empty_url)) as state:
        assert not is_current(state)
        migrate(empty_url)
        assert is_current(state)


def test_migrating_again_changes_nothing(empty_url: str) -> None:
    migrate(empty_url)
    with closing(State.open(empty_url)) as state:
        with state.write() as tx:
            tx.execute(text("UPDATE config_version SET version = 41"))
        migrate(empty_url)
        with state.read() as tx:
            assert tx.execute(text("SELECT version FROM config_version")).scalars().all() == [41]


def test_processes_that_migrate_at_once_do_not_break_one_another(empty_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=migrate, args=(empty_url,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    with closing(State.open(empty_url)) as state:
        assert is_current(state)


def test_the_oldest_store_is_upgraded_with_its_data(empty_url: str) -> None:
    migrate(empty_url, "0001")
    with closing(State.open(empty_url)) as state, state.write() as tx:
        tx.exec_driver_sql(
            "INSERT INTO organization (slug, name, options, created_at)"
            " VALUES ('acme', 'Acme', '{\"openMembership\":false}', 1769853600123456)"
        )
    migrate(empty_url)
    with closing(State.open(empty_url)) as state, state.read() as tx:
        kept = organizations.by_slug(tx, "acme")
    assert kept is not None
    assert kept.options == {"openMembership": False}
    assert kept.created_at.isoformat() == "2026-01-31T10:00:00.123456+00:00"


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:"])
def test_a_url_of_another_kind_is_refused_with_the_two_forms(url: str) -> None:
    with pytest.raises(Malformed, match=r"sqlite:///path/to/state\.db or postgresql://"):
        State.open(url)


def test_tokens_of_users_stay_theirs_when_organizations_get_some(empty_url: str) -> None:
    migrate(empty_url, "0002")
    with closing(State.open(empty_url)) as state:
        with state.write() as tx:
            tx.exec_driver_sql(
                'INSERT INTO "user" (username, email, name, password_hash, is_active, is_superuser, options, created_at)'
                " VALUES ('jane', 'jane@acme.io', '', '', true, false, '{}', 0)"
            )
            tx.execute(
                text(
                    "INSERT INTO api_token (user_id, token_hash, label, scopes, created_at)"
                    " VALUES (1, :hash, 'old', '[\"event:read\"]', 0)"
                ),
                {"hash": bytes.fromhex(tokens.hash_of("secret"))},
            )
        migrate(empty_url)
        with state.write() as tx:
            kept = tokens.by_secret(tx, "secret")
            organization_id = organizations.create(tx, "acme", "Acme", kept.created_at)
            grant = tokens.Grant(organization_id=organization_id, scopes=kept.scopes, created_at=kept.created_at)
            new_id = tokens.create(tx, "other", grant)
        assert (kept.user_id, kept.organization_id, kept.label, kept.scopes) == (1, None, "old", {Scope.EVENT_READ})
        assert new_id > kept.id
