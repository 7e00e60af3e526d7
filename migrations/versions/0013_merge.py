"""Records that were merged into another one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MERGED = {"sqlite_where": sa.text("merged_into_id IS NOT NULL"), "postgresql_where": sa.text("merged_into_id IS NOT NULL")}


def upgrade() -> None:
    """Forward."""
    for table in ("customer", "person"):
        key = f"fk_{table}_merged_into_id"
        if op.get_bind().dialect.name == "sqlite":
            # In place, with its key: a rebuilt table would count its ids anew.
            op.execute(f"ALTER TABLE {table} ADD COLUMN merged_into_id INTEGER CONSTRAINT {key} REFERENCES {table} (id)")
        else:
            op.add_column(table, sa.Column("merged_into_id", types.Id, nullable=True))
            op.create_foreign_key(key, table, table, ["merged_into_id"], ["id"])
        op.create_index(f"ix_{table}_merged", table, ["merged_into_id"], unique=False, **MERGED)


def downgrade() -> None:
    """Back: what was merged is deleted as any other record."""
    for table in ("person", "customer"):
        op.drop_index(f"ix_{table}_merged", table_name=table)
        with op.batch_alter_table(table, schema=None, table_kwargs={"sqlite_autoincrement": True}) as batch_op:
            batch_op.drop_column("merged_into_id")
