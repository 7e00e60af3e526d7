"""Periods of deals for reports as of a day, exchange rates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LIVE = {"sqlite_where": sa.text("is_active = 1"), "postgresql_where": sa.text("is_active")}


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "deal_period",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("deal_id", types.Id, nullable=False),
        sa.Column("valid_from", types.Instant(), nullable=False),
        sa.Column("valid_to", types.Instant(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("customer_id", types.Id, nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("pipeline_id", types.Id, nullable=False),
        sa.Column("stage_id", types.Id, nullable=False),
        sa.Column("state", sa.String(length=4), nullable=False),
        sa.Column("amount", types.FixedDecimal(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("win_probability", types.Rate(), nullable=False),
        sa.Column("forecast_category", sa.String(length=10), nullable=False),
        sa.Column("expected_close_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("lost_reason", sa.String(length=60), nullable=True),
        sa.Column("source", sa.String(length=60), nullable=True),
        sa.Column("owner_id", types.Id, nullable=True),
        sa.Column("team_id", types.Id, nullable=True),
        sa.Column("stage_entered_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_deal_period_deal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_period")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("deal_period", schema=None) as batch_op:
        batch_op.create_index("ix_deal_period_deal", ["deal_id", "valid_from"], unique=False)
        batch_op.create_index("ix_deal_period_span", ["valid_from", "valid_to"], unique=False)

    op.create_table(
        "exchange_rate",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("base_currency", sa.String(length=3), nullable=False),
        sa.Column("valid_on", sa.Date(), nullable=False),
        sa.Column("rate", sa.String(length=24), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_rate")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("exchange_rate", schema=None) as batch_op:
        batch_op.create_index(
            "uq_exchange_rate_day", ["currency", "base_currency", "valid_on"], unique=True, **LIVE
        )
        batch_op.create_index("uq_exchange_rate_origin", ["external_source", "external_id"], unique=True)


def downgrade() -> None:
    """Back."""
    op.drop_table("exchange_rate")
    op.drop_table("deal_period")
