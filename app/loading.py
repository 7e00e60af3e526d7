"""Many rows at once, in the way in which each database takes them soonest.

What is written is what `insert` would write: the columns' own types put the values for SQLite, whose driver takes all
rows with one statement. PostgreSQL has them copied in; a statement for each row would cost both sides several times as
much.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from psycopg import Error as PsycopgError
from sqlalchemy import (
    DDL,
    JSON,
    Column,
    Connection,
    Engine,
    Select,
    Table,
    TypeDecorator,
    insert,
    literal_column,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

Columns = Mapping[str, Sequence[Any]]
"""Values by the names of their columns, all of one length."""


def load_rows(connection: Connection, table: Table, columns: Columns) -> None:
    """Insert rows whose every value is given: no default but the database's is set.

    Args:
        connection: in a writing transaction.
        table: where to.
        columns: the values; columns that are not named are left to the database.

    Raises:
        DBAPIError: as `Connection.execute`, such as `IntegrityError`.
    """
    if not columns or not next(iter(columns.values())):
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, table, columns)
        return
    statement = insert(table).compile(dialect=connection.dialect, column_keys=list(columns))
    cells = [_bound(connection, table.c[name], columns[name]) for name in statement.positiontup or ()]
    connection.exec_driver_sql(str(statement), list(zip(*cells, strict=True)))


def reserved(connection: Connection, table: str, count: int) -> Sequence[int]:
    """Ids that no other row of a table will get.

    Args:
        connection: in a writing transaction, which on SQLite is the only one.
        table: one with a column `id` that the database numbers.
        count: how many.
    """
    if connection.dialect.name == "postgresql":
        sequence = (
            "SELECT nextval(pg_get_serial_sequence(%(name)s, 'id')) FROM generate_series(1, %(count)s)",
            {"name": f'"{table}"', "count": count},
        )
        return connection.exec_driver_sql(*sequence).scalars().all()
    found = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).scalar() or 0
    return range(found + 1, found + 1 + count)


def tell_planner(engine: Engine, tables: Sequence[Table], added: int) -> None:
    """Have PostgreSQL count tables anew to which more rows were added than it knows of.

    Without it the statements of a long import, and everybody's lists behind it, read whole tables until the server
    counts by itself, a minute later or more. SQLite plans without counting.

    Args:
        engine: the writing one; outside of a transaction.
        tables: what was written to.
        added: rows, so far.
    """
    if engine.dialect.name != "postgresql":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in tables:
            known: Select[Any] = select(literal_column("reltuples")).select_from(text("pg_class"))
            asked = known.where(text("oid = CAST(:name AS regclass)").bindparams(name=f'"{table.name}"'))
            if connection.execute(asked).scalar_one() < added:
                connection.execute(DDL("ANALYZE %(fullname)s").against(table))  # type: ignore[no-untyped-call]


def _each(put: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    """The values as they are put; the same one again, such as the moment of all rows, is put once."""
    found: list[Any] = []
    last: Any = None
    done: Any = put(None)
    for value in values:
        if value is not last:
            last, done = value, put(value)
        found.append(done)
    return found


def _bound(connection: Connection, column: Column[Any], values: Sequence[Any]) -> Sequence[Any]:
    put = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return values if put is None else _each(put, values)


# ---- PostgreSQL ------------------------------------------------------------------------------------------------------


def _copy(connection: Connection, table: Table, columns: Columns) -> None:
    quoted = ", ".join(f'"{name}"' for name in columns)
    statement = f'COPY "{table.name}" ({quoted}) FROM STDIN'
    count = len(next(iter(columns.values())))
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(statement) as copy:
            # In parts, which takes less memory.
            for begin in range(0, count, _AT_ONCE):
                part = slice(begin, begin + _AT_ONCE)
                cells = [_cells(table.c[name], connection, values[part]) for name, values in columns.items()]
                copy.write("".join([f"{line}\n" for line in map("\t".join, zip(*cells, strict=True))]).encode())
    except PsycopgError as error:
        raise DBAPIError.instance(statement, {}, error, PsycopgError, dialect=connection.dialect) from error
    finally:
        cursor.close()


_AT_ONCE = 200

# Made once: the function of the module makes one for every value.
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _copied(value: str) -> str:
    """A text as it stands between tabs: one search through it for each character that means something there."""
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


_BETWEEN = "\x00"
"""Stands in no text of PostgreSQL's."""


def _cells(column: Column[Any], connection: Connection, values: Sequence[Any]) -> list[str]:
    """The values of a column as they stand in the text that is copied in."""
    put = _put(column, connection)
    is_text = put is None or getattr(column.type, "is_text_in_copies", False)
    if is_text and {str}.issuperset(map(type, values)):
        whole = _BETWEEN.join(values)
        if whole.count(_BETWEEN) == len(values) - 1:
            # All at once: a call for each takes ten times as long.
            return _copied(whole).split(_BETWEEN)
    return _each(lambda value: _written(column, put, value), values)


def _put(column: Column[Any], connection: Connection) -> Callable[[Any], Any] | None:
    """What makes of a column's value what is written; None where it is the value itself."""
    kind, dialect = column.type, connection.dialect
    if isinstance(kind.dialect_impl(dialect), JSON):
        return _encoded
    if isinstance(kind, TypeDecorator) and type(kind).process_bind_param is not TypeDecorator.process_bind_param:
        return lambda value: kind.process_bind_param(value, dialect)
    return None


def _written(column: Column[Any], put: Callable[[Any], Any] | None, value: Any) -> str:
    if value is not None and put is not None:
        value = put(value)
    if value is None:
        return "\\N"
    if type(value) is str:
        return _copied(value)
    if type(value) is int:
        return repr(value)
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, list):
        # Of whole numbers: a list of texts stands in no table but as a document.
        return f"{{{repr(value)[1:-1]}}}"
    if isinstance(value, (int, float, Decimal, date, datetime, str)):
        return _copied(str(value))
    raise TypeError(f"{column}: {value!r}")
