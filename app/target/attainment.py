"""Attainment: the targets of a year beside what was reached, for every team and person whom the reader sees."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from ..access import Actor, Permission
from ..auth.models import Team, User
from ..database import decimal_text, read_engine
from ..deal.models import amounts_out_of_sight, reads_amounts
from ..deal.service import today
from ..errors import Issue, invalid
from ..messages import say_all
from ..money.conversion import Conversion
from ..money.rules import reporting_currency, rounded
from ..money.service import base_currency
from .models import Measure, may_set
from .periods import added_up, spans_of
from .plan import Own, Plan, Whom, figure_of, key_of, share_of, whom_of
from .queries import reached, stated
from .service import PER_PRODUCT

Months = dict[int, Decimal]
"""What was reached, by the number of the month."""

Others = dict[Whom, dict[str, dict[str, str]]]
"""Figures that were set in another currency than that of the answer, as they were set, by their period."""


def attainment(actor: Actor, query: Mapping[str, Any]) -> dict[str, Any]:
    """`/targets/attainment`.

    What was reached counts in the periods of the reader's zone. Money is in one currency: targets in another one are
    converted at the rate of their first day, won amounts at that of their closing date.

    Raises:
        Problem: 403 for won amounts where the reader may not read those of deals; 422 for a product of what is not
            counted by product.
    """
    year = query.get("year") or today(actor).year
    measure, product_id = query.get("measure", Measure.WON_AMOUNT), query.get("product_id")
    if product_id is not None and measure not in PER_PRODUCT:
        raise invalid(Issue("product_id", "no_product"))
    is_money = measure == Measure.WON_AMOUNT
    if is_money and not reads_amounts(actor.shape):
        raise amounts_out_of_sight()
    with read_engine().connect() as connection:
        conversion, found = _stated(connection, actor, query.get("currency"), measure, year, product_id)
        facts = reached(connection, actor, measure, year, product_id, conversion)
        teams = connection.execute(
            select(Team.id, Team.name, Team.parent_id).where(Team.is_active).order_by(Team.sort_key)
        ).all()
        people = connection.execute(select(User.id, User.name, User.team_id, User.is_active).order_by(User.sort_key))
        seen = [one for one in people if _sees(actor, one)]
    own, others = _own(found, conversion)
    by_user, by_team = _by_subject(facts, conversion, is_money=is_money)
    tree = _Tree(actor, Plan(year, teams, seen, own), others, by_user, by_team, conversion.target if is_money else None)
    money = [one for one in (*found, *facts) if is_money]
    converted = conversion.added((one.currency, one.rate, one.target_rate) for one in money)
    return {
        "rows": [
            row
            for row in tree.rows()
            if query.get("user_id") in (None, row["user_id"]) and _within(row, query.get("team_id"), teams)
        ],
        "meta": {
            "year": year,
            "measure": measure,
            "product_id": product_id,
            "currency": tree.currency,
            "currencies": sorted({one.currency for one in found if is_money}),
            "converted": [one for one in converted if one != conversion.target],
            "left_out": sorted({one.currency for one in money} - set(converted)),
            "as_of": datetime.now(UTC).replace(microsecond=0),
            "definition": say_all(f"target.{measure}.definition", "target.definition"),
        },
    }


def _stated(
    connection: Connection, actor: Actor, asked: str | None, measure: str, year: int, product_id: int | None
) -> tuple[Conversion, list[Any]]:
    """The targets of a year, and the conversion into the currency that most of them are meant in."""
    base = base_currency()
    conversion = Conversion(base, asked or base)
    days = date(year, 1, 1), date(year, 12, 31)
    found = stated(connection, actor, measure, conversion, *days, product_id)
    currency = reporting_currency(asked, base, Counter(one.currency for one in found if one.currency))
    if currency != conversion.target:
        conversion = Conversion(base, currency)
        found = stated(connection, actor, measure, conversion, *days, product_id)
    return conversion, found


def _sees(actor: Actor, person: Any) -> bool:
    return "all" in actor.tokens or person.id == actor.user_id or may_set(actor, person.team_id)


def _own(found: Iterable[Any], conversion: Conversion) -> tuple[dict[Whom, Own], Others]:
    """The figures that were set, converted; and as they were set, where that is in another currency."""
    own: dict[Whom, Own] = defaultdict(dict)
    others: Others = defaultdict(dict)
    for one in found:
        figure = figure_of(one, conversion)
        if figure is not None:
            own[whom_of(one)][key_of(one)] = figure
        if one.currency not in (None, conversion.target):
            others[whom_of(one)][key_of(one)] = {"value": decimal_text(one.value), "currency": one.currency}
    return own, others


def _by_subject(
    facts: Iterable[Any], conversion: Conversion, *, is_money: bool
) -> tuple[Mapping[int, Months], Mapping[int, Months]]:
    """What was reached by each user and in each team; what has no rate is left out."""
    by_user: dict[int, Months] = defaultdict(lambda: defaultdict(Decimal))
    by_team: dict[int, Months] = defaultdict(lambda: defaultdict(Decimal))
    for fact in facts:
        figure: Decimal | None = Decimal(int(fact.units or 0))
        if is_money and figure is not None:
            figure = conversion.converted(figure.scaleb(-4), fact.currency, fact.rate, fact.target_rate)
        for by, subject_id in ((by_user, fact.user_id), (by_team, fact.team_id)):
            if subject_id is not None and figure is not None:
                by[subject_id][fact.month] += figure
    return by_user, by_team


class _Tree:
    """The teams with their people as rows, in the order of the tree."""

    def __init__(
        self,
        actor: Actor,
        plan: Plan,
        others: Others,
        by_user: Mapping[int, Months],
        by_team: Mapping[int, Months],
        currency: str | None,
    ) -> None:
        self.actor, self.plan, self.others, self.currency = actor, plan, others, currency
        self.by_user, self.by_team = by_user, by_team
        self.spans = spans_of(plan.year)
        self.sets = actor.may(Permission.TARGET_WRITE)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each team, its people, the teams below it; at the end the people of no team."""
        for team in self.plan.below[None]:
            yield from self._rows_of(team, 0)
        for person in self.plan.members[None]:
            yield from self._person(person, 0)

    def _reached_by(self, team_id: int) -> Months:
        """What a team has reached with those below it."""
        months: Months = defaultdict(Decimal, self.by_team.get(team_id, {}))
        for child in self.plan.below[team_id]:
            for month, figure in self._reached_by(child.id).items():
                months[month] += figure
        return months

    def _rows_of(self, team: Any, depth: int) -> Iterator[dict[str, Any]]:
        own = self.plan.own.get(("team", team.id), {})
        sees_all = may_set(self.actor, team.id)
        inner = depth
        # The own team's figure is seen by its people too; a sum of colleagues whom one does not see is not.
        if sees_all or own or ("team", team.id) in self.others:
            inner = depth + 1
            months = self._reached_by(team.id) if sees_all else None
            yield {
                "key": f"team:{team.id}",
                "user_id": None,
                "team_id": team.id,
                "name": team.name,
                "parent_team_id": team.parent_id,
                "depth": depth,
                "mode": "own" if own else "sum",
                "can_write": self.sets and sees_all,
                "cells": self._cells(("team", team.id), self.plan.of_team(team.id), months),
            }
        for person in self.plan.members[team.id]:
            yield from self._person(person, inner)
        for child in self.plan.below[team.id]:
            yield from self._rows_of(child, inner)

    def _person(self, person: Any, depth: int) -> Iterator[dict[str, Any]]:
        whom, actual = ("user", person.id), self.by_user.get(person.id, {})
        is_set = whom in self.plan.own or whom in self.others
        # Who is in no team, or has left, stands here for what he or she was to reach or has reached.
        is_expected = person.is_active and (person.team_id is not None or person.id == self.actor.user_id)
        if is_expected or is_set or actual:
            yield {
                "key": f"user:{person.id}",
                "user_id": person.id,
                "team_id": None,
                "name": person.name,
                "parent_team_id": person.team_id,
                "depth": depth,
                "mode": None,
                "can_write": self.sets and bool(person.is_active) and may_set(self.actor, person.team_id),
                "cells": self._cells(whom, self.plan.of_person(person.id), actual),
            }

    def _cells(self, whom: Whom, figures: Own, months: Mapping[int, Decimal] | None) -> list[dict[str, Any]]:
        actuals = None if months is None else added_up(months, self.plan.year)
        own, others = self.plan.own.get(whom, {}), self.others.get(whom, {})
        cells = []
        for span in self.spans:
            target = figures.get(span.key)
            actual = None if actuals is None else actuals[span.key]
            cells.append(
                {
                    "key": span.key,
                    "period": span.kind,
                    "period_on": span.first,
                    "target": None if target is None else self._text(target),
                    "is_own": span.key in own,
                    "set_as": others.get(span.key),
                    "actual": None if actual is None else self._text(actual),
                    "attainment": share_of(actual, target),
                }
            )
        return cells

    def _text(self, figure: Decimal) -> str:
        return decimal_text(rounded(figure, self.currency) if self.currency else figure)


def _within(row: Mapping[str, Any], team_id: int | None, teams: Iterable[Any]) -> bool:
    """Whether a row is a team's, or lies below it."""
    if team_id is None:
        return True
    parents = {team.id: team.parent_id for team in teams}
    at = row["team_id"] if row["team_id"] is not None else row["parent_team_id"]
    while at is not None and at != team_id:
        at = parents.get(at)
    return at is not None


__all__ = ["attainment"]
