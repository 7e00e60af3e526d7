"""Connections to PostgreSQL that do not wait for ever: for a server that one can do without.

The server's own limits (`statement_timeout`) are of no use where the server itself hangs: it accepts what is asked, and
nothing comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event


class PatientConnection(psycopg.Connection[Any]):
    """One that is closed once its server has not answered for `patience` seconds."""

    patience: float | None = None

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Wait for what was asked.

        Raises:
            psycopg.OperationalError: it did not come in time; the connection is closed.
        """
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.patience
        try:
            return super().wait(gen, *args, **kwargs)
        except psycopg.OperationalError:
            # Whatever else went wrong, the server has said so.
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise


def limit(engine: Engine, seconds: float) -> None:
    """Have all statements of an engine answered within some seconds."""

    def connect(_dialect: Any, _record: Any, arguments: Any, named: Any) -> PatientConnection:
        made = PatientConnection.connect(*arguments, **named)
        made.patience = seconds
        return made

    event.listen(engine, "do_connect", connect)


@contextmanager
def within(connection: Connection, seconds: float) -> Iterator[None]:
    """Wait less long while the block lasts, on a connection of a limited engine."""
    asked: Any = connection.connection.dbapi_connection
    usual, asked.patience = asked.patience, seconds
    try:
        yield
    finally:
        asked.patience = usual


__all__ = ["limit", "within"]
