"""A year's targets along the tree of teams: what was set, and what follows from it for teams and people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ..access import Actor
from ..money.conversion import Conversion
from ..money.rules import rounded
from .models import may_set
from .periods import PeriodKind, Span, rolled_up

Own = dict[str, Decimal]
"""Figures by the key of their period."""

Whom = tuple[str, int]
"""`user` or `team` with an id."""


class Plan:
    """What everybody is to reach in a year.

    A person's quarter and year are the sums of the months unless they have a figure of their own. A team with any
    figure of its own goes by those, else by the sum of its people and of the teams below.

    Args:
        teams: all teams, with `id` and `parent_id`.
        people: those whose targets count, with `id` and `team_id`.
        own: the figures that were set.
    """

    def __init__(self, year: int, teams: Iterable[Any], people: Iterable[Any], own: Mapping[Whom, Own]) -> None:
        self.year, self.own = year, own
        self.teams = {team.id: team for team in teams}
        self.below: dict[int | None, list[Any]] = defaultdict(list)
        for team in self.teams.values():
            self.below[team.parent_id if team.parent_id in self.teams else None].append(team)
        self.members: dict[int | None, list[Any]] = defaultdict(list)
        for person in people:
            self.members[person.team_id if person.team_id in self.teams else None].append(person)
        # Everything about a team is worked out once, from the leaves up.
        self._of_team: dict[int, Own] = {}
        for team in self.below[None]:
            self._work_out(team.id)

    def of_person(self, user_id: int) -> Own:
        """What a person is to reach in each period of the year."""
        return rolled_up(self.own.get(("user", user_id), {}), self.year)

    def of_team(self, team_id: int) -> Own:
        """What a team with those below it is to reach."""
        return self._of_team.get(team_id, {})

    def of_members(self, team_id: int | None) -> Own:
        """What the people of one team, or of none, are to reach."""
        return added(self.of_person(person.id) for person in self.members[team_id])

    def in_sight(self, actor: Actor) -> Own:
        """What all those are to reach whose results somebody sees: whole teams, else the people in them."""

        def of(team_id: int) -> Own:
            if may_set(actor, team_id):
                return self.of_team(team_id)
            return added([self.of_members(team_id), *(of(team.id) for team in self.below[team_id])])

        return added([self.of_members(None), *(of(team.id) for team in self.below[None])])

    def _work_out(self, team_id: int) -> None:
        for team in self.below[team_id]:
            self._work_out(team.id)
        own = self.own.get(("team", team_id))
        self._of_team[team_id] = (
            rolled_up(own, self.year)
            if own
            else added([self.of_members(team_id), *(self.of_team(team.id) for team in self.below[team_id])])
        )


def added(parts: Iterable[Own]) -> Own:
    """The sums by period; what nobody has a figure for has none."""
    found: Own = {}
    for part in parts:
        for key, figure in part.items():
            found[key] = found.get(key, Decimal(0)) + figure
    return found


def whom_of(stated: Any) -> Whom:
    """Whom a stored target is for."""
    return ("user", stated.user_id) if stated.user_id is not None else ("team", stated.team_id)


def key_of(stated: Any) -> str:
    """The key of a stored target's period."""
    return Span(PeriodKind(stated.period), stated.period_on).key


def figure_of(stated: Any, conversion: Conversion) -> Decimal | None:
    """A stored target in the currency of a conversion, in whole units of its coin; None where a rate lacks."""
    figure: Decimal = stated.value
    if stated.currency in (None, conversion.target):
        return figure
    converted = conversion.converted(figure, stated.currency, stated.rate, stated.target_rate)
    return None if converted is None else rounded(converted, conversion.target)


def share_of(actual: Decimal | None, target: Decimal | None) -> float | None:
    """Attainment in four decimals: what was reached / target; null without a target, or with one of zero."""
    return round(float(actual / target), 4) if actual is not None and target else None
