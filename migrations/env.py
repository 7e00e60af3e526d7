"""Alembic's environment: one process migrates, one migration after another, SQLite's foreign keys off meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script
from flask import current_app
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from app.database import Base, db
from app.journal import Xid, current_transaction
from app.migrated import compared, note_oldest
from app.search_index import Pieces

target = Base.metadata


def render(kind: str, item: object, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own types and defaults by name, so that a migration means the same on both databases."""
    if kind == "type" and type(item).__module__ == "app.database":
        autogen.imports.add("from app import database as types")
        return f"types.{type(item).__name__}()"
    if kind == "type" and isinstance(item, Pieces):
        autogen.imports.add("from app.search_index import Pieces")
        return "Pieces()"
    if kind == "type" and isinstance(item, Xid):
        autogen.imports.add("from app.journal import XID, current_transaction")
        return "XID"
    if kind == "server_default" and isinstance(getattr(item, "arg", None), current_transaction):
        return "current_transaction()"
    return False


def note(ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]) -> None:
    """Have the database know which programs may still work on it, after each migration and with it."""
    if step.is_stamp or ctx.connection is None:
        return
    if step.is_upgrade:
        only_adds = isinstance(step.up_revision, Script) and getattr(step.up_revision.module, "expands", False)
        reached = None if only_adds else step.up_revision_id
    else:
        reached = next(iter(step.destination_revision_ids), None)
    if reached is not None:
        note_oldest(ctx.connection, reached)


def migrate(connection: Connection) -> None:
    """Run the migrations on one connection, each in a transaction of its own: what was ended half-way is gone on with.

    One of several processes that start at once migrates; the others wait and find nothing to do.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(7231000)"))
        # Whoever waits for a table has everybody else wait behind: then rather not now.
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=target,
        render_as_batch=True,
        compare_type=False,
        include_object=compared,
        render_item=render,
        transactional_ddl=True,
        transaction_per_migration=True,
        on_version_apply=note,
    )
    with context.begin_transaction():
        context.run_migrations()


def run() -> None:
    """Migrate the application's database over a connection of its own."""
    engine = db.engines[None]
    if engine.dialect.name == "sqlite":
        current_app.config["LIANXI"].data_dir.mkdir(parents=True, exist_ok=True)
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            # A batch rebuild of a parent table would otherwise delete its child rows.
            raw.execute("PRAGMA foreign_keys=OFF")
            try:
                migrate(connection)
            finally:
                raw.execute("PRAGMA foreign_keys=ON")
    else:
        # Past a pooler, which would give each transaction another session.
        lone = create_engine(current_app.config["LIANXI"].database_url, poolclass=NullPool)
        with lone.connect() as connection:
            migrate(connection)


run()
