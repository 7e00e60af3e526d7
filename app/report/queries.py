"""Reports: one function and one SQL statement each, over the same policies as the lists.

Amounts of different currencies are never added: counts, rates and cycles cover all deals, amounts those of one
currency, and what stands in other currencies is listed apart (`other_amounts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Float,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
)

from ..access import Actor
from ..auth.models import User
from ..contact.models import ContactRecord, contacts
from ..customer.models import Customer, customers
from ..database import Instant, exact_sum
from ..deal.models import Deal, Pipeline, Stage, StageKind, deals
from .functions import days_before, days_between, days_passed
from .period import Period


@dataclass(frozen=True)
class Scope:
    """What a report is restricted to besides the reader's sight.

    Attributes:
        zone: the reader's time zone, in which `period` is meant.
        currency: the one asked for, if any.
    """

    period: Period
    zone: str
    owner_id: int | None = None
    team_id: int | None = None
    pipeline_id: int | None = None
    currency: str | None = None


def summary(connection: Connection, actor: Actor, scope: Scope) -> list[Any]:
    """The figures of a period: one row per currency, at least one, which is null where there is no deal.

    The counts of customers and contact records and the median stand in every row alike.
    """
    deal = _deals(actor, scope)
    is_open, is_won = deal.c.state == StageKind.OPEN, deal.c.state == StageKind.WON
    is_closed = deal.c.state != StageKind.OPEN
    by_currency = (
        select(
            deal.c.currency,
            _count(is_open).label("open_count"),
            exact_sum(case((is_open, deal.c.amount))).label("open_units"),
            exact_sum(case((is_open, deal.c.amount)), deal.c.win_probability).label("weighted_units"),
            _count(is_won).label("won_count"),
            exact_sum(case((is_won, deal.c.amount))).label("won_units"),
            _count(deal.c.state == StageKind.LOST).label("lost_count"),
            func.sum(case((is_won, deal.c.cycle))).label("won_days"),
            func.count(case((is_won, deal.c.cycle))).label("won_cycles"),
            func.sum(case((is_closed, deal.c.cycle))).label("closed_days"),
            func.count(case((is_closed, deal.c.cycle))).label("closed_cycles"),
        )
        .group_by(deal.c.currency)
        .subquery()
    )
    cycles = (
        select(
            deal.c.cycle,
            func.row_number().over(order_by=deal.c.cycle).label("place"),
            func.count().over().label("total"),
        )
        .where(is_won, deal.c.cycle.is_not(None))
        .subquery()
    )
    middle = or_(cycles.c.place == (cycles.c.total + 1) // 2, cycles.c.place == (cycles.c.total + 2) // 2)
    median = select(cast(func.avg(cycles.c.cycle), Float())).where(middle).scalar_subquery()
    always = select(literal(1).label("one")).subquery()
    query = (
        select(
            by_currency,
            median.label("median_days"),
            _new_customers(actor, scope).label("new_customers"),
            _contact_count(actor, scope).label("contact_count"),
        )
        .select_from(always)
        .outerjoin(by_currency, true())
    )
    return list(connection.execute(query, dict(actor.binds)))


def pipeline(connection: Connection, actor: Actor, scope: Scope, at: datetime, today: date) -> list[Any]:
    """What stands at each stage: one row per stage and currency, in order; nulls where no deal stands.

    Args:
        at: the present moment.
        today: the present date of the reader.
    """
    age = case(
        (
            Deal.state == StageKind.OPEN,
            func.coalesce(
                cast(days_between(Deal.opened_on, literal(today)), Float()),
                days_passed(Deal.created_at, literal(at, Instant())),
            ),
        )
    )
    late = and_(
        Deal.state == StageKind.OPEN, Deal.stage_entered_at < days_before(literal(at, Instant()), Stage.expected_days)
    )
    standing = (
        select(
            Deal.stage_id,
            Deal.currency,
            func.count().label("deal_count"),
            exact_sum(Deal.amount).label("units"),
            exact_sum(Deal.amount, Deal.win_probability).label("weighted_units"),
            func.sum(age).label("age_days"),
            func.count(age).label("aged"),
            _count(late).label("overdue_count"),
        )
        .join(Stage, Stage.id == Deal.stage_id)
        .where(*_conditions(actor, scope))
        .group_by(Deal.stage_id, Deal.currency)
        .subquery()
    )
    query = (
        select(
            Stage.id,
            Stage.name,
            Stage.kind,
            Stage.expected_days,
            Stage.pipeline_id,
            Pipeline.name.label("pipeline_name"),
            standing,
        )
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .outerjoin(standing, standing.c.stage_id == Stage.id)
        .where(Stage.is_active, Pipeline.is_active)
        .order_by(Stage.pipeline_id, Stage.position, Stage.id, standing.c.currency)
    )
    if scope.pipeline_id is not None:
        query = query.where(Stage.pipeline_id == scope.pipeline_id)
    return list(connection.execute(query, dict(actor.binds)))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _conditions(actor: Actor, scope: Scope) -> list[ColumnElement[bool]]:
    """Deals in sight: all that are open, and those that were closed in the period."""
    closed: list[ColumnElement[bool]] = [Deal.state != StageKind.OPEN]
    if scope.period.first is not None:
        closed.append(Deal.closed_on >= scope.period.first)
    if scope.period.last is not None:
        closed.append(Deal.closed_on <= scope.period.last)
    found: list[ColumnElement[bool]] = [
        and_(Deal.is_active),
        deals.visible(actor.shape),
        or_(Deal.state == StageKind.OPEN, and_(*closed)),
    ]
    for column, wanted in (
        (Deal.owner_id, scope.owner_id),
        (Deal.team_id, scope.team_id),
        (Deal.pipeline_id, scope.pipeline_id),
    ):
        if wanted is not None:
            found.append(column == wanted)
    return found


def _deals(actor: Actor, scope: Scope) -> CTE:
    return (
        select(
            Deal.state,
            Deal.currency,
            Deal.amount,
            Deal.win_probability,
            days_between(Deal.opened_on, Deal.closed_on).label("cycle"),
        )
        .where(*_conditions(actor, scope))
        .cte("deals")
    )


def _new_customers(actor: Actor, scope: Scope) -> Any:
    query = select(func.count()).select_from(Customer).where(Customer.is_active, customers.visible(actor.shape))
    query = query.where(*_within(Customer.created_at, scope))
    if scope.owner_id is not None:
        query = query.where(Customer.owner_id == scope.owner_id)
    if scope.team_id is not None:
        query = query.where(Customer.team_id == scope.team_id)
    return query.scalar_subquery()


def _contact_count(actor: Actor, scope: Scope) -> Any:
    query = select(func.count()).select_from(ContactRecord)
    query = query.where(ContactRecord.is_active, contacts.visible(actor.shape))
    query = query.where(*_within(ContactRecord.occurred_at, scope))
    if scope.owner_id is not None:
        query = query.where(ContactRecord.user_id == scope.owner_id)
    if scope.team_id is not None:
        query = query.where(ContactRecord.user_id.in_(select(User.id).where(User.team_id == scope.team_id)))
    return query.scalar_subquery()


def _within(column: Any, scope: Scope) -> list[ColumnElement[bool]]:
    start, end = scope.period.bounds(scope.zone)
    found: list[ColumnElement[bool]] = []
    if start is not None:
        found.append(column >= start)
    if end is not None:
        found.append(column < end)
    return found
