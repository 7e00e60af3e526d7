"""Pairs of people that may be one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "person_pair",
        sa.Column("person_a_id", types.Id, nullable=False),
        sa.Column("person_b_id", types.Id, nullable=False),
        sa.Column("score", types.Rate(), nullable=False),
        sa.Column("reasons", types.Document, nullable=False),
        sa.Column("against", types.Document, nullable=False),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("judged_by", types.Id, nullable=True),
        sa.Column("judged_at", types.Instant(), nullable=True),
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
        sa.CheckConstraint("state IN ('open', 'not_duplicate')", name=op.f("ck_person_pair_state")),
        sa.CheckConstraint("person_a_id < person_b_id", name=op.f("ck_person_pair_in_order")),
        sa.ForeignKeyConstraint(["person_a_id"], ["person.id"], name=op.f("fk_person_pair_person_a_id")),
        sa.ForeignKeyConstraint(["person_b_id"], ["person.id"], name=op.f("fk_person_pair_person_b_id")),
        sa.ForeignKeyConstraint(["judged_by"], ["user.id"], name=op.f("fk_person_pair_judged_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_pair")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_person_pair", "person_pair", ["person_a_id", "person_b_id"], unique=True)
    op.create_index("ix_person_pair_b", "person_pair", ["person_b_id"])
    op.create_index("ix_person_pair_score", "person_pair", ["state", "score", "id"])
    op.create_index("uq_person_pair_origin", "person_pair", ["external_source", "external_id"], unique=True)


def downgrade() -> None:
    """Back."""
    op.drop_table("person_pair")
