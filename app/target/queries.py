"""What was reached in a year: one function and one SQL statement per measure, over the same policies as the lists.

Each row is `(user_id, team_id, month, units)`: amounts in ten-thousandths, counts as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, Select, and_, case, func, literal, select
from sqlalchemy.types import TypeEngine

from ..access import Actor
from ..auth.models import User
from ..contact.models import ContactRecord, contacts
from ..customer.models import Customer, customers
from ..database import Instant, exact_sum
from ..deal.models import Deal, DealLine, StageKind, deals
from .models import Measure
from .periods import month_days, month_moments

Row = tuple[int | None, int | None, int, int]
Facts = Select[*tuple[Any, ...]]
"""`user_id`, `team_id`, `month` and what is added up of each record."""


def reached(
    connection: Connection, actor: Actor, measure: str, year: int, product_id: int | None, currency: str | None
) -> list[Row]:
    """What everybody has reached in each month of a year, as far as the reader sees the records behind it."""
    if measure == Measure.WON_AMOUNT:
        query = _won_amount(actor, year, product_id, currency)
    elif measure == Measure.WON_COUNT:
        query = _won_count(actor, year, product_id)
    elif measure == Measure.NEW_CUSTOMERS:
        query = _new_customers(actor, year)
    else:
        query = _activities(actor, year)
    return [
        (user_id, team_id, month, int(units or 0))
        for user_id, team_id, month, units in connection.execute(query, dict(actor.binds))
    ]


def _month(column: Any, bounds: Sequence[Any], type_: TypeEngine[Any]) -> ColumnElement[int]:
    """The number of the month that a day or moment lies in."""
    steps = [(column < literal(bound, type_), number) for number, bound in enumerate(bounds[1:-1], 1)]
    return case(*steps, else_=12)


def _within(column: Any, bounds: Sequence[Any]) -> ColumnElement[bool]:
    return and_(column >= bounds[0], column < bounds[-1])


def _by_month(facts: Facts, total: Any) -> Facts:
    fact = facts.subquery()
    return select(fact.c.user_id, fact.c.team_id, fact.c.month, total(fact)).group_by(
        fact.c.user_id, fact.c.team_id, fact.c.month
    )


def _counted(facts: Facts) -> Facts:
    return _by_month(facts, lambda _fact: func.count())


def _won(actor: Actor, year: int, *columns: Any) -> Facts:
    days = month_days(year)
    return select(
        Deal.owner_id.label("user_id"), Deal.team_id, _month(Deal.closed_on, days, Date()).label("month"), *columns
    ).where(Deal.is_active, deals.visible(actor.shape), Deal.state == StageKind.WON, _within(Deal.closed_on, days))


def _won_amount(actor: Actor, year: int, product_id: int | None, currency: str | None) -> Facts:
    if product_id is None:
        facts = _won(actor, year, Deal.amount)
    else:
        facts = _won(actor, year, DealLine.amount).join(DealLine, DealLine.deal_id == Deal.id)
        facts = facts.where(DealLine.product_id == product_id)
    return _by_month(facts.where(Deal.currency == currency), lambda fact: exact_sum(fact.c.amount))


def _won_count(actor: Actor, year: int, product_id: int | None) -> Facts:
    facts = _won(actor, year)
    if product_id is not None:
        facts = facts.where(Deal.id.in_(select(DealLine.deal_id).where(DealLine.product_id == product_id)))
    return _counted(facts)


def _new_customers(actor: Actor, year: int) -> Facts:
    moments = month_moments(year, actor.time_zone)
    month = _month(Customer.created_at, moments, Instant()).label("month")
    facts: Facts = select(Customer.owner_id.label("user_id"), Customer.team_id, month)
    seen = (Customer.is_active, customers.visible(actor.shape))
    return _counted(facts.where(*seen, _within(Customer.created_at, moments)))


def _activities(actor: Actor, year: int) -> Facts:
    moments = month_moments(year, actor.time_zone)
    month = _month(ContactRecord.occurred_at, moments, Instant()).label("month")
    facts: Facts = select(ContactRecord.user_id, User.team_id, month)
    seen = (ContactRecord.is_active, contacts.visible(actor.shape))
    return _counted(
        facts.join(User, User.id == ContactRecord.user_id).where(*seen, _within(ContactRecord.occurred_at, moments))
    )
