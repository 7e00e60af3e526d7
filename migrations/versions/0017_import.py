"""What rows of an import are matched by; the mapping that is used again; cells that were corrected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    live = {"sqlite_where": sa.text("is_active = 1"), "postgresql_where": sa.text("is_active")}
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.create_index("ix_customer_name_key", ["name_key"], unique=False, **live)
        batch_op.create_index("ix_customer_tax_id", ["tax_id"], unique=False, **live)
    with op.batch_alter_table("import", schema=None) as batch_op:
        batch_op.add_column(sa.Column("headings_key", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("remembered_from", types.Id, nullable=True))
        batch_op.add_column(sa.Column("corrections", types.Document, nullable=True))
        batch_op.create_index("ix_import_headings_key", ["headings_key"], unique=False)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("import", schema=None) as batch_op:
        batch_op.drop_index("ix_import_headings_key")
        batch_op.drop_column("corrections")
        batch_op.drop_column("remembered_from")
        batch_op.drop_column("headings_key")
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_index("ix_customer_tax_id")
        batch_op.drop_index("ix_customer_name_key")
