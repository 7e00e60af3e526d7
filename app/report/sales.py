"""`/reports/sales`: won, lost and open deals grouped by time, people, product, customer and more."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from marshmallow import fields
from sqlalchemy import (
    CTE,
    Connection,
    Float,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from ..access import Actor
from ..database import exact_sum
from ..deal.answers import AmountsSchema
from ..deal.models import StageKind
from ..deal.schemas import DEALS
from ..messages import language, say
from ..money.conversion import Conversion
from ..money.service import base_currency
from ..money.totals import chosen
from ..schema import Choice, DecimalText, Items, Line, RateField
from .frame import Report, answer_schema, query_schema, span
from .keys import GROUPS, Grouped, key_pairs
from .scope import MONEY, Pairs, Scope, deals_of
from .tally import Tally

_MANY = ("customer", "product")
"""What may have more groups than anybody reads."""

_COUNTS = (
    "deal_count",
    "open_count",
    "won_count",
    "lost_count",
    "won_days",
    "won_cycles",
    "closed_days",
    "closed_cycles",
    "middle_days",
    "middle_count",
)
_MONEY = {"open_units": 4, "won_units": 4, "all_units": 4}

_FIGURES: dict[str, Any] = {
    "deal_count": fields.Integer(),
    "won_count": fields.Integer(),
    "lost_count": fields.Integer(),
    "open_count": fields.Integer(),
    "open_amount": DecimalText(),
    "win_rate": RateField(allow_none=True),
    "won_share": RateField(allow_none=True),
    "won_amount": DecimalText(),
    "mean_won_amount": DecimalText(allow_none=True),
    "share": RateField(allow_none=True),
    "mean_won_cycle_days": fields.Float(allow_none=True),
    "median_won_cycle_days": fields.Float(allow_none=True),
    "mean_closed_cycle_days": fields.Float(allow_none=True),
    "stage_counts": fields.Dict(keys=fields.String(), values=fields.Integer()),
    "other_amounts": Items(AmountsSchema),
}


@dataclass
class _Row:
    key: Any
    label: str | None
    order: int | None
    tally: Tally
    stages: dict[int, int]

    def take(self, group: Any) -> None:
        self.tally.add(group)
        stage = group.stage_id
        self.stages[stage] = self.stages.get(stage, 0) + group.deal_count


def run(connection: Connection, actor: Actor, scope: Scope, query: Mapping[str, Any]) -> dict[str, Any]:
    """Won and lost deals of the period, and what is open, by a key; totals count every deal once."""
    group_by = query["group_by"]
    groups = _groups(connection, actor, scope, group_by)
    whole = [group for group in groups if group.is_total]
    conversion = chosen(base_currency(), scope.currency, whole, "deal_count")
    totals = _folded(whole, conversion).get(None) or _Row(None, None, None, _tally(conversion), {})
    rows = _folded((group for group in groups if not group.is_total), conversion)
    added = conversion.added((group.currency, group.rate, group.target_rate) for group in whole)
    ordered = sorted(rows.values(), key=lambda row: _place(row, group_by))
    row_count = max((group.row_count for group in groups if group.row_count is not None), default=len(rows))
    known: dict[frozenset[str], dict[str, str]] = {}
    return {
        "rows": [
            {
                "key": row.key,
                "label": _label(row),
                **_figures(row, totals.tally),
                "filters": _filters(scope, added, key_pairs(group_by, row.key, scope.period), known),
            }
            for row in ordered[: scope.limit]
        ],
        "totals": {**_figures(totals, totals.tally), "filters": _filters(scope, added, [], known)},
        "meta": {**span(scope, conversion.target, added, "report.sales.definition"), "row_count": row_count},
    }


def _groups(connection: Connection, actor: Actor, scope: Scope, group_by: str) -> list[Any]:
    """One row per key, stage, currency and rate; those with `is_total` set are over all deals, each counted once."""
    deal = deals_of(actor, scope)
    grouped = GROUPS[group_by](deal, actor, language())
    # PostgreSQL wants the types of both parts to be the same.
    key, label, order = (cast(null(), one.type) for one in (grouped.key, grouped.label, grouped.order))
    of_all = Grouped(select(), key, label, order, deal.c.amount)
    keyed, whole = _counted(deal, grouped, "keyed", 0), _counted(deal, of_all, "whole", 1)
    keyed = _first(keyed, scope) if group_by in _MANY and scope.limit else _every(keyed)
    found = connection.execute(union_all(keyed, _every(whole)), dict(actor.binds))
    # Their attributes are read several times as fast as those of the driver's rows.
    group: Any = namedtuple("group", tuple(found.keys()))  # type: ignore[misc]
    return [group._make(row) for row in found]


def _every(counted: Select[Any]) -> Select[Any]:
    group = counted.subquery()
    return select(*(column for column in group.c if column.key != "won"), cast(null(), Integer()).label("row_count"))


def _first(counted: Select[Any], scope: Scope) -> Select[Any]:
    """Of the groups those of the first rows, and how many rows there are: what is not shown never leaves the database.

    The order is that of the rows, but for its arithmetic, which is exact only afterwards; the group without a value,
    which is the last one, always comes along.
    """
    group = counted.cte("counted")
    rate, target_rate = (func.coalesce(cast(group.c[name], Float()), 1) for name in ("rate", "target_rate"))
    is_added = or_(group.c.currency.in_({scope.conversion.base, scope.conversion.target}), group.c.rate.is_not(None))
    # Where nothing can be converted, the commonest currency speaks.
    won = func.sum(case((is_added, group.c.won * rate / target_rate))), func.sum(group.c.won)
    size = *(func.coalesce(sum_of, 0).desc() for sum_of in won), func.sum(group.c.deal_count).desc()
    order = group.c.key.is_(None), *size, func.min(group.c.label), group.c.key
    place = func.row_number().over(order_by=order).label("place")
    ranked = select(group.c.key, place).group_by(group.c.key).cte("ranked")
    # No join: SQLite would go through all of them for each.
    first = select(ranked.c.key).where(ranked.c.key.is_not(None), ranked.c.place <= scope.limit)
    return select(
        *(column for column in group.c if column.key != "won"),
        select(func.count()).select_from(ranked).scalar_subquery().label("row_count"),
    ).where(or_(group.c.key.is_(None), group.c.key.in_(first)))


def _counted(deal: CTE, grouped: Grouped, name: str, is_total: int) -> Select[Any]:
    with_cycle = case((and_(deal.c.state == StageKind.WON, deal.c.cycle.is_not(None)), 1), else_=0)
    key = literal(0) if is_total else grouped.key
    keyed = grouped.query.add_columns(
        *(deal.c[column] for column in ("state", "stage_id", "cycle", *MONEY)),
        grouped.key.label("key"),
        grouped.label.label("label"),
        grouped.order.label("place_of"),
        grouped.amount.label("amount"),
        func.row_number().over(partition_by=(key, with_cycle), order_by=deal.c.cycle).label("place"),
        func.count().over(partition_by=(key, with_cycle)).label("peers"),
    ).cte(name)
    is_open, is_won = keyed.c.state == StageKind.OPEN, keyed.c.state == StageKind.WON
    is_closed, has_cycle = keyed.c.state != StageKind.OPEN, keyed.c.cycle.is_not(None)
    middle = or_(keyed.c.place == (keyed.c.peers + 1) // 2, keyed.c.place == (keyed.c.peers + 2) // 2)
    keys = [keyed.c[column] for column in ("key", "label", "place_of", "stage_id", *MONEY)]
    return select(
        *keys,
        literal(is_total).label("is_total"),
        func.count().label("deal_count"),
        func.count(case((is_open, 1))).label("open_count"),
        func.count(case((is_won, 1))).label("won_count"),
        func.count(case((keyed.c.state == StageKind.LOST, 1))).label("lost_count"),
        exact_sum(case((is_open, keyed.c.amount))).label("open_units"),
        exact_sum(case((is_won, keyed.c.amount))).label("won_units"),
        exact_sum(keyed.c.amount).label("all_units"),
        func.sum(case((is_won, cast(keyed.c.amount, Float())))).label("won"),
        func.sum(case((is_won, keyed.c.cycle))).label("won_days"),
        func.count(case((is_won, keyed.c.cycle))).label("won_cycles"),
        func.sum(case((is_closed, keyed.c.cycle))).label("closed_days"),
        func.count(case((is_closed, keyed.c.cycle))).label("closed_cycles"),
        func.sum(case((and_(is_won, has_cycle, middle), keyed.c.cycle))).label("middle_days"),
        func.count(case((and_(is_won, has_cycle, middle), 1))).label("middle_count"),
    ).group_by(*keys)


def _tally(conversion: Conversion) -> Tally:
    return Tally(conversion, _COUNTS, _MONEY)


def _folded(groups: Iterable[Any], conversion: Conversion) -> dict[Any, _Row]:
    rows: dict[Any, _Row] = {}
    for group in groups:
        row = rows.get(group.key)
        if row is None:
            row = rows[group.key] = _Row(group.key, group.label, group.place_of, _tally(conversion), {})
        row.take(group)
    return rows


def _label(row: _Row) -> str:
    if row.key is None:
        return say("report.none")
    return row.label if row.label is not None else str(row.key)


def _place(row: _Row, group_by: str) -> tuple[Any, ...]:
    """Time and stages in their order, everything else by what was won; the group without a value comes last."""
    if group_by in ("month", "quarter"):
        return row.key is None, str(row.key)
    return (
        row.key is None,
        row.order if row.order is not None else 0,
        -row.tally.total("won_units"),
        -row.tally.number("deal_count"),
        _label(row),
    )


def _figures(row: _Row, totals: Tally) -> dict[str, Any]:
    tally = row.tally
    won, all_won = tally.total("won_units"), totals.total("won_units")
    return {
        "deal_count": tally.number("deal_count"),
        "won_count": tally.number("won_count"),
        "lost_count": tally.number("lost_count"),
        "open_count": tally.number("open_count"),
        "open_amount": tally.amount("open_units"),
        "win_rate": tally.rate("won_count", "won_count", "lost_count"),
        "won_share": tally.rate("won_count", "deal_count"),
        "won_amount": tally.amount("won_units"),
        "mean_won_amount": tally.mean_amount("won_units", "won_count"),
        "share": (round(float(won / all_won), 4) if won else 0.0) if all_won else None,
        "mean_won_cycle_days": tally.mean_days("won_days", "won_cycles"),
        "median_won_cycle_days": tally.mean_days("middle_days", "middle_count"),
        "mean_closed_cycle_days": tally.mean_days("closed_days", "closed_cycles"),
        "stage_counts": {str(stage): row.stages[stage] for stage in sorted(row.stages)},
        "other_amounts": tally.others({"count": "deal_count"}, {"amount": "all_units", "weighted_amount": "all_units"}),
    }


def _filters(
    scope: Scope, added: list[str], group: Pairs, known: dict[frozenset[str], dict[str, str]]
) -> dict[str, str]:
    """Per figure the query string of `/deals`.

    Args:
        known: what rows have in common by the parameters that their groups take, written once for all of them.
    """
    taken = frozenset(name for name, _ in group)
    if taken not in known:
        lists = {name: urlencode(pairs) for name, pairs in _lists(scope, added, taken).items()}
        known[taken] = {name: f"{common}&" if group and common else common for name, common in lists.items()}
    own = urlencode(group)
    return {name: common + own for name, common in known[taken].items()}


def _lists(scope: Scope, added: list[str], taken: frozenset[str]) -> dict[str, Pairs]:
    """Per figure the parameters of `/deals` besides those of the group."""
    mine = [pair for pair in scope.people() if pair[0] not in taken]
    closed = [] if "closed_from" in taken else scope.closed()
    money = [] if "currency" in taken else [("currency", one) for one in added]
    is_open, won, lost = ([("state", str(kind))] for kind in (StageKind.OPEN, StageKind.WON, StageKind.LOST))
    return {
        "won_count": [*won, *mine, *closed],
        "lost_count": [*lost, *mine, *closed],
        "open_count": [*is_open, *mine],
        "open_amount": [*is_open, *mine, *money],
        "win_rate": [*won, *lost, *mine, *closed],
        "won_amount": [*won, *mine, *closed, *money],
        "mean_won_amount": [*won, *mine, *closed, *money],
        "mean_won_cycle_days": [*won, *mine, *closed],
        "mean_closed_cycle_days": [*won, *lost, *mine, *closed],
    }


REPORT = Report(
    "sales",
    "Won, lost and open deals by time, people, product, customer and more",
    run,
    answer_schema("Sales", {"key": fields.Raw(allow_none=True), "label": Line(), **_FIGURES}, _FIGURES),
    query_schema("SalesQuery", group_by=Choice(tuple(GROUPS), load_default="month"), has_limit=True),
    (
        "label",
        "deal_count",
        "won_count",
        "lost_count",
        "open_count",
        "open_amount",
        "win_rate",
        "won_share",
        "won_amount",
        "mean_won_amount",
        "share",
        "mean_won_cycle_days",
        "median_won_cycle_days",
        "mean_closed_cycle_days",
    ),
    is_of_amounts=True,
    groups=DEALS,
)
