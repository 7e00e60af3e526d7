"""How a board is grouped: by stage in the order of hands, by owner or month of expected close in the order of dates."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, bindparam, extract, false, func, literal, or_, select

from ..auth.models import User
from ..database import KeyText, exact_sum
from ..money.conversion import Conversion, rate_of
from .models import Deal, Stage, StageKind
from .rank import DIGITS

NONE = "none"
"""The key of the column of deals without an owner or a date."""

MONTHS_AHEAD = 5
"""So many months after this one have a column, with or without deals."""

_MONTH = re.compile(r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)
_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


class GroupBy(StrEnum):
    """What the columns of a board are."""

    STAGE = "stage"
    OWNER = "owner"
    MONTH = "month"


@dataclass(frozen=True)
class Place:
    """A column: its key and what says which deals stand in it."""

    key: str
    condition: ColumnElement[bool]


Mark = list[Any]
"""Behind which card a column goes on: its rank, or its date and id."""


def is_key(group_by: GroupBy, key: str) -> bool:
    """Whether a text can be the key of a column."""
    if group_by == GroupBy.MONTH:
        return key == NONE or _MONTH.fullmatch(key) is not None
    return _ID.fullmatch(key) is not None or (group_by == GroupBy.OWNER and key == NONE)


def place_of(group_by: GroupBy, key: str) -> Place:
    """The column of a key."""
    if group_by == GroupBy.STAGE:
        return Place(key, Deal.stage_id == int(key))
    if group_by == GroupBy.OWNER:
        return Place(key, Deal.owner_id.is_(None) if key == NONE else Deal.owner_id == int(key))
    if key == NONE:
        return Place(key, Deal.expected_close_on.is_(None))
    year, month = (int(part) for part in key.split("-"))
    last = date(year, month, calendar.monthrange(year, month)[1])
    return Place(key, Deal.expected_close_on.between(date(year, month, 1), last))


def key_of(group_by: GroupBy, card: dict[str, Any]) -> str:
    """The column in which a card stands."""
    if group_by == GroupBy.STAGE:
        return str(card["stage_id"])
    if group_by == GroupBy.OWNER:
        return NONE if card["owner_id"] is None else str(card["owner_id"])
    return NONE if card["expected_close_on"] is None else str(card["expected_close_on"])[:7]


def order_of(group_by: GroupBy) -> list[ColumnElement[Any]]:
    """The order of cards within a column."""
    if group_by == GroupBy.STAGE:
        return [Deal.rank.asc()]
    return [Deal.expected_close_on.asc().nulls_last(), Deal.id.asc()]


def mark_of(group_by: GroupBy, card: dict[str, Any]) -> Mark:
    """The mark behind a card."""
    if group_by == GroupBy.STAGE:
        return [card["rank"]]
    day = card["expected_close_on"]
    return [None if day is None else str(day), card["id"]]


def behind(group_by: GroupBy, mark: Any) -> ColumnElement[bool] | None:
    """The cards behind a mark; None for what is none."""
    if not isinstance(mark, list):
        return None
    if group_by == GroupBy.STAGE:
        if len(mark) != 1 or not isinstance(mark[0], str) or not set(mark[0]) <= set(DIGITS):
            return None
        return Deal.rank > literal(mark[0], KeyText())
    if len(mark) != 2 or not isinstance(mark[1], int) or not _ID.fullmatch(str(mark[1])):
        return None
    later = Deal.id > mark[1]
    if mark[0] is None:
        return and_(Deal.expected_close_on.is_(None), later)
    try:
        day = date.fromisoformat(mark[0])
    except (TypeError, ValueError):
        return None
    same = and_(Deal.expected_close_on == day, later)
    return or_(Deal.expected_close_on > day, same, Deal.expected_close_on.is_(None))


def totals(
    group_by: GroupBy,
    conditions: Sequence[ColumnElement[bool]],
    pipeline_id: int | None,
    column: str | None,
    conversion: Conversion,
) -> Select[*tuple[Any, ...]]:
    """The columns in order with the sums of their deals by currency and the rate of their day.

    Deals are converted at the rate of the day of their closing, open ones at that of the bound `today`.
    """
    if group_by == GroupBy.STAGE:
        return _stage_totals(conditions, pipeline_id, None if column is None else int(column), conversion)
    today = bindparam("today", type_=Date())
    rates = (
        rate_of(conversion.base, Deal.currency, today).label("rate"),
        conversion.target_rate_of(today).label("target_rate"),
    )
    within = false() if pipeline_id is None else Deal.pipeline_id == pipeline_id
    wanted = [*conditions, within, Deal.state == StageKind.OPEN]
    if column is not None:
        wanted.append(place_of(group_by, column).condition)
    if group_by == GroupBy.OWNER:
        return (
            select(Deal.owner_id, User.name, Deal.currency, *rates, *_SUMS)
            .outerjoin(User, User.id == Deal.owner_id)
            .where(*wanted)
            .group_by(Deal.owner_id, User.name, User.name_key, Deal.currency)
            .order_by(User.name_key.asc().nulls_last(), Deal.owner_id.asc().nulls_last(), Deal.currency)
        )
    year, month = (extract(part, Deal.expected_close_on) for part in ("year", "month"))
    return (
        select(year.label("year"), month.label("month"), Deal.currency, *rates, *_SUMS)
        .where(*wanted)
        .group_by(year, month, Deal.currency)
        .order_by(year.asc().nulls_last(), month.asc().nulls_last(), Deal.currency)
    )


_SUMS = (
    func.count().label("deal_count"),
    exact_sum(Deal.amount).label("amount"),
    exact_sum(Deal.amount, Deal.win_probability).label("weighted"),
)


def _stage_totals(
    conditions: Sequence[ColumnElement[bool]], pipeline_id: int | None, stage_id: int | None, conversion: Conversion
) -> Select[Any]:
    """Stages in order with the sums of their deals; a stage without deals has one row of nulls."""
    keys = (Deal.stage_id, Deal.currency, Deal.closed_on)
    found = select(*keys, *_SUMS).where(*conditions).group_by(*keys).subquery()
    day = func.coalesce(found.c.closed_on, bindparam("today", type_=Date()))
    query = (
        select(
            Stage.id,
            Stage.pipeline_id,
            Stage.name,
            Stage.kind,
            Stage.colour,
            found.c.currency,
            rate_of(conversion.base, found.c.currency, day).label("rate"),
            conversion.target_rate_of(day).label("target_rate"),
            found.c.deal_count,
            found.c.amount,
            found.c.weighted,
        )
        .outerjoin(found, found.c.stage_id == Stage.id)
        .where(Stage.is_active)
        .order_by(Stage.position, Stage.id, found.c.currency)
    )
    if pipeline_id is not None:
        query = query.where(Stage.pipeline_id == pipeline_id)
    return query if stage_id is None else query.where(Stage.id == stage_id)


def head_of(group_by: GroupBy, row: Any) -> dict[str, Any]:
    """What names the column of a row of totals."""
    if group_by == GroupBy.STAGE:
        return _head(str(row.id), stage_id=row.id, name=row.name, kind=row.kind, colour=row.colour)
    if group_by == GroupBy.OWNER:
        if row.owner_id is None:
            return _head(NONE)
        owner = {"id": row.owner_id, "name": row.name}
        return _head(str(row.owner_id), owner_id=row.owner_id, owner=owner, name=row.name)
    return _month_head(None if row.year is None else f"{int(row.year):04d}-{int(row.month):02d}")


def with_coming_months(heads: Iterable[dict[str, Any]], present: date) -> list[dict[str, Any]]:
    """The columns of months, and of those to come that have no deal yet; what has no date stands last."""
    by_key = {head["key"]: head for head in heads}
    for ahead in range(MONTHS_AHEAD + 1):
        year, month = divmod(present.year * 12 + present.month - 1 + ahead, 12)
        by_key.setdefault(f"{year:04d}-{month + 1:02d}", _month_head(f"{year:04d}-{month + 1:02d}"))
    by_key.setdefault(NONE, _month_head(None))
    return [by_key[key] for key in sorted(by_key, key=lambda key: (key == NONE, key))]


def _month_head(month: str | None) -> dict[str, Any]:
    return _head(month or NONE, month=month)


def _head(key: str, **more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("stage_id", "name", "kind", "colour", "owner_id", "owner", "month"))
    return {"key": key, **empty, **more}
