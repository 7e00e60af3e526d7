"""What became of open deals between two moments: one definition, for the report and for the lists behind its bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, String, and_, bindparam, case, func, not_, or_, select, true
from sqlalchemy.orm import aliased

from ..database import Instant
from ..filtering import AsOf, BadValue, Binds, a_past_moment, an_instant, read_from
from .models import Deal, DealPeriod, StageKind
from .periods import lasts_at

CHANGES = ("opened", "reopened", "grew", "shrank", "slipped", "won", "lost", "removed", "joined")
"""What may have become of a deal, in the order in which it is told."""

Moment = tuple[datetime, date]
"""A moment with its date in the reader's zone."""


def ends_of(first: str, last: str, zone: str) -> tuple[Moment, Moment]:
    """The moment before a span begins, and its end.

    Args:
        first: its first day, or a moment.
        last: its last day, or a moment; before `first` it stands for both ends.
        zone: in which days are meant.

    Raises:
        BadValue: one of them is neither.
    """
    end = a_past_moment(last, zone)
    start, day = an_instant(first, zone), a_past_moment(first, zone)[1]
    if len(first) == 10:
        day -= timedelta(days=1)
    return min((start - timedelta(microseconds=1), day), end), end


@dataclass(frozen=True)
class Compared:
    """Deals at two moments side by side, and what changed.

    Attributes:
        query: selects from the deals with both periods, those that were open and asked for at either moment, or passed.
        first: what a deal was at the first moment; nulls where it was not there yet.
        last: the same for the last one.
        was_open: whether it stood among the open deals that are asked for, at the first moment.
        is_open: the same for the last one.
        passed: whether it came in after the first moment and was closed by the last one: open among them in between.
        changes: the condition of each kind of change.
    """

    query: Select[Any]
    first: Any
    last: Any
    was_open: ColumnElement[bool]
    is_open: ColumnElement[bool]
    passed: ColumnElement[bool]
    changes: dict[str, ColumnElement[bool]]


def compared(
    deal: Any, first: Any, last: Any, asked: tuple[Any, Any], at: tuple[Any, Any], on: tuple[Any, Any]
) -> Compared:
    """The changes of deals between two moments.

    Args:
        deal: the model, or an alias of it.
        first: an alias of `DealPeriod` for the first moment.
        last: another one for the last.
        asked: the conditions on the deals that are asked for, of the first period and of the last.
        at: both moments, bound.
        on: their dates, bound.
    """
    was_asked, is_asked = _holds(first.id.is_not(None), *asked[0]), _holds(last.id.is_not(None), *asked[1])
    was_open, is_open = and_(was_asked, first.state == StageKind.OPEN), and_(is_asked, last.state == StageKind.OPEN)
    is_closed = and_(is_asked, last.state != StageKind.OPEN)
    # Where a deal may have come from that was not among the open ones, and that it has been closed since.
    came = {
        "opened": (first.id.is_(None), true()),
        "reopened": (and_(was_asked, first.state != StageKind.OPEN), last.state != first.state),
        "joined": (and_(first.id.is_not(None), not_(was_asked)), first.state == StageKind.OPEN),
    }
    passed = and_(is_closed, or_(*(and_(*way) for way in came.values())))
    stayed, same = and_(was_open, is_open), first.currency == last.currency
    before, after = func.coalesce(first.amount, 0), func.coalesce(last.amount, 0)
    changes = {
        **{kind: and_(way, or_(is_open, and_(is_closed, since))) for kind, (way, since) in came.items()},
        # Another currency takes the old amount away and brings the new one.
        "grew": and_(stayed, or_(and_(same, after > before), and_(not_(same), after > 0))),
        "shrank": and_(stayed, or_(and_(same, after < before), and_(not_(same), before > 0))),
        "slipped": and_(
            stayed,
            first.expected_close_on > on[0],
            first.expected_close_on <= on[1],
            last.expected_close_on > on[1],
        ),
        "won": and_(or_(was_open, passed), is_asked, last.state == StageKind.WON),
        "lost": and_(or_(was_open, passed), is_asked, last.state == StageKind.LOST),
        "removed": and_(was_open, not_(is_asked)),
    }
    query = (
        select()
        .select_from(deal)
        .outerjoin(first, and_(first.deal_id == deal.id, lasts_at(first, at[0], on[0])))
        .outerjoin(last, and_(last.deal_id == deal.id, lasts_at(last, at[1], on[1])))
        .where(or_(was_open, is_open, passed))
    )
    return Compared(query, first, last, was_open, is_open, passed, changes)


def _holds(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether conditions hold: never null, so that its negation is its contrary."""
    return case((and_(*conditions), 1), else_=0) == 1


def _a_change(text: Any, zone: str) -> tuple[str, Moment, Moment]:
    parts = str(text).split(",")
    if len(parts) != 3 or parts[0] not in CHANGES:
        raise BadValue("change")
    try:
        return parts[0], *ends_of(parts[1], parts[2], zone)
    except BadValue as bad:
        raise BadValue("change") from bad


class Changed(AsOf):
    """The open deals of which something became within a span of days; all other filters are asked at both its ends."""

    def __init__(self) -> None:
        text = (
            "What became of the open pipeline in a span of days, as kind, first and last day: "
            f"won,2026-01-01,2026-01-31. Kinds: {', '.join(CHANGES)}. The other filters are asked at both ends."
        )
        super().__init__(DealPeriod, DealPeriod.deal_id, lasts_at, text=text)
        self.parse = _a_change

    def binds(self, bind: str, value: Any) -> Binds:
        """The kind, and both moments with their dates."""
        kind, (start, before), (end, day) = value
        return {
            bind: kind,
            f"{bind}_start": start,
            f"{bind}_before": before,
            f"{bind}_end": end,
            f"{bind}_day": day,
        }

    def was(self, model: Any, bind: str, conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
        """Whether that became of a record."""
        deal, first, last = aliased(Deal), aliased(DealPeriod), aliased(DealPeriod)
        at = tuple(bindparam(f"{bind}_{name}", type_=Instant()) for name in ("start", "end"))
        on = tuple(bindparam(f"{bind}_{name}", type_=Date()) for name in ("before", "day"))
        asked = read_from(first, model, conditions, deal), read_from(last, model, conditions, deal)
        found = compared(deal, first, last, asked, (at[0], at[1]), (on[0], on[1]))
        kind = bindparam(bind, type_=String())
        became = or_(*(and_(kind == name, condition) for name, condition in found.changes.items()))
        return model.id.in_(found.query.add_columns(deal.id).where(became))  # type: ignore[no-any-return]
