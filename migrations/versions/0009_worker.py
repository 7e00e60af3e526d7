"""What the worker does: jobs, chores, imports, digests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "chore",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("begun_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chore")),
    )
    op.create_table(
        "import",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("user_id", types.Id, nullable=False),
        sa.Column("resource", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("file", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("reading", types.Document, nullable=False),
        sa.Column("columns", types.Document, nullable=False),
        sa.Column("options", types.Document, nullable=False),
        sa.Column("found", types.Document, nullable=True),
        sa.Column("check_job_id", types.Id, nullable=True),
        sa.Column("commit_job_id", types.Id, nullable=True),
        sa.Column("changeset_id", types.Id, nullable=True),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_user_id"), ["user_id"], unique=False)

    op.create_table(
        "job",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("done", types.Id, nullable=False),
        sa.Column("total", types.Id, nullable=True),
        sa.Column("arguments", types.Document, nullable=False),
        sa.Column("state", types.Document, nullable=True),
        sa.Column("result", types.Document, nullable=True),
        sa.Column("problem", types.Document, nullable=True),
        sa.Column("changeset_id", types.Id, nullable=True),
        sa.Column("user_id", types.Id, nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("attempts", types.Id, nullable=False),
        sa.Column("is_unwanted", sa.Boolean(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("started_at", types.Instant(), nullable=True),
        sa.Column("beat_at", types.Instant(), nullable=False),
        sa.Column("finished_at", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index("ix_job_finished", ["finished_at"], unique=False)
        batch_op.create_index("ix_job_open", ["status", "beat_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_user_id"), ["user_id"], unique=False)

    op.create_table(
        "weekly_digest",
        sa.Column("user_id", types.Id, nullable=False),
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.CheckConstraint("state IN ('claimed', 'sent', 'empty')", name=op.f("ck_weekly_digest_state")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_weekly_digest_user_id")),
        sa.PrimaryKeyConstraint("user_id", "week", name=op.f("pk_weekly_digest")),
    )
    # Everybody gets it who does not switch it off.
    op.add_column("user", sa.Column("wants_digest", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Back."""
    op.drop_column("user", "wants_digest")

    op.drop_table("weekly_digest")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_user_id"))
        batch_op.drop_index("ix_job_open")
        batch_op.drop_index("ix_job_finished")

    op.drop_table("job")
    with op.batch_alter_table("import", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_user_id"))

    op.drop_table("import")
    op.drop_table("chore")
