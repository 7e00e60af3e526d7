"""The settings say of whom a second factor is demanded: of nobody, until an admin decides otherwise."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

expands = True


def upgrade() -> None:
    """Forward."""
    # In words of both databases: a column that brings its constraint leaves SQLite's table where it is.
    op.execute(
        "ALTER TABLE settings ADD COLUMN second_factor VARCHAR(10) DEFAULT 'optional' NOT NULL"
        " CONSTRAINT ck_settings_second_factor CHECK (second_factor IN ('optional', 'admins', 'everybody'))"
    )


def downgrade() -> None:
    """Back."""
    op.drop_column("settings", "second_factor")
