"""Contact records for the benchmark, and what customers know of them by themselves."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select, update

from app.contact.models import ContactKind, ContactRecord
from app.customer.models import Customer
from bench.copying import copy
from bench.data import START

_KINDS = tuple(str(kind) for kind in ContactKind)
_MINUTES = 365 * 24 * 60


def contacts(connection: Connection, count: int, customers: int) -> None:
    """Contact records of a year after their customers' creation, half of them outgoing, the latest of them yesterday's.

    Args:
        connection: a writing connection in a transaction.
        count: how many.
        customers: how many customers there are to spread them over.
    """
    chance = random.Random(13)
    yesterday = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    common = {"version": 1, "created_at": START, "updated_at": START, "is_active": True, "search_key": "words"}
    for begin in range(1, count + 1, 10_000):
        rows = []
        for number in range(begin, min(begin + 10_000, count + 1)):
            customer = 1 + number % customers
            since = START + timedelta(minutes=10 * customer + chance.randrange(_MINUTES))
            rows.append(
                {
                    "customer_id": customer,
                    "user_id": 2 + customer % 40,
                    "kind": chance.choice(_KINDS),
                    "direction": chance.choice(("in", "out", "out", None)),
                    "content": "Talked about the offer and agreed on the next step.",
                    "occurred_at": min(since, yesterday),
                    **common,
                }
            )
        copy(connection, ContactRecord, rows)
    for column, which in ((Customer.first_contacted_at, func.min), (Customer.last_contacted_at, func.max)):
        moment = (
            select(which(ContactRecord.occurred_at))
            .where(ContactRecord.customer_id == Customer.id, ContactRecord.is_active)
            .scalar_subquery()
        )
        connection.execute(update(Customer).values({column: moment}))
