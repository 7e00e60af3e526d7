"""Roles become records, so that they can be composed, journalled and undone; people name deputies."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_OWN = ("key", "name_zh", "name_en", "permissions", "sight", "is_builtin")
_FIRST = ("admin", "manager", "sales", "viewer")


def upgrade() -> None:
    """Forward."""
    rows = _taken_down()
    op.create_table(
        "role",
        *_columns(),
        sa.Column("id", types.Id, nullable=False),
        sa.Column("version", types.Id, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", types.Id, nullable=True),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", types.Instant(), nullable=True),
        sa.Column("deleted_by", types.Id, nullable=True),
        sa.Column("external_source", sa.String(length=50), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("key", name=op.f("uq_role_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_role_origin", "role", ["external_source", "external_id"], unique=True)
    now = datetime.now(UTC)
    order = sorted(rows, key=lambda row: (_FIRST.index(row["key"]) if row["key"] in _FIRST else len(_FIRST), row["key"]))
    op.add_column("user", sa.Column("deputy_id", types.Id, nullable=True))
    op.add_column("user", sa.Column("deputy_from_on", sa.Date(), nullable=True))
    op.add_column("user", sa.Column("deputy_until_on", sa.Date(), nullable=True))
    op.add_column("user", sa.Column("has_deputy_now", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_user_deputy_id", "user", ["deputy_id"], unique=False)
    _put(order, {"version": 1, "created_at": now, "updated_at": now, "is_active": True})


def downgrade() -> None:
    """Back; whoever has a role of the house's own keeps it."""
    op.drop_index("ix_user_deputy_id", table_name="user")
    for name in ("has_deputy_now", "deputy_until_on", "deputy_from_on", "deputy_id"):
        op.drop_column("user", name)
    op.drop_index("uq_role_origin", table_name="role")
    rows = _taken_down()
    op.create_table("role", *_columns(), sa.PrimaryKeyConstraint("key", name=op.f("pk_role")))
    _put(rows, {})


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("permissions", types.Document, nullable=False),
        sa.Column("sight", sa.String(length=12), nullable=False),
        sa.Column("is_builtin", sa.Boolean(), nullable=False),
    ]


def _taken_down() -> list[dict[str, object]]:
    """Drop the table, whose key is about to be another one; the rows that it had."""
    table = sa.table("role", *_columns())
    rows = [dict(row) for row in op.get_bind().execute(sa.select(*(table.c[name] for name in _OWN))).mappings()]
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_user_role", "user", type_="foreignkey")
    op.drop_table("role")
    return rows


def _put(rows: list[dict[str, object]], further: dict[str, object]) -> None:
    standing = [
        sa.Column("version", types.Id),
        sa.Column("created_at", types.Instant()),
        sa.Column("updated_at", types.Instant()),
        sa.Column("is_active", sa.Boolean()),
    ]
    table = sa.table("role", *_columns(), *standing)
    if rows:
        op.bulk_insert(table, [{**row, **further} for row in rows])
    if op.get_bind().dialect.name == "postgresql":
        op.create_foreign_key("fk_user_role", "user", "role", ["role"], ["key"])
