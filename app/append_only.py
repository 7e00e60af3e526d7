"""Tables to which the database lets rows be added, and nothing else: the journal, its seals and what was erased.

The triggers are made by a migration. Whoever empties a whole database, such as the demo, sets them aside meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, text

GUARDED = ("changeset", "journal", "journal_value", "journal_erasure", "journal_seal")
"""The tables, by name."""


@contextmanager
def set_aside(connection: Connection, tables: Sequence[str] = GUARDED) -> Iterator[None]:
    """Let rows be changed and deleted, for a while and in this transaction; it takes the owner of the tables.

    Args:
        connection: in a writing transaction.
        tables: which ones.
    """
    if connection.dialect.name == "postgresql":
        parts = "SELECT CAST(inhrelid AS regclass) FROM pg_inherits WHERE inhparent = ANY(CAST(:tables AS regclass[]))"
        names = [*tables, *connection.execute(text(parts), {"tables": list(tables)}).scalars()]
        for name in names:
            connection.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
        yield
        for name in names:
            connection.execute(text(f"ALTER TABLE {name} ENABLE TRIGGER USER"))
        return
    guards = [
        (name, made)
        for name, table, made in connection.exec_driver_sql(
            "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
        )
        if table in tables
    ]
    for name, _ in guards:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    yield
    for _, made in guards:
        connection.exec_driver_sql(made)
