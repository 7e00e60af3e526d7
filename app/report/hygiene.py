"""`/reports/hygiene`: per owner the open deals that are wanting in something, as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from marshmallow import fields
from sqlalchemy import Connection, case, func, literal, or_, select

from ..access import Actor
from ..auth.models import User
from ..database import Instant, exact_sum
from ..deal.answers import AmountsSchema
from ..deal.hygiene import IS_OPEN, Fault, faults
from ..deal.models import Deal
from ..money.service import base_currency
from ..money.totals import chosen
from ..schema import DecimalText, Items, Line
from .frame import Report, answer_schema, query_schema, span
from .scope import MONEY, Pairs, Scope, deals_of
from .tally import Tally

_KINDS = ("open", "faulty", *(str(fault) for fault in Fault))
_COUNTS = tuple(f"{kind}_count" for kind in _KINDS)
_MONEY = {f"{kind}_units": 4 for kind in _KINDS} | {"weighted_units": 8}

_FIGURES: dict[str, Any] = {
    **{f"{kind}_count": fields.Integer() for kind in _KINDS},
    **{f"{kind}_amount": DecimalText(allow_none=True) for kind in _KINDS},
    "other_amounts": Items(AmountsSchema),
}


def run(connection: Connection, actor: Actor, scope: Scope, _query: Mapping[str, Any]) -> dict[str, Any]:
    """The owners with open deals, first who has most to do; `faulty` are deals with any fault, counted once."""
    groups = _groups(connection, actor, scope)
    conversion = chosen(base_currency(), scope.currency, groups, "open_count")
    totals = Tally(conversion, _COUNTS, _MONEY)
    owners: dict[int, tuple[str, Tally]] = {}
    for group in groups:
        _, tally = owners.setdefault(group.owner_id, (group.label, Tally(conversion, _COUNTS, _MONEY)))
        tally.add(group)
        totals.add(group)
    added = conversion.added((group.currency, group.rate, group.target_rate) for group in groups)
    rows = [
        {"key": owner_id, "label": name, **_figures(tally), "filters": _filters(scope, added, owner_id)}
        for owner_id, (name, tally) in owners.items()
    ]
    return {
        "rows": sorted(rows, key=lambda row: (-row["faulty_count"], -row["open_count"], row["label"], row["key"])),
        "totals": {**_figures(totals), "filters": _filters(scope, added, scope.owner_id)},
        "meta": span(scope, conversion.target, added, "report.hygiene.definition"),
    }


def _groups(connection: Connection, actor: Actor, scope: Scope) -> list[Any]:
    """One row per owner, currency and rate."""
    deal = deals_of(actor, scope)
    found = faults(actor.shape, literal(scope.at, Instant()), literal(scope.day))
    flags = {name: case((condition, 1), else_=0).label(name) for name, condition in found.items()}
    flagged = (
        select(*(deal.c[name] for name in ("owner_id", "amount", "win_probability", *MONEY)), *flags.values())
        .join(Deal, Deal.id == deal.c.id)
        .where(IS_OPEN)
        .cte("flagged")
    )
    is_faulty = or_(*(flagged.c[name] == 1 for name in flags))
    ways = {"faulty": is_faulty, **{name: flagged.c[name] == 1 for name in flags}}
    keys = [flagged.c[name] for name in ("owner_id", *MONEY)]
    summed = (
        select(
            *keys,
            func.count().label("open_count"),
            exact_sum(flagged.c.amount).label("open_units"),
            exact_sum(flagged.c.amount, flagged.c.win_probability).label("weighted_units"),
            *(func.count(case((way, 1))).label(f"{name}_count") for name, way in ways.items()),
            *(exact_sum(case((way, flagged.c.amount))).label(f"{name}_units") for name, way in ways.items()),
        )
        .group_by(*keys)
        .subquery()
    )
    query = select(summed, User.name.label("label")).join(User, User.id == summed.c.owner_id)
    return list(connection.execute(query, dict(actor.binds)))


def _figures(tally: Tally) -> dict[str, Any]:
    return {
        **{f"{kind}_count": tally.number(f"{kind}_count") for kind in _KINDS},
        **{f"{kind}_amount": tally.amount(f"{kind}_units") for kind in _KINDS},
        "other_amounts": tally.others(
            {"count": "open_count"}, {"amount": "open_units", "weighted_amount": "weighted_units"}
        ),
    }


def _filters(scope: Scope, added: list[str], owner_id: int | None) -> dict[str, str]:
    """Per figure the query string of `/deals`; without an owner those of all."""
    mine = scope.people()
    if owner_id is not None:
        mine = [("owner_id", str(owner_id)), *(pair for pair in mine if pair[0] != "owner_id")]
    money = [("currency", one) for one in added]
    asked: dict[str, Pairs] = {
        "open": [("state", "open")],
        "faulty": [("hygiene", str(fault)) for fault in Fault],
        **{str(fault): [("hygiene", str(fault))] for fault in Fault},
    }
    return {
        f"{kind}_{what}": urlencode([*pairs, *mine, *(money if what == "amount" else [])])
        for kind, pairs in asked.items()
        for what in ("count", "amount")
    }


REPORT = Report(
    "hygiene",
    "Open deals without a next step, overdue, silent, or too long at their stage, by owner",
    run,
    answer_schema("Hygiene", {"key": fields.Integer(), "label": Line(), **_FIGURES}, _FIGURES),
    query_schema("HygieneQuery", without=("from", "to", "as_of"), has_limit=True),
    ("label", *(f"{kind}_{what}" for kind in _KINDS for what in ("count", "amount"))),
)
