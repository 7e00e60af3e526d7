"""The periods of deals: what reports read of each, for as long as it was so.

They follow from the journal and are kept beside it, in the transaction of the change: a report as of a day reads the
periods of that day. `rebuild` makes them anew from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    bindparam,
    case,
    delete,
    exists,
    insert,
    inspect,
    or_,
    select,
    update,
)

from ..database import FixedDecimal, Instant
from ..journal import FOLLOWERS, JournalEntry, JournalValue
from ..record import Record
from .models import Deal, DealPeriod, Stage, StageKind

_SPAN = ("id", "deal_id", "valid_from", "valid_to", "from_on", "to_on")
COLUMNS = tuple(attribute.key for attribute in inspect(DealPeriod).column_attrs if attribute.key not in _SPAN)
"""The columns of a deal that its periods hold."""


@dataclass(frozen=True)
class Period:
    """One period before it is stored.

    Attributes:
        start: the moment of the change; for a dated start the beginning of that day, to order by.
        from_on: the date it counts from, where the deal carries one.
        end: the moment of the next change, None while it lasts.
        to_on: the date from which the next one counts.
    """

    values: Mapping[str, Any]
    start: datetime
    from_on: date | None = None
    end: datetime | None = None
    to_on: date | None = None


@dataclass
class _Timeline:
    """Periods in order; a later entry that counts from earlier on takes the place of what it overtakes."""

    periods: list[Period] = field(default_factory=list)

    def add(self, values: Mapping[str, Any], start: datetime, from_on: date | None = None) -> None:
        while self.periods and self.periods[-1].start >= start:
            self.periods.pop()
        if self.periods:
            self.periods[-1] = replace(self.periods[-1], end=start, to_on=from_on)
        self.periods.append(Period(values, start, from_on))


def _day(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def replay(entries: Iterable[tuple[datetime, Mapping[str, Any]]], opening: Mapping[str, Any] | None) -> list[Period]:
    """The periods that follow from the journal of one deal.

    Every change counts from when it was recorded. A deal loaded as history counts from the dates that it carries: open
    from `opened_on`, closed from `closed_on`.

    Args:
        entries: moment and new values of each change, the first with all values.
        opening: for history, what a first stage says, for the time before a loaded end; None otherwise.
    """
    states: list[tuple[datetime, dict[str, Any]]] = []
    known: dict[str, Any] = dict.fromkeys(COLUMNS)
    for moment, changed in entries:
        known = known | {name: value for name, value in changed.items() if name in known}
        # Moments are taken when a request begins; rows are changed in the order of their locks.
        states.append((max(moment, states[-1][0]) if states else moment, known))
    timeline = _Timeline()
    if opening is None:
        for moment, values in states:
            timeline.add(values, moment)
        return timeline.periods
    opened_on = known["opened_on"]
    for number, (moment, values) in enumerate(states):
        closed_on = values["closed_on"]
        if known["state"] == values["state"]:
            closed_on = known["closed_on"]
        from_on = None
        if number == 0 and opened_on is not None:
            if closed_on is None:
                from_on = opened_on
            elif opened_on < closed_on:
                before = {**values, **opening, "state": StageKind.OPEN, "closed_on": None, "lost_reason": None}
                timeline.add(before, _day(opened_on), opened_on)
        has_ended = closed_on is not None and (number == 0 or closed_on != states[number - 1][1]["closed_on"])
        if has_ended and (number == 0 or closed_on < moment.date()):
            from_on = closed_on
        timeline.add(values, moment if from_on is None else _day(from_on), from_on)
    return timeline.periods


# ---- beside the journal ---------------------------------------------------------------------------------------------

_LAST = select(DealPeriod.id, DealPeriod.valid_from).where(
    DealPeriod.deal_id == bindparam("of_deal", type_=BigInteger()), DealPeriod.valid_to.is_(None)
)
_CLOSE = (
    update(DealPeriod)
    .where(DealPeriod.id == bindparam("of_id", type_=BigInteger()))
    .values(valid_to=bindparam("moment", type_=Instant()))
)
_FORGET = delete(DealPeriod).where(DealPeriod.id == bindparam("of_id", type_=BigInteger()))
_INSERT = insert(DealPeriod)


def _follow(connection: Connection, deal: Record, entry: Mapping[str, Any]) -> None:
    """Begin a new period of a deal that has just been changed."""
    assert isinstance(deal, Deal)
    if entry["action"] != "created" and not set(COLUMNS) & set(entry["changed"]):
        return
    if deal.is_backfill:
        rebuild(connection, [deal.id])
        return
    moment = entry["recorded_at"]
    if entry["action"] != "created":
        last = connection.execute(_LAST, {"of_deal": deal.id}).one_or_none()
        if last is not None and last.valid_from >= moment:
            moment = last.valid_from
            connection.execute(_FORGET, {"of_id": last.id})
        elif last is not None:
            connection.execute(_CLOSE, {"of_id": last.id, "moment": moment})
    values = {name: getattr(deal, name) for name in COLUMNS}
    connection.execute(_INSERT, {"deal_id": deal.id, "valid_from": moment, **values})


FOLLOWERS["deal"] = _follow


def all_deals(connection: Connection) -> list[int]:
    """The ids of all deals, deleted ones too."""
    return list(connection.execute(select(Deal.id).order_by(Deal.id)).scalars())


def without_any(connection: Connection) -> list[int]:
    """The ids of deals that have no period, such as those of a database from before there were periods."""
    has_none = ~exists().where(DealPeriod.deal_id == Deal.id)
    return list(connection.execute(select(Deal.id).where(has_none).order_by(Deal.id)).scalars())


def rebuild(connection: Connection, deal_ids: Sequence[int]) -> int:
    """Make the periods of some deals anew from their journal.

    Args:
        connection: of the writing engine, in a transaction.

    Returns:
        The number of deals.
    """
    for deal_id in deal_ids:
        is_backfill, pipeline_id = connection.execute(
            select(Deal.is_backfill, Deal.pipeline_id).where(Deal.id == deal_id)
        ).one()
        periods = replay(_entries(connection, deal_id), _opening(connection, pipeline_id) if is_backfill else None)
        connection.execute(delete(DealPeriod).where(DealPeriod.deal_id == deal_id))
        connection.execute(
            _INSERT,
            [
                {
                    "deal_id": deal_id,
                    "valid_from": period.start,
                    "valid_to": period.end,
                    "from_on": period.from_on,
                    "to_on": period.to_on,
                    **period.values,
                }
                for period in periods
            ],
        )
    return len(deal_ids)


def _entries(connection: Connection, deal_id: int) -> list[tuple[datetime, dict[str, Any]]]:
    """Moment and new values of each change of a deal, in the order in which they were made."""
    rows = connection.execute(
        select(JournalEntry.recorded_at, JournalValue.after)
        .join(JournalValue, JournalValue.journal_id == JournalEntry.id)
        .where(JournalEntry.resource == Deal.resource, JournalEntry.resource_id == deal_id)
        .order_by(JournalEntry.version, JournalEntry.id)
    )
    return [(row.recorded_at, _read(row.after)) for row in rows]


def _opening(connection: Connection, pipeline_id: int) -> dict[str, Any]:
    """Where a deal that was loaded with its end stood before: at the first open stage, removed ones included."""
    row = connection.execute(
        select(Stage.id, Stage.win_probability, Stage.forecast_category)
        .where(Stage.pipeline_id == pipeline_id, Stage.kind == StageKind.OPEN)
        .order_by(Stage.is_active.desc(), Stage.position, Stage.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return {}
    probability, category = row.win_probability, row.forecast_category
    return {"stage_id": row.id, "win_probability": probability, "forecast_category": category}


def _read(after: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the journal as the columns hold them."""
    found: dict[str, Any] = {}
    for name, value in after.items():
        if name not in COLUMNS:
            continue
        kind = DealPeriod.__table__.c[name].type
        if value is None:
            found[name] = None
        elif isinstance(kind, FixedDecimal):
            found[name] = Decimal(value)
        elif isinstance(kind, Instant):
            found[name] = datetime.fromisoformat(value)
        elif isinstance(kind, Date):
            found[name] = date.fromisoformat(value)
        else:
            found[name] = value
    return found


# ---- as of ----------------------------------------------------------------------------------------------------------


def lasts_at(period: Any, moment: Any, day: Any) -> ColumnElement[bool]:
    """The condition that a period was the one at a moment.

    Args:
        period: `DealPeriod` or an alias of it.
        moment: bound instant; changes recorded by then are taken.
        day: bound date of that moment in the reader's zone, for periods that count from dates.
    """
    has_begun = case((period.from_on.is_(None), period.valid_from <= moment), else_=period.from_on <= day)
    goes_on = case(
        (period.to_on.is_not(None), period.to_on > day),
        else_=or_(period.valid_to.is_(None), period.valid_to > moment),
    )
    return has_begun & goes_on
