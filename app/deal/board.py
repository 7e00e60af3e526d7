"""The board: the deals of one pipeline in columns, with counts and money, cards in their order."""

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
from sqlalchemy import ColumnElement, Connection, Date, Integer, bindparam, or_, select, union_all

from ..access import Actor
from ..database import read_engine
from ..errors import Issue, Problem, invalid
from ..filtering import BadValue, a_number, an_id
from ..listing import Query
from ..money.conversion import Conversion
from ..money.rules import CURRENCIES
from ..money.service import base_currency
from ..money.totals import chosen
from .board_columns import (
    GroupBy,
    behind,
    head_of,
    is_key,
    key_of,
    mark_of,
    order_of,
    place_of,
    totals,
    with_coming_months,
)
from .board_worth import currencies, worth
from .models import Deal, Pipeline, StageKind, reads_amounts
from .placement import default_pipeline
from .schemas import DEALS
from .service import today

CLOSED_DAYS = 30
"""Won and lost columns show the deals that were closed within so many days."""

_OWN = ("pipeline_id", "group_by", "column", "stage_id", "cursor", "per_page")
_NOT_HERE = ("page", "sort", "count", "deleted", "fields")


@dataclass(frozen=True)
class Request:
    """A board request taken apart.

    Attributes:
        query: the filters, as the list of deals understands them.
        column: key of the one column that is asked for.
        currency: the one currency that is filtered by, if it is one.
        after: the cards of the one column that are asked for.
    """

    query: Query
    pipeline_id: int | None
    group_by: GroupBy
    column: str | None
    per_page: int
    currency: str | None
    after: ColumnElement[bool] | None


def board(actor: Actor, query_string: str) -> dict[str, Any]:
    """The board of a pipeline, by default that of the caller's team; with `column` or `stage_id` the one column only.

    Counts and money cover all deals of a column that the filters let through, not only its cards. Money is in the base
    currency, converted at the rate of the day of closing, of open deals at today's; filtered by one currency it is in
    that. What has no rate is listed apart and never added.

    Args:
        query_string: `pipeline_id`, `group_by`, `column`, `cursor`, `per_page` and the filters of the list of deals.

    Raises:
        Problem: 422 naming every parameter that cannot be used.
    """
    asked = _parse(actor, query_string)
    pipeline_id, by_stage = asked.pipeline_id, asked.group_by == GroupBy.STAGE
    if pipeline_id is None and not (by_stage and asked.column is not None):
        pipeline_id = default_pipeline(actor.team_id)
    on_board = [*DEALS.conditions(asked.query, actor.shape), _shown()]
    base, present = base_currency(), today(actor)
    since = present - timedelta(days=CLOSED_DAYS)
    binds: dict[str, Any] = {
        **actor.binds,
        **asked.query.binds,
        "closed_since": since,
        "today": present,
        "limit": asked.per_page + 1,
    }
    with read_engine().connect() as connection:
        by_rate = Conversion(base, asked.currency or base)
        rows = connection.execute(totals(asked.group_by, on_board, pipeline_id, asked.column, by_rate), binds).all()
        if by_stage and not rows:
            raise invalid(Issue("pipeline_id" if asked.column is None else "stage_id", "unknown_record"))
        if not by_stage:
            if not rows:
                _check_pipeline(connection, pipeline_id)
            on_board += [Deal.pipeline_id == pipeline_id, Deal.state == StageKind.OPEN]
        keys = dict.fromkeys(head_of(asked.group_by, row)["key"] for row in rows)
        if asked.after is not None:
            on_board.append(asked.after)
        cards = _cards(connection, actor, asked.group_by, list(keys), on_board, binds)
        conversion = chosen(base, asked.currency, rows, "deal_count")
        money = currencies(connection, conversion, rows, since)
    tells_amounts = reads_amounts(actor.shape)
    columns = _columns(asked.group_by, rows, conversion, tells_amounts=tells_amounts)
    if asked.group_by == GroupBy.MONTH and asked.column is None:
        coming = with_coming_months(columns.values(), present)
        columns = {head["key"]: {**worth(conversion, (), tells_amounts=tells_amounts), **head} for head in coming}
    for key, column in columns.items():
        found = [card for card in cards if key_of(asked.group_by, card) == key]
        column["cards"] = found[: asked.per_page]
        more = len(found) > asked.per_page
        column["next_cursor"] = _write_cursor(asked, key, found[asked.per_page - 1]) if more else None
    return {
        "pipeline_id": rows[0].pipeline_id if by_stage else pipeline_id,
        "group_by": asked.group_by,
        "currency": conversion.target,
        "base_currency": base,
        "rates_on": present,
        "currencies": money,
        "columns": list(columns.values()),
    }


def _check_pipeline(connection: Connection, pipeline_id: int | None) -> None:
    found = connection.execute(select(Pipeline.id).where(Pipeline.id == pipeline_id, Pipeline.is_active)).first()
    if found is None:
        raise invalid(Issue("pipeline_id", "unknown_record"))


def _columns(
    group_by: GroupBy, rows: Iterable[Any], conversion: Conversion, *, tells_amounts: bool
) -> dict[str, dict[str, Any]]:
    """The columns by key with their totals, still without cards."""
    heads: dict[str, dict[str, Any]] = {}
    groups: dict[str, list[Any]] = {}
    for row in rows:
        head = head_of(group_by, row)
        heads.setdefault(head["key"], head)
        groups.setdefault(head["key"], []).extend([] if row.currency is None else [row])
    return {key: {**head, **worth(conversion, groups[key], tells_amounts=tells_amounts)} for key, head in heads.items()}


def _shown() -> ColumnElement[bool]:
    return or_(Deal.state == StageKind.OPEN, Deal.closed_on >= bindparam("closed_since", type_=Date()))


def _cards(
    connection: Connection,
    actor: Actor,
    group_by: GroupBy,
    keys: Sequence[str],
    conditions: Sequence[ColumnElement[bool]],
    binds: dict[str, Any],
) -> list[dict[str, Any]]:
    """The first cards of every column in one statement, each as the list of deals shows it."""
    if not keys:
        return []
    first = [
        select(Deal.id)
        .where(place_of(group_by, key).condition, *conditions)
        .order_by(*order_of(group_by))
        .limit(bindparam("limit", type_=Integer()))
        .subquery()
        for key in keys
    ]
    projection = DEALS.projection(actor.shape, connection.dialect.name, actor.may_write(DEALS.policy.write))
    query = projection.select().where(Deal.id.in_(union_all(*(select(column.c.id) for column in first))))
    rows = connection.execute(query.order_by(*order_of(group_by)), binds).all()
    return DEALS.fill(connection, projection, rows, binds)


def _parse(actor: Actor, query_string: str) -> Request:
    try:
        pairs = parse_qsl(query_string, keep_blank_values=True, errors="strict", max_num_fields=500)
    except ValueError as error:
        raise Problem(400, "bad-request") from error
    issues = [Issue(name, "unknown_parameter") for name, _ in pairs if name in _NOT_HERE]
    group_by, column = GroupBy.STAGE, None
    own: dict[str, str] = {}
    wanted = [value for name, value in pairs if name == "group_by"]
    if wanted and wanted[-1] in set(GroupBy):
        group_by = GroupBy(wanted[-1])
    elif wanted:
        issues.append(Issue("group_by", "not_allowed", {"options": ", ".join(GroupBy)}))
    # A stage is a column of a board by stage, and a filter of every other one.
    names = [name for name in _OWN if name != "stage_id" or group_by == GroupBy.STAGE]
    for name, value in pairs:
        if name in own:
            issues.append(Issue(name, "repeated"))
        if name in names:
            own[name] = value
    ids: dict[str, int | None] = {"pipeline_id": None, "stage_id": None}
    for name in ids.keys() & own.keys():
        try:
            ids[name] = an_id(own[name], actor.time_zone)
        except BadValue as bad:
            issues.append(Issue(name, bad.code))
    if "column" in own:
        if {"stage_id"} & own.keys() or not is_key(group_by, own["column"]):
            issues.append(Issue("column", "unknown_record"))
        else:
            column = own["column"]
    elif ids["stage_id"] is not None:
        column = str(ids["stage_id"])
    per_page = 20
    try:
        per_page = a_number(own.get("per_page", "20"), actor.time_zone)
        if not 1 <= per_page <= 200:
            issues.append(Issue("per_page", "out_of_range", {"min": 1, "max": 200}))
    except BadValue as bad:
        issues.append(Issue("per_page", bad.code))
    rest = [(name, value) for name, value in pairs if name not in names and name not in _NOT_HERE]
    try:
        query = DEALS.parse(urlencode(rest), actor)
    except Problem as problem:
        raise invalid(*issues, *problem.issues) from problem
    after = None
    if "cursor" in own:
        after = None if column is None else _read_cursor(own["cursor"], query, group_by, column)
        if after is None:
            issues.append(Issue("cursor", "cursor"))
    if issues:
        raise invalid(*issues)
    currencies = [value for name, value in rest if name == "currency" and value != "none"]
    currency = currencies[0] if len(currencies) == 1 and currencies[0] in CURRENCIES else None
    return Request(query, ids["pipeline_id"], group_by, column, per_page, currency, after)


def _mark(query: Query, group_by: GroupBy, key: str) -> str:
    """What a cursor belongs to: the caller, the filters and the column."""
    return hashlib.sha256(f"{query.digest} {group_by} {key}".encode()).hexdigest()[:12]


def _write_cursor(asked: Request, key: str, card: dict[str, Any]) -> str:
    values = [_mark(asked.query, asked.group_by, key), mark_of(asked.group_by, card)]
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def _read_cursor(text: str, query: Query, group_by: GroupBy, key: str) -> ColumnElement[bool] | None:
    """The cards behind a cursor of this column and these filters, None for any other text."""
    try:
        made_for, mark = orjson.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
    except (ValueError, TypeError, binascii.Error):
        return None
    return behind(group_by, mark) if made_for == _mark(query, group_by, key) else None


__all__ = ["CLOSED_DAYS", "board"]
