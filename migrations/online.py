"""What migrations use that may take long, so that everybody goes on working meanwhile."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text


def in_batches(update: str) -> int:
    """Fill in what is missing, some rows at a time, each time in a transaction of its own; gives the rows changed.

    It belongs into a migration of its own, behind the one that adds the column: ended half-way it goes on where it
    was. On SQLite, where one process writes, all of it is one transaction.

    Args:
        update: changes some thousand rows that are still to be done, and none once all are:
            `UPDATE customer SET x = y WHERE id IN (SELECT id FROM customer WHERE x IS NULL LIMIT 2000)`.
    """
    done = 0
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        while changed := connection.execute(text(update)).rowcount:
            done += changed
        return done
    with op.get_context().autocommit_block():
        while changed := op.get_bind().execute(text(update)).rowcount:
            done += changed
    return done


def add_index(name: str, table: str, columns: list[str]) -> None:
    """Make an index while others write; in a migration of its own, for the same reason."""
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(name, table, columns)
        return
    with op.get_context().autocommit_block():
        # One that was left half made is of no use, and in the way.
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, postgresql_concurrently=True)
