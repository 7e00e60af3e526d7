"""Which existing customers may be one: what the finder reads of them and how a few are looked up."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Connection, bindparam, select

from .duplicates import EVIDENCE_COLUMNS, evidence_of_row, rows_of, twins
from .evidence import Evidence
from .finder import Finder, Found, Two, ordered
from .likeness import Likeness, block_keys, likeness
from .models import Customer, DuplicatePair

_NEXT = (
    select(Customer.id, Customer.phone_e164, *(getattr(Customer, name) for name in EVIDENCE_COLUMNS))
    .where(Customer.is_active, Customer.id > bindparam("after", type_=BigInteger()))
    .order_by(Customer.id)
    .limit(2_000)
)


def _read(connection: Connection, after: int) -> Sequence[tuple[int, Evidence]]:
    return [(row.id, evidence_of_row(row)) for row in connection.execute(_NEXT, {"after": after})]


def _look(connection: Connection, ids: Sequence[int]) -> Found:
    found: dict[Two, Likeness] = {}
    for customer in rows_of(connection, ids, None):
        if customer.is_active:
            others = twins(connection, evidence_of_row(customer), exclude_id=customer.id)
            found |= {ordered(customer.id, one.row.id): one.likeness for one in others if one.row.is_active}
    return found


CUSTOMER_PAIRS = Finder(
    model=Customer,
    pair=DuplicatePair,
    scan="duplicate_scan",
    position="duplicates_position",
    fields=EVIDENCE_COLUMNS,
    read=_read,
    keys=block_keys,
    compare=likeness,
    look=_look,
)
CUSTOMER_PAIRS.register()
