"""Personal tokens, the second factor, links to choose a password."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "api_token",
        sa.Column("sign_in_id", types.Id, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=4), nullable=False),
        sa.Column("scopes", types.Document, nullable=False),
        sa.ForeignKeyConstraint(["sign_in_id"], ["sign_in.id"], name=op.f("fk_api_token_sign_in_id")),
        sa.PrimaryKeyConstraint("sign_in_id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scopes", types.Document, nullable=True))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_column("scopes")
    op.drop_table("api_token")
