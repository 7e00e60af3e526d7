"""`/reports/velocity`: how many days won and lost deals took from opening to closing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from marshmallow import fields
from sqlalchemy import ColumnElement, Connection, case, func, select

from ..access import Actor
from ..deal.models import StageKind
from ..listing import encode
from ..messages import language, say
from ..money.service import base_currency
from ..schema import Choice, Line
from .frame import Report, answer_schema, query_schema, span
from .keys import GROUPS, key_pairs
from .scope import Pairs, Scope, deals_of
from .tally import days

_ENDS = (StageKind.WON, StageKind.LOST)
_TENTHS = {"median": 5, "p90": 9}
"""The measured percentiles, in tenths."""

_FIGURES: dict[str, Any] = {
    name: field
    for end in _ENDS
    for name, field in (
        (f"{end}_cycle_count", fields.Integer()),
        (f"mean_{end}_cycle_days", fields.Float(allow_none=True)),
        (f"median_{end}_cycle_days", fields.Float(allow_none=True)),
        (f"p90_{end}_cycle_days", fields.Float(allow_none=True)),
    )
}


def run(connection: Connection, actor: Actor, scope: Scope, query: Mapping[str, Any]) -> dict[str, Any]:
    """Cycles of the deals closed in the period, won and lost apart, by month or owner."""
    group_by = query["group_by"]
    groups = _groups(connection, actor, scope, group_by)
    return {
        "rows": [
            {
                "key": group.key,
                "label": say("report.none") if group.key is None else str(group.label or group.key),
                **_figures([group], ""),
                "filters": _filters(scope, key_pairs(group_by, group.key, scope.period)),
            }
            for group in sorted(groups, key=lambda group: (group.key is None, str(group.label or group.key)))
        ],
        "totals": {**_figures(groups, "all_"), "filters": _filters(scope, [])},
        "meta": span(scope, scope.currency or base_currency(), [], "report.velocity.definition"),
    }


def _groups(connection: Connection, actor: Actor, scope: Scope, group_by: str) -> list[Any]:
    """One row per key; each also holds its part in the percentiles over all."""
    deal = deals_of(actor, scope)
    grouped = GROUPS[group_by](deal, actor, language())

    def placed(name: str, *keys: Any) -> tuple[Any, Any]:
        place = func.row_number().over(partition_by=(*keys, deal.c.state), order_by=deal.c.cycle)
        return place.label(f"{name}place"), func.count().over(partition_by=(*keys, deal.c.state)).label(f"{name}peers")

    cycles = (
        grouped.query.add_columns(
            deal.c.state,
            deal.c.cycle,
            grouped.key.label("key"),
            grouped.label.label("label"),
            *placed("", grouped.key),
            *placed("all_"),
        )
        .where(deal.c.state != StageKind.OPEN, deal.c.cycle.is_not(None))
        .subquery()
    )
    figures: list[ColumnElement[Any]] = []
    for end in _ENDS:
        at_end = cycles.c.state == end
        figures.append(func.count(case((at_end, 1))).label(f"{end}_count"))
        figures.append(func.sum(case((at_end, cycles.c.cycle), else_=0)).label(f"{end}_days"))
        for name, tenths in _TENTHS.items():
            for whose in ("", "all_"):
                part = _part(cycles, whose, tenths)
                figures.append(func.sum(case((at_end, part), else_=0)).label(f"{whose}{end}_{name}"))
    query = select(cycles.c.key, cycles.c.label, *figures).group_by(cycles.c.key, cycles.c.label)
    return list(connection.execute(query, dict(actor.binds)))


def _part(cycles: Any, whose: str, tenths: int) -> ColumnElement[int]:
    """What a cycle adds to ten times a percentile, which lies between two neighbours or on one."""
    place, peers = cycles.c[f"{whose}place"], cycles.c[f"{whose}peers"]
    way = (peers - 1) * tenths
    below, rest = way // 10 + 1, way % 10
    return case(
        (place == below, cycles.c.cycle * (10 - rest)),
        (place == below + 1, cycles.c.cycle * rest),
        else_=0,
    )


def _figures(groups: Iterable[Any], whose: str) -> dict[str, Any]:
    def total(name: str) -> int:
        return sum(int(getattr(group, name)) for group in groups)

    groups = list(groups)
    found: dict[str, Any] = {}
    for end in _ENDS:
        count = total(f"{end}_count")
        found[f"{end}_cycle_count"] = count
        found[f"mean_{end}_cycle_days"] = days(total(f"{end}_days"), count)
        for name in _TENTHS:
            found[f"{name}_{end}_cycle_days"] = total(f"{whose}{end}_{name}") / 10 if count else None
    return found


def _filters(scope: Scope, group: Pairs) -> dict[str, str]:
    """Per figure the query string of `/deals`."""
    taken = {name for name, _ in group}
    mine = [pair for pair in scope.people() if pair[0] not in taken]
    closed = [] if "closed_from" in taken else scope.closed()
    dated = ("where", encode({"field": "opened", "op": "not_null"}).decode())
    return {
        name: urlencode([("state", str(end)), *mine, *group, *closed, dated])
        for end in _ENDS
        for name in _FIGURES
        if f"{end}_cycle" in name
    }


REPORT = Report(
    "velocity",
    "How many days won and lost deals took, by month or owner",
    run,
    answer_schema("Velocity", {"key": fields.Raw(allow_none=True), "label": Line(), **_FIGURES}, _FIGURES),
    query_schema("VelocityQuery", group_by=Choice(("month", "owner"), load_default="month"), has_limit=True),
    ("label", *_FIGURES),
)
