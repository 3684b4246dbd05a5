"""The few hashes that belong to their issue only since some time are found without reading all."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    known = sa.text("since IS NOT NULL")
    op.create_index(
        "ix_issue_hash_project_id", "issue_hash", ["project_id"], postgresql_where=known, sqlite_where=known
    )
