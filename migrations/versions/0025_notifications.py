"""Notifications: what others have given to a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "notification",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("user_id", types.Id, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("actor_id", types.Id, nullable=True),
        sa.Column("changeset_id", types.Id, nullable=False),
        sa.Column("resource", sa.String(length=20), nullable=False),
        sa.Column("record_id", types.Id, nullable=False),
        sa.Column("count", types.Id, nullable=False),
        sa.Column("read_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notification_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("user_id", "changeset_id", "resource", name=op.f("uq_notification_change")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notification_user", "notification", ["user_id", "id"], unique=False)
    op.create_index("ix_notification_at", "notification", ["at"], unique=False)


def downgrade() -> None:
    """Backward."""
    op.drop_index("ix_notification_at", table_name="notification")
    op.drop_index("ix_notification_user", table_name="notification")
    op.drop_table("notification")
