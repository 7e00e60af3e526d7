"""Forecast categories that follow from stages; when a deal was last spoken about; files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Win probabilities are stored in ten-thousandths.
_USUAL = """
    UPDATE stage SET forecast_category = CASE
        WHEN kind = 'lost' THEN 'omitted'
        WHEN kind = 'won' OR win_probability >= 9000 THEN 'committed'
        WHEN win_probability >= 5000 THEN 'best_case'
        ELSE 'pipeline' END
"""
# Until now every category but the default was a person's choice.
_CHOSEN = """
    UPDATE deal SET forecast_category_is_manual = true WHERE state = 'open' AND forecast_category <> 'pipeline'
"""
_FOLLOWING = """
    UPDATE deal SET forecast_category =
        (SELECT stage.forecast_category FROM stage WHERE stage.id = deal.stage_id)
    WHERE NOT forecast_category_is_manual
"""
_CONTACTED = """
    UPDATE deal SET last_contacted_at =
        (SELECT max(occurred_at) FROM contact_record WHERE contact_record.deal_id = deal.id AND contact_record.is_active)
"""


def upgrade() -> None:
    # SQLite adds and drops such columns in place: a rebuilt table would count its ids anew.
    op.add_column("stage", sa.Column("forecast_category", sa.String(length=10), nullable=False, server_default="pipeline"))
    op.add_column(
        "deal", sa.Column("forecast_category_is_manual", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("deal", sa.Column("last_contacted_at", types.Instant(), nullable=True))
    op.create_table(
        "attachment",
        sa.Column("customer_id", types.Id, nullable=True),
        sa.Column("deal_id", types.Id, nullable=True),
        sa.Column("contact_id", types.Id, nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name_key", types.KeyText(), nullable=False),
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
        sa.CheckConstraint(
            "(customer_id IS NOT NULL AND deal_id IS NULL AND contact_id IS NULL)"
            " OR (customer_id IS NULL AND deal_id IS NOT NULL AND contact_id IS NULL)"
            " OR (customer_id IS NULL AND deal_id IS NULL AND contact_id IS NOT NULL)",
            name=op.f("ck_attachment_one_record"),
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contact_record.id"], name=op.f("fk_attachment_contact_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_attachment_customer_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_attachment_deal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sqlite_autoincrement=True,
    )
    for column in ("customer", "deal", "contact"):
        op.create_index(
            f"ix_attachment_{column}",
            "attachment",
            [f"{column}_id", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
    op.create_index("uq_attachment_origin", "attachment", ["external_source", "external_id"], unique=True)
    for statement in (_USUAL, _CHOSEN, _FOLLOWING, _CONTACTED):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("attachment")
    op.drop_column("deal", "last_contacted_at")
    op.drop_column("deal", "forecast_category_is_manual")
    op.drop_column("stage", "forecast_category")
