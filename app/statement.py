"""Prepared reads: a planned statement is compiled once and its rows are fetched without objects.

On PostgreSQL the compiled text goes straight to the driver's connection: building SQLAlchemy's result costs as much as
the whole round trip. Projections therefore select raw values (`type_coerce`) and convert them themselves. SQLite keeps
SQLAlchemy's road, where documents need decoding.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import psycopg
from sqlalchemy import Connection, Select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, OperationalError

from .timing import took

_DIALECT: Any = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]


class Prepared:
    """A statement of the reading engine, planned once and run many times.

    Args:
        statement: with bound parameters by name.
        dialect: name of the database's dialect.
    """

    def __init__(self, statement: Select[Any], dialect: str) -> None:
        self.statement = statement
        self.text: str | None = None
        if dialect == "postgresql":
            compiled = statement.compile(dialect=_DIALECT)
            self.text = str(compiled)
            self.fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
            processors = {
                name: bind.type.dialect_impl(_DIALECT).bind_processor(_DIALECT) for name, bind in compiled.binds.items()
            }
            self.processors = {name: process for name, process in processors.items() if process is not None}
            self.wanted = [name for name, bind in compiled.binds.items() if bind.required]
            for name in self.fixed.keys() & self.processors.keys():
                self.fixed[name] = self.processors[name](self.fixed[name])

    def rows(self, connection: Connection, binds: Mapping[str, Any]) -> list[Any]:
        """All rows as tuples.

        Args:
            connection: of the reading engine, or of the session that is writing.
            binds: values by name; names that the statement does not know are ignored.

        Raises:
            DBAPIError: as SQLAlchemy would raise it.
        """
        if self.text is None:
            return list(connection.execute(self.statement, dict(binds)))
        values = self.fixed | {name: binds[name] for name in self.wanted}
        for name in self.processors.keys() & values.keys() - self.fixed.keys():
            values[name] = self.processors[name](values[name])
        driver: Any = connection.connection.driver_connection
        began = perf_counter()
        try:
            return driver.execute(self.text, values, prepare=True).fetchall()  # type: ignore[no-any-return]
        except psycopg.Error as error:
            if driver.broken or driver.closed:
                connection.invalidate(error)
                raise OperationalError(self.text, None, error, connection_invalidated=True) from error
            kind = OperationalError if isinstance(error, psycopg.OperationalError) else DBAPIError
            raise kind(self.text, None, error) from error
        finally:
            took(connection, self.text, perf_counter() - began)
