"""Seal the journal and keep it append-only; erasures, retention rules, and the log of who opened what."""

from __future__ import annotations

import hashlib
import os

import orjson
import sqlalchemy as sa
from alembic import op
from app import database as types

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_PORTION = 2_000
_KEPT = {"sign_in_event_days": 365, "access_log_days": 365}
_APPEND_ONLY = ("journal", "journal_seal", "journal_erasure")


def upgrade() -> None:
    """Forward."""
    op.add_column("journal", sa.Column("digest", sa.String(length=32), nullable=True))
    op.add_column("journal_value", sa.Column("salt", sa.String(length=32), nullable=True))
    op.create_table(
        "journal_erasure",
        sa.Column("journal_id", types.Id, autoincrement=False, nullable=False),
        sa.Column("erasure_id", types.Id, autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_journal_erasure_journal_id")),
        sa.ForeignKeyConstraint(["erasure_id"], ["journal.id"], name=op.f("fk_journal_erasure_erasure_id")),
        sa.PrimaryKeyConstraint("journal_id", "erasure_id", name=op.f("pk_journal_erasure")),
    )
    op.create_index("ix_journal_erasure_erasure_id", "journal_erasure", ["erasure_id"], unique=False)
    op.create_table(
        "journal_seal",
        sa.Column("number", types.Id, autoincrement=False, nullable=False),
        sa.Column("sealed_at", types.Instant(), nullable=False),
        sa.Column("xact", types.Id, nullable=False),
        sa.Column("entry_id", types.Id, nullable=False),
        sa.Column("entry_count", types.Id, nullable=False),
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_journal_seal")),
    )
    op.create_table(
        "erasure",
        sa.Column("resource", sa.String(length=20), nullable=False),
        sa.Column("record_id", types.Id, autoincrement=False, nullable=False),
        sa.Column("erased_at", types.Instant(), nullable=False),
        sa.Column("erased_by", types.Id, nullable=True),
        sa.Column("is_purged", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("resource", "record_id", name=op.f("pk_erasure")),
    )
    op.create_table(
        "access_log",
        sa.Column("id", types.Id, nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("hour", types.Id, nullable=False),
        sa.Column("user_id", types.Id, nullable=False),
        sa.Column("action", sa.String(length=12), nullable=False),
        sa.Column("resource", sa.String(length=20), nullable=False),
        sa.Column("record_id", types.Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
        sqlite_autoincrement=True,
    )
    once = ["user_id", "hour", "resource", "record_id", "action"]
    op.create_index("uq_access_log_once", "access_log", once, unique=True)
    op.create_index("ix_access_log_record", "access_log", ["resource", "record_id", "id"], unique=False)
    op.create_index("ix_access_log_at", "access_log", ["at"], unique=False)
    for name in ("recycle_bin_days", "lead_months"):
        op.add_column("settings", sa.Column(name, sa.Integer(), nullable=True))
    for name, days in _KEPT.items():
        op.add_column("settings", sa.Column(name, sa.Integer(), server_default=sa.text(str(days)), nullable=False))
    _digest()
    _guard()


def downgrade() -> None:
    """Back."""
    if op.get_bind().dialect.name == "postgresql":
        for name in (*_APPEND_ONLY, "journal_value", "changeset"):
            op.execute(f"DROP TRIGGER {name}_append_only ON {name}")
            op.execute(f"DROP TRIGGER {name}_never_emptied ON {name}")
        op.execute("DROP FUNCTION lianxi_append_only()")
        op.execute("DROP FUNCTION lianxi_value_kept()")
        op.execute("DROP FUNCTION lianxi_changeset_kept()")
    else:
        for name in (*_APPEND_ONLY, "journal_value", "changeset"):
            op.execute(f"DROP TRIGGER {name}_no_update")
            op.execute(f"DROP TRIGGER {name}_no_delete")
    for name in ("recycle_bin_days", "lead_months", *_KEPT):
        op.drop_column("settings", name)
    op.drop_index("ix_access_log_at", table_name="access_log")
    op.drop_index("ix_access_log_record", table_name="access_log")
    op.drop_index("uq_access_log_once", table_name="access_log")
    op.drop_table("access_log")
    op.drop_table("erasure")
    op.drop_table("journal_seal")
    op.drop_index("ix_journal_erasure_erasure_id", table_name="journal_erasure")
    op.drop_table("journal_erasure")
    op.drop_column("journal_value", "salt")
    op.drop_column("journal", "digest")


def _digest() -> None:
    """Entries from before get the digests that they would have got."""
    connection, last = op.get_bind(), 0
    values = sa.table(
        "journal_value",
        sa.column("journal_id"),
        sa.column("before", types.Document),
        sa.column("after", types.Document),
        sa.column("salt"),
    )
    entries = sa.table("journal", sa.column("id"), sa.column("digest"))
    salted = sa.update(values).where(values.c.journal_id == sa.bindparam("of_id")).values(salt=sa.bindparam("by"))
    digested = sa.update(entries).where(entries.c.id == sa.bindparam("of_id")).values(digest=sa.bindparam("is"))
    while True:
        query = sa.select(values.c.journal_id, values.c.before, values.c.after).where(values.c.journal_id > last)
        rows = connection.execute(query.order_by(values.c.journal_id).limit(_PORTION)).all()
        if not rows:
            return
        last = rows[-1].journal_id
        made = []
        for journal_id, before, after in rows:
            salt = os.urandom(16)
            told = orjson.dumps([before, after], option=orjson.OPT_SORT_KEYS)
            digest = hashlib.blake2b(told, digest_size=16, salt=salt).hexdigest()
            made.append({"of_id": journal_id, "by": salt.hex(), "is": digest})
        connection.execute(salted, [{"of_id": one["of_id"], "by": one["by"]} for one in made])
        connection.execute(digested, [{"of_id": one["of_id"], "is": one["is"]} for one in made])


def _guard() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
        return
    for name in _APPEND_ONLY:
        for word in ("update", "delete"):
            op.execute(_refusal(name, word))
    # Values are emptied where an erasure says so, and only then.
    op.execute(
        _refusal(
            "journal_value",
            "update",
            "NEW.journal_id <> OLD.journal_id OR NOT EXISTS"
            " (SELECT 1 FROM journal_erasure WHERE journal_erasure.journal_id = OLD.journal_id)",
        )
    )
    op.execute(_refusal("journal_value", "delete"))
    # A job goes on with its change set: it counts the entries anew.
    kept = ("id", "recorded_at", "actor_id", "source", "request_id", "undoes_id")
    op.execute(_refusal("changeset", "update", " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in kept)))
    op.execute(_refusal("changeset", "delete"))


def _refusal(table: str, word: str, when: str | None = None) -> str:
    condition = f" WHEN {when}" if when else ""
    refused = f"SELECT RAISE(ABORT, '{table} is append-only');"
    return f"CREATE TRIGGER {table}_no_{word} BEFORE {word.upper()} ON {table} FOR EACH ROW{condition} BEGIN {refused} END"


def _guard_postgresql() -> None:
    refuse = "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'"
    op.execute(f"CREATE FUNCTION lianxi_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refuse}; END $$")
    op.execute(
        f"""
        CREATE FUNCTION lianxi_value_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF TG_OP = 'DELETE' THEN {refuse}; END IF;
            IF NEW.journal_id <> OLD.journal_id
                OR NOT EXISTS (SELECT 1 FROM journal_erasure WHERE journal_erasure.journal_id = OLD.journal_id)
            THEN {refuse}; END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        f"""
        CREATE FUNCTION lianxi_changeset_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF TG_OP = 'DELETE' THEN {refuse}; END IF;
            IF (NEW.id, NEW.recorded_at, NEW.actor_id, NEW.source, NEW.request_id, NEW.undoes_id)
                IS DISTINCT FROM (OLD.id, OLD.recorded_at, OLD.actor_id, OLD.source, OLD.request_id, OLD.undoes_id)
            THEN {refuse}; END IF;
            RETURN NEW;
        END $$
        """
    )
    functions = dict.fromkeys(_APPEND_ONLY, "append_only") | {
        "journal_value": "value_kept",
        "changeset": "changeset_kept",
    }
    for name, function in functions.items():
        op.execute(
            f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON {name}"
            f" FOR EACH ROW EXECUTE FUNCTION lianxi_{function}()"
        )
        op.execute(
            f"CREATE TRIGGER {name}_never_emptied BEFORE TRUNCATE ON {name}"
            " FOR EACH STATEMENT EXECUTE FUNCTION lianxi_append_only()"
        )
        # Of use where the product signs in as somebody else than the owner of its tables.
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {name} FROM PUBLIC")
