"""Personal tokens, the second factor, links to choose a password."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "api_token",
        sa.Column("sign_in_id", types.Id, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=4), nullable=False),
        sa.Column("scopes", types.Document, nullable=False),
        sa.ForeignKeyConstraint(["sign_in_id"], ["sign_in.id"], name=op.f("fk_api_token_sign_in_id")),
        sa.PrimaryKeyConstraint("sign_in_id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_table(
        "second_factor",
        sa.Column("user_id", types.Id, nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("confirmed_at", types.Instant(), nullable=True),
        sa.Column("last_step", types.Id, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_second_factor_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", types.Id, nullable=False),
        sa.Column("used_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_recovery_code_user_id")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_index("ix_recovery_code_user_id", "recovery_code", ["user_id"], unique=False)
    op.create_table(
        "password_link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", types.Id, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_password_link_user_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_password_link")),
    )
    op.create_index("ix_password_link_user_id", "password_link", ["user_id"], unique=False)
    op.create_table(
        "sign_in_event",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("user_id", types.Id, nullable=True),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("agent", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_sign_in_event_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_event")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sign_in_event_user", "sign_in_event", ["user_id", "id"], unique=False)
    op.create_index("ix_sign_in_event_address", "sign_in_event", ["address", "at"], unique=False)
    op.create_index("ix_sign_in_event_at", "sign_in_event", ["at"], unique=False)
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scopes", types.Document, nullable=True))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_column("scopes")
    op.drop_index("ix_sign_in_event_at", table_name="sign_in_event")
    op.drop_index("ix_sign_in_event_address", table_name="sign_in_event")
    op.drop_index("ix_sign_in_event_user", table_name="sign_in_event")
    op.drop_table("sign_in_event")
    op.drop_index("ix_password_link_user_id", table_name="password_link")
    op.drop_table("password_link")
    op.drop_index("ix_recovery_code_user_id", table_name="recovery_code")
    op.drop_table("recovery_code")
    op.drop_table("second_factor")
    op.drop_table("api_token")
