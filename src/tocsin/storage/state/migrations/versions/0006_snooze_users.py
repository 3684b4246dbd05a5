"""Snoozes that count users know since when, so that events on their way into history count on the right side of it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("snooze", sa.Column("users_counted_from", sa.BigInteger(), nullable=True))
