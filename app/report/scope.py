"""What a report covers: period, people, pipeline, currency, the moment; and the deals in it that its reader sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Date, and_, func, literal, or_, select
from sqlalchemy.orm import aliased

from ..access import Actor
from ..database import Instant
from ..deal.models import Deal, DealPeriod, StageKind, deals
from ..deal.periods import lasts_at
from ..deal.service import today
from ..errors import Issue, invalid
from ..filtering import BadValue, a_past_moment
from ..merged import survivor_of
from ..money.conversion import Conversion, rate_of
from ..money.service import base_currency
from .functions import days_between
from .period import Period

Pairs = list[tuple[str, str]]
"""The parameters of a list's query string."""


@dataclass(frozen=True)
class Scope:
    """What a report is restricted to besides the reader's sight.

    Attributes:
        zone: the reader's time zone, in which `period` and `day` are meant.
        at: the moment that open figures are of, in whole minutes where it is the present.
        day: its date.
        as_of: whether the moment was asked for, so that what was recorded by then is read and not what is.
        asked: the moment as it was asked for, for the lists behind the figures.
        currency: the one asked for, if any.
        limit: of rows, the first ones; None for all.
    """

    period: Period
    zone: str
    at: datetime
    day: date
    as_of: bool = False
    asked: str | None = None
    owner_id: int | None = None
    team_id: int | None = None
    pipeline_id: int | None = None
    currency: str | None = None
    limit: int | None = None

    @classmethod
    def read(cls, actor: Actor, query: Mapping[str, Any]) -> Scope:
        """The scope that a request asks for.

        Raises:
            Problem: 422 for a period that ends before it begins, or a moment that is none.
        """
        first, last = query.get("from"), query.get("to")
        issues: list[Issue] = []
        if first is not None and last is not None and last < first:
            issues.append(Issue("to", "before_from"))
        # Whole minutes, so that the list behind a figure can name the moment, and an answer can be kept for a while.
        at, day = datetime.now(UTC).replace(second=0, microsecond=0), today(actor)
        asked = query.get("as_of")
        if asked is not None:
            try:
                at, day = a_past_moment(asked, actor.time_zone)
            except BadValue as bad:
                issues.append(Issue("as_of", bad.code))
        if issues:
            raise invalid(*issues)
        return cls(
            Period(first, last),
            actor.time_zone,
            at,
            day,
            asked is not None,
            asked,
            query.get("owner_id"),
            query.get("team_id"),
            query.get("pipeline_id"),
            query.get("currency"),
        )

    @property
    def conversion(self) -> Conversion:
        """Into the currency asked for, else into the base currency."""
        base = base_currency()
        return Conversion(base, self.currency or base)

    def of(self, period: Period) -> Scope:
        """The same for another period."""
        return replace(self, period=period)

    def before(self) -> Scope | None:
        """The same for the period before this one."""
        period = self.period.before(self.day)
        return None if period is None else self.of(period)

    # ---- the lists behind the figures ----------------------------------------------------------------------------

    def people(self) -> Pairs:
        """Owner, team and pipeline as parameters of the list of deals, with the moment where it was asked for."""
        pairs = [("as_of", self.asked), ("owner_id", self.owner_id), ("team_id", self.team_id)]
        pairs.append(("pipeline_id", self.pipeline_id))
        return [(name, str(wanted)) for name, wanted in pairs if wanted is not None]

    def closed(self) -> Pairs:
        """The period as parameters of the list of deals."""
        pairs = [("closed_from", self.period.first), ("closed_to", self.period.last)]
        return [(name, day.isoformat()) for name, day in pairs if day is not None]

    def moments(self, name: str) -> Pairs:
        """The period as parameters of a list, by a moment such as `created`."""
        bounds = zip((f"{name}_after", f"{name}_before"), self.period.bounds(self.zone), strict=True)
        return [(side, moment_text(moment)) for side, moment in bounds if moment is not None]

    # ---- conditions ----------------------------------------------------------------------------------------------

    def within(self, column: Any) -> list[ColumnElement[bool]]:
        """The conditions that a moment lies in the period."""
        start, end = self.period.bounds(self.zone)
        found: list[ColumnElement[bool]] = []
        if start is not None:
            found.append(column >= start)
        if end is not None:
            found.append(column < end)
        return found


def moment_text(moment: datetime) -> str:
    """A moment as a parameter."""
    return moment.isoformat().replace("+00:00", "Z")


_READ = (
    "state",
    "stage_id",
    "pipeline_id",
    "owner_id",
    "team_id",
    "customer_id",
    "currency",
    "amount",
    "win_probability",
    "forecast_category",
    "source",
    "lost_reason",
    "opened_on",
    "expected_close_on",
    "closed_on",
    "stage_entered_at",
)


def deals_of(actor: Actor, scope: Scope, *, every: bool = False, name: str = "deals") -> CTE:
    """The deals that a report is made of: in sight, live, open or closed in the period; as now or as they were.

    Columns are `id`, `created_at`, those of the deal that reports read, `cycle` (days from opening to closing), and by
    which rates its money is converted: of the closing date, else of the scope's day (`rate`, `target_rate`).

    Args:
        every: take deals that were closed at any time, not only in the period.
    """
    row: Any = aliased(DealPeriod) if scope.as_of else Deal
    conditions = [row.is_active, deals.visible(actor.shape)]
    if not every:
        closed: list[ColumnElement[bool]] = [row.state != StageKind.OPEN]
        if scope.period.first is not None:
            closed.append(row.closed_on >= scope.period.first)
        if scope.period.last is not None:
            closed.append(row.closed_on <= scope.period.last)
        conditions.append(or_(row.state == StageKind.OPEN, and_(*closed)))
    for wanted, column in (
        (scope.owner_id, row.owner_id),
        (scope.team_id, row.team_id),
        (scope.pipeline_id, row.pipeline_id),
    ):
        if wanted is not None:
            conditions.append(column == wanted)
    conversion = scope.conversion
    read = {column: getattr(row, column) for column in _READ}
    if scope.as_of:
        read = {column: survivor_of(getattr(Deal, column), then) for column, then in read.items()}
    day = func.coalesce(row.closed_on, literal(scope.day, Date()))
    query = select(
        Deal.id,
        Deal.created_at,
        *(value.label(column) for column, value in read.items()),
        days_between(row.opened_on, row.closed_on).label("cycle"),
        rate_of(conversion.base, row.currency, day).label("rate"),
        conversion.target_rate_of(day).label("target_rate"),
    ).where(*conditions)
    if scope.as_of:
        at = literal(scope.at, Instant()), literal(scope.day, Date())
        query = query.join(row, row.deal_id == Deal.id).where(lasts_at(row, *at))
    return query.cte(name)


MONEY = ("currency", "rate", "target_rate")
"""What a report's rows are grouped by besides their key, so that each group has one rate."""
