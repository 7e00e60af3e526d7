"""`/reports/funnel`: which deals came to each stage, and which of them went on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from marshmallow import fields
from sqlalchemy import CTE, ColumnElement, Connection, Date, and_, case, func, literal, or_, select, true

from ..access import Actor
from ..database import Instant
from ..deal.models import Pipeline, Stage, StageKind
from ..deal.stays import ANY_OPEN, Span, stays, within
from ..money.service import base_currency
from ..schema import Choice, Line, RateField
from .frame import Report, answer_schema, query_schema, span
from .functions import days_passed
from .scope import Scope, deals_of
from .tally import days

_FIGURES: dict[str, Any] = {
    "entered": fields.Integer(),
    "went_on": fields.Integer(allow_none=True),
    "conversion": RateField(allow_none=True),
    "mean_days": fields.Float(allow_none=True),
}


def run(connection: Connection, actor: Actor, scope: Scope, _query: Mapping[str, Any]) -> dict[str, Any]:
    """The open stages of each pipeline in order, and at its end who was won."""
    rows = _rows(connection, actor, scope)
    return {
        "rows": [
            {
                "key": row.id,
                "label": row.name,
                "kind": row.kind,
                "pipeline_id": row.pipeline_id,
                "pipeline_name": row.pipeline_name,
                **_figures(row.kind, row.entered, row.went_on, row.spent, row.stays),
                "filters": _filters(scope, row),
            }
            for row in rows
        ],
        "totals": {**_totals(rows), "filters": _all_filters(scope)},
        "meta": span(scope, scope.currency or base_currency(), [], "report.funnel.definition"),
    }


def _rows(connection: Connection, actor: Actor, scope: Scope) -> list[Any]:
    """One row per stage in order; what is over all open stages stands in every row alike."""
    first, last = ("" if day is None else day.isoformat() for day in (scope.period.first, scope.period.last))
    known = Span.read(first, last, scope.asked or "", scope.zone)
    # Which pipeline a deal is in now does not matter, but which one it passed.
    deal = deals_of(actor, replace(scope, pipeline_id=None), every=True)
    until, known_on = literal(known.until, Instant()), literal(known.known_on, Date())
    all_stays = stays(until, known_on).subquery()
    there = within(
        all_stays,
        literal(known.start, Instant()),
        literal(known.first, Date()),
        literal(known.end, Instant()),
        literal(known.last, Date()),
    )
    begun = select(all_stays).join(deal, deal.c.id == all_stays.c.deal_id).where(there)
    if scope.pipeline_id is not None:
        begun = begun.where(all_stays.c.pipeline_id == scope.pipeline_id)
    stay = begun.cte("begun")
    spent = days_passed(stay.c.entered_at, func.coalesce(stay.c.left_at, literal(scope.at, Instant())))
    counted = _counted(stay, stay.c.went_on, spent).add_columns(stay.c.stage_id).group_by(stay.c.stage_id).subquery()
    of_all = _counted(stay, stay.c.won_later, spent).where(stay.c.kind == StageKind.OPEN).subquery()
    query = (
        select(Stage.id, Stage.name, Stage.kind, Stage.pipeline_id, Pipeline.name.label("pipeline_name"), counted)
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .outerjoin(counted, counted.c.stage_id == Stage.id)
        .where(Stage.kind != StageKind.LOST)
        # A stage that is no longer in use stood in the way of deals once.
        .where(or_(and_(Stage.is_active, Pipeline.is_active), counted.c.entered.is_not(None)))
        .order_by(Stage.pipeline_id, Stage.kind == StageKind.WON, Stage.position, Stage.id)
    )
    if scope.pipeline_id is not None:
        query = query.where(Stage.pipeline_id == scope.pipeline_id)
    query = query.add_columns(*(column.label(f"all_{column.key}") for column in of_all.c)).join(of_all, true())
    return list(connection.execute(query, dict(actor.binds)))


def _counted(stay: CTE, went_on: ColumnElement[int], spent: ColumnElement[float]) -> Any:
    # The moment shown is in whole minutes: a stay of this minute has not lasted yet.
    return select(
        func.count(stay.c.deal_id.distinct()).label("entered"),
        func.count(case((went_on == 1, stay.c.deal_id)).distinct()).label("went_on"),
        func.sum(case((spent > 0, spent), else_=0.0)).label("spent"),
        func.count().label("stays"),
    )


def _figures(
    kind: str, entered: int | None, went_on: int | None, spent: float | None, stays_: int | None
) -> dict[str, Any]:
    entered, went_on = entered or 0, went_on or 0
    if kind == StageKind.WON:
        return {"entered": entered, "went_on": None, "conversion": None, "mean_days": None}
    return {
        "entered": entered,
        "went_on": went_on,
        "conversion": round(went_on / entered, 4) if entered else None,
        "mean_days": days(spent or 0, stays_ or 0),
    }


def _totals(rows: list[Any]) -> dict[str, Any]:
    if not rows:
        return _figures(StageKind.OPEN, 0, 0, 0, 0)
    one = rows[0]
    return _figures(StageKind.OPEN, one.all_entered, one.all_went_on, one.all_spent, one.all_stays)


def _filters(scope: Scope, stage: Any) -> dict[str, str]:
    """Per figure of a stage the query string of `/deals`."""
    return _behind(scope, str(stage.id), is_open=stage.kind == StageKind.OPEN)


def _all_filters(scope: Scope) -> dict[str, str]:
    """The same of all open stages together."""
    return _behind(scope, ANY_OPEN if scope.pipeline_id is None else f"{ANY_OPEN}.{scope.pipeline_id}", is_open=True)


def _behind(scope: Scope, where: str, *, is_open: bool) -> dict[str, str]:
    first, last = ("" if day is None else day.isoformat() for day in (scope.period.first, scope.period.last))
    visit = ",".join([where, first, last, *([scope.asked] if scope.asked else [])])
    mine = [pair for pair in scope.people() if pair[0] != "pipeline_id"]
    behind = {"entered": urlencode([("entered", visit), *mine])}
    if is_open:
        behind["mean_days"] = behind["conversion"] = behind["entered"]
        behind["went_on"] = urlencode([("went_on", visit), *mine])
    return behind


REPORT = Report(
    "funnel",
    "Which deals came to each stage, and which of them went on",
    run,
    answer_schema(
        "Funnel",
        {
            "key": fields.Integer(),
            "label": Line(),
            "kind": Choice(("open", "won")),
            "pipeline_id": fields.Integer(),
            "pipeline_name": Line(),
            **_FIGURES,
        },
        _FIGURES,
    ),
    query_schema("FunnelQuery"),
    ("pipeline_name", "label", "entered", "went_on", "conversion", "mean_days"),
)
