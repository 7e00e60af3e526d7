"""What deals are grouped by in reports: the key of a row, its label, and the list of the deals behind it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, Select, String, and_, case, cast, func, null, select
from sqlalchemy.orm import aliased

from ..access import Actor
from ..auth.models import Team, User
from ..customer.models import Customer, Option, customers
from ..customer.schemas import country_of
from ..deal.models import Deal, DealLine, Product, Stage, StageKind
from ..deal.schemas import competitors_of, region_of, top_teams
from ..deal.stays import lost_from
from .functions import month_of, quarter_of
from .period import Period
from .scope import Pairs


@dataclass(frozen=True)
class Grouped:
    """Deals with the key that they are grouped by.

    Attributes:
        query: selects from the deals, joined with what the key needs.
        key: the key, null for the group of those without a value.
        label: what a person reads; null where the key says it.
        order: what rows are ordered by before their amounts; null for none.
        amount: the amount that counts in the row.
    """

    query: Select[Any]
    key: Any
    label: Any
    order: ColumnElement[Any]
    amount: ColumnElement[Any]


Group = Callable[[CTE, Actor, str], Grouped]


def _own(column: str) -> Group:
    def group(deal: CTE, _actor: Actor, _language: str) -> Grouped:
        return Grouped(select(), deal.c[column], _text(), _number(), deal.c.amount)

    return group


def _text() -> ColumnElement[Any]:
    return cast(null(), String())


def _number() -> ColumnElement[Any]:
    return cast(null(), Integer())


def _linked(column: str, model: Any, label: Any, order: Any = None) -> Group:
    def group(deal: CTE, _actor: Actor, _language: str) -> Grouped:
        query = select().outerjoin_from(deal, model, model.id == deal.c[column])
        return Grouped(query, deal.c[column], label, _number() if order is None else order, deal.c.amount)

    return group


def _period(of: Any) -> Group:
    def group(deal: CTE, _actor: Actor, _language: str) -> Grouped:
        key = case((deal.c.closed_on.is_not(None), of(deal.c.closed_on)))
        return Grouped(select(), key, _text(), _number(), deal.c.amount)

    return group


def _option(option_list: str, value: Callable[[CTE, Any], ColumnElement[Any]], of_customer: bool) -> Group:
    """Group by a value of an option list, labelled in the reader's language."""

    def group(deal: CTE, actor: Actor, language: str) -> Grouped:
        query, buyer = _with_customer(deal, actor) if of_customer else (select(), None)
        key = value(deal, buyer)
        option = aliased(Option)
        on = and_(option.list == option_list, option.value == key, option.is_active)
        query = query.outerjoin(option, on) if of_customer else query.outerjoin_from(deal, option, on)
        label = option.label_zh if language == "zh-CN" else option.label_en
        return Grouped(query, key, label, _number(), deal.c.amount)

    return group


def _with_customer(deal: CTE, actor: Actor) -> tuple[Select[Any], Any]:
    """The deals with their customers as far as the reader sees them: what reads null counts as none."""
    buyer: Any = aliased(Customer)
    on = and_(buyer.id == deal.c.customer_id, buyer.is_active, customers.visible(actor.shape, buyer))
    return select().outerjoin_from(deal, buyer, on), buyer


def _customer(deal: CTE, actor: Actor, _language: str) -> Grouped:
    query, buyer = _with_customer(deal, actor)
    return Grouped(query, buyer.id, buyer.name, _number(), deal.c.amount)


def _country(deal: CTE, actor: Actor, _language: str) -> Grouped:
    query, buyer = _with_customer(deal, actor)
    return Grouped(query, country_of(buyer), _text(), _number(), deal.c.amount)


def _top_team(deal: CTE, _actor: Actor, _language: str) -> Grouped:
    tops = top_teams()
    top = aliased(Team)
    query = (
        select().outerjoin_from(deal, tops, tops.c.team_id == deal.c.team_id).outerjoin(top, top.id == tops.c.top_id)
    )
    return Grouped(query, tops.c.top_id, top.name, _number(), deal.c.amount)


def _region(deal: CTE, _actor: Actor, _language: str) -> Grouped:
    tops = top_teams()
    own, top = aliased(Team), aliased(Team)
    query = (
        select()
        .outerjoin_from(deal, own, own.id == deal.c.team_id)
        .outerjoin(tops, tops.c.team_id == deal.c.team_id)
        .outerjoin(top, top.id == tops.c.top_id)
    )
    return Grouped(query, region_of(own, top), _text(), _number(), deal.c.amount)


def _lost_from(deal: CTE, _actor: Actor, _language: str) -> Grouped:
    stages = (
        select(deal.c.id, lost_from(deal.c).label("stage_id")).where(deal.c.state == StageKind.LOST).cte("lost_from")
    )
    query = (
        select().outerjoin_from(deal, stages, stages.c.id == deal.c.id).outerjoin(Stage, Stage.id == stages.c.stage_id)
    )
    place = Stage.pipeline_id * 1_000 + Stage.position
    return Grouped(query, stages.c.stage_id, Stage.name, place, deal.c.amount)


def _competitor(deal: CTE, _actor: Actor, language: str) -> Grouped:
    """Group by who is named: a deal counts in the row of each."""
    found = competitors_of(Deal)
    named = select(Deal.id, found.c.value).distinct().cte("named")
    option = aliased(Option)
    on = and_(option.list == "competitor", option.value == named.c.value, option.is_active)
    query = select().outerjoin_from(deal, named, named.c.id == deal.c.id).outerjoin(option, on)
    label = option.label_zh if language == "zh-CN" else option.label_en
    return Grouped(query, named.c.value, label, _number(), deal.c.amount)


def _of_lines(key: Any, label: Any) -> Group:
    """Group by what the lines point at: a deal counts in each of its rows, with the amount of those lines."""

    def group(deal: CTE, _actor: Actor, _language: str) -> Grouped:
        parts = (
            select(
                DealLine.deal_id,
                key.label("key"),
                func.min(label).label("label"),
                func.sum(DealLine.amount, type_=DealLine.amount.type).label("amount"),
            )
            .join(Product, Product.id == DealLine.product_id)
            .group_by(DealLine.deal_id, key)
            .cte("parts")
        )
        query = select().outerjoin_from(deal, parts, parts.c.deal_id == deal.c.id)
        # Without lines a deal counts whole, in the group of those without a product.
        amount = case((parts.c.deal_id.is_(None), deal.c.amount), else_=parts.c.amount)
        return Grouped(query, parts.c.key, parts.c.label, _number(), amount)

    return group


GROUPS: dict[str, Group] = {
    "month": _period(month_of),
    "quarter": _period(quarter_of),
    "owner": _linked("owner_id", User, User.name),
    "team": _linked("team_id", Team, Team.name),
    "top_team": _top_team,
    "product": _of_lines(Product.id, Product.name),
    "product_series": _of_lines(Product.series, Product.series),
    "customer": _customer,
    "industry": _option("industry", lambda _deal, buyer: buyer.industry, True),
    "country": _country,
    "source": _option("source", lambda deal, _buyer: deal.c.source, False),
    "region": _region,
    "stage": _linked("stage_id", Stage, Stage.name, Stage.pipeline_id * 1_000 + Stage.position),
    "currency": _own("currency"),
}
"""By the value of `group_by`."""

_PARAMETERS = {
    "owner": "owner_id",
    "team": "team_id",
    "top_team": "top_team_id",
    "product": "product_id",
    "product_series": "product_series",
    "customer": "customer_id",
    "industry": "industry",
    "country": "country",
    "source": "source",
    "region": "region",
    "stage": "stage_id",
    "currency": "currency",
}


LOSSES: dict[str, Group] = {
    "reason": _option("lost_reason", lambda deal, _buyer: deal.c.lost_reason, False),
    "stage": _lost_from,
    "competitor": _competitor,
}
"""What losses are grouped by."""

_LOSS_PARAMETERS = {"reason": "lost_reason", "stage": "lost_from_stage_id", "competitor": "competitor"}


def loss_pairs(group_by: str, key: Any) -> Pairs:
    """The parameters of `/deals` that list the losses of a key."""
    return [(_LOSS_PARAMETERS[group_by], "none" if key is None else str(key))]


def key_pairs(group_by: str, key: Any, period: Period) -> Pairs:
    """The parameters of `/deals` that list the group of a key, of a month or quarter its days in the period."""
    if group_by in _PARAMETERS:
        return [(_PARAMETERS[group_by], "none" if key is None else str(key))]
    if key is None:
        return [("where", '{"field":"closed","op":"is_null"}')]
    first, last = days_of(str(key))
    first, last = max(first, period.first or first), min(last, period.last or last)
    return [("closed_from", first.isoformat()), ("closed_to", last.isoformat())]


def days_of(key: str) -> tuple[date, date]:
    """The first and last day of `2017-03` or `2017-Q1`."""
    year, part = key.split("-")
    months = (int(part[1]) * 3 - 2, int(part[1]) * 3) if part.startswith("Q") else (int(part), int(part))
    return date(int(year), months[0], 1), date(int(year), months[1], monthrange(int(year), months[1])[1])
