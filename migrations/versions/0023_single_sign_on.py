"""Single sign-on: identities at providers, and who is expected back from one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "linked_identity",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("user_id", types.Id, nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("account", sa.String(length=254), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("last_used_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_linked_identity_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linked_identity")),
        sa.UniqueConstraint("provider", "subject", name=op.f("uq_linked_identity_subject")),
        sa.UniqueConstraint("user_id", "provider", name=op.f("uq_linked_identity_user")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sso_attempt",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("return_to", sa.String(length=500), nullable=False),
        sa.Column("is_remembered", sa.Boolean(), nullable=False),
        sa.Column("user_id", types.Id, nullable=True),
        sa.Column("expires_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_sso_attempt_user_id")),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_sso_attempt")),
    )
    op.create_index("ix_sso_attempt_expires_at", "sso_attempt", ["expires_at"], unique=False)
    with op.batch_alter_table("sign_in_event") as table:
        table.add_column(sa.Column("provider", sa.String(length=20), nullable=True))


def downgrade() -> None:
    """Backward."""
    with op.batch_alter_table("sign_in_event") as table:
        table.drop_column("provider")
    op.drop_index("ix_sso_attempt_expires_at", table_name="sso_attempt")
    op.drop_table("sso_attempt")
    op.drop_table("linked_identity")
