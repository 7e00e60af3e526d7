"""Operations: backups that were made and proven, statements that took long."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "backup_run",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("started_at", types.Instant(), nullable=False),
        sa.Column("finished_at", types.Instant(), nullable=False),
        sa.Column("file", sa.String(length=120), nullable=True),
        sa.Column("size", types.Id, nullable=True),
        sa.Column("rows", types.Id, nullable=True),
        sa.Column("files", types.Id, nullable=True),
        sa.Column("is_encrypted", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_run")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_backup_run_kind", "backup_run", ["kind", "finished_at"], unique=False)
    op.create_table(
        "slow_statement",
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("runs", types.Id, nullable=False),
        sa.Column("total_milliseconds", types.Id, nullable=False),
        sa.Column("longest_milliseconds", types.Id, nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("last_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_slow_statement")),
    )
    op.create_index("ix_slow_statement_last_at", "slow_statement", ["last_at"], unique=False)


def downgrade() -> None:
    """Backward."""
    op.drop_index("ix_slow_statement_last_at", table_name="slow_statement")
    op.drop_table("slow_statement")
    op.drop_index("ix_backup_run_kind", table_name="backup_run")
    op.drop_table("backup_run")
