"""Days and months in the reader's zone as rows to join moments with: neither database is asked about time zones."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy.dialects.postgresql as pg
from sqlalchemy import CTE, Connection, DateTime, String, Text, cast, func, literal, select, type_coerce
from sqlalchemy import column as sql_column

from ..database import Instant
from ..listing import encode
from .period import Period
from .scope import Pairs, Scope, moment_text

_DAY = timedelta(days=1)


def span_period(key: str) -> Period:
    """The days of `2017-03` or of `2017-03-05`."""
    if len(key) == 7:
        year, month = (int(part) for part in key.split("-"))
        return Period(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
    day = date.fromisoformat(key)
    return Period(day, day)


def span_pairs(name: str, key: str, scope: Scope) -> Pairs:
    """A day or month, cut by the scope's period, as parameters of a list by a moment such as `created`."""
    one = span_period(key)
    assert one.first is not None
    assert one.last is not None
    cut = Period(max(one.first, scope.period.first or one.first), min(one.last, scope.period.last or one.last))
    return scope.of(cut).moments(name)


def spans(connection: Connection, moment: Any, scope: Scope, *, monthly: bool, name: str = "spans") -> CTE:
    """Days or months with `key`, `start` and `end` (exclusive), from the first to the last moment of the period.

    Args:
        moment: the column of which the first and last value are looked up.
        name: in the statement, where it has several.
    """
    low, high = connection.execute(
        select(func.min(moment, type_=Instant()), func.max(moment, type_=Instant())).where(*scope.within(moment))
    ).one()
    rows: list[list[str]] = []
    if low is not None:
        zone = ZoneInfo(scope.zone)
        for key in _keys(low.astimezone(zone).date(), high.astimezone(zone).date(), monthly):
            start, end = span_period(key).bounds(scope.zone)
            assert start is not None
            assert end is not None
            rows.append([key, *(moment_text(one.replace(microsecond=0)) for one in (start, end))])
    return _table(connection.dialect.name, rows, name)


def _keys(day: date, last: date, monthly: bool) -> Iterator[str]:
    while day <= last:
        yield day.isoformat()[: 7 if monthly else 10]
        day += timedelta(days=monthrange(day.year, day.month)[1] - day.day + 1) if monthly else _DAY


def _table(dialect: str, rows: list[list[str]], called: str) -> CTE:
    """The rows as one bound document, however many they are."""
    key: Any
    start: Any
    end: Any
    if dialect == "postgresql":
        document = cast(literal(encode(rows).decode(), Text()), pg.JSONB())
        each = func.jsonb_array_elements(document).table_valued(sql_column("value", pg.JSONB()))
        key, start, end = (each.c.value[number].astext for number in range(3))
        start, end = (cast(one, DateTime(timezone=True)) for one in (start, end))
    else:
        each = func.json_each(literal(encode(rows).decode(), Text())).table_valued(sql_column("value", Text()))
        # As `Instant` is kept there.
        key, start, end = (func.json_extract(each.c.value, f"$[{number}]") for number in range(3))
        start, end = (func.substr(one, 1, 19).op("||")(".000000Z") for one in (start, end))
    columns: tuple[Any, ...] = (type_coerce(key, String()), type_coerce(start, Instant()), type_coerce(end, Instant()))
    return select(*(one.label(name) for one, name in zip(columns, ("key", "start", "end"), strict=True))).cte(called)
