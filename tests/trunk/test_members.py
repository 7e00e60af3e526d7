"""Lists of ids in conditions: the database looks the rows up by an index, it does not read them all."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from app.customer.models import Customer
from app.database import IdList, member_of, read_engine
from app.deal.models import Deal
from app.routing import CRM


def query(column: Any) -> Any:
    """Rows by a bound list of ids, beside another condition."""
    return select(Deal.id).where(member_of(column, bindparam("ids", type_=IdList())), Deal.amount > 0)


def test_the_condition_stands_by_itself() -> None:
    assert "deal.id IN (SELECT value FROM json_each(?)) AND" in str(query(Deal.id).compile(dialect=sqlite.dialect()))
    dialect = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]
    assert "deal.id = ANY(%(ids)s" in str(query(Deal.id).compile(dialect=dialect))


@pytest.mark.parametrize("column", [Deal.id, Deal.customer_id])
def test_rows_are_looked_up(app: CRM, column: Any) -> None:
    with read_engine().connect() as connection:
        if connection.dialect.name != "sqlite":
            # What PostgreSQL does depends on how many rows there are; it can use the index at least.
            connection.exec_driver_sql("SET enable_seqscan = off")
        compiled = query(column).where(Deal.is_active).compile(dialect=connection.dialect)
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        values: Any = {"ids": [1, 2], "amount_1": 0}
        if connection.dialect.name == "sqlite":
            values = ("[1, 2]", 0)
        plan = " ".join(str(row) for row in connection.exec_driver_sql(explain + str(compiled), values))
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql("SET enable_seqscan = on")
    assert "SCAN deal" not in plan
    assert "Seq Scan on deal" not in plan


def test_the_opposite_and_the_alternative(app: CRM) -> None:
    ids = bindparam("ids", type_=IdList())
    with read_engine().connect() as connection:
        for condition in (~member_of(Customer.id, ids), member_of(Customer.id, ids) | (Customer.name == "x")):
            assert connection.execute(select(Customer.id).where(condition), {"ids": [1]}).all() == []
