"""Roles may have less of single fields; what is masked can be revealed, each time on record, so often a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("role", sa.Column("fields", types.Document, server_default=sa.text("'{}'"), nullable=False))
    op.add_column("settings", sa.Column("reveal_quota", sa.Integer(), server_default=sa.text("50"), nullable=False))
    op.create_table(
        "reveal",
        sa.Column("of_resource", sa.String(length=20), nullable=False),
        sa.Column("record_id", types.Id, nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", types.Id, nullable=True),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("deleted_by", types.Id, nullable=True),
        sa.Column("external_source", sa.String(length=50), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reveal")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reveal_person", "reveal", ["created_by", "created_at"])
    op.create_index("uq_reveal_origin", "reveal", ["external_source", "external_id"], unique=True)
    op.create_index("ix_reveal_record", "reveal", ["of_resource", "record_id"])


def downgrade() -> None:
    """Back."""
    op.drop_table("reveal")
    op.drop_column("settings", "reveal_quota")
    op.drop_column("role", "fields")
