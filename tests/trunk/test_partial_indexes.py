"""Indexes of active rows are for both databases: SQLite uses one only where the query says the very same words."""

from __future__ import annotations

import pytest
from sqlalchemy import Select, select, text

from app.contact.models import ContactRecord
from app.customer.models import Customer, Person
from app.database import db
from app.deal.models import Deal
from app.routing import CRM

QUERIES = {
    "ix_customer_created": select(Customer.id).where(Customer.is_active).order_by(Customer.created_at, Customer.id),
    "ix_customer_name": select(Customer.id).where(Customer.is_active).order_by(Customer.sort_key, Customer.id),
    "ix_customer_name_key": select(Customer.id).where(Customer.is_active, Customer.name_key == "acme"),
    "ix_person_customer": select(Person.id).where(Person.is_active, Person.customer_id == 1).order_by(Person.id),
    "ix_contact_record_customer": select(ContactRecord.id)
    .where(ContactRecord.is_active, ContactRecord.customer_id == 1)
    .order_by(ContactRecord.occurred_at, ContactRecord.id),
    "ix_deal_created": select(Deal.id).where(Deal.is_active).order_by(Deal.created_at, Deal.id),
}


def plan_of(query: Select[int]) -> str:
    """How the database would run a statement, tables of any size assumed."""
    with db.engines[None].connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        words = str(query.limit(20).compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
        if not is_sqlite:
            # As if nobody had counted yet, in indexes that earlier tests have not blown up: once autovacuum has found a
            # table empty, one index is as good as another. All this is rolled back.
            for model in (Customer, Person, ContactRecord, Deal):
                connection.execute(text(f'REINDEX TABLE "{model.__table__}"'))
            connection.execute(text("DELETE FROM pg_statistic"))
            connection.execute(text("UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE relkind IN ('r', 'i')"))
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_sort = off"))
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        return "\n".join(str(row) for row in connection.execute(text(f"{explain} {words}")))


@pytest.mark.parametrize("index", sorted(QUERIES))
def test_a_query_for_active_rows_uses_their_index(app: CRM, index: str) -> None:
    assert index in plan_of(QUERIES[index])
