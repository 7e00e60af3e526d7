"""What resembles a customer: keys to find it by, pairs of customers that may be one, the settings of the installation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from app import database as types
from app.customer.evidence import evidence_of, key_columns

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEYS = ("sound_key", "short_sound_key", "domain_key", "tax_key")
INDEXES = {
    "ix_customer_email_key": "email_key",
    "ix_customer_sound": "sound_key",
    "ix_customer_short_sound": "short_sound_key",
    "ix_customer_domain": "domain_key",
    "ix_customer_tax": "tax_key",
}
_AT_ONCE = 2_000


def _record() -> list[sa.Column[object]]:
    """The columns of every record."""
    return [
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
    ]


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "settings",
        sa.Column("duplicate_check", sa.String(length=10), nullable=False),
        *_record(),
        sa.CheckConstraint(
            "duplicate_check IN ('warn', 'block', 'off')", name=op.f("ck_settings_duplicate_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settings")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_settings_origin", "settings", ["external_source", "external_id"], unique=True)
    op.create_table(
        "duplicate_pair",
        sa.Column("customer_a_id", types.Id, nullable=False),
        sa.Column("customer_b_id", types.Id, nullable=False),
        sa.Column("score", types.Rate(), nullable=False),
        sa.Column("reasons", types.Document, nullable=False),
        sa.Column("against", types.Document, nullable=False),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("judged_by", types.Id, nullable=True),
        sa.Column("judged_at", types.Instant(), nullable=True),
        *_record(),
        sa.CheckConstraint("state IN ('open', 'not_duplicate')", name=op.f("ck_duplicate_pair_state")),
        sa.CheckConstraint("customer_a_id < customer_b_id", name=op.f("ck_duplicate_pair_in_order")),
        sa.ForeignKeyConstraint(
            ["customer_a_id"], ["customer.id"], name=op.f("fk_duplicate_pair_customer_a_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_b_id"], ["customer.id"], name=op.f("fk_duplicate_pair_customer_b_id")
        ),
        sa.ForeignKeyConstraint(["judged_by"], ["user.id"], name=op.f("fk_duplicate_pair_judged_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_pair")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_duplicate_pair", "duplicate_pair", ["customer_a_id", "customer_b_id"], unique=True)
    op.create_index("ix_duplicate_pair_b", "duplicate_pair", ["customer_b_id"])
    op.create_index("ix_duplicate_pair_score", "duplicate_pair", ["state", "score", "id"])
    op.create_index(
        "uq_duplicate_pair_origin", "duplicate_pair", ["external_source", "external_id"], unique=True
    )
    # SQLite adds and drops such columns in place: a rebuilt table would count its ids anew.
    for name in KEYS:
        op.add_column("customer", sa.Column(name, types.KeyText(), nullable=True))
    _fill()
    for name, column in INDEXES.items():
        op.create_index(name, "customer", [column])


def _fill() -> None:
    """Derive the keys of the customers that there are."""
    connection = op.get_bind()
    names = ("kind", "name", "short_name", "company", "email", "tax_id")
    customer = sa.table(
        "customer", *(sa.column(name) for name in ("id", *names)), *(sa.column(key, types.KeyText()) for key in KEYS)
    )
    change = sa.update(customer).where(customer.c.id == sa.bindparam("of_id"))
    change = change.values({key: sa.bindparam(f"of_{key}", type_=types.KeyText()) for key in KEYS})
    last = 0
    while True:
        rows = connection.execute(
            sa.select(customer.c.id, *(customer.c[name] for name in names))
            .where(customer.c.id > last)
            .order_by(customer.c.id)
            .limit(_AT_ONCE)
        ).all()
        if not rows:
            return
        values = [
            {"of_id": row.id}
            | {f"of_{key}": value for key, value in key_columns(evidence_of(row._asdict(), "CN")).items()}
            for row in rows
        ]
        connection.execute(change, values)
        last = rows[-1].id


def downgrade() -> None:
    """Back."""
    for name in INDEXES:
        op.drop_index(name, table_name="customer")
    for name in KEYS:
        op.drop_column("customer", name)
    op.drop_table("duplicate_pair")
    op.drop_table("settings")
