"""`/reports/leads`: what became of the leads of a period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields
from sqlalchemy import Connection, Select, case, exists, func, literal, null, select, union_all

from ..access import Actor
from ..customer.models import Customer
from ..customer.schemas import CUSTOMERS
from ..deal.models import Deal, StageKind
from ..money.service import base_currency
from ..schema import Choice, Line, RateField
from .customer_keys import Behind, Keyed, Leaf, Moment, in_sight, keyed, place, shown
from .frame import Report, answer_schema, query_schema, span
from .functions import days_passed
from .scope import Scope
from .tally import days

_BECAME = Moment(Customer.became_lead_at, "became_lead")
_COUNTS = ("new_count", "contacted_count", "qualified_count", "won_count")
_FIGURES: dict[str, Any] = {
    **{name: fields.Integer() for name in _COUNTS},
    "qualification_rate": RateField(allow_none=True),
    "mean_days_to_qualify": fields.Float(allow_none=True),
}


def run(connection: Connection, actor: Actor, scope: Scope, query: Mapping[str, Any]) -> dict[str, Any]:
    """Who became a lead in the period, and how many of them were contacted, qualified and won since."""
    group_by = query["group_by"]
    grouped = keyed(connection, scope, group_by, _BECAME)
    of_all = Keyed(lambda one: one, None, None)
    statement = union_all(_counted(actor, scope, grouped, 0), _counted(actor, scope, of_all, 1))
    found = list(connection.execute(statement, dict(actor.binds)))
    rows = [
        {
            "key": row.key,
            "label": shown(group_by, row.key, row.label),
            **_figures(row),
            "filters": _filters(scope, group_by, Behind.row(scope, group_by, row.key, row.label, _BECAME)),
        }
        for row in found
        if not row.is_total
    ]
    return {
        "rows": sorted(rows, key=lambda row: place(group_by, row, "new_count")),
        "totals": {
            **_figures(next(row for row in found if row.is_total)),
            "filters": _filters(scope, group_by, Behind.whole(scope, group_by, _BECAME)),
        },
        "meta": span(scope, base_currency(), [], "report.leads.definition"),
    }


def _counted(actor: Actor, scope: Scope, grouped: Keyed, is_total: int) -> Select[Any]:
    # Who sees the customer sees its deals.
    is_won = exists(
        select(Deal.id)
        .where(Deal.customer_id == Customer.id, Deal.is_active, Deal.state == StageKind.WON)
        .correlate(Customer)
    )
    keys = [] if is_total else [grouped.key.label("key"), grouped.label.label("label")]
    shown_keys: list[Any] = keys or [null().label("key"), null().label("label")]
    query = select(
        *shown_keys,
        literal(is_total).label("is_total"),
        func.count().label("new_count"),
        func.count(Customer.first_contacted_at).label("contacted_count"),
        func.count(Customer.qualified_at).label("qualified_count"),
        func.count(case((is_won, 1))).label("won_count"),
        func.sum(days_passed(Customer.became_lead_at, Customer.qualified_at)).label("days"),
    ).select_from(Customer)
    conditions = [
        *in_sight(actor, scope),
        Customer.became_lead_at.is_not(None),
        *scope.within(Customer.became_lead_at),
    ]
    return grouped.query(query).where(*conditions).group_by(*keys)


def _figures(row: Any) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in _COUNTS},
        "qualification_rate": round(row.qualified_count / row.new_count, 4) if row.new_count else None,
        "mean_days_to_qualify": days(row.days or 0, row.qualified_count),
    }


def _known(field: str) -> Leaf:
    return {"field": field, "op": "not_null"}


def _filters(scope: Scope, group_by: str, here: Behind) -> dict[str, str]:
    """Per figure the query string of `/customers`."""
    period = [] if group_by == "month" else scope.moments(_BECAME.name)
    lead = _known(_BECAME.name)
    qualified = here.query(*period, leaves=[lead, _known("qualified")])
    return {
        "new_count": here.query(*period, leaves=[lead]),
        "contacted_count": here.query(*period, leaves=[lead, _known("first_contacted")]),
        "qualified_count": qualified,
        "won_count": here.query(*period, ("deal_state", str(StageKind.WON)), leaves=[lead]),
        "mean_days_to_qualify": qualified,
    }


REPORT = Report(
    "leads",
    "What became of the leads of a period, by source, owner or month",
    run,
    answer_schema("Leads", {"key": fields.Raw(allow_none=True), "label": Line(), **_FIGURES}, _FIGURES),
    query_schema(
        "LeadsQuery",
        without=("as_of", "pipeline_id", "currency"),
        group_by=Choice(("source", "owner", "month"), load_default="source"),
        has_limit=True,
    ),
    ("label", *_FIGURES),
    groups=CUSTOMERS,
)
