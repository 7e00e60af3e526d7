"""The next number of a quote: counted by the database, so that no two writers ever get the same."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.dialects import postgresql, sqlite

from ..database import db
from ..folding import fold
from .models import Quote, QuoteSequence
from .pattern import number_of, period_of


def next_number(pattern: str, day: date) -> str:
    """Give out the next number of the period that a day lies in.

    Whoever counts in the same period waits until the open unit of work has ended; when it rolls back, the number is
    given out again.
    """
    period = period_of(pattern, day)
    while True:
        number = number_of(period, _count(period))
        # Another pattern may have led to the same number before.
        if not db.session.execute(select(exists().where(Quote.number_key == fold(number)))).scalar():
            return number


def _count(period: str) -> int:
    connection = db.session.connection()
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    counted = (
        insert(QuoteSequence)
        .values(period=period, last=1)
        .on_conflict_do_update(index_elements=[QuoteSequence.period], set_={"last": QuoteSequence.last + 1})
        .returning(QuoteSequence.last)
    )
    return int(connection.execute(counted).scalar_one())
