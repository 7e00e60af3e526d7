"""The journal in partitions, on PostgreSQL: what there is becomes the first one, as it is and where it is.

No row is written or read while others wait, but those of `journal_erasure`, which are few: that all ids belong into the
first partition is proven before, while everybody goes on working.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

expands = True

_IDS = 1 << 33
_KEYS = {"journal": "id", "journal_value": "journal_id"}
_INDEXES = {
    "ix_journal_changeset_id": "changeset_id",
    "ix_journal_customer_id": "customer_id",
    "ix_journal_feed": "xact, id",
    "ix_journal_record": "resource, resource_id, id",
}
_FUNCTIONS = {"journal": "append_only", "journal_value": "value_kept"}
# Whoever is under way is waited for, and waits for nobody: those who write come to the change sets first, those who read
# to the other tables in this order.
_LOCKS = (
    "LOCK TABLE changeset IN SHARE ROW EXCLUSIVE MODE",
    "LOCK TABLE journal_erasure, journal, journal_value IN ACCESS EXCLUSIVE MODE",
)


def upgrade() -> None:
    """Forward."""
    if op.get_bind().dialect.name == "sqlite":
        return
    bound = _bound()
    with op.get_context().autocommit_block():
        for table, key in _KEYS.items():
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_first")
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_first CHECK ({key} < {bound}) NOT VALID")
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_first")
    for lock in _LOCKS:
        op.execute(lock)
    _let_go_of_erasures()
    for table in _KEYS:
        op.execute(f"ALTER TABLE {table} RENAME TO {table}_first")
        op.execute(f"ALTER INDEX pk_{table} RENAME TO pk_{table}_first")
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}_first")
        op.execute(f"CREATE TABLE {table} (LIKE {table}_first INCLUDING DEFAULTS) PARTITION BY RANGE ({_KEYS[table]})")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({_KEYS[table]})")
    for name, columns in _INDEXES.items():
        op.execute(f"ALTER INDEX {name} RENAME TO {name.replace('journal', 'journal_first')}")
        op.execute(f"CREATE INDEX {name} ON journal ({columns})")
    op.execute("ALTER SEQUENCE journal_id_seq OWNED BY journal.id")
    op.create_foreign_key("fk_journal_changeset_id", "journal", "changeset", ["changeset_id"], ["id"])
    for table in _KEYS:
        op.execute(f"ALTER TABLE {table} ATTACH PARTITION {table}_first FOR VALUES FROM (MINVALUE) TO ({bound})")
        op.execute(f"ALTER TABLE {table}_first DROP CONSTRAINT ck_{table}_first")
        _guard_rows(table)
        op.execute(
            f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION lianxi_append_only()"
        )
    _hold_erasures()


def downgrade() -> None:
    """Backward: all entries in one table, with the ids that they have."""
    if op.get_bind().dialect.name == "sqlite":
        return
    for lock in _LOCKS:
        op.execute(lock)
    _let_go_of_erasures()
    later = {table: [name for name in _partitions(table) if name != f"{table}_first"] for table in _KEYS}
    for table in reversed(_KEYS):
        for name in (f"{table}_first", *later[table]):
            op.execute(f'ALTER TABLE {table} DETACH PARTITION "{name}"')
    op.execute("ALTER SEQUENCE journal_id_seq OWNED BY journal_first.id")
    for table in _KEYS:
        for name in later[table]:
            op.execute(f'INSERT INTO {table}_first SELECT * FROM "{name}"')
    for table in reversed(_KEYS):
        for name in later[table]:
            op.execute(f'DROP TABLE "{name}"')
        op.execute(f"DROP TABLE {table}")
        op.execute(f"ALTER TABLE {table}_first RENAME TO {table}")
        op.execute(f"ALTER INDEX pk_{table}_first RENAME TO pk_{table}")
        _guard_rows(table)
    for name in _INDEXES:
        op.execute(f"ALTER INDEX {name.replace('journal', 'journal_first')} RENAME TO {name}")
    _hold_erasures()


def _bound() -> int:
    """Where the ids of the second partition begin; those of a journal that was in partitions before are not low."""
    last = op.get_bind().execute(sa.text("SELECT last_value FROM journal_id_seq")).scalar_one()
    return (int(last) // _IDS + 1) * _IDS


def _partitions(table: str) -> list[str]:
    query = sa.text(
        "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
        " WHERE inhparent = CAST(:parent AS regclass) ORDER BY relname"
    )
    return list(op.get_bind().execute(query, {"parent": table}).scalars())


def _guard_rows(table: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION lianxi_{_FUNCTIONS[table]}()"
    )


def _let_go_of_erasures() -> None:
    for column in ("journal_id", "erasure_id"):
        op.drop_constraint(f"fk_journal_erasure_{column}", "journal_erasure", type_="foreignkey")


def _hold_erasures() -> None:
    for column in ("journal_id", "erasure_id"):
        op.create_foreign_key(f"fk_journal_erasure_{column}", "journal_erasure", "journal", [column], ["id"])
