"""How many events were sent within windows of time."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "spending",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("window_seconds", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("events", ID, nullable=False),
        sa.PrimaryKeyConstraint("scope", "subject", "window_seconds", "began_at", name="pk_spending"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_spending_ends_at", "spending", ["ends_at"])
