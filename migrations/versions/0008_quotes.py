"""quotes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "company",
        sa.Column("number_pattern", sa.String(length=40), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("company", schema=None) as batch_op:
        batch_op.create_index("uq_company_origin", ["external_source", "external_id"], unique=True)

    op.create_table(
        "company_logo",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content_type", sa.String(length=20), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_company_logo")),
    )
    op.create_table(
        "quote_sequence",
        sa.Column("period", types.KeyText(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_quote_sequence")),
    )
    op.create_table(
        "selling_entity",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("company_id", types.Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=True),
        sa.Column("name_en", sa.String(length=200), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("tax_id", sa.String(length=40), nullable=True),
        sa.Column("bank_account", sa.Text(), nullable=True),
        sa.Column("phone", sa.String(length=50), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("logo", sa.String(length=64), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_selling_entity_company_id")),
        sa.ForeignKeyConstraint(["logo"], ["company_logo.digest"], name=op.f("fk_selling_entity_logo")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selling_entity")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("selling_entity", schema=None) as batch_op:
        batch_op.create_index("ix_selling_entity_company", ["company_id", "position"], unique=False)

    op.create_table(
        "quote",
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("number_key", types.KeyText(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("superseded_by_id", types.Id, nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("deal_id", types.Id, nullable=False),
        sa.Column("customer_id", types.Id, nullable=True),
        sa.Column("person_id", types.Id, nullable=True),
        sa.Column("seller_id", types.Id, nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=False),
        sa.Column("discount_percent", types.FixedDecimal(), nullable=True),
        sa.Column("discount_amount", types.FixedDecimal(), nullable=True),
        sa.Column("subtotal", types.FixedDecimal(), nullable=False),
        sa.Column("discount", types.FixedDecimal(), nullable=False),
        sa.Column("net", types.FixedDecimal(), nullable=False),
        sa.Column("tax", types.FixedDecimal(), nullable=False),
        sa.Column("total", types.FixedDecimal(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("sent_at", types.Instant(), nullable=True),
        sa.Column("decided_at", types.Instant(), nullable=True),
        sa.Column("seller", types.Document, nullable=True),
        sa.Column("buyer", types.Document, nullable=True),
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
        sa.CheckConstraint("status IN ('draft', 'sent', 'accepted', 'refused')", name=op.f("ck_quote_status")),
        sa.CheckConstraint("discount_percent IS NULL OR discount_amount IS NULL", name=op.f("ck_quote_discount")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_quote_customer_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_quote_deal_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_quote_person_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["selling_entity.id"], name=op.f("fk_quote_seller_id")),
        sa.ForeignKeyConstraint(["superseded_by_id"], ["quote.id"], name="fk_quote_superseded_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.create_index(
            "ix_quote_created",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_quote_customer",
            ["customer_id", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index(
            "ix_quote_deal",
            ["deal_id", "id"],
            unique=False,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.create_index("ix_quote_superseded", ["superseded_by_id"], unique=False)
        batch_op.create_index("uq_quote_number", ["number_key", "revision"], unique=True)
        batch_op.create_index("uq_quote_origin", ["external_source", "external_id"], unique=True)

    op.create_table(
        "quote_line",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("quote_id", types.Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", types.Id, nullable=True),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("specification", sa.String(length=300), nullable=True),
        sa.Column("unit", sa.String(length=20), nullable=True),
        sa.Column("quantity", types.FixedDecimal(), nullable=False),
        sa.Column("unit_price", types.FixedDecimal(), nullable=False),
        sa.Column("discount_percent", types.FixedDecimal(), nullable=True),
        sa.Column("tax_percent", types.FixedDecimal(), nullable=True),
        sa.Column("amount", types.FixedDecimal(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_quote_line_product_id")),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_line_quote_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_line")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("quote_line", schema=None) as batch_op:
        batch_op.create_index("ix_quote_line_quote", ["quote_id", "position"], unique=False)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("quote_line", schema=None) as batch_op:
        batch_op.drop_index("ix_quote_line_quote")

    op.drop_table("quote_line")
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.drop_index("uq_quote_origin")
        batch_op.drop_index("uq_quote_number")
        batch_op.drop_index("ix_quote_superseded")
        batch_op.drop_index(
            "ix_quote_deal", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index(
            "ix_quote_customer", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index(
            "ix_quote_created", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )

    op.drop_table("quote")
    with op.batch_alter_table("selling_entity", schema=None) as batch_op:
        batch_op.drop_index("ix_selling_entity_company")

    op.drop_table("selling_entity")
    op.drop_table("quote_sequence")
    op.drop_table("company_logo")
    with op.batch_alter_table("company", schema=None) as batch_op:
        batch_op.drop_index("uq_company_origin")

    op.drop_table("company")
