"""Alembic's environment: one migration at a time, under a lock, with SQLite's foreign keys off while it runs."""

from __future__ import annotations

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from app.database import Base, db
from app.journal import Xid, current_transaction
from app.search_index import Pieces

target = Base.metadata


def include(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """Only tables that the models know are compared."""
    return kind != "table" or name in target.tables


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


def migrate(connection: Connection) -> None:
    """Run the migrations on one connection."""
    context.configure(
        connection=connection,
        target_metadata=target,
        render_as_batch=True,
        compare_type=False,
        include_object=include,
        render_item=render,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # One of several processes that start at once migrates; the others wait and find nothing to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(7231000)"))
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
                connection.commit()
            finally:
                raw.execute("PRAGMA foreign_keys=ON")
    else:
        # Past a pooler, which would give each transaction another session.
        lone = create_engine(current_app.config["LIANXI"].database_url, poolclass=NullPool)
        with lone.connect() as connection:
            migrate(connection)
            connection.commit()


run()
