"""`/reports/pipeline`: what stands at each stage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from marshmallow import fields
from sqlalchemy import Connection, Float, and_, case, cast, func, literal, select

from ..access import Actor
from ..database import Instant, days_before, exact_sum
from ..deal.answers import AmountsSchema
from ..deal.hygiene import Fault
from ..deal.models import Pipeline, Stage, StageKind
from ..listing import encode
from ..money.service import base_currency
from ..money.totals import chosen
from ..schema import Choice, DecimalText, Items, Line
from .frame import Report, answer_schema, query_schema, span
from .functions import days_between, days_passed
from .scope import MONEY, Pairs, Scope, deals_of, moment_text
from .tally import Tally

_COUNTS = ("deal_count", "age_days", "aged", "overdue_count")
_MONEY = {"units": 4, "weighted_units": 8}

_FIGURES: dict[str, Any] = {
    "count": fields.Integer(),
    "amount": DecimalText(),
    "weighted_amount": DecimalText(),
    "other_amounts": Items(AmountsSchema),
    "mean_age_days": fields.Float(allow_none=True),
    "overdue_count": fields.Integer(),
}


def run(connection: Connection, actor: Actor, scope: Scope, _query: Mapping[str, Any]) -> dict[str, Any]:
    """The stages in order; open ones as of the scope's moment, won and lost ones of the period."""
    rows = _rows(connection, actor, scope)
    conversion = chosen(base_currency(), scope.currency, rows, "deal_count")
    totals = Tally(conversion, _COUNTS, _MONEY)
    stages: dict[int, tuple[Any, Tally]] = {}
    for row in rows:
        _, of_stage = stages.setdefault(row.id, (row, Tally(conversion, _COUNTS, _MONEY)))
        if row.currency is not None:
            of_stage.add(row)
            totals.add(row)
    added = conversion.added((row.currency, row.rate, row.target_rate) for row in rows if row.currency)
    return {
        "rows": [
            {
                "key": stage.id,
                "label": stage.name,
                "kind": stage.kind,
                "pipeline_id": stage.pipeline_id,
                "pipeline_name": stage.pipeline_name,
                **_standing(tally),
                "filters": _filters(scope, added, stage),
            }
            for stage, tally in stages.values()
        ],
        "totals": {**_standing(totals), "filters": _all_filters(scope, added)},
        "meta": span(scope, conversion.target, added, "report.pipeline.definition"),
    }


def _rows(connection: Connection, actor: Actor, scope: Scope) -> list[Any]:
    """One row per stage, currency and rate, in order; nulls where no deal stands."""
    deal = deals_of(actor, scope)
    age = case(
        (
            deal.c.state == StageKind.OPEN,
            func.coalesce(
                cast(days_between(deal.c.opened_on, literal(scope.day)), Float()),
                days_passed(deal.c.created_at, literal(scope.at, Instant())),
            ),
        )
    )
    late = and_(
        deal.c.state == StageKind.OPEN,
        deal.c.stage_entered_at < days_before(literal(scope.at, Instant()), Stage.expected_days),
    )
    keys = [deal.c.stage_id, *(deal.c[name] for name in MONEY)]
    standing = (
        select(
            *keys,
            func.count().label("deal_count"),
            exact_sum(deal.c.amount).label("units"),
            exact_sum(deal.c.amount, deal.c.win_probability).label("weighted_units"),
            func.sum(age).label("age_days"),
            func.count(age).label("aged"),
            func.count(case((late, 1))).label("overdue_count"),
        )
        .join(Stage, Stage.id == deal.c.stage_id)
        .group_by(*keys)
        .subquery()
    )
    query = (
        select(
            Stage.id,
            Stage.name,
            Stage.kind,
            Stage.expected_days,
            Stage.pipeline_id,
            Pipeline.name.label("pipeline_name"),
            standing,
        )
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .outerjoin(standing, standing.c.stage_id == Stage.id)
        .order_by(Stage.pipeline_id, Stage.position, Stage.id, standing.c.currency)
    )
    # A stage that is no longer in use stood in the way of deals once.
    in_use = and_(Stage.is_active, Pipeline.is_active)
    query = query.where(in_use | standing.c.currency.is_not(None) if scope.as_of else in_use)
    if scope.pipeline_id is not None:
        query = query.where(Stage.pipeline_id == scope.pipeline_id)
    return list(connection.execute(query, dict(actor.binds)))


def _standing(tally: Tally) -> dict[str, Any]:
    return {
        "count": tally.number("deal_count"),
        "amount": tally.amount("units"),
        "weighted_amount": tally.amount("weighted_units"),
        "other_amounts": tally.others(
            {"count": "deal_count"}, {"amount": "units", "weighted_amount": "weighted_units"}
        ),
        "mean_age_days": tally.mean_days("age_days", "aged"),
        "overdue_count": tally.number("overdue_count"),
    }


def _filters(scope: Scope, added: list[str], stage: Any) -> dict[str, str]:
    """Per figure of a stage the query string of `/deals`."""
    there = [("stage_id", str(stage.id)), *(pair for pair in scope.people() if pair[0] != "pipeline_id")]
    money = [("currency", one) for one in added]
    if stage.kind != StageKind.OPEN:
        there += scope.closed()
    behind: dict[str, Pairs] = {
        "count": there,
        "amount": [*there, *money],
        "weighted_amount": [*there, *money],
    }
    if stage.kind == StageKind.OPEN:
        behind["mean_age_days"] = there
        if stage.expected_days is not None:
            entered = scope.at - timedelta(days=stage.expected_days)
            behind["overdue_count"] = [*there, ("stage_entered_before", moment_text(entered))]
    return {name: urlencode(pairs) for name, pairs in behind.items()}


def _all_filters(scope: Scope, added: list[str]) -> dict[str, str]:
    """The same of all stages together: what is open, and what was closed in the period."""
    there = scope.people()
    if scope.closed():
        bounds = [
            {"field": "closed", "op": "gte" if name == "closed_from" else "lte", "value": day}
            for name, day in scope.closed()
        ]
        tree = {"or": [{"field": "state", "op": "eq", "value": str(StageKind.OPEN)}, {"and": bounds}]}
        there = [*there, ("where", encode(tree).decode())]
    still = [("state", str(StageKind.OPEN)), *scope.people()]
    money = [("currency", one) for one in added]
    behind: dict[str, Pairs] = {
        "count": there,
        "amount": [*there, *money],
        "weighted_amount": [*there, *money],
        "mean_age_days": still,
    }
    # How long a stage expects its deals to stay is known as of now alone.
    if not scope.as_of:
        behind["overdue_count"] = [("hygiene", str(Fault.TOO_LONG)), *scope.people()]
    return {name: urlencode(pairs) for name, pairs in behind.items()}


REPORT = Report(
    "pipeline",
    "What stands at each stage",
    run,
    answer_schema(
        "Pipeline",
        {
            "key": fields.Integer(),
            "label": Line(),
            "kind": Choice(StageKind),
            "pipeline_id": fields.Integer(),
            "pipeline_name": Line(),
            **_FIGURES,
        },
        _FIGURES,
    ),
    query_schema("PipelineReportQuery"),
    ("pipeline_name", "label", "count", "amount", "weighted_amount", "mean_age_days", "overdue_count"),
    is_of_amounts=True,
)
