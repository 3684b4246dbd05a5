"""When work on a release began, and which files its commits changed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("release", sa.Column("started_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "commit_file",
        sa.Column("commit_id", ID, autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commit_id"], ["commit.id"], name="fk_commit_file_commit_id_commit", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("commit_id", "path", name="pk_commit_file"),
        sqlite_with_rowid=False,
    )
