"""Targets beside what was won: the won amounts that the people of a report are to reach in its period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from marshmallow import fields
from sqlalchemy import Connection, select

from ..access import Actor
from ..auth.models import Team
from ..database import decimal_text
from ..money.conversion import Conversion
from ..money.rules import rounded
from ..schema import DecimalText, Items, Line, StrictSchema
from ..target.models import Measure, may_set
from ..target.periods import spread, within
from ..target.plan import Own, Plan, Whom, figure_of, key_of, share_of, whom_of
from ..target.queries import stated
from .scope import Scope


class OtherTargetSchema(StrictSchema):
    """How much of a target stands in a currency that could not be converted."""

    currency = Line()
    amount = DecimalText()


GOAL: dict[str, Any] = {
    "target": DecimalText(allow_none=True),
    "attainment": fields.Float(allow_none=True),
    "other_targets": Items(OtherTargetSchema),
}
"""What a row that has a target shows of it."""


@dataclass(frozen=True)
class _Person:
    id: int
    team_id: int | None


class Goals:
    """The targets of a report, as far as its reader sees them, in the currency of its totals.

    Args:
        found: the targets, as `stated_in` reads them.
        teams: all teams with `id` and `parent_id`.

    Attributes:
        people: the names of those in the report who have a target in its period, by their ids.
    """

    def __init__(self, actor: Actor, scope: Scope, conversion: Conversion, found: list[Any], teams: list[Any]) -> None:
        self.scope, self.currency = scope, conversion.target
        named = [one for one in found if one.user_id is not None]
        people = {one.user_id: _Person(one.user_id, one.user_team_id) for one in named}
        self._covered = {one.user_id: one.user_name for one in named if self._covers(one)}
        days = scope.period.first, scope.period.last
        self._spans = [one for year in sorted({one.period_on.year for one in found}) for one in within(year, *days)]
        # By currency: what has no rate stands apart.
        self._all: dict[str, Own] = defaultdict(dict)
        self._by_user: dict[int, dict[str, Own]] = defaultdict(lambda: defaultdict(dict))
        for (currency, year), own in _set(found, conversion).items():
            plan = Plan(year, teams, people.values(), {whom: spread(figures, year) for whom, figures in own.items()})
            self._all[currency] |= self._of_scope(actor, plan)
            for user_id in self._covered:
                self._by_user[user_id][currency] |= plan.of_person(user_id)
        keys = {span.key for span in self._spans}
        self.people = {
            user_id: name
            for user_id, name in self._covered.items()
            if any(keys.intersection(own) for own in self._by_user[user_id].values())
        }

    @cached_property
    def months(self) -> set[str]:
        """The months of the period that have a target."""
        known = {key for own in self._all.values() for key in own}
        return {month.key for span in self._spans for month in span.in_months if month.key in known}

    def of_all(self, won: Decimal) -> dict[str, Any]:
        """What everybody in the report is to reach in its period, and which share of it was won."""
        return self._figures(self._all, (span.key for span in self._spans), won)

    def of_month(self, month: str | None, won: Decimal) -> dict[str, Any]:
        """The same of one month; what has no month has no target."""
        return self._figures(self._all, [month] if month in self.months else [], won)

    def of_person(self, user_id: int | None, won: Decimal) -> dict[str, Any]:
        """What one person is to reach in the period; nobody has no target."""
        return self._figures(self._by_user.get(user_id or 0, {}), (span.key for span in self._spans), won)

    def _covers(self, one: Any) -> bool:
        scope = self.scope
        return scope.owner_id in (None, one.user_id) and scope.team_id in (None, one.user_team_id)

    def _of_scope(self, actor: Actor, plan: Plan) -> Own:
        """Whose targets count beside the deals of the report: a team there is without the teams below it."""
        owner_id, team_id = self.scope.owner_id, self.scope.team_id
        if owner_id is not None:
            return plan.of_person(owner_id) if owner_id in self._covered else {}
        if team_id is None:
            return plan.in_sight(actor)
        is_whole = may_set(actor, team_id) and not plan.below[team_id]
        return plan.of_team(team_id) if is_whole else plan.of_members(team_id)

    def _figures(self, figures: Mapping[str, Own], keys: Iterable[str], won: Decimal) -> dict[str, Any]:
        wanted = list(keys)
        sums = {
            currency: sum(known, Decimal(0))
            for currency, own in figures.items()
            if (known := [own[key] for key in wanted if key in own])
        }
        target = sums.pop(self.currency, None)
        return {
            "target": None if target is None else decimal_text(rounded(target, self.currency)),
            "attainment": share_of(won, target),
            "other_targets": [
                {"currency": currency, "amount": decimal_text(rounded(amount, currency))}
                for currency, amount in sorted(sums.items())
            ],
        }


def stated_in(connection: Connection, actor: Actor, scope: Scope) -> tuple[list[Any], list[Any]]:
    """The targets in sight for the years of a report's period, and the teams; none where a pipeline narrows it."""
    if scope.pipeline_id is not None:
        return [], []
    period = scope.period
    found = stated(connection, actor, Measure.WON_AMOUNT, scope.conversion, period.first, period.last)
    teams = connection.execute(select(Team.id, Team.parent_id).where(Team.is_active)) if found else ()
    return found, list(teams)


def _set(found: Iterable[Any], conversion: Conversion) -> dict[tuple[str, int], dict[Whom, Own]]:
    """The figures that were set, by the currency that they count in and their year."""
    own: dict[tuple[str, int], dict[Whom, Own]] = defaultdict(lambda: defaultdict(dict))
    for one in found:
        figure = figure_of(one, conversion)
        currency, value = (one.currency, one.value) if figure is None else (conversion.target, figure)
        own[currency, one.period_on.year][whom_of(one)][key_of(one)] = value
    return own
