"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for create in (
        _organization,
        _user,
        _membership,
        _team,
        _team_member,
        _project,
        _project_team,
        _project_key,
        _api_token,
        _web_session,
        _release,
        _release_project,
        _environment,
        _project_environment,
        _issue,
        _tombstone,
        _issue_hash,
        _issue_redirect,
        _resolution,
        _snooze,
        _issue_environment,
        _activity,
        _inbox,
        _bookmark,
        _seen,
        _subscription,
        _attachment,
        _outbox,
        _applied_batch,
        _applied_event,
        _config_version,
    ):
        create()
    op.execute("INSERT INTO config_version (id, version) VALUES (1, 0)")


def _organization() -> None:
    op.create_table(
        "organization",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organization"),
        sa.UniqueConstraint("slug", name="uq_organization_slug"),
        sqlite_autoincrement=True,
    )


def _user() -> None:
    op.create_table(
        "user",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_superuser", sa.Boolean(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_login_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
        sa.UniqueConstraint("email", name="uq_user_email"),
        sa.UniqueConstraint("username", name="uq_user_username"),
        sqlite_autoincrement=True,
    )


def _membership() -> None:
    op.create_table(
        "membership",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("organization_id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_membership_organization_id_organization",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_membership_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_membership"),
        sa.UniqueConstraint("organization_id", "user_id", name="uq_membership_organization_id_user_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_membership_user_id", "membership", ["user_id"])


def _team() -> None:
    op.create_table(
        "team",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("organization_id", ID, autoincrement=False, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_team_organization_id_organization", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_team"),
        sa.UniqueConstraint("organization_id", "slug", name="uq_team_organization_id_slug"),
        sqlite_autoincrement=True,
    )


def _team_member() -> None:
    op.create_table(
        "team_member",
        sa.Column("team_id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_team_member_team_id_team", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_team_member_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_team_member"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_team_member_user_id", "team_member", ["user_id"])


def _project() -> None:
    op.create_table(
        "project",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("organization_id", ID, autoincrement=False, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("next_issue_number", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("first_event_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_project_organization_id_organization", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_project"),
        sa.UniqueConstraint("organization_id", "slug", name="uq_project_organization_id_slug"),
        sqlite_autoincrement=True,
    )


def _project_team() -> None:
    op.create_table(
        "project_team",
        sa.Column("project_id", ID, autoincrement=False, nullable=False),
        sa.Column("team_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_project_team_project_id_project", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_project_team_team_id_team", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "team_id", name="pk_project_team"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_project_team_team_id", "project_team", ["team_id"])


def _project_key() -> None:
    op.create_table(
        "project_key",
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("project_id", ID, autoincrement=False, nullable=False),
        sa.Column("secret_key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("rate_limit_count", sa.Integer(), nullable=True),
        sa.Column("rate_limit_window_seconds", sa.Integer(), nullable=True),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_project_key_project_id_project", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("public_key", name="pk_project_key"),
    )
    op.create_index("ix_project_key_project_id", "project_key", ["project_id"])


def _api_token() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_api_token_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
        sa.UniqueConstraint("token_hash", name="uq_api_token_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_token_user_id", "api_token", ["user_id"])


def _web_session() -> None:
    op.create_table(
        "web_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_web_session_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_web_session"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_web_session_expires_at", "web_session", ["expires_at"])
    op.create_index("ix_web_session_user_id", "web_session", ["user_id"])


def _release() -> None:
    op.create_table(
        "release",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("organization_id", ID, autoincrement=False, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("package", sa.Text(), nullable=False),
        sa.Column("semver_key", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_release_organization_id_organization", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_release"),
        sa.UniqueConstraint("organization_id", "version", name="uq_release_organization_id_version"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_release_organization_id_added_at", "release", ["organization_id", "added_at"])
    op.create_index("ix_release_organization_id_semver_key", "release", ["organization_id", "semver_key"])


def _release_project() -> None:
    op.create_table(
        "release_project",
        sa.Column("release_id", ID, autoincrement=False, nullable=False),
        sa.Column("project_id", ID, autoincrement=False, nullable=False),
        sa.Column("new_issues", sa.Integer(), nullable=False),
        sa.Column("first_event_at", sa.BigInteger(), nullable=True),
        sa.Column("last_event_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_release_project_project_id_project", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name="fk_release_project_release_id_release", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("release_id", "project_id", name="pk_release_project"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_release_project_project_id", "release_project", ["project_id"])


def _environment() -> None:
    op.create_table(
        "environment",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("organization_id", ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_environment_organization_id_organization",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_environment"),
        sa.UniqueConstraint("organization_id", "name", name="uq_environment_organization_id_name"),
        sqlite_autoincrement=True,
    )


def _project_environment() -> None:
    op.create_table(
        "project_environment",
        sa.Column("project_id", ID, autoincrement=False, nullable=False),
        sa.Column("environment_id", ID, autoincrement=False, nullable=False),
        sa.Column("is_hidden", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environment.id"],
            name="fk_project_environment_environment_id_environment",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_project_environment_project_id_project", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "environment_id", name="pk_project_environment"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_project_environment_environment_id", "project_environment", ["environment_id"])


def _issue() -> None:
    op.create_table(
        "issue",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("project_id", ID, autoincrement=False, nullable=False),
        sa.Column("number", ID, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("substatus", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("logger", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("culprit", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("active_at", sa.BigInteger(), nullable=False),
        sa.Column("times_seen", ID, nullable=False),
        sa.Column("first_release", sa.Text(), nullable=False),
        sa.Column("last_release", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=True),
        sa.Column("priority_locked_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("assignee_user_id", ID, autoincrement=False, nullable=True),
        sa.Column("assignee_team_id", ID, autoincrement=False, nullable=True),
        sa.Column("share_id", sa.LargeBinary(), nullable=True),
        sa.Column("comment_count", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("assignee_user_id IS NULL OR assignee_team_id IS NULL", name="ck_issue_one_assignee"),
        sa.ForeignKeyConstraint(
            ["assignee_team_id"], ["team.id"], name="fk_issue_assignee_team_id_team", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["assignee_user_id"], ["user.id"], name="fk_issue_assignee_user_id_user", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_issue_project_id_project", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_issue"),
        sa.UniqueConstraint("project_id", "number", name="uq_issue_project_id_number"),
        sa.UniqueConstraint("share_id", name="uq_issue_share_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_issue_assignee_team_id", "issue", ["assignee_team_id"])
    op.create_index("ix_issue_assignee_user_id", "issue", ["assignee_user_id"])
    op.create_index("ix_issue_project_id_status_first_seen_id", "issue", ["project_id", "status", "first_seen", "id"])
    op.create_index("ix_issue_project_id_status_last_seen_id", "issue", ["project_id", "status", "last_seen", "id"])
    op.create_index("ix_issue_project_id_status_times_seen_id", "issue", ["project_id", "status", "times_seen", "id"])


def _tombstone() -> None:
    op.create_table(
        "tombstone",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("project_id", ID, autoincrement=False, nullable=False),
        sa.Column("previous_issue_id", ID, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("culprit", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("actor_id", ID, autoincrement=False, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("times_discarded", ID, nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name="fk_tombstone_actor_id_user", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_tombstone_project_id_project", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_tombstone"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tombstone_actor_id", "tombstone", ["actor_id"])
    op.create_index("ix_tombstone_project_id", "tombstone", ["project_id"])


def _issue_hash() -> None:
    op.create_table(
        "issue_hash",
        sa.Column("project_id", ID, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("issue_id", ID, autoincrement=False, nullable=True),
        sa.Column("tombstone_id", ID, autoincrement=False, nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("issue_id IS NULL OR tombstone_id IS NULL", name="ck_issue_hash_one_owner"),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_issue_hash_issue_id_issue", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_issue_hash_project_id_project", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tombstone_id"], ["tombstone.id"], name="fk_issue_hash_tombstone_id_tombstone", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("project_id", "hash", name="pk_issue_hash"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_issue_hash_issue_id", "issue_hash", ["issue_id"])
    op.create_index("ix_issue_hash_tombstone_id", "issue_hash", ["tombstone_id"])


def _issue_redirect() -> None:
    op.create_table(
        "issue_redirect",
        sa.Column("previous_issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("project_id", ID, autoincrement=False, nullable=False),
        sa.Column("previous_number", ID, nullable=False),
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issue.id"], name="fk_issue_redirect_issue_id_issue", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_issue_redirect_project_id_project", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("previous_issue_id", name="pk_issue_redirect"),
        sa.UniqueConstraint("project_id", "previous_number", name="uq_issue_redirect_project_id_previous_number"),
    )
    op.create_index("ix_issue_redirect_issue_id", "issue_redirect", ["issue_id"])


def _resolution() -> None:
    op.create_table(
        "resolution",
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("current_release", sa.Text(), nullable=True),
        sa.Column("actor_id", ID, autoincrement=False, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name="fk_resolution_actor_id_user", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_resolution_issue_id_issue", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue_id", name="pk_resolution"),
    )
    op.create_index("ix_resolution_actor_id", "resolution", ["actor_id"])


def _snooze() -> None:
    op.create_table(
        "snooze",
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("window_minutes", sa.Integer(), nullable=True),
        sa.Column("user_count", sa.Integer(), nullable=True),
        sa.Column("user_window_minutes", sa.Integer(), nullable=True),
        sa.Column("times_seen_at_start", ID, nullable=True),
        sa.Column("users_seen_at_start", ID, nullable=True),
        sa.Column("actor_id", ID, autoincrement=False, nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name="fk_snooze_actor_id_user", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_snooze_issue_id_issue", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue_id", name="pk_snooze"),
    )
    op.create_index("ix_snooze_actor_id", "snooze", ["actor_id"])
    op.create_index("ix_snooze_until", "snooze", ["until"])


def _issue_environment() -> None:
    op.create_table(
        "issue_environment",
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("environment_id", ID, autoincrement=False, nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("first_release", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environment.id"],
            name="fk_issue_environment_environment_id_environment",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issue.id"], name="fk_issue_environment_issue_id_issue", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issue_id", "environment_id", name="pk_issue_environment"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_issue_environment_environment_id", "issue_environment", ["environment_id"])


def _activity() -> None:
    op.create_table(
        "activity",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("user_id", ID, autoincrement=False, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_activity_issue_id_issue", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_activity_user_id_user", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_activity"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_activity_issue_id_created_at_id", "activity", ["issue_id", "created_at", "id"])
    op.create_index("ix_activity_user_id", "activity", ["user_id"])


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_inbox_issue_id_issue", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue_id", name="pk_inbox"),
    )
    op.create_index("ix_inbox_added_at", "inbox", ["added_at"])


def _bookmark() -> None:
    op.create_table(
        "bookmark",
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_bookmark_issue_id_issue", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_bookmark_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue_id", "user_id", name="pk_bookmark"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_bookmark_user_id", "bookmark", ["user_id"])


def _seen() -> None:
    op.create_table(
        "seen",
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_seen_issue_id_issue", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_seen_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue_id", "user_id", name="pk_seen"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_seen_user_id", "seen", ["user_id"])


def _subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("user_id", ID, autoincrement=False, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name="fk_subscription_issue_id_issue", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_subscription_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issue_id", "user_id", name="pk_subscription"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_subscription_user_id", "subscription", ["user_id"])


def _attachment() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("project_id", ID, autoincrement=False, nullable=False),
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", ID, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_attachment_project_id_project", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_attachment"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attachment_created_at", "attachment", ["created_at"])
    op.create_index("ix_attachment_project_id_event_id", "attachment", ["project_id", "event_id"])
    op.create_index("ix_attachment_sha256", "attachment", ["sha256"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", ID, sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_kind_due_at_id", "outbox", ["kind", "due_at", "id"])


def _applied_batch() -> None:
    op.create_table(
        "applied_batch",
        sa.Column("batch_id", sa.LargeBinary(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name="pk_applied_batch"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_applied_batch_applied_at", "applied_batch", ["applied_at"])


def _applied_event() -> None:
    op.create_table(
        "applied_event",
        sa.Column("project_id", ID, autoincrement=False, nullable=False),
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.Column("batch_id", sa.LargeBinary(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "event_id", name="pk_applied_event"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_applied_event_applied_at", "applied_event", ["applied_at"])


def _config_version() -> None:
    op.create_table(
        "config_version",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_config_version"),
    )
