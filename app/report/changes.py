"""`/reports/pipeline/changes`: the waterfall from the open pipeline before a period to the one at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from marshmallow import fields
from sqlalchemy import ColumnElement, Connection, Date, case, func, literal, or_, select
from sqlalchemy.orm import aliased

from ..access import Actor
from ..database import Instant, decimal_text, exact_sum
from ..deal.changes import CHANGES, Compared, Moment, compared, ends_of
from ..deal.models import Deal, DealPeriod, deals
from ..listing import encode
from ..messages import say
from ..money.conversion import Conversion, rate_of
from ..money.rules import rounded
from ..money.service import base_currency
from ..money.totals import chosen
from ..schema import Choice, DateField, DecimalText, Items, Line
from .frame import Report, answer_schema, query_schema, span
from .scope import Pairs, Scope, moment_text
from .tally import CurrencyAmountSchema, Tally

KINDS = ("start", *CHANGES, "revalued", "end")
"""The bars in their order."""


_FIGURES: dict[str, Any] = {
    "count": fields.Integer(),
    "amount": DecimalText(low=None),
    "moved_amount": DecimalText(allow_none=True),
    "other_amounts": Items(CurrencyAmountSchema),
}


def run(connection: Connection, actor: Actor, scope: Scope, query: Mapping[str, Any]) -> dict[str, Any]:
    """Both ends and, between them, what became of the deals; money of the changes is at the rates of the end."""
    first, last = query["from"].isoformat(), query["to"].isoformat()
    start, end = ends_of(first, last, scope.zone)
    if scope.as_of and (scope.at, scope.day) < end:
        last, end = str(scope.asked), (scope.at, scope.day)
        start = min(start, end)
    groups = _groups(connection, actor, scope, start, end)
    sides = [side for group in groups for side in (_before(group), _after(group)) if side.currency is not None]
    conversion = chosen(base_currency(), scope.currency, sides, "deal_count")
    bars = _bars(groups, conversion)
    amounts = {kind: rounded(bar.total("units"), conversion.target) for kind, bar in bars.items()}
    amounts["slipped"] = Decimal(0)
    # The rest is what the rates did, and the rounding of the others: so the bars add up to the cent.
    amounts["revalued"] = amounts["end"] - sum(amounts[kind] for kind in KINDS if kind not in ("end", "revalued"))
    revalued = _revalued(groups, conversion)
    lists = _Lists(scope, first, last, start, revalued)
    rows = [
        {
            "key": kind,
            "label": say(f"report.pipeline_changes.{kind}"),
            "count": sum(revalued.values()) if kind == "revalued" else bars[kind].number("deal_count"),
            "amount": decimal_text(amounts[kind]),
            "moved_amount": bars[kind].amount("units") if kind == "slipped" else None,
            "other_amounts": []
            if kind == "slipped"
            else bars[kind].others({"count": "deal_count"}, {"amount": "units"}),
            "filters": lists.behind(kind, not bars[kind].apart),
        }
        for kind in KINDS
    ]
    added = conversion.added((side.currency, side.rate, side.target_rate) for side in sides)
    at_end = replace(scope, at=end[0], day=end[1])
    return {
        "rows": rows,
        "totals": {
            "label": say("report.pipeline_changes.difference"),
            "count": bars["end"].number("deal_count") - bars["start"].number("deal_count"),
            "amount": decimal_text(amounts["end"] - amounts["start"]),
            "moved_amount": bars["slipped"].amount("units"),
            "other_amounts": _differences(bars, conversion),
        },
        "meta": span(at_end, conversion.target, added, "report.pipeline_changes.definition"),
    }


# ---- the statement --------------------------------------------------------------------------------------------------


def _groups(connection: Connection, actor: Actor, scope: Scope, start: Moment, end: Moment) -> list[Any]:
    """One row per combination of changes and currencies, with the sums of both ends.

    What came and went in between has what it was worth when it was closed as its last sum.
    """
    first, last = aliased(DealPeriod), aliased(DealPeriod)
    found = compared(
        Deal,
        first,
        last,
        (_asked(first, scope), _asked(last, scope)),
        (literal(start[0], Instant()), literal(end[0], Instant())),
        (literal(start[1], Date()), literal(end[1], Date())),
    )
    grouped = _grouped(found, actor).subquery()
    base, conversion = base_currency(), scope.conversion
    days = (literal(start[1], Date()), literal(end[1], Date()))
    query = select(
        grouped,
        rate_of(base, grouped.c.first_currency, days[0]).label("first_rate"),
        rate_of(base, grouped.c.first_currency, days[1]).label("first_rate_then"),
        rate_of(base, grouped.c.last_currency, days[1]).label("last_rate"),
        conversion.target_rate_of(days[0]).label("first_target_rate"),
        conversion.target_rate_of(days[1]).label("last_target_rate"),
    )
    return list(connection.execute(query, dict(actor.binds)))


def _asked(period: Any, scope: Scope) -> list[ColumnElement[bool]]:
    """What a deal has to be at both ends, besides open."""
    wanted = (
        (scope.owner_id, period.owner_id),
        (scope.team_id, period.team_id),
        (scope.pipeline_id, period.pipeline_id),
    )
    return [period.is_active, *(column == value for value, column in wanted if value is not None)]


def _grouped(found: Compared, actor: Actor) -> Any:
    compared_deals = (
        found.query.add_columns(
            *(case((condition, 1), else_=0).label(kind) for kind, condition in found.changes.items()),
            case((found.was_open, found.first.currency)).label("first_currency"),
            case((or_(found.is_open, found.passed), found.last.currency)).label("last_currency"),
            case((found.was_open, found.first.amount)).label("first_amount"),
            case((or_(found.is_open, found.passed), found.last.amount)).label("last_amount"),
        )
        .where(deals.visible(actor.shape))
        .subquery()
    )
    column = compared_deals.c
    keys = [column[name] for name in (*CHANGES, "first_currency", "last_currency")]
    return select(
        *keys,
        func.count().label("deal_count"),
        func.count(case((column.first_amount > 0, 1))).label("first_worth"),
        exact_sum(column.first_amount).label("first_units"),
        exact_sum(column.last_amount).label("last_units"),
    ).group_by(*keys)


# ---- from groups to bars --------------------------------------------------------------------------------------------


def _part(count: int, units: int | None, *money: str | None) -> SimpleNamespace:
    """So many deals and units of a currency, with the rates to convert them by, as a `Tally` takes them."""
    currency, rate, target_rate = money
    return SimpleNamespace(deal_count=count, units=units or 0, currency=currency, rate=rate, target_rate=target_rate)


def _passed(group: Any) -> bool:
    """Whether these deals came and went in between: closed without having been open at the start."""
    return group.first_currency is None and bool(group.won or group.lost)


def _before(group: Any) -> SimpleNamespace:
    """What stood at the start, at the rates of the start."""
    return _part(group.deal_count, group.first_units, group.first_currency, group.first_rate, group.first_target_rate)


def _gone(group: Any, units: int | None) -> SimpleNamespace:
    """The same currency at the rates of the end."""
    money = group.first_currency, group.first_rate_then, group.last_target_rate
    return _part(group.deal_count, units, *money)


def _after(group: Any, less: int | None = 0, sign: int = 1) -> SimpleNamespace:
    """What stands at the end, less some units."""
    money = group.last_currency, group.last_rate, group.last_target_rate
    return _part(group.deal_count, sign * ((group.last_units or 0) - (less or 0)), *money)


def _change(kind: str, group: Any) -> SimpleNamespace:
    """What a change of these deals adds to the total; of those that slipped, how much did."""
    if kind in ("won", "lost") and _passed(group):
        return _after(group, sign=-1)
    if kind in ("won", "lost", "removed"):
        return _gone(group, -(group.first_units or 0))
    if kind in ("grew", "shrank") and group.first_currency == group.last_currency:
        return _after(group, group.first_units)
    return _gone(group, -(group.first_units or 0)) if kind == "shrank" else _after(group)


def _bars(groups: list[Any], conversion: Conversion) -> dict[str, Tally]:
    bars = {kind: Tally(conversion, ("deal_count",), {"units": 4}) for kind in KINDS}
    for group in groups:
        if group.first_currency is not None:
            bars["start"].add(_before(group))
        if group.last_currency is not None and not _passed(group):
            bars["end"].add(_after(group))
        for kind in CHANGES:
            if getattr(group, kind):
                bars[kind].add(_change(kind, group))
    return bars


def _revalued(groups: list[Any], conversion: Conversion) -> dict[str, int]:
    """How many deals of the start are worth more or less only by their rate, per currency."""
    found: dict[str, int] = {}
    for group in groups:
        one = (_before(group), _gone(group, 0))
        worth = [conversion.converted(Decimal(1), side.currency, side.rate, side.target_rate) for side in one]
        if group.first_currency is not None and group.first_worth and worth[0] != worth[1]:
            found[group.first_currency] = found.get(group.first_currency, 0) + group.first_worth
    return found


def _differences(bars: Mapping[str, Tally], conversion: Conversion) -> list[dict[str, Any]]:
    """End less start, of each currency that could not be converted."""
    both = Tally(conversion, ("deal_count",), {"units": 4})
    for kind, sign in (("end", 1), ("start", -1)):
        for currency, found in bars[kind].apart.items():
            count, units = found.get("deal_count", 0), found.get("units", 0)
            both.add(_part(sign * count, sign * units, currency, None, None))
    return both.others({"count": "deal_count"}, {"amount": "units"})


# ---- the lists behind the bars --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Lists:
    scope: Scope
    first: str
    last: str
    start: Moment
    revalued: Mapping[str, int]

    def behind(self, kind: str, is_whole: bool) -> dict[str, str]:
        """Per figure of a bar the query string of `/deals`.

        Args:
            is_whole: whether everything in the bar could be converted into its amount.
        """
        pairs = self._pairs(kind)
        figures = ["count"]
        if is_whole:
            figures.append("moved_amount" if kind == "slipped" else "amount")
        return {} if pairs is None else dict.fromkeys(figures, urlencode(pairs))

    def _pairs(self, kind: str) -> Pairs | None:
        mine, is_open = replace(self.scope, asked=None).people(), ("state", "open")
        before = ("as_of", moment_text(self.start[0]))
        if kind == "start":
            return [before, is_open, *mine]
        if kind == "end":
            return [("as_of", self.last), is_open, *mine]
        if kind != "revalued":
            return [("change", f"{kind},{self.first},{self.last}"), *mine]
        if not self.revalued:
            return None
        worth = encode({"field": "amount", "op": "gt", "value": "0"}).decode()
        return [before, is_open, *mine, *(("currency", one) for one in sorted(self.revalued)), ("where", worth)]


# `from` is no name for an argument.
_BOTH_ENDS: dict[str, Any] = {name: DateField(required=True) for name in ("from", "to")}

REPORT = Report(
    "pipeline/changes",
    "What became of the open pipeline in a period",
    run,
    answer_schema(
        "PipelineChanges", {"key": Choice(KINDS), "label": Line(), **_FIGURES}, {"label": Line(), **_FIGURES}
    ),
    query_schema("PipelineChangesQuery", **_BOTH_ENDS),
    ("label", "count", "amount", "moved_amount"),
    is_of_amounts=True,
)
