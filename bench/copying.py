"""How rows get into the tables fast, on either database, in the database's own values."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, column, table

Row = dict[str, Any]


def copy(connection: Connection, model: Any, rows: list[Row]) -> None:
    """Rows that all have the same columns, into the table of a model.

    Args:
        connection: a writing connection in a transaction.
        model: of the table.
        rows: amounts in ten-thousandths, shares too, documents as text.
    """
    if not rows:
        return
    names = list(rows[0])
    values = [[row[name] for name in names] for row in rows]
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with driver.cursor().copy(f"COPY {model.__tablename__} ({', '.join(names)}) FROM STDIN") as stream:
            for one in values:
                stream.write_row(one)
        return
    # Columns without types: the values are the database's own already.
    untyped = table(model.__tablename__, *(column(name) for name in names))
    connection.execute(untyped.insert(), [dict(zip(names, map(_text, one), strict=True)) for one in values])


def _text(value: Any) -> Any:
    """As SQLite keeps days and moments."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")[:26] + "Z"
    return value.isoformat() if isinstance(value, date) else value
