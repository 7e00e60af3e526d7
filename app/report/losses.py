"""`/reports/losses`: why, from which stage and to whom deals were lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from marshmallow import fields
from sqlalchemy import Connection, Select, cast, func, literal, null, select, union_all

from ..access import Actor
from ..database import exact_sum
from ..deal.models import StageKind
from ..deal.schemas import DEALS
from ..messages import language, say
from ..money.conversion import Conversion
from ..money.service import base_currency
from ..money.totals import chosen
from ..schema import Choice, DecimalText, Items, Line, RateField
from .frame import Report, answer_schema, query_schema, span
from .keys import LOSSES, Grouped, loss_pairs
from .scope import MONEY, Pairs, Scope, deals_of
from .tally import CurrencyAmountSchema, Tally

_FIGURES: dict[str, Any] = {
    "count": fields.Integer(),
    "amount": DecimalText(),
    "share": RateField(allow_none=True),
    "other_amounts": Items(CurrencyAmountSchema),
}


def run(connection: Connection, actor: Actor, scope: Scope, query: Mapping[str, Any]) -> dict[str, Any]:
    """Lost deals of the period by reason, stage or competitor; totals count every deal once."""
    group_by = query["group_by"]
    groups = _groups(connection, actor, scope, group_by)
    whole = [group for group in groups if group.is_total]
    conversion = chosen(base_currency(), scope.currency, whole, "deal_count")
    totals = _tally(conversion, whole)
    by_key: dict[Any, list[Any]] = {}
    for group in groups:
        if not group.is_total:
            by_key.setdefault(group.key, []).append(group)
    rows = [(found[0], _tally(conversion, found)) for found in by_key.values()]
    added = conversion.added((group.currency, group.rate, group.target_rate) for group in whole)
    return {
        "rows": [
            {
                "key": row.key,
                "label": _label(row),
                **_figures(tally, totals),
                "filters": _filters(scope, added, loss_pairs(group_by, row.key)),
            }
            for row, tally in sorted(rows, key=lambda found: _place(*found))
        ],
        "totals": {**_figures(totals, totals), "filters": _filters(scope, added, [])},
        "meta": span(scope, conversion.target, added, "report.losses.definition"),
    }


def _groups(connection: Connection, actor: Actor, scope: Scope, group_by: str) -> list[Any]:
    """One row per key, currency and rate; those with `is_total` set are over all deals, each counted once."""
    deal = deals_of(actor, scope)
    grouped = LOSSES[group_by](deal, actor, language())
    # PostgreSQL wants the types of both parts to be the same.
    key, label, order = (cast(null(), one.type) for one in (grouped.key, grouped.label, grouped.order))
    of_all = Grouped(select(), key, label, order, deal.c.amount)

    def counted(part: Grouped, is_total: int) -> Select[Any]:
        lost = (
            part.query.add_columns(
                *(deal.c[name] for name in MONEY),
                part.key.label("key"),
                part.label.label("label"),
                part.order.label("place_of"),
                part.amount.label("amount"),
            )
            .where(deal.c.state == StageKind.LOST)
            .subquery()
        )
        keys = [lost.c[name] for name in ("key", "label", "place_of", *MONEY)]
        return select(
            *keys,
            literal(is_total).label("is_total"),
            func.count().label("deal_count"),
            exact_sum(lost.c.amount).label("units"),
        ).group_by(*keys)

    return list(connection.execute(union_all(counted(grouped, 0), counted(of_all, 1)), dict(actor.binds)))


def _tally(conversion: Conversion, groups: Iterable[Any]) -> Tally:
    tally = Tally(conversion, ("deal_count",), {"units": 4})
    for group in groups:
        tally.add(group)
    return tally


def _label(row: Any) -> str:
    if row.key is None:
        return say("report.none")
    return str(row.key if row.label is None else row.label)


def _place(row: Any, tally: Tally) -> tuple[Any, ...]:
    """Stages in their order, all else by how much was lost; the group without a value comes last."""
    return row.key is None, row.place_of or 0, -tally.number("deal_count"), -tally.total("units"), _label(row)


def _figures(tally: Tally, totals: Tally) -> dict[str, Any]:
    count, whole = tally.number("deal_count"), totals.number("deal_count")
    return {
        "count": count,
        "amount": tally.amount("units"),
        "share": round(count / whole, 4) if whole else None,
        "other_amounts": tally.others({"count": "deal_count"}, {"amount": "units"}),
    }


def _filters(scope: Scope, added: list[str], group: Pairs) -> dict[str, str]:
    """Per figure the query string of `/deals`."""
    lost = [("state", str(StageKind.LOST)), *scope.people(), *group, *scope.closed()]
    money = [("currency", one) for one in added]
    return {"count": urlencode(lost), "amount": urlencode([*lost, *money]), "share": urlencode(lost)}


REPORT = Report(
    "losses",
    "Why, from which stage and to whom deals were lost",
    run,
    answer_schema("Losses", {"key": fields.Raw(allow_none=True), "label": Line(), **_FIGURES}, _FIGURES),
    query_schema("LossesQuery", group_by=Choice(tuple(LOSSES), load_default="reason"), has_limit=True),
    ("label", "count", "amount", "share"),
    is_of_amounts=True,
    groups=DEALS,
)
