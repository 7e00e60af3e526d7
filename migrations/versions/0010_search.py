"""The index that searches look into."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types
from app.search_index import MAKE_FTS, Pieces

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "search_entry",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("resource", sa.String(length=20), nullable=False),
        sa.Column("record_id", types.Id, nullable=False),
        sa.Column("pieces", Pieces(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entry")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("search_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_search_entry_pieces",
            ["pieces"],
            unique=False,
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 256},
            sqlite_where=sa.text("id IS NULL"),
        )
        batch_op.create_index("uq_search_entry_record", ["resource", "record_id"], unique=True)

    if op.get_bind().dialect.name == "sqlite":
        op.execute(MAKE_FTS)


def downgrade() -> None:
    """Back."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")
    with op.batch_alter_table("search_entry", schema=None) as batch_op:
        batch_op.drop_index("uq_search_entry_record")
        batch_op.drop_index("ix_search_entry_pieces")

    op.drop_table("search_entry")
