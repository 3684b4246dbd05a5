"""What the whole workflow needs: commits, merges that can be undone, mutations, deletions and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for create in (
        _audit_entry,
        _deletion,
        _idempotency,
        _mutation,
        _repository,
        _commit,
        _deploy,
        _forecast,
        _issue_commit,
        _issue_merge,
        _release_commit,
        _release_head,
    ):
        create()
    op.add_column("activity", sa.Column("mutation_id", ID, nullable=True))


def _audit_entry() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("organization_id", ID, autoincrement=False, nullable=False),
        sa.Column("actor_id", ID, autoincrement=False, nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("target_id", ID, nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name="fk_audit_entry_actor_id_user", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_audit_entry_organization_id_organization",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_entry_actor_id", "audit_entry", ["actor_id"])
    op.create_index(
        "ix_audit_entry_organization_id_created_at_id", "audit_entry", ["organization_id", "created_at", "id"]
    )


def _deletion() -> None:
    op.create_table(
        "deletion",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("organization_id", ID, autoincrement=False, nullable=False),
        sa.Column("actor_id", ID, autoincrement=False, nullable=True),
        sa.Column("issues", ID, nullable=False),
        sa.Column("issues_deleted", ID, nullable=False),
        sa.Column("events_deleted", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name="fk_deletion_actor_id_user", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_deletion_organization_id_organization",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_deletion"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deletion_actor_id", "deletion", ["actor_id"])
    op.create_index("ix_deletion_organization_id_created_at", "deletion", ["organization_id", "created_at"])


def _idempotency() -> None:
    op.create_table(
        "idempotency",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mutation_id", ID, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])


def _mutation() -> None:
    op.create_table(
        "mutation",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("organization_id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", ID, autoincrement=False, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("issue_count", ID, nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("undone_by", ID, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_mutation_organization_id_organization",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_mutation_user_id_user", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_mutation"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mutation_created_at", "mutation", ["created_at"])
    op.create_index("ix_mutation_organization_id_created_at", "mutation", ["organization_id", "created_at"])
    op.create_index("ix_mutation_user_id", "mutation", ["user_id"])


def _repository() -> None:
    op.create_table(
        "repository",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("organization_id", ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_repository_organization_id_organization",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_repository"),
        sa.UniqueConstraint("organization_id", "name", name="uq_repository_organization_id_name"),
        sqlite_autoincrement=True,
    )


def _commit() -> None:
    op.create_table(
        "commit",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("organization_id", ID, autoincrement=False, nullable=False),
        sa.Column("repository_id", ID, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("author_email", sa.Text(), nullable=False),
        sa.Column("committed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_commit_organization_id_organization", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name="fk_commit_repository_id_repository", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_commit"),
        sa.UniqueConstraint("repository_id", "key", name="uq_commit_repository_id_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_commit_organization_id", "commit", ["organization_id"])


def _deploy() -> None:
    op.create_table(
        "deploy",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("release_id", ID, autoincrement=False, nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("project_ids", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name="fk_deploy_release_id_release", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_deploy"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deploy_release_id", "deploy", ["release_id"])


def _forecast() -> None:
    op.create_table(
        "forecast",
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_forecast_issue_id_issue", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue_id", name="pk_forecast"),
    )
    op.create_index("ix_forecast_computed_at", "forecast", ["computed_at"])


def _issue_commit() -> None:
    op.create_table(
        "issue_commit",
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("commit_id", ID, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commit_id"], ["commit.id"], name="fk_issue_commit_commit_id_commit", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_issue_commit_issue_id_issue", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue_id", "commit_id", name="pk_issue_commit"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_issue_commit_commit_id", "issue_commit", ["commit_id"])


def _issue_merge() -> None:
    op.create_table(
        "issue_merge",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("parent_id", ID, autoincrement=False, nullable=False),
        sa.Column("child_id", ID, autoincrement=False, nullable=False),
        sa.Column("mutation_id", ID, nullable=True),
        sa.Column("hashes", sa.Text(), nullable=False),
        sa.Column("parent_before", sa.Text(), nullable=False),
        sa.Column("child_before", sa.Text(), nullable=False),
        sa.Column("actor_id", ID, autoincrement=False, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name="fk_issue_merge_actor_id_user", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["child_id"], ["issue.id"], name="fk_issue_merge_child_id_issue", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["parent_id"], ["issue.id"], name="fk_issue_merge_parent_id_issue", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_issue_merge"),
        sa.UniqueConstraint("child_id", name="uq_issue_merge_child_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_issue_merge_actor_id", "issue_merge", ["actor_id"])
    op.create_index("ix_issue_merge_parent_id", "issue_merge", ["parent_id"])


def _release_commit() -> None:
    op.create_table(
        "release_commit",
        sa.Column("release_id", ID, autoincrement=False, nullable=False),
        sa.Column("commit_id", ID, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commit_id"], ["commit.id"], name="fk_release_commit_commit_id_commit", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name="fk_release_commit_release_id_release", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("release_id", "commit_id", name="pk_release_commit"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_release_commit_commit_id", "release_commit", ["commit_id"])


def _release_head() -> None:
    op.create_table(
        "release_head",
        sa.Column("release_id", ID, autoincrement=False, nullable=False),
        sa.Column("repository_id", ID, autoincrement=False, nullable=False),
        sa.Column("commit_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["commit_id"], ["commit.id"], name="fk_release_head_commit_id_commit", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name="fk_release_head_release_id_release", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name="fk_release_head_repository_id_repository", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("release_id", "repository_id", name="pk_release_head"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_release_head_commit_id", "release_head", ["commit_id"])
    op.create_index("ix_release_head_repository_id", "release_head", ["repository_id"])
