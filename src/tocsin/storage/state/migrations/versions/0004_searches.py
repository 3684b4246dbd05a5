"""Saved and recent searches, suggested owners with the rules they come from, and what people say about events."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for create in (_saved_search, _recent_search, _suggested_user, _suggested_team, _ownership, _user_report):
        create()
    op.create_index("ix_attachment_project_id_id", "attachment", ["project_id", "id"])


def _reference(table: str, column: str, referred: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{referred}.id"], name=f"fk_{table}_{column}_{referred}", ondelete="CASCADE"
    )


def _saved_search() -> None:
    op.create_table(
        "saved_search",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("organization_id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.Column("type", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _reference("saved_search", "organization_id", "organization"),
        _reference("saved_search", "user_id", "user"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_search"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_saved_search_organization_id_visibility", "saved_search", ["organization_id", "visibility"])
    op.create_index("ix_saved_search_user_id_organization_id", "saved_search", ["user_id", "organization_id"])


def _recent_search() -> None:
    op.create_table(
        "recent_search",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("organization_id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.Column("type", sa.Integer(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("query_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        _reference("recent_search", "organization_id", "organization"),
        _reference("recent_search", "user_id", "user"),
        sa.PrimaryKeyConstraint("id", name="pk_recent_search"),
        sa.UniqueConstraint(
            "user_id",
            "organization_id",
            "type",
            "query_hash",
            name="uq_recent_search_user_id_organization_id_type_query_hash",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_recent_search_organization_id", "recent_search", ["organization_id"])


def _suggested_user() -> None:
    op.create_table(
        "suggested_user",
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        _reference("suggested_user", "issue_id", "issue"),
        _reference("suggested_user", "user_id", "user"),
        sa.PrimaryKeyConstraint("issue_id", "user_id", name="pk_suggested_user"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_suggested_user_user_id", "suggested_user", ["user_id"])


def _suggested_team() -> None:
    op.create_table(
        "suggested_team",
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("team_id", ID, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        _reference("suggested_team", "issue_id", "issue"),
        _reference("suggested_team", "team_id", "team"),
        sa.PrimaryKeyConstraint("issue_id", "team_id", name="pk_suggested_team"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_suggested_team_team_id", "suggested_team", ["team_id"])


def _ownership() -> None:
    op.create_table(
        "ownership",
        sa.Column("project_id", ID, autoincrement=False, nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("fallthrough", sa.Boolean(), nullable=False),
        sa.Column("auto_assignment", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        _reference("ownership", "project_id", "project"),
        sa.PrimaryKeyConstraint("project_id", name="pk_ownership"),
    )


def _user_report() -> None:
    op.create_table(
        "user_report",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("project_id", ID, autoincrement=False, nullable=False),
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.Column("primary_hash", sa.LargeBinary(), nullable=True),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("comments", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _reference("user_report", "project_id", "project"),
        sa.PrimaryKeyConstraint("id", name="pk_user_report"),
        sa.UniqueConstraint("project_id", "event_id", name="uq_user_report_project_id_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_user_report_project_id_created_at_id", "user_report", ["project_id", "created_at", "id"])
    op.create_index("ix_user_report_project_id_primary_hash", "user_report", ["project_id", "primary_hash"])
