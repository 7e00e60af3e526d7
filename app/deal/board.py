"""The board: the deals of one pipeline in columns by stage, with counts and money, cards in their order."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from flask import current_app
from sqlalchemy import ColumnElement, Connection, Date, Integer, bindparam, func, or_, select, union_all

from ..access import Actor
from ..database import KeyText, exact_sum, read_engine
from ..errors import Issue, Problem, invalid
from ..filtering import BadValue, a_number, an_id
from ..listing import Query
from ..money.rules import amount_text, reporting_currency
from .models import Deal, Pipeline, Stage, StageKind
from .placement import default_pipeline
from .rank import DIGITS
from .schemas import DEALS
from .service import today

CLOSED_DAYS = 30
"""Won and lost columns show the deals that were closed within so many days."""

_OWN = ("pipeline_id", "stage_id", "cursor", "per_page")
_NOT_HERE = ("page", "sort", "count", "deleted", "fields")


@dataclass(frozen=True)
class Request:
    """A board request taken apart.

    Attributes:
        query: the filters, as the list of deals understands them.
        currency: the one currency that is filtered by, if it is one.
        after: rank behind which the cards of the one stage go on.
    """

    query: Query
    pipeline_id: int | None
    stage_id: int | None
    per_page: int
    currency: str | None
    after: str | None


def board(actor: Actor, query_string: str) -> dict[str, Any]:
    """The board of a pipeline, by default that of the caller's team; with `stage_id` the one column only.

    Counts and money cover all deals of a column that the filters let through, not only its cards. Money is in the
    board's currency; what stands in other currencies is listed apart and never added.

    Args:
        query_string: `pipeline_id`, `stage_id`, `cursor`, `per_page` and the filters of the list of deals.

    Raises:
        Problem: 422 naming every parameter that cannot be used.
    """
    asked = _parse(actor, query_string)
    pipeline_id = asked.pipeline_id
    if pipeline_id is None and asked.stage_id is None:
        pipeline_id = default_pipeline(actor.team_id)
    on_board = [*DEALS.conditions(asked.query, actor.shape), _shown()]
    binds: dict[str, Any] = {
        **actor.binds,
        **asked.query.binds,
        "closed_since": today(actor) - timedelta(days=CLOSED_DAYS),
        "limit": asked.per_page + 1,
    }
    with read_engine().connect() as connection:
        rows = connection.execute(_totals(on_board, pipeline_id, asked.stage_id), binds).all()
        if not rows:
            raise invalid(Issue("stage_id" if asked.stage_id is not None else "pipeline_id", "unknown_record"))
        stage_ids = {row.id for row in rows}
        if asked.after is not None:
            on_board.append(Deal.rank > bindparam("after", asked.after, type_=KeyText()))
        cards = _cards(connection, actor, sorted(stage_ids), on_board, binds)
    counts: dict[str, int] = {}
    for row in rows:
        if row.currency is not None:
            counts[row.currency] = counts.get(row.currency, 0) + row.deal_count
    currency = reporting_currency(asked.currency, current_app.config["LIANXI"].base_currency, counts)
    columns = _columns(rows, currency)
    for stage_id, column in columns.items():
        found = [card for card in cards if card["stage_id"] == stage_id]
        column["cards"] = found[: asked.per_page]
        more = len(found) > asked.per_page
        column["next_cursor"] = _write_cursor(asked, stage_id, found[asked.per_page - 1]["rank"]) if more else None
    return {"pipeline_id": rows[0].pipeline_id, "currency": currency, "columns": list(columns.values())}


def _columns(rows: Iterable[Any], currency: str) -> dict[int, dict[str, Any]]:
    """The columns by stage with their totals, still without cards."""
    columns: dict[int, dict[str, Any]] = {}
    for row in rows:
        column = columns.setdefault(
            row.id,
            {
                "stage_id": row.id,
                "name": row.name,
                "kind": row.kind,
                "colour": row.colour,
                "count": 0,
                "amount": amount_text(0, currency),
                "weighted_amount": amount_text(0, currency),
                "other_amounts": [],
            },
        )
        if row.currency is None:
            continue
        column["count"] += row.deal_count
        sums = {
            "amount": amount_text(row.amount, row.currency),
            "weighted_amount": amount_text(row.weighted, row.currency, 8),
        }
        if row.currency == currency:
            column |= sums
        else:
            column["other_amounts"].append({"currency": row.currency, "count": row.deal_count, **sums})
    return columns


def _shown() -> ColumnElement[bool]:
    return or_(Deal.state == StageKind.OPEN, Deal.closed_on >= bindparam("closed_since", type_=Date()))


def _totals(conditions: Sequence[ColumnElement[bool]], pipeline_id: int | None, stage_id: int | None) -> Any:
    """Stages in order with the totals of their deals by currency; a stage without deals has one row of nulls."""
    sums = (
        select(
            Deal.stage_id,
            Deal.currency,
            func.count().label("deal_count"),
            exact_sum(Deal.amount).label("amount"),
            exact_sum(Deal.amount, Deal.win_probability).label("weighted"),
        )
        .where(*conditions)
        .group_by(Deal.stage_id, Deal.currency)
        .subquery()
    )
    query = (
        select(
            Stage.id,
            Stage.pipeline_id,
            Stage.name,
            Stage.kind,
            Stage.colour,
            sums.c.currency,
            sums.c.deal_count,
            sums.c.amount,
            sums.c.weighted,
        )
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .outerjoin(sums, sums.c.stage_id == Stage.id)
        .where(Stage.is_active, Pipeline.is_active)
        .order_by(Stage.position, Stage.id, sums.c.currency)
    )
    if pipeline_id is not None:
        query = query.where(Stage.pipeline_id == pipeline_id)
    return query if stage_id is None else query.where(Stage.id == stage_id)


def _cards(
    connection: Connection,
    actor: Actor,
    stage_ids: Iterable[int],
    conditions: Sequence[ColumnElement[bool]],
    binds: dict[str, Any],
) -> list[dict[str, Any]]:
    """The first cards of every column in one statement, each as the list of deals shows it."""
    first = [
        select(Deal.id)
        .where(Deal.stage_id == stage_id, *conditions)
        .order_by(Deal.rank)
        .limit(bindparam("limit", type_=Integer()))
        .subquery()
        for stage_id in stage_ids
    ]
    projection = DEALS.projection(actor.shape, connection.dialect.name, actor.may(DEALS.policy.write))
    query = projection.select().where(Deal.id.in_(union_all(*(select(column.c.id) for column in first))))
    rows = connection.execute(query.order_by(Deal.stage_id, Deal.rank), binds).all()
    return DEALS.fill(connection, projection, rows, binds)


def _parse(actor: Actor, query_string: str) -> Request:
    try:
        pairs = parse_qsl(query_string, keep_blank_values=True, errors="strict", max_num_fields=500)
    except ValueError as error:
        raise Problem(400, "bad-request") from error
    issues = [Issue(name, "unknown_parameter") for name, _ in pairs if name in _NOT_HERE]
    own: dict[str, str] = {}
    for name, value in pairs:
        if name in own:
            issues.append(Issue(name, "repeated"))
        if name in _OWN:
            own[name] = value
    ids: dict[str, int | None] = {"pipeline_id": None, "stage_id": None}
    for name in ids.keys() & own.keys():
        try:
            ids[name] = an_id(own[name], actor.time_zone)
        except BadValue as bad:
            issues.append(Issue(name, bad.code))
    per_page = 20
    try:
        per_page = a_number(own.get("per_page", "20"), actor.time_zone)
        if not 1 <= per_page <= 200:
            issues.append(Issue("per_page", "out_of_range", {"min": 1, "max": 200}))
    except BadValue as bad:
        issues.append(Issue("per_page", bad.code))
    rest = [(name, value) for name, value in pairs if name not in _OWN and name not in _NOT_HERE]
    try:
        query = DEALS.parse(urlencode(rest), actor)
    except Problem as problem:
        raise invalid(*issues, *problem.issues) from problem
    after = None
    if "cursor" in own:
        after = _read_cursor(own["cursor"], query, ids["stage_id"])
        if after is None:
            issues.append(Issue("cursor", "cursor"))
    if issues:
        raise invalid(*issues)
    currencies = [value for name, value in rest if name == "currency" and value != "none"]
    currency = currencies[0] if len(currencies) == 1 else None
    return Request(query, ids["pipeline_id"], ids["stage_id"], per_page, currency, after)


def _mark(query: Query, stage_id: int) -> str:
    """What a cursor belongs to: the caller, the filters and the stage."""
    return hashlib.sha256(f"{query.digest} {stage_id}".encode()).hexdigest()[:12]


def _write_cursor(asked: Request, stage_id: int, rank: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([_mark(asked.query, stage_id), rank])).decode().rstrip("=")


def _read_cursor(text: str, query: Query, stage_id: int | None) -> str | None:
    """The rank in a cursor of this stage and these filters, None for any other text."""
    try:
        made_for, rank = orjson.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
    except (ValueError, TypeError, binascii.Error):
        return None
    if stage_id is None or made_for != _mark(query, stage_id) or not isinstance(rank, str):
        return None
    return rank if set(rank) <= set(DIGITS) else None


__all__ = ["CLOSED_DAYS", "board"]
