"""Saved views, and what each person makes of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app import database as types

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "saved_view",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("listed", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("owner_id", types.Id, nullable=False),
        sa.Column("visibility", sa.String(length=10), nullable=False),
        sa.Column("team_id", types.Id, nullable=True),
        sa.Column("filters", _DOCUMENT, nullable=False),
        sa.Column("where", _DOCUMENT, nullable=True),
        sa.Column("q", sa.String(length=200), nullable=True),
        sa.Column("sort", sa.String(length=200), nullable=True),
        sa.Column("group_by", sa.String(length=10), nullable=True),
        sa.Column("columns", _DOCUMENT, nullable=False),
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
        sa.CheckConstraint("(team_id IS NOT NULL) = (visibility = 'team')", name=op.f("ck_saved_view_team")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_saved_view_owner_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_saved_view_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.create_index("ix_saved_view_owner", ["owner_id"], unique=False)
        batch_op.create_index("ix_saved_view_team", ["team_id"], unique=False)
        batch_op.create_index("uq_saved_view_origin", ["external_source", "external_id"], unique=True)

    op.create_table(
        "view_preference",
        sa.Column("user_id", types.Id, nullable=False),
        sa.Column("view_id", types.Id, nullable=False),
        sa.Column("is_pinned", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
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
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_view_preference_user_id")),
        sa.ForeignKeyConstraint(["view_id"], ["saved_view.id"], name=op.f("fk_view_preference_view_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_view_preference")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("view_preference", schema=None) as batch_op:
        batch_op.create_index("uq_view_preference_view", ["user_id", "view_id"], unique=True)
        batch_op.create_index("ix_view_preference_view", ["view_id"], unique=False)
        batch_op.create_index("uq_view_preference_origin", ["external_source", "external_id"], unique=True)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("view_preference", schema=None) as batch_op:
        batch_op.drop_index("uq_view_preference_origin")
        batch_op.drop_index("ix_view_preference_view")
        batch_op.drop_index("uq_view_preference_view")

    op.drop_table("view_preference")
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.drop_index("uq_saved_view_origin")
        batch_op.drop_index("ix_saved_view_team")
        batch_op.drop_index("ix_saved_view_owner")

    op.drop_table("saved_view")
