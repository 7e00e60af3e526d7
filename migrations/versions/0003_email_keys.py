"""Keys of e-mail addresses keep accents and scripts."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    connection = op.get_bind()
    for name in ("customer", "user"):
        table = sa.table(name, sa.column("id"), sa.column("email"), sa.column("email_key"))
        rows = connection.execute(sa.select(table.c.id, table.c.email).where(table.c.email.is_not(None))).all()
        for row_id, email in rows:
            if not email.isascii():
                key = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).casefold()).strip()
                connection.execute(sa.update(table).where(table.c.id == row_id).values(email_key=key or None))


def downgrade() -> None:
    """Back: the finer keys stay, because two addresses may be told apart by them."""
