"""Exports, and the tickets by which browsers fetch their files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app import database as types

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "export",
        sa.Column("exported", sa.String(length=40), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("labels", sa.String(length=10), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("ids", _DOCUMENT, nullable=True),
        sa.Column("columns", _DOCUMENT, nullable=True),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("file", sa.String(length=64), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.create_index("ix_export_maker", ["created_by", "id"], unique=False)
        batch_op.create_index("uq_export_origin", ["external_source", "external_id"], unique=True)
    op.create_table(
        "export_ticket",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("export_id", types.Id, nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["export.id"], name=op.f("fk_export_ticket_export_id")),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_export_ticket")),
    )
    with op.batch_alter_table("export_ticket", schema=None) as batch_op:
        batch_op.create_index("ix_export_ticket_export_id", ["export_id"], unique=False)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("export_ticket", schema=None) as batch_op:
        batch_op.drop_index("ix_export_ticket_export_id")
    op.drop_table("export_ticket")
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.drop_index("uq_export_origin")
        batch_op.drop_index("ix_export_maker")
    op.drop_table("export")
