"""Tokens of organizations: they belong to nobody in particular."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("api_token", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("user_id", existing_type=ID, nullable=True)
        table.add_column(sa.Column("organization_id", ID, autoincrement=False, nullable=True))
        table.create_foreign_key(
            "fk_api_token_organization_id_organization", "organization", ["organization_id"], ["id"], ondelete="CASCADE"
        )
        table.create_check_constraint("ck_api_token_one_owner", "(user_id IS NULL) <> (organization_id IS NULL)")
        table.create_index("ix_api_token_organization_id", ["organization_id"])
