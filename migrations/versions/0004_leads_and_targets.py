"""leads and targets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("qualified_by", types.Id, nullable=True))
        batch_op.add_column(sa.Column("disqualified_at", types.Instant(), nullable=True))
        batch_op.add_column(sa.Column("disqualified_by", types.Id, nullable=True))
        batch_op.add_column(sa.Column("disqualify_reason", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("disqualify_note", sa.Text(), nullable=True))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_column("disqualify_note")
        batch_op.drop_column("disqualify_reason")
        batch_op.drop_column("disqualified_by")
        batch_op.drop_column("disqualified_at")
        batch_op.drop_column("qualified_by")
