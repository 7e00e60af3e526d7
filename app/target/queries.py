"""The targets in sight, and what was reached in a year: one SQL statement per measure, by the policies of the lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, Select, and_, case, func, literal, select
from sqlalchemy.types import TypeEngine

from ..access import Actor
from ..auth.models import User
from ..contact.models import ContactRecord, contacts
from ..customer.models import Customer, customers
from ..database import Instant, exact_sum
from ..deal.models import Deal, DealLine, StageKind, deals
from ..money.conversion import Conversion, rate_of
from ..task.models import Task, tasks
from .models import Measure, Target, targets
from .periods import month_days, month_moments

Facts = Select[*tuple[Any, ...]]
"""`user_id`, `team_id`, `month`, by which rates the money of a record is converted, and what is added up of it."""

MONEY = ("currency", "rate", "target_rate")


def stated(
    connection: Connection,
    actor: Actor,
    measure: str,
    conversion: Conversion,
    first: date | None,
    last: date | None,
    product_id: int | None = None,
) -> list[Any]:
    """The targets in sight of the years in which a period lies, with the rates of their first day.

    Args:
        conversion: of won amounts; the rates are those that it asks for.
        first: first day of the period; None is open.
        last: its last day; None is open.
    """
    query = (
        select(
            *(getattr(Target, name) for name in ("user_id", "team_id", "period", "period_on", "value", "currency")),
            rate_of(conversion.base, Target.currency, Target.period_on).label("rate"),
            conversion.target_rate_of(Target.period_on).label("target_rate"),
            User.name.label("user_name"),
            User.team_id.label("user_team_id"),
        )
        .outerjoin(User, User.id == Target.user_id)
        .where(
            Target.is_active,
            targets.visible(actor.shape),
            Target.measure == measure,
            Target.product_id.is_(None) if product_id is None else Target.product_id == product_id,
        )
    )
    if first is not None:
        query = query.where(Target.period_on >= date(first.year, 1, 1))
    if last is not None:
        query = query.where(Target.period_on <= date(last.year, 12, 31))
    return list(connection.execute(query, dict(actor.binds)))


def reached(
    connection: Connection, actor: Actor, measure: str, year: int, product_id: int | None, conversion: Conversion
) -> list[Any]:
    """What everybody has reached in each month of a year, as far as the reader sees the records behind it.

    Rows have `user_id`, `team_id`, `month` and `units`: amounts in ten-thousandths, one row for each currency and rate,
    counts as they are.
    """
    if measure == Measure.WON_AMOUNT:
        query = _won_amount(actor, year, product_id, conversion)
    elif measure == Measure.WON_COUNT:
        query = _won_count(actor, year, product_id)
    elif measure == Measure.NEW_CUSTOMERS:
        query = _new_customers(actor, year)
    elif measure == Measure.ACTIVITIES:
        query = _activities(actor, year)
    else:
        query = _tasks_done(actor, year)
    return list(connection.execute(query, dict(actor.binds)))


def _month(column: Any, bounds: Sequence[Any], type_: TypeEngine[Any]) -> ColumnElement[int]:
    """The number of the month that a day or moment lies in."""
    steps = [(column < literal(bound, type_), number) for number, bound in enumerate(bounds[1:-1], 1)]
    return case(*steps, else_=12)


def _within(column: Any, bounds: Sequence[Any]) -> ColumnElement[bool]:
    return and_(column >= bounds[0], column < bounds[-1])


def _by_month(facts: Facts, total: Any, *money: str) -> Facts:
    fact = facts.subquery()
    keys = [fact.c[name] for name in ("user_id", "team_id", "month", *money)]
    return select(*keys, total(fact).label("units")).group_by(*keys)


def _counted(facts: Facts) -> Facts:
    return _by_month(facts, lambda _fact: func.count())


def _won(actor: Actor, year: int, *columns: Any) -> Facts:
    days = month_days(year)
    return select(
        Deal.owner_id.label("user_id"), Deal.team_id, _month(Deal.closed_on, days, Date()).label("month"), *columns
    ).where(Deal.is_active, deals.visible(actor.shape), Deal.state == StageKind.WON, _within(Deal.closed_on, days))


def _won_amount(actor: Actor, year: int, product_id: int | None, conversion: Conversion) -> Facts:
    amount = Deal.amount if product_id is None else DealLine.amount
    rates = (
        rate_of(conversion.base, Deal.currency, Deal.closed_on).label("rate"),
        conversion.target_rate_of(Deal.closed_on).label("target_rate"),
    )
    facts = _won(actor, year, Deal.currency, *rates, amount.label("amount"))
    if product_id is not None:
        facts = facts.join(DealLine, DealLine.deal_id == Deal.id).where(DealLine.product_id == product_id)
    return _by_month(facts, lambda fact: exact_sum(fact.c.amount), *MONEY)


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


def _tasks_done(actor: Actor, year: int) -> Facts:
    moments = month_moments(year, actor.time_zone)
    month = _month(Task.done_at, moments, Instant()).label("month")
    facts: Facts = select(Task.assignee_id.label("user_id"), Task.team_id, month)
    return _counted(facts.where(Task.is_active, tasks.visible(actor.shape), _within(Task.done_at, moments)))
