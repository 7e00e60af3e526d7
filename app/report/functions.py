"""What reports ask of both databases in one way: spans of days between dates and moments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float, Integer, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement


class days_between(FunctionElement[int]):  # noqa: N801  (reads like an SQL function)
    """Whole days from one date to another: `days_between(opened_on, closed_on)`."""

    type = Integer()
    inherit_cache = True
    name = "days_between"


@compiles(days_between, "postgresql")
def _between_pg(element: days_between, compiler: Any, **kw: Any) -> str:
    first, last = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({last} - {first})"


@compiles(days_between)
def _between_default(element: days_between, compiler: Any, **kw: Any) -> str:
    first, last = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST(julianday({last}) - julianday({first}) AS INTEGER)"


class days_passed(FunctionElement[float]):  # noqa: N801
    """Days, with their fraction, from one moment to another: `days_passed(created_at, now)`."""

    type = Float()
    inherit_cache = True
    name = "days_passed"


@compiles(days_passed, "postgresql")
def _passed_pg(element: days_passed, compiler: Any, **kw: Any) -> str:
    first, last = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(extract(epoch FROM {last} - {first}) / 86400.0)::float8"


@compiles(days_passed)
def _passed_default(element: days_passed, compiler: Any, **kw: Any) -> str:
    first, last = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(julianday({last}) - julianday({first}))"


class month_of(FunctionElement[str]):  # noqa: N801
    """The month of a date as `2017-03`."""

    type = String()
    inherit_cache = True
    name = "month_of"


@compiles(month_of, "postgresql")
def _month_pg(element: month_of, compiler: Any, **kw: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **kw)}, 'YYYY-MM')"


@compiles(month_of)
def _month_default(element: month_of, compiler: Any, **kw: Any) -> str:
    return f"substr({compiler.process(element.clauses, **kw)}, 1, 7)"


class quarter_of(FunctionElement[str]):  # noqa: N801
    """The quarter of a date as `2017-Q1`."""

    type = String()
    inherit_cache = True
    name = "quarter_of"


@compiles(quarter_of, "postgresql")
def _quarter_pg(element: quarter_of, compiler: Any, **kw: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **kw)}, 'YYYY\"-Q\"Q')"


@compiles(quarter_of)
def _quarter_default(element: quarter_of, compiler: Any, **kw: Any) -> str:
    day = compiler.process(element.clauses, **kw)
    return f"(substr({day}, 1, 4) || '-Q' || ((CAST(substr({day}, 6, 2) AS INTEGER) + 2) / 3))"
