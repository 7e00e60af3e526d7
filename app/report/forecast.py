"""`/reports/forecast`: what is expected to close month by month, how sure it is, what was won, and of which target."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from marshmallow import fields
from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, or_, select

from ..access import Actor
from ..database import exact_sum
from ..deal.answers import AmountsSchema
from ..deal.models import ForecastCategory, StageKind
from ..messages import say
from ..money.service import base_currency
from ..money.totals import chosen
from ..schema import DecimalText, Items, Line
from .frame import Report, answer_schema, query_schema, span
from .functions import month_of
from .goals import GOAL, Goals, stated_in
from .keys import days_of
from .scope import MONEY, Pairs, Scope, deals_of
from .tally import Tally

_CATEGORIES = tuple(str(one) for one in ForecastCategory if one != ForecastCategory.OMITTED)
_WHOLE = "*"
"""In place of a month: all of them."""

_KINDS = (*_CATEGORIES, "open", "overdue", "won")
_COUNTS = ("deal_count", *(f"{kind}_count" for kind in _KINDS))
_MONEY = {f"{kind}_units": 4 for kind in _KINDS} | {"all_units": 4, "weighted_units": 8}

_FIGURES: dict[str, Any] = {
    **{f"{kind}_count": fields.Integer() for kind in _KINDS},
    **{f"{kind}_amount": DecimalText() for kind in _KINDS},
    "weighted_amount": DecimalText(),
    "other_amounts": Items(AmountsSchema),
    **GOAL,
}


def run(connection: Connection, actor: Actor, scope: Scope, _query: Mapping[str, Any]) -> dict[str, Any]:
    """The months in order; open deals stand in that of their expected close, won ones in that of their closing.

    A month that has a target stands there also without any deal.
    """
    groups, (targets, teams) = _groups(connection, actor, scope), stated_in(connection, actor, scope)
    conversion = chosen(base_currency(), scope.currency, groups, "deal_count", targets)
    goals = Goals(actor, scope, conversion, targets, teams)
    totals = Tally(conversion, _COUNTS, _MONEY)
    months: dict[str | None, Tally] = {}
    for group in groups:
        months.setdefault(group.key, Tally(conversion, _COUNTS, _MONEY)).add(group)
        totals.add(group)
    for key in goals.months:
        months.setdefault(key, Tally(conversion, _COUNTS, _MONEY))
    added, converted = (
        conversion.added((one.currency, one.rate, one.target_rate) for one in rows)
        for rows in (groups, [*groups, *targets])
    )
    return {
        "rows": [
            {
                "key": key,
                "label": key or say("report.none"),
                **_figures(tally),
                **goals.of_month(key, tally.total("won_units")),
                "filters": _filters(scope, added, key),
            }
            for key, tally in sorted(months.items(), key=lambda pair: (pair[0] is None, pair[0] or ""))
        ],
        "totals": {
            **_figures(totals),
            **goals.of_all(totals.total("won_units")),
            "filters": _filters(scope, added, _WHOLE),
        },
        "meta": span(scope, conversion.target, converted, "report.forecast.definition", "report.target.definition"),
    }


def _expected(scope: Scope) -> tuple[date | None, date | None]:
    """Between which dates open deals are expected to close.

    What is overdue may still close in a period that has begun, whenever it was expected.
    """
    first, last = scope.period.first, scope.period.last
    return (first if first is not None and first > scope.day else None), last


def _groups(connection: Connection, actor: Actor, scope: Scope) -> list[Any]:
    """One row per month, currency and rate."""
    deal = deals_of(actor, scope)
    first, last = _expected(scope)
    expected: list[ColumnElement[bool]] = [
        deal.c.state == StageKind.OPEN,
        deal.c.forecast_category != ForecastCategory.OMITTED,
    ]
    if first is not None:
        expected.append(deal.c.expected_close_on >= first)
    if last is not None:
        expected.append(deal.c.expected_close_on <= last)
    is_open, is_won = deal.c.state == StageKind.OPEN, deal.c.state == StageKind.WON
    ways: dict[str, ColumnElement[bool]] = {
        **{name: and_(is_open, deal.c.forecast_category == name) for name in _CATEGORIES},
        "open": is_open,
        "overdue": and_(is_open, deal.c.expected_close_on < literal(scope.day)),
        "won": is_won,
    }
    monthly = (
        select(
            case((is_open, month_of(deal.c.expected_close_on)), else_=month_of(deal.c.closed_on)).label("key"),
            *(deal.c[name] for name in ("amount", "win_probability", *MONEY)),
            *(case((way, 1)).label(name) for name, way in ways.items()),
        )
        .where(or_(is_won, and_(*expected)))
        .cte("monthly")
    )
    keys = [monthly.c[name] for name in ("key", *MONEY)]
    query = select(
        *keys,
        func.count().label("deal_count"),
        exact_sum(monthly.c.amount).label("all_units"),
        exact_sum(case((monthly.c.open == 1, monthly.c.amount)), monthly.c.win_probability).label("weighted_units"),
        *(func.count(monthly.c[name]).label(f"{name}_count") for name in ways),
        *(exact_sum(case((monthly.c[name] == 1, monthly.c.amount))).label(f"{name}_units") for name in ways),
    ).group_by(*keys)
    return list(connection.execute(query, dict(actor.binds)))


def _figures(tally: Tally) -> dict[str, Any]:
    return {
        **{f"{kind}_count": tally.number(f"{kind}_count") for kind in _KINDS},
        **{f"{kind}_amount": tally.amount(f"{kind}_units") for kind in _KINDS},
        "weighted_amount": tally.amount("weighted_units"),
        "other_amounts": tally.others(
            {"count": "deal_count"}, {"amount": "all_units", "weighted_amount": "weighted_units"}
        ),
    }


def _between(name: str, key: str | None, first: date | None, last: date | None) -> Pairs:
    """The month of a row, cut by a period, as parameters of `/deals`."""
    if key is None:
        return [(name, "none")]
    if key == _WHOLE:
        bounds = ((f"{name}_from", first), (f"{name}_to", last))
        return [(side, day.isoformat()) for side, day in bounds if day is not None]
    from_day, to_day = days_of(key)
    from_day, to_day = max(from_day, first or from_day), min(to_day, last or to_day)
    return [(f"{name}_from", from_day.isoformat()), (f"{name}_to", to_day.isoformat())]


def _filters(scope: Scope, added: list[str], key: str | None) -> dict[str, str]:
    """Per figure the query string of `/deals`."""
    first, last = _expected(scope)
    yesterday = scope.day - timedelta(days=1)
    here = [("state", "open"), *_between("expected_close", key, first, last)]
    sure = [("forecast_category", one) for one in _CATEGORIES]
    late = _between("expected_close", key, first, min(last or yesterday, yesterday))
    closed = _between("closed", key, scope.period.first, scope.period.last)
    asked: dict[str, Pairs] = {
        **{one: [("forecast_category", one), *here] for one in _CATEGORIES},
        "open": [*sure, *here],
        "won": [("state", "won"), *closed],
    }
    if key is not None:
        asked["overdue"] = [("state", "open"), *sure, *late]
    money = [("currency", one) for one in added]
    behind = {
        f"{kind}_{what}": [*pairs, *scope.people(), *(money if what == "amount" else [])]
        for kind, pairs in asked.items()
        for what in ("count", "amount")
    }
    behind["weighted_amount"] = behind["open_amount"]
    behind["attainment"] = behind["won_amount"]
    return {name: urlencode(pairs) for name, pairs in behind.items()}


REPORT = Report(
    "forecast",
    "What is expected to close month by month, how sure it is, what was won, and of which target",
    run,
    answer_schema("Forecast", {"key": Line(allow_none=True), "label": Line(), **_FIGURES}, _FIGURES),
    query_schema("ForecastQuery"),
    (
        "label",
        "committed_amount",
        "best_case_amount",
        "pipeline_amount",
        "open_count",
        "open_amount",
        "weighted_amount",
        "overdue_count",
        "overdue_amount",
        "won_count",
        "won_amount",
        "target",
        "attainment",
    ),
    is_of_amounts=True,
)
