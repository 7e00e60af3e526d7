"""The ground floor: declarative base, column types that mean the same on SQLite and PostgreSQL, the two engines.

Writes go through the session on the writing engine; reads go through a second engine that cannot write
(see `transaction.py`). Instants are UTC, decimals are fixed-point integers, keys are folded text.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import sqlalchemy.dialects.postgresql as pg
from flask import g
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    String,
    Text,
    event,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.sql.selectable import ScalarSelect
from sqlalchemy.types import TypeDecorator, TypeEngine

from config import Settings

from . import patience, timing
from .turns import BEGIN, PATIENTLY, Turns

SCALE = 4
"""Decimal places of every stored decimal: enough for three-decimal currencies and for unit prices."""

EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
"""Reckons with sums of maximal amounts, shares and rates without losing a digit: at most 64 are needed."""

Id = BigInteger().with_variant(Integer(), "sqlite")
Document = JSON(none_as_null=True).with_variant(pg.JSONB(none_as_null=True), "postgresql")


class Instant(TypeDecorator[datetime]):
    """A moment in UTC with microseconds. Fixed-width text on SQLite, so that texts sort as moments."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text of 27 characters on SQLite, `timestamptz` on PostgreSQL."""
        return dialect.type_descriptor(String(27) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive moment: its zone would be a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        value = value.astimezone(UTC)
        # Far faster than strftime and strptime, and every row of SQLite comes through here.
        return value.isoformat(timespec="microseconds")[:26] + "Z" if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """An aware moment in UTC."""
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return value.astimezone(UTC) if value is not None else None


class FixedDecimal(TypeDecorator[Decimal]):
    """A decimal of up to 14 + 4 digits kept as an integer of ten-thousandths: exact on both databases.

    `amount * 2` or `avg(amount)` in SQL lose this type: use `exact_sum` and divide in Python.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        """Ten-thousandths, rounded half up."""
        return None if value is None else int(Decimal(value).scaleb(SCALE).quantize(Decimal(1), ROUND_HALF_UP))

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """The decimal with four places."""
        return None if value is None else Decimal(value).scaleb(-SCALE)


def decimal_text(value: Decimal | int, places: int = SCALE) -> str:
    """A decimal as it stands on the wire and in the journal: at least two places, no trailing zeros beyond them.

    Args:
        value: a decimal, or an integer in units of the last place.
        places: the most decimal places.
    """
    units = (
        value if isinstance(value, int) else int(value.scaleb(places, EXACT).quantize(Decimal(1), ROUND_HALF_UP, EXACT))
    )
    whole, fraction = divmod(abs(units), 10**places)
    digits = f"{fraction:0{places}d}"
    return f"{'-' if units < 0 else ''}{whole}.{digits[:2]}{digits[2:].rstrip('0')}"


class Rate(TypeDecorator[float]):
    """A share in 0..1 with four decimal places, kept as an integer so that weighted sums are exact."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> int | None:
        """Ten-thousandths."""
        return None if value is None else round(value * 10_000)

    def process_result_value(self, value: int | None, dialect: Dialect) -> float | None:
        """The share as a number in 0..1."""
        return None if value is None else value / 10_000


class KeyText(TypeDecorator[str]):
    """Folded text to match and sort on, compared byte by byte on both databases."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`COLLATE "C"` on PostgreSQL, SQLite's default binary order there."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())


class IdList(TypeDecorator[Sequence[int]]):
    """A bound list of ids or texts: an array on PostgreSQL, JSON text on SQLite, one parameter on both."""

    impl = Text
    cache_ok = True

    def __init__(self, of_text: bool = False) -> None:
        super().__init__()
        self.of_text = of_text

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The driver's array, or text."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(pg.ARRAY(Text() if self.of_text else BigInteger()))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        """The list for the driver."""
        if value is None:
            return None
        return list(value) if dialect.name == "postgresql" else json.dumps(list(value))


class member_of(FunctionElement[bool]):  # noqa: N801  (reads like an SQL function)
    """`column` is one of a bound list or of a subquery's values: a fast form for each database.

    On PostgreSQL `= ANY(ARRAY(...))` lets counts use an index where `EXISTS` or `IN` would not.
    """

    type = Boolean()
    inherit_cache = True
    name = "member_of"

    def self_group(self, against: OperatorType | None = None) -> Any:
        """The condition as it is: `= 1` behind it, as for a column, would keep SQLite from using any index for it."""
        return self


@compiles(member_of, "postgresql")
def _member_pg(element: member_of, compiler: Any, **kw: Any) -> str:
    column, values = element.clauses
    inner = compiler.process(values, **kw)
    if isinstance(values, ScalarSelect):
        return f"{compiler.process(column, **kw)} = ANY(ARRAY{inner})"
    return f"{compiler.process(column, **kw)} = ANY({inner})"


@compiles(member_of)
def _member_default(element: member_of, compiler: Any, **kw: Any) -> str:
    column, values = element.clauses
    inner = compiler.process(values, **kw)
    if isinstance(values, ScalarSelect):
        return f"{compiler.process(column, **kw)} IN {inner}"
    return f"{compiler.process(column, **kw)} IN (SELECT value FROM json_each({inner}))"


class position(FunctionElement[int]):  # noqa: N801
    """Where a folded text stands in a key column, 0 when nowhere. LIKE would take % and _ as wildcards."""

    type = Integer()
    inherit_cache = True
    name = "position"


@compiles(position, "postgresql")
def _position_pg(element: position, compiler: Any, **kw: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **kw)})"


@compiles(position)
def _position_default(element: position, compiler: Any, **kw: Any) -> str:
    return f"instr({compiler.process(element.clauses, **kw)})"


class right_now(FunctionElement[datetime]):  # noqa: N801
    """The present moment, to compare an `Instant` with."""

    type = Instant()
    inherit_cache = True
    name = "right_now"


@compiles(right_now, "postgresql")
def _now_pg(_element: right_now, _compiler: Any, **_kw: Any) -> str:
    return "clock_timestamp()"


@compiles(right_now)
def _now_default(_element: right_now, _compiler: Any, **_kw: Any) -> str:
    return "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')"


class json_rows(FunctionElement[str]):  # noqa: N801
    """The rows of an ordered scalar subquery with one column `item` as JSON text, `[]` when there are none."""

    type = Text()
    inherit_cache = True
    name = "json_rows"
    sqlite_item = "part.item"


class json_object_rows(json_rows):  # noqa: N801
    """`json_rows` for items made by `json_pair`, which SQLite would otherwise quote as texts."""

    inherit_cache = True
    name = "json_object_rows"
    sqlite_item = "json(part.item)"


@compiles(json_rows, "postgresql")
def _rows_pg(element: json_rows, compiler: Any, **kw: Any) -> str:
    inner = compiler.process(element.clauses, **kw)
    return f"(SELECT coalesce(json_agg(part.item)::text, '[]') FROM {inner} AS part)"


@compiles(json_rows)
def _rows_default(element: json_rows, compiler: Any, **kw: Any) -> str:
    inner = compiler.process(element.clauses, **kw)
    return f"(SELECT json_group_array({element.sqlite_item}) FROM {inner} AS part)"


class json_pair(FunctionElement[Any]):  # noqa: N801
    """A JSON object of `name, value, name, value, ...` built by the database."""

    inherit_cache = True
    name = "json_pair"
    type = Text()


@compiles(json_pair, "postgresql")
def _pair_pg(element: json_pair, compiler: Any, **kw: Any) -> str:
    return f"json_build_object({compiler.process(element.clauses, **kw)})"


@compiles(json_pair)
def _pair_default(element: json_pair, compiler: Any, **kw: Any) -> str:
    return f"json_object({compiler.process(element.clauses, **kw)})"


class items_of(FunctionElement[Any]):  # noqa: N801
    """The texts of a JSON list as rows: `items_of(Deal.competitors).table_valued("value", joins_implicitly=True)`."""

    inherit_cache = True
    name = "items_of"


@compiles(items_of, "postgresql")
def _items_pg(element: items_of, compiler: Any, **kw: Any) -> str:
    return f"jsonb_array_elements_text({compiler.process(element.clauses, **kw)})"


@compiles(items_of)
def _items_default(element: items_of, compiler: Any, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


class days_before(FunctionElement[Any]):  # noqa: N801
    """The moment a number of days before another, exact to the millisecond: `days_before(now, expected_days)`."""

    type = Instant()
    inherit_cache = True
    name = "days_before"


@compiles(days_before, "postgresql")
def _before_pg(element: days_before, compiler: Any, **kw: Any) -> str:
    moment, days = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({moment} - {days} * interval '24 hours')"


@compiles(days_before)
def _before_default(element: days_before, compiler: Any, **kw: Any) -> str:
    moment, days = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(strftime('%Y-%m-%dT%H:%M:%f', {moment}, '-' || {days} || ' days') || '000Z')"


class _ExactUnits(TypeDecorator[int]):
    """The integer behind an exact sum: numeric on PostgreSQL, `high:low` text on SQLite."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """The whole sum as a Python integer, None over no rows."""
        if value is None:
            return None
        if isinstance(value, str):
            high, low = value.split(":")
            return int(high) * 100_000_000 + int(low)
        return int(value)


class exact_sum(FunctionElement[int]):  # noqa: N801
    """The exact sum of integers that would overflow 64 bits: `exact_sum(x)` or `exact_sum(x, factor)`.

    The result is the sum of `x * factor` in raw units (for `FixedDecimal` ten-thousandths), as a Python integer.
    SQLite's SUM stops with "integer overflow" at maximal amounts, so high and low halves are added apart.
    """

    type = _ExactUnits()
    inherit_cache = True
    name = "exact_sum"


@compiles(exact_sum, "postgresql")
def _sum_pg(element: exact_sum, compiler: Any, **kw: Any) -> str:
    terms = [f"({compiler.process(clause, **kw)})::numeric" for clause in element.clauses]
    return f"sum({' * '.join(terms)})"


@compiles(exact_sum)
def _sum_default(element: exact_sum, compiler: Any, **kw: Any) -> str:
    terms = [f"({compiler.process(clause, **kw)})" for clause in element.clauses]
    amount, factor = terms[0], "".join(f" * {term}" for term in terms[1:])
    return f"(sum({amount} / 100000000{factor}) || ':' || sum({amount} % 100000000{factor}))"


class Base(DeclarativeBase):
    """Base of all tables. Constraints are named, because errors and migrations speak of them by name."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={datetime: Instant(), date: Date(), Decimal: FixedDecimal(), int: Id},
    )


class AppSession(Session):
    """A session that writes only inside a unit of work; outside it sees the read-only engine.

    While a batch is open (`batch.py`), new records go there and nothing is flushed.
    """

    def add(self, instance: object, *, _warn: bool = True) -> None:
        """Have something written with the next flush, or with the open batch."""
        batch = self.info.get("batch")
        if batch is None or not batch.takes(instance):
            super().add(instance, _warn=_warn)

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what has changed; nothing while a batch is open, which is written as a whole."""
        if "batch" not in self.info:
            super().flush(objects)

    def get_bind(
        self,
        mapper: Any | None = None,
        clause: Any | None = None,
        bind: Engine | Connection | None = None,
        **kwargs: Any,
    ) -> Engine | Connection:
        """The writing engine while a unit of work is open, else the read-only one."""
        if bind is not None:
            return bind
        return self._db.engines[None] if "unit" in self.info else read_engine()


db = SQLAlchemy(model_class=Base, session_options={"class_": AppSession, "expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


READ, REPLICA = "read", "replica"
"""The engines besides the writing one."""


def read_engine() -> Engine:
    """The engine of all reads: every statement its own transaction, writing refused by the database.

    Within `replica.far` it is that of the replica.
    """
    return db.engines[g.get("reads_from", READ)]


SNAPSHOT = """(SELECT CASE WHEN NOT pg_is_in_recovery() OR pg_snapshot_xmin(seen) = pg_snapshot_xmax(seen)
 THEN seen::text END FROM pg_current_snapshot() AS seen)"""
"""What identifies the state of PostgreSQL that a statement sees; null where nothing does: a standby does not say which
transactions are still under way."""


def engine_options(settings: Settings) -> tuple[str, dict[str, Any], dict[str, dict[str, Any]]]:
    """The address and the options of the writing engine, and the options of the reading ones by their names."""
    url, is_pooled = settings.pooler_url or settings.database_url, bool(settings.pooler_url)
    # Errors are logged, and what was written is no business of a log.
    quiet: dict[str, Any] = {"hide_parameters": True, "execution_options": {"slow_seconds": settings.slow_seconds}}
    if url.startswith("sqlite"):
        # Who writes waits for SQLite's lock, which refuses after 5 s, and not for a connection before that.
        return url, {"pool_pre_ping": False, "max_overflow": -1, **quiet}, {READ: {"url": url, **quiet}}
    size, seconds = settings.pool_size, settings.statement_seconds
    pool = {**quiet, "pool_size": size, "max_overflow": size, "pool_timeout": 10, "pool_pre_ping": True}
    # Conditions with alternatives look dear to the planner; compiling them took twenty times as long as running them.
    both = {"timezone": "UTC", "jit": "off", "statement_timeout": f"{seconds}s", "lock_timeout": f"{min(8, seconds)}s"}
    # Reports sort hundreds of thousands of rows: in memory it takes them half the time.
    reading = {**both, "work_mem": "32MB", "default_transaction_read_only": "on"}
    # Without a ping before each use: a read that meets a dead connection is simply run again (`routing.py`).
    read = {**_with_settings(pool, reading, is_pooled), "url": url, "pool_pre_ping": False}
    # One that is away is not waited for: the main database answers as well. Whether it is there, `replica.py` asks.
    far = {**_with_settings(pool, reading, False, 2), "url": settings.replica_url, "pool_timeout": 1}
    far["pool_pre_ping"] = False
    if not is_pooled:
        read["isolation_level"] = "AUTOCOMMIT"
    far["isolation_level"] = "AUTOCOMMIT"
    engines = {READ: read} | ({REPLICA: far} if settings.replica_url else {})
    return url, _with_settings(pool, both, is_pooled), engines


def _with_settings(
    pool: Mapping[str, Any], values: Mapping[str, str], is_pooled: bool, connect_seconds: int = 5
) -> dict[str, Any]:
    """A pool whose connections have settings of PostgreSQL.

    A pooler gives each transaction another session: nothing that is set or prepared may outlive a transaction there.
    """
    if not is_pooled:
        options = " ".join(f"-c {name}={value}" for name, value in values.items())
        return {**pool, "connect_args": {"connect_timeout": connect_seconds, "options": options}}
    settings = {name.replace("default_transaction", "transaction"): value for name, value in values.items()}
    begins = "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    return {
        **pool,
        "connect_args": {"connect_timeout": connect_seconds, "prepare_threshold": None},
        "execution_options": {**pool["execution_options"], "begins_with": begins},
    }


def prepare_engines(engines: dict[str | None, Engine], statement_seconds: int) -> None:
    """Give SQLite connections their pragmas and make writing transactions take the lock at once.

    The driver's deferred transactions silently lose updates when two writers read first; BEGIN IMMEDIATE does not.
    """
    for key, engine in engines.items():
        timing.watch(engine)
        if begins := engine.get_execution_options().get("begins_with"):
            event.listen(engine, "begin", partial(_begin_with, begins))
        if key == REPLICA:
            # It ends a statement by itself; the seconds on top are for one that hangs.
            patience.limit(engine, statement_seconds + 2)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _open_reader if key == READ else _open_writer)
            if key != READ:
                event.listen(engine, "begin", partial(_take_turn, Turns(folder_of(engine))))
            else:
                timing.limit_reading(engine, statement_seconds)


def _open_writer(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute(PATIENTLY)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _open_reader(connection: sqlite3.Connection, record: Any) -> None:
    _open_writer(connection, record)
    connection.execute("PRAGMA cache_size=-32768")
    connection.execute("PRAGMA query_only=ON")


def _begin_with(statement: str, connection: Connection) -> None:
    connection.exec_driver_sql(statement)


def folder_of(engine: Engine) -> Path:
    """Where the file of a SQLite database lies."""
    return Path(engine.url.database or "").parent


def _take_turn(turns: Turns, connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    began = perf_counter()
    try:
        turns.begin(driver)
    except sqlite3.Error as error:
        raise DBAPIError.instance(BEGIN, {}, error, sqlite3.Error, dialect=connection.dialect) from error
    finally:
        timing.took(connection, BEGIN, perf_counter() - began)
