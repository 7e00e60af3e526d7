"""When customers were first leads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LIVE = {"sqlite_where": sa.text("is_active = 1"), "postgresql_where": sa.text("is_active")}


def upgrade() -> None:
    """Forward: whoever is a lead, or was qualified, counts from its creation."""
    # SQLite adds and drops such a column in place: a rebuilt table would count its ids anew.
    op.add_column("customer", sa.Column("became_lead_at", types.Instant(), nullable=True))
    op.create_index("ix_customer_became_lead", "customer", ["became_lead_at", "id"], unique=False, **LIVE)
    op.execute("UPDATE customer SET became_lead_at = created_at WHERE status = 'lead' OR qualified_at IS NOT NULL")


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_customer_became_lead", table_name="customer")
    op.drop_column("customer", "became_lead_at")
