"""Lock the secrets of authenticator apps, which stood open."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op
from app import vault

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_FACTORS = sa.table("second_factor", sa.column("user_id", sa.Integer), sa.column("secret", sa.String))


def upgrade() -> None:
    """Forward."""
    _widen(64, vault.MOST)
    _rewrite(vault.lock)


def downgrade() -> None:
    """Backward.

    Raises:
        CannotOpenError: a secret was locked with a key that is not configured; nothing has changed then.
    """
    _rewrite(vault.unlock)
    _widen(vault.MOST, 64)


def _widen(before: int, after: int) -> None:
    with op.batch_alter_table("second_factor") as table:
        table.alter_column(
            "secret",
            existing_type=sa.String(length=before),
            type_=sa.String(length=after),
            existing_nullable=False,
        )


def _rewrite(become: Callable[[str, str, int], str]) -> None:
    connection = op.get_bind()
    for user_id, secret in connection.execute(sa.select(_FACTORS.c.user_id, _FACTORS.c.secret)).all():
        row = sa.update(_FACTORS).where(_FACTORS.c.user_id == user_id)
        connection.execute(row.values(secret=become(secret, "totp", user_id)))
