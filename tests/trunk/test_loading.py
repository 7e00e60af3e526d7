"""Rows that are loaded are the rows that `insert` would have written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Connection, Date, Integer, MetaData, String, Table, Text, insert, select
from sqlalchemy.exc import IntegrityError

from app.customer.models import Customer
from app.database import Document, FixedDecimal, Instant, KeyText, Rate, db
from app.journal import JournalEntry
from app.loading import load_rows, reserved, tell_planner
from app.routing import CRM
from app.search_index import Pieces

from ..cast import Cast

LOADED = Table(
    "loaded",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("line", String(100)),
    Column("prose", Text),
    Column("key", KeyText()),
    Column("amount", FixedDecimal()),
    Column("rate", Rate()),
    Column("at", Instant()),
    Column("on", Date),
    Column("is_so", Boolean),
    Column("document", Document),
    Column("pieces", Pieces()),
    Column("filled", Integer, server_default="7"),
)
NASTY = [
    "",
    " ",
    "\\",
    "\\N",
    "\\.",
    "a\tb",
    "a\nb",
    "a\r\nb",
    "a\\nb",
    "'\"",
    "{1}",
    "张三\U0001f600",
    "\x0b\x7f",
    "NULL",
    "é",
]


@pytest.fixture
def connection(app: CRM) -> Iterator[Connection]:
    """A writing connection beside an empty table of all our types."""
    with db.engines[None].connect() as connection:
        LOADED.drop(connection, checkfirst=True)
        LOADED.create(connection)
        yield connection
        connection.rollback()
        LOADED.drop(connection, checkfirst=True)
        connection.commit()


def row(number: int, text: str | None) -> dict[str, Any]:
    """One row with a text in every column that takes one."""
    is_blank = text is None
    return {
        "id": number,
        "line": text,
        "prose": text,
        "key": text,
        "amount": None if is_blank else Decimal(number) / 3,
        "rate": None if is_blank else 0.25,
        "at": None if is_blank else datetime(2026, 1, 2, 3, 4, 5, number, tzinfo=UTC),
        "on": None if is_blank else date(2026, 1, 2),
        "is_so": None if is_blank else number % 2 == 0,
        "document": None if is_blank else {text: [text, 1, 2.5, None, True]},
        "pieces": [] if is_blank else [number, -number, 2**31 - 1],
    }


def test_loaded_rows_are_inserted_ones(connection: Connection) -> None:
    rows = [row(number, text) for number, text in enumerate([*NASTY, None], 1)]
    connection.execute(insert(LOADED), rows)
    inserted = connection.execute(select(LOADED).order_by(LOADED.c.id)).all()
    connection.execute(LOADED.delete())
    load_rows(connection, LOADED, {name: [one[name] for one in rows] for name in rows[0]})
    assert connection.execute(select(LOADED).order_by(LOADED.c.id)).all() == inserted
    assert {one.filled for one in inserted} == {7}


def test_a_clash_is_an_integrity_error_and_leaves_the_savepoint(connection: Connection) -> None:
    with pytest.raises(IntegrityError), connection.begin_nested():
        load_rows(connection, LOADED, {"id": [1, 2, 1], "line": ["a", "b", "c"]})
    assert connection.execute(select(LOADED.c.id)).all() == []


def test_nothing_to_load(connection: Connection) -> None:
    load_rows(connection, LOADED, {"id": []})
    load_rows(connection, LOADED, {})


def test_reserved_ids_are_given_once(connection: Connection) -> None:
    first = list(reserved(connection, JournalEntry.__tablename__, 3))
    assert len(set(first)) == 3
    if connection.dialect.name == "postgresql":
        assert not set(first) & set(reserved(connection, JournalEntry.__tablename__, 3))


def test_the_planner_learns_of_what_was_added(app: CRM, cast: Cast) -> None:
    table: Any = Customer.__table__
    is_counted = db.engine.dialect.name == "postgresql"

    def known() -> Any:
        query = "SELECT reltuples FROM pg_class WHERE relname = 'customer'"
        with db.engine.connect() as connection:
            return connection.exec_driver_sql(query).scalar_one() if is_counted else None

    for number in range(7):
        cast.alice.made("/customers", {"name": f"Granite {number}"})
    tell_planner(db.engine, [table], 1_000_000)
    assert known() == (7 if is_counted else None)
    cast.alice.made("/customers", {"name": "Granite 7"})
    # It knows of more than were added.
    tell_planner(db.engine, [table], 1)
    assert known() == (7 if is_counted else None)
