"""`/reports/summary`: open, won and lost deals, cycles, new customers and contact records of a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from marshmallow import fields
from sqlalchemy import ColumnElement, Connection, Float, and_, case, cast, func, literal, or_, select, true

from ..access import Actor
from ..auth.models import User
from ..contact.models import ContactRecord, contacts
from ..customer.models import Customer, customers
from ..database import exact_sum
from ..deal.models import StageKind
from ..listing import encode
from ..money.service import base_currency
from ..money.totals import chosen
from ..schema import DecimalText, Items, Line, RateField, StrictSchema
from .frame import FILTERS, SPAN, Report, query_schema, span
from .scope import MONEY, Pairs, Scope, deals_of
from .tally import Tally

_COUNTS = ("open_count", "won_count", "lost_count", "won_days", "won_cycles", "closed_days", "closed_cycles")
_MONEY = {"open_units": 4, "weighted_units": 8, "won_units": 4}


class PeriodAmountsSchema(StrictSchema):
    """Money of a summary that stands in a currency which could not be converted into the summary's."""

    currency = Line()
    open_count = fields.Integer()
    open_amount = DecimalText()
    weighted_amount = DecimalText()
    won_count = fields.Integer()
    won_amount = DecimalText()


class SummaryFiguresSchema(StrictSchema):
    """Figures of one period. Open ones are as of one moment, and null for a period that is over.

    Amounts are null for who may not read those of deals.
    """

    open_count = fields.Integer(allow_none=True)
    open_amount = DecimalText(allow_none=True)
    weighted_amount = DecimalText(allow_none=True)
    won_count = fields.Integer()
    lost_count = fields.Integer()
    won_amount = DecimalText(allow_none=True)
    win_rate = RateField(allow_none=True)
    mean_won_amount = DecimalText(allow_none=True)
    mean_won_cycle_days = fields.Float(allow_none=True)
    median_won_cycle_days = fields.Float(allow_none=True)
    mean_closed_cycle_days = fields.Float(allow_none=True)
    new_customers = fields.Integer()
    contact_count = fields.Integer()


SummaryReport = SummaryFiguresSchema.from_dict(
    {
        **SPAN,
        "other_amounts": Items(PeriodAmountsSchema),
        "filters": FILTERS,
        "previous": fields.Nested(SummaryFiguresSchema, allow_none=True),
    },
    name="SummaryReport",
)


def run(connection: Connection, actor: Actor, scope: Scope, _query: Mapping[str, Any]) -> dict[str, Any]:
    """Open deals as of the scope's moment; won, lost, new customers and contact records of the period.

    `previous` holds the same for the period before, without the open figures: they belong to one moment.
    """
    rows = _rows(connection, actor, scope)
    tally = _tally(rows, scope)
    before = scope.before()
    previous = None
    if before is not None:
        earlier = _rows(connection, actor, before)
        figures = _figures(_tally(earlier, before, tally), earlier)
        previous = figures | {"open_count": None, "open_amount": None, "weighted_amount": None}
    added = tally.conversion.added((row.currency, row.rate, row.target_rate) for row in rows if row.currency)
    return {
        **_figures(tally, rows),
        "other_amounts": tally.others(
            {"open_count": "open_count", "won_count": "won_count"},
            {"open_amount": "open_units", "weighted_amount": "weighted_units", "won_amount": "won_units"},
        ),
        "previous": previous,
        "filters": _filters(scope, added),
        **span(scope, tally.conversion.target, added, "report.summary.definition"),
    }


def _rows(connection: Connection, actor: Actor, scope: Scope) -> list[Any]:
    """One row per currency and rate, at least one, which is null where there is no deal.

    The counts of customers and contact records and the median stand in every row alike.
    """
    deal = deals_of(actor, scope)
    is_open, is_won = deal.c.state == StageKind.OPEN, deal.c.state == StageKind.WON
    is_closed = deal.c.state != StageKind.OPEN
    by_currency = (
        select(
            *(deal.c[name] for name in MONEY),
            func.count().label("deal_count"),
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
        .group_by(*(deal.c[name] for name in MONEY))
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


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _new_customers(actor: Actor, scope: Scope) -> Any:
    query = select(func.count()).select_from(Customer).where(Customer.is_active, customers.visible(actor.shape))
    query = query.where(*scope.within(Customer.created_at))
    if scope.owner_id is not None:
        query = query.where(Customer.owner_id == scope.owner_id)
    if scope.team_id is not None:
        query = query.where(Customer.team_id == scope.team_id)
    return query.scalar_subquery()


def _contact_count(actor: Actor, scope: Scope) -> Any:
    query = select(func.count()).select_from(ContactRecord)
    query = query.where(and_(ContactRecord.is_active), contacts.visible(actor.shape))
    query = query.where(*scope.within(ContactRecord.occurred_at))
    if scope.owner_id is not None:
        query = query.where(ContactRecord.user_id == scope.owner_id)
    if scope.team_id is not None:
        query = query.where(ContactRecord.user_id.in_(select(User.id).where(User.team_id == scope.team_id)))
    return query.scalar_subquery()


def _tally(rows: Sequence[Any], scope: Scope, like: Tally | None = None) -> Tally:
    conversion = like.conversion if like else chosen(base_currency(), scope.currency, rows, "deal_count")
    tally = Tally(conversion, _COUNTS, _MONEY)
    for row in rows:
        if row.currency is not None:
            tally.add(row)
    return tally


def _figures(tally: Tally, rows: Sequence[Any]) -> dict[str, Any]:
    median = rows[0].median_days
    return {
        "open_count": tally.number("open_count"),
        "open_amount": tally.amount("open_units"),
        "weighted_amount": tally.amount("weighted_units"),
        "won_count": tally.number("won_count"),
        "lost_count": tally.number("lost_count"),
        "won_amount": tally.amount("won_units"),
        "win_rate": tally.rate("won_count", "won_count", "lost_count"),
        "mean_won_amount": tally.mean_amount("won_units", "won_count"),
        "mean_won_cycle_days": tally.mean_days("won_days", "won_cycles"),
        "median_won_cycle_days": None if median is None else round(float(median), 2),
        "mean_closed_cycle_days": tally.mean_days("closed_days", "closed_cycles"),
        "new_customers": rows[0].new_customers,
        "contact_count": rows[0].contact_count,
    }


def _filters(scope: Scope, added: list[str]) -> dict[str, str]:
    """Per figure the query string of the list that it is made of: of `/deals`, `/customers` or `/contacts`."""
    mine, closed, money = scope.people(), scope.closed(), [("currency", one) for one in added]
    is_open, won, lost = ([("state", str(kind))] for kind in (StageKind.OPEN, StageKind.WON, StageKind.LOST))
    dated = [("where", encode({"field": "opened", "op": "not_null"}).decode())]
    owner = [] if scope.owner_id is None else [("owner_id", str(scope.owner_id))]
    author = [] if scope.owner_id is None else [("user_id", str(scope.owner_id))]
    team = [] if scope.team_id is None else [("team_id", str(scope.team_id))]
    behind: dict[str, Pairs] = {
        "open_count": [*is_open, *mine],
        "open_amount": [*is_open, *mine, *money],
        "weighted_amount": [*is_open, *mine, *money],
        "won_count": [*won, *mine, *closed],
        "lost_count": [*lost, *mine, *closed],
        "won_amount": [*won, *mine, *closed, *money],
        "win_rate": [*won, *lost, *mine, *closed],
        "mean_won_amount": [*won, *mine, *closed, *money],
        "mean_won_cycle_days": [*won, *mine, *closed, *dated],
        "median_won_cycle_days": [*won, *mine, *closed, *dated],
        "mean_closed_cycle_days": [*won, *lost, *mine, *closed, *dated],
        "new_customers": [*owner, *team, *scope.moments("created")],
        "contact_count": [*author, *team, *scope.moments("occurred")],
    }
    return {name: urlencode(pairs) for name, pairs in behind.items()}


REPORT = Report(
    "summary",
    "Open, won, lost, cycles, new customers and contact records of a period",
    run,
    SummaryReport,
    query_schema("ReportQuery"),
    tuple(SummaryFiguresSchema().fields),
)
