"""leads and targets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0004"
down_revision = "0003"
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

    op.create_table(
        "target",
        sa.Column("user_id", types.Id, nullable=True),
        sa.Column("team_id", types.Id, nullable=True),
        sa.Column("home_team_id", types.Id, nullable=True),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("period_on", sa.Date(), nullable=False),
        sa.Column("measure", sa.String(length=20), nullable=False),
        sa.Column("product_id", types.Id, nullable=True),
        sa.Column("value", types.FixedDecimal(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("slot_key", types.KeyText(), nullable=False),
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
        sa.CheckConstraint("(user_id IS NULL) <> (team_id IS NULL)", name=op.f("ck_target_one_subject")),
        sa.CheckConstraint("(currency IS NULL) = (measure <> 'won_amount')", name=op.f("ck_target_currency")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_target_user_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_target_team_id")),
        sa.ForeignKeyConstraint(["home_team_id"], ["team.id"], name=op.f("fk_target_home_team_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_target_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("target", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_target_home_team_id"), ["home_team_id"], unique=False)
        batch_op.create_index("ix_target_measure", ["measure", "period_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_target_team_id"), ["team_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_target_user_id"), ["user_id"], unique=False)
        batch_op.create_index("uq_target_origin", ["external_source", "external_id"], unique=True)
        batch_op.create_index(
            "uq_target_slot",
            ["slot_key"],
            unique=True,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("target", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_target_slot", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active")
        )
        batch_op.drop_index("uq_target_origin")
        batch_op.drop_index(batch_op.f("ix_target_user_id"))
        batch_op.drop_index(batch_op.f("ix_target_team_id"))
        batch_op.drop_index("ix_target_measure")
        batch_op.drop_index(batch_op.f("ix_target_home_team_id"))

    op.drop_table("target")
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_column("disqualify_note")
        batch_op.drop_column("disqualify_reason")
        batch_op.drop_column("disqualified_by")
        batch_op.drop_column("disqualified_at")
        batch_op.drop_column("qualified_by")
