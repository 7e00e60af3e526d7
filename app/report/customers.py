"""`/reports/customers`: new, active, silent and lost customers by what they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from marshmallow import fields
from sqlalchemy import Connection, Select, and_, case, func, literal, null, select, true, union_all

from ..access import Actor
from ..customer.models import Customer, CustomerStatus
from ..customer.schemas import CUSTOMERS
from ..money.service import base_currency
from ..schema import Choice, Line
from .customer_keys import Behind, Keyed, Moment, in_sight, keyed, place, shown
from .frame import Report, answer_schema, query_schema, span
from .scope import Pairs, Scope, moment_text

_CREATED = Moment(Customer.created_at, "created")
_SILENT_DAYS = (30, 60, 90)
_FIGURES: dict[str, Any] = {
    name: fields.Integer()
    for name in (
        "customer_count",
        "new_customers",
        "active_count",
        *(f"silent_{days}_count" for days in _SILENT_DAYS),
        "lost_count",
    )
}


def run(connection: Connection, actor: Actor, scope: Scope, query: Mapping[str, Any]) -> dict[str, Any]:
    """Customers as they are now, new ones by creation; totals count everyone once, whatever tags he or she has."""
    group_by = query["group_by"]
    grouped = keyed(connection, scope, group_by, _CREATED)
    of_all = Keyed(lambda one: one, None, None)
    statement = union_all(
        _counted(actor, scope, group_by, grouped, 0),
        _counted(actor, scope, group_by, of_all, 1),
    )
    found = list(connection.execute(statement, dict(actor.binds)))
    rows = [
        {
            "key": row.key,
            "label": shown(group_by, row.key, row.label),
            **_figures(row),
            "filters": _filters(scope, group_by, Behind.row(scope, group_by, row.key, row.label, _CREATED)),
        }
        for row in found
        if not row.is_total
    ]
    return {
        "rows": sorted(rows, key=lambda row: place(group_by, row, "customer_count")),
        "totals": {
            **_figures(next(row for row in found if row.is_total)),
            "filters": _filters(scope, group_by, Behind.whole(scope, group_by, _CREATED)),
        },
        "meta": span(scope, base_currency(), [], "report.customers.definition"),
    }


def _counted(actor: Actor, scope: Scope, group_by: str, grouped: Keyed, is_total: int) -> Select[Any]:
    is_new = and_(true(), *scope.within(Customer.created_at))
    is_lost = Customer.status == CustomerStatus.LOST
    last_word = func.coalesce(Customer.last_contacted_at, Customer.created_at)
    keys = [] if is_total else [grouped.key.label("key"), grouped.label.label("label")]
    shown_keys: list[Any] = keys or [null().label("key"), null().label("label")]
    query = select(
        *shown_keys,
        literal(is_total).label("is_total"),
        func.count().label("customer_count"),
        func.count(case((is_new, 1))).label("new_customers"),
        func.count(case((Customer.status == CustomerStatus.ACTIVE, 1))).label("active_count"),
        *(
            func.count(case((and_(~is_lost, last_word < scope.at - timedelta(days=days)), 1))).label(
                f"silent_{days}_count"
            )
            for days in _SILENT_DAYS
        ),
        func.count(case((is_lost, 1))).label("lost_count"),
    ).select_from(Customer)
    conditions = in_sight(actor, scope)
    if group_by == "month":
        conditions += scope.within(Customer.created_at)
    return grouped.query(query).where(*conditions).group_by(*keys)


def _figures(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _FIGURES}


def _filters(scope: Scope, group_by: str, here: Behind) -> dict[str, str]:
    """Per figure the query string of `/customers`."""
    in_touch: Pairs = [("status", str(one)) for one in CustomerStatus if one != CustomerStatus.LOST]
    return {
        "customer_count": here.query(),
        "new_customers": here.query(*([] if group_by == "month" else scope.moments("created"))),
        "active_count": here.query(("status", str(CustomerStatus.ACTIVE))),
        **{
            f"silent_{days}_count": here.query(
                *in_touch, ("silent_since_before", moment_text(scope.at - timedelta(days=days)))
            )
            for days in _SILENT_DAYS
        },
        "lost_count": here.query(("status", str(CustomerStatus.LOST))),
    }


REPORT = Report(
    "customers",
    "New, active, silent and lost customers by what they are",
    run,
    answer_schema("Customers", {"key": fields.Raw(allow_none=True), "label": Line(), **_FIGURES}, _FIGURES),
    query_schema(
        "CustomersQuery",
        without=("as_of", "pipeline_id", "currency"),
        group_by=Choice(
            ("month", "tag", "source", "industry", "rating_band", "region", "level", "owner"), load_default="month"
        ),
        has_limit=True,
    ),
    ("label", *_FIGURES),
    groups=CUSTOMERS,
)
