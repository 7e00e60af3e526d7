"""dashboards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app import database as types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "dashboard",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("owner_id", types.Id, nullable=False),
        sa.Column("visibility", sa.String(length=10), nullable=False),
        sa.Column("team_id", types.Id, nullable=True),
        sa.Column("tiles", _DOCUMENT, nullable=False),
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
        sa.CheckConstraint("(team_id IS NOT NULL) = (visibility = 'team')", name=op.f("ck_dashboard_team")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_dashboard_owner_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_dashboard_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboard")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("dashboard", schema=None) as batch_op:
        batch_op.create_index("ix_dashboard_owner", ["owner_id"], unique=False)
        batch_op.create_index("ix_dashboard_team", ["team_id"], unique=False)
        batch_op.create_index("uq_dashboard_origin", ["external_source", "external_id"], unique=True)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("dashboard", schema=None) as batch_op:
        batch_op.drop_index("uq_dashboard_origin")
        batch_op.drop_index("ix_dashboard_team")
        batch_op.drop_index("ix_dashboard_owner")

    op.drop_table("dashboard")
