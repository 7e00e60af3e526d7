"""The stays of deals at stages, as a report counts them: those that were recorded, and those that dates tell of."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from ..database import Instant
from ..filtering import BadValue, Binds, Filter, a_past_moment, an_id, an_instant
from .models import Deal, DealPeriod, DealStageEntry, Stage, StageKind


def stays(moment: Any, day: Any) -> Select[Any]:
    """Every stay at a stage that had begun by a moment.

    A deal that was loaded with its end has no recorded stay before it: from its opening date to its end it counts as
    at the first stage, as its periods have it.

    Columns are `deal_id`, `stage_id`, `kind`, `pipeline_id`, `entered_at`, `left_at` (null while it lasts) and
    `entered_on` (the date, where no moment is known); of what came after the stay by the moment, `won_later`, and
    `went_on`: won, or at a further open stage of the pipeline.

    Args:
        moment: bound instant.
        day: its bound date, for stays that dates tell of.
    """
    told = union_all(_recorded(moment), _dated(day)).subquery()
    later: dict[str, Any] = {"order_by": told.c.place, "rows": (1, None)}
    won = func.max(case((Stage.kind == StageKind.WON, 1), else_=0)).over(partition_by=told.c.deal_id, **later)
    furthest = func.max(case((Stage.kind == StageKind.OPEN, Stage.position))).over(
        partition_by=(told.c.deal_id, Stage.pipeline_id), **later
    )
    return select(
        told.c.deal_id,
        told.c.stage_id,
        Stage.kind,
        Stage.pipeline_id,
        told.c.entered_at,
        told.c.left_at,
        told.c.entered_on,
        won.label("won_later"),
        case((or_(won == 1, furthest > Stage.position), 1), else_=0).label("went_on"),
    ).join(Stage, Stage.id == told.c.stage_id)


def _recorded(moment: Any) -> Any:
    entry = DealStageEntry
    return select(
        entry.deal_id,
        entry.stage_id,
        entry.entered_at,
        case((entry.left_at <= moment, entry.left_at)).label("left_at"),
        cast(null(), Date()).label("entered_on"),
        entry.id.label("place"),
    ).where(entry.entered_at <= moment)


def _dated(day: Any) -> Any:
    """The time before a loaded end: the only open period with both dates of a deal whose first stay is at an end."""
    period, entry, earlier = DealPeriod, aliased(DealStageEntry), aliased(DealStageEntry)
    began_at_its_end = (
        exists()
        .where(entry.deal_id == period.deal_id, entry.stage_id == Stage.id, Stage.kind != StageKind.OPEN)
        .where(~exists().where(earlier.deal_id == entry.deal_id, earlier.id < entry.id))
    )
    return select(
        period.deal_id,
        period.stage_id,
        period.valid_from,
        case((period.to_on <= day, period.valid_to)),
        period.from_on,
        literal(0, BigInteger()),
    ).where(period.state == StageKind.OPEN, period.from_on <= day, period.to_on.is_not(None), began_at_its_end)


def lost_from(deal: Any) -> ColumnElement[Any]:
    """The open stage that a lost deal stood at before; null for other deals, and for a loss without any open time.

    Args:
        deal: the columns of a deal, such as it is or was.
    """
    past: Any = aliased(DealPeriod)
    found = (
        select(past.stage_id)
        .where(past.deal_id == deal.id, past.state == StageKind.OPEN, past.valid_from < deal.stage_entered_at)
        .order_by(past.valid_from.desc(), past.id.desc())
        .limit(1)
        .correlate_except(past)
    )
    return case((deal.state == StageKind.LOST, found.scalar_subquery()))


# ---- a span of days -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """Days in a reader's zone, both inclusive, as moments and as dates, and the moment by which all is known."""

    start: datetime
    first: date
    end: datetime
    last: date
    until: datetime
    known_on: date

    @classmethod
    def read(cls, first: str, last: str, until: str, zone: str) -> Span:
        """A span from dates or moments; empty is open on that side.

        Raises:
            BadValue: one of them is neither.
        """
        first = first or "1900-01-01"
        ends = (*a_past_moment(last or _FOREVER, zone), *a_past_moment(until or _FOREVER, zone))
        return cls(an_instant(first, zone), a_past_moment(first, zone)[1], *ends)


_FOREVER = "2200-12-31"

SPAN = (
    "As stage, first and last day, and where wanted a moment by which it was known: 3,2026-01-01,2026-03-31. "
    "Days may be left out; `open` is any open stage, `open.2` any of the pipeline with that id."
)
"""How a span is written in a list's parameter."""


def within(stay: Any, start: Any, first: Any, end: Any, last: Any) -> ColumnElement[bool]:
    """The condition that a stay began within a span, by its moment or by its date."""
    by_date = and_(stay.c.entered_on >= first, stay.c.entered_on <= last)
    return case(
        (stay.c.entered_on.is_(None), and_(stay.c.entered_at >= start, stay.c.entered_at <= end)), else_=by_date
    )


class Visited(Filter):
    """The deals that came to a stage within a span of days, or those of them that went on from there.

    Args:
        went_on: only those that went on; from any open stage only those that were won.
    """

    ops = ()
    suffixes = (("", "eq"),)
    repeats = False

    def __init__(self, *, went_on: bool, text: str) -> None:
        super().__init__(DealStageEntry.stage_id, _a_visit, text=text)
        self.went_on = went_on

    def binds(self, bind: str, value: Any) -> Binds:
        """The stage or the pipeline, 0 for any, and the span."""
        stage_id, pipeline_id, span = value
        days = {f"{bind}_{field.name}": getattr(span, field.name) for field in fields(span)}
        return {bind: stage_id, f"{bind}_pipeline": pipeline_id, **days}

    def condition(self, _op: str, bind: str) -> ColumnElement[bool]:
        """Whether the deal was there."""

        def bound(name: str) -> Any:
            is_date = name in ("first", "last", "known_on")
            return bindparam(f"{bind}_{name}", type_=Date() if is_date else Instant())

        stage_id = bindparam(bind, type_=BigInteger())
        pipeline_id = bindparam(f"{bind}_pipeline", type_=BigInteger())
        stay = stays(bound("until"), bound("known_on")).subquery()
        there = within(stay, *(bound(name) for name in ("start", "first", "end", "last")))
        at_any = and_(stage_id == 0, stay.c.kind == StageKind.OPEN)
        of_pipeline = or_(pipeline_id == 0, stay.c.pipeline_id == pipeline_id)
        at_stage = or_(stay.c.stage_id == stage_id, and_(at_any, of_pipeline))
        found = select(stay.c.deal_id).where(at_stage, there)
        if self.went_on:
            found = found.where(case((stage_id == 0, stay.c.won_later), else_=stay.c.went_on) == 1)
        return Deal.id.in_(found)


ANY_OPEN = "open"
"""Stands for any open stage."""


def _a_visit(text: Any, zone: str) -> tuple[int, int, Span]:
    parts = str(text).split(",")
    if not 3 <= len(parts) <= 4:
        raise BadValue("visit")
    where, *of_pipeline = parts[0].split(".", 1)
    try:
        span = Span.read(parts[1], parts[2], "".join(parts[3:]), zone)
        if where == ANY_OPEN:
            return 0, an_id(of_pipeline[0], zone) if of_pipeline else 0, span
        return an_id(parts[0], zone), 0, span
    except BadValue as bad:
        raise BadValue("visit") from bad
