"""Monitors of jobs, their check-ins and incidents."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _make_monitor()
    _make_monitor_environment()
    _make_check_in()
    _make_monitor_incident()


def _number() -> sa.Column[int]:
    return sa.Column("id", ID, sa.Identity(), nullable=False)


def _of(table: str, owner: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    name = f"fk_{table}_{owner}_id_{owner}"
    return (
        sa.Column(f"{owner}_id", ID, nullable=False),
        sa.ForeignKeyConstraint([f"{owner}_id"], [f"{owner}.id"], name=name, ondelete="CASCADE"),
    )


def _time(name: str, *, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=optional)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _make_monitor() -> None:
    op.create_table(
        "monitor",
        _number(),
        *_of("monitor", "project"),
        _text("slug"),
        _text("name"),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_muted", sa.Boolean(), nullable=False),
        _text("config"),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_monitor"),
        sa.UniqueConstraint("project_id", "slug", name="uq_monitor_project_id_slug"),
        sqlite_autoincrement=True,
    )


def _make_monitor_environment() -> None:
    op.create_table(
        "monitor_environment",
        _number(),
        *_of("monitor_environment", "monitor"),
        _text("name"),
        _text("health"),
        sa.Column("is_muted", sa.Boolean(), nullable=False),
        _time("last_check_in_at", optional=True),
        _time("next_expected_at", optional=True),
        _time("missed_at", optional=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("successes", sa.Integer(), nullable=False),
        _time("incident_at", optional=True),
        sa.Column("incident_event_id", sa.LargeBinary(), nullable=False),
        _time("minute", optional=True),
        sa.Column("minute_count", sa.Integer(), nullable=False),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_monitor_environment"),
        sa.UniqueConstraint("monitor_id", "name", name="uq_monitor_environment_monitor_id_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_monitor_environment_missed_at", "monitor_environment", ["missed_at"])


def _make_check_in() -> None:
    op.create_table(
        "check_in",
        _number(),
        *_of("check_in", "monitor_environment"),
        sa.Column("guid", sa.LargeBinary(), nullable=False),
        _text("status"),
        _time("started_at"),
        _time("updated_at"),
        _time("expected_at", optional=True),
        _time("timeout_at", optional=True),
        sa.Column("duration_ms", ID, nullable=True),
        _text("release"),
        sa.Column("trace_id", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_check_in"),
        sa.UniqueConstraint("monitor_environment_id", "guid", name="uq_check_in_monitor_environment_id_guid"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_check_in_monitor_environment_id_started_at_id", "check_in", ["monitor_environment_id", "started_at", "id"]
    )
    op.create_index("ix_check_in_timeout_at", "check_in", ["timeout_at"])
    op.create_index("ix_check_in_started_at", "check_in", ["started_at"])


def _make_monitor_incident() -> None:
    op.create_table(
        "monitor_incident",
        _number(),
        *_of("monitor_incident", "project"),
        *_of("monitor_incident", "monitor_environment"),
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.Column("primary_hash", sa.LargeBinary(), nullable=True),
        _time("opened_at"),
        _time("ended_at", optional=True),
        sa.PrimaryKeyConstraint("id", name="pk_monitor_incident"),
        sa.UniqueConstraint("project_id", "event_id", name="uq_monitor_incident_project_id_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_monitor_incident_monitor_environment_id_opened_at",
        "monitor_incident",
        ["monitor_environment_id", "opened_at"],
    )
