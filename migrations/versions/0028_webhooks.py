"""Webhooks: who is told of changes, how far each is, what was delivered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "webhook",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("event_types", types.Document, nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_because", sa.String(length=10), nullable=True),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", types.Id, nullable=True),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("deleted_by", types.Id, nullable=True),
        sa.Column("external_source", sa.String(length=50), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.CheckConstraint("disabled_because IS NULL OR NOT is_enabled", name=op.f("ck_webhook_disabled")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_webhook_origin", "webhook", ["external_source", "external_id"], unique=True)
    op.create_table(
        "webhook_secret",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("webhook_id", types.Id, nullable=False),
        sa.Column("locked", sa.String(length=200), nullable=False),
        sa.Column("made_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_secret_webhook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_secret")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_secret_webhook_id", "webhook_secret", ["webhook_id"], unique=False)
    op.create_table(
        "webhook_progress",
        sa.Column("webhook_id", types.Id, autoincrement=False, nullable=False),
        sa.Column("generation", types.Id, nullable=False),
        sa.Column("xact", types.Id, nullable=False),
        sa.Column("entry_id", types.Id, nullable=False),
        sa.Column("resting_until", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_progress_webhook_id")),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_webhook_progress")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("webhook_id", types.Id, nullable=False),
        sa.Column("message_id", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(length=41), nullable=False),
        sa.Column("resource", sa.String(length=20), nullable=False),
        sa.Column("record_id", types.Id, nullable=False),
        sa.Column("data", types.Document, nullable=False),
        sa.Column("occurred_at", types.Instant(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("attempts", types.Id, nullable=False),
        sa.Column("next_at", types.Instant(), nullable=False),
        sa.Column("claimed_until", types.Instant(), nullable=True),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_delivery_webhook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sqlite_autoincrement=True,
    )
    waits = sa.text("status = 'waiting'")
    partial = {"unique": False, "sqlite_where": waits, "postgresql_where": waits}
    table = "webhook_delivery"
    op.create_index("ix_webhook_delivery_status", table, ["webhook_id", "status", "id"], unique=False)
    op.create_index("ix_webhook_delivery_log", table, ["webhook_id", "id"], unique=False)
    op.create_index("ix_webhook_delivery_due", table, ["webhook_id", "next_at"], **partial)
    op.create_index("ix_webhook_delivery_line", table, ["webhook_id", "resource", "record_id", "id"], **partial)
    op.create_index("ix_webhook_delivery_type", table, ["type", "created_at"], unique=False)
    op.create_index("ix_webhook_delivery_created_at", table, ["created_at"], unique=False)
    op.create_table(
        "webhook_attempt",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("delivery_id", types.Id, nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("status", types.Id, nullable=True),
        sa.Column("reason", sa.String(length=12), nullable=True),
        sa.Column("milliseconds", types.Id, nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["webhook_delivery.id"], name=op.f("fk_webhook_attempt_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempt")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_attempt_delivery_id", "webhook_attempt", ["delivery_id"], unique=False)


def downgrade() -> None:
    """Backward."""
    for name in ("attempt", "delivery", "progress", "secret"):
        op.drop_table(f"webhook_{name}")
    op.drop_table("webhook")
