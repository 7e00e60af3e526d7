"""Attainment: the targets of a year beside what was reached, for every team and person whom the reader sees."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from flask import current_app
from sqlalchemy import Connection, select

from ..access import Actor, Permission
from ..auth.models import Team, User
from ..database import decimal_text, read_engine
from ..deal.service import today
from ..errors import Issue, invalid
from ..messages import say
from ..money.rules import amount_text, reporting_currency
from .models import Measure, Target, may_set, targets
from .periods import PeriodKind, Span, added_up, rolled_up, spans_of
from .queries import reached
from .service import PER_PRODUCT

Own = dict[str, Decimal]
"""Figures that were set, by the key of their period."""


@dataclass
class _Year:
    """What is known of a year."""

    year: int
    teams: list[Any]
    people: list[Any]
    own: dict[tuple[str, int], Own]
    by_user: dict[int, dict[int, Decimal]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Decimal)))
    by_team: dict[int, dict[int, Decimal]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Decimal)))


def attainment(actor: Actor, query: Mapping[str, Any]) -> dict[str, Any]:
    """`/targets/attainment`.

    A person's quarter and year are the sums of the months unless they have a figure of their own. A team with any
    figure of its own in the year goes by those, else by the sum of its people and of the teams below. What was reached
    counts in the periods of the reader's zone.

    Raises:
        Problem: 422 for a product of what is not counted by product.
    """
    year = query.get("year") or today(actor).year
    measure, product_id = query.get("measure", Measure.WON_AMOUNT), query.get("product_id")
    if product_id is not None and measure not in PER_PRODUCT:
        raise invalid(Issue("product_id", "no_product"))
    with read_engine().connect() as connection:
        stored = _stored(connection, actor, measure, year, product_id)
        currency, counts = None, Counter(target.currency for target in stored)
        if measure == Measure.WON_AMOUNT:
            currency = reporting_currency(query.get("currency"), current_app.config["LIANXI"].base_currency, counts)
        found = _year(connection, actor, year, [target for target in stored if target.currency == currency])
        for user_id, team_id, month, units in reached(connection, actor, measure, year, product_id, currency):
            figure = Decimal(units).scaleb(-4) if currency else Decimal(units)
            for by, subject_id in ((found.by_user, user_id), (found.by_team, team_id)):
                if subject_id is not None:
                    by[subject_id][month] += figure
    rows = [
        row
        for row in _Tree(actor, found, currency).rows()
        if query.get("user_id") in (None, row["user_id"]) and _within(row, query.get("team_id"), found)
    ]
    return {
        "rows": rows,
        "meta": {
            "year": year,
            "measure": measure,
            "product_id": product_id,
            "currency": currency,
            "currencies": sorted(filter(None, counts)),
            "as_of": datetime.now(UTC).replace(microsecond=0),
            "definition": say(f"target.{measure}.definition") + " " + say("target.definition"),
        },
    }


def _stored(connection: Connection, actor: Actor, measure: str, year: int, product_id: int | None) -> list[Any]:
    query = select(
        Target.user_id, Target.team_id, Target.period, Target.period_on, Target.value, Target.currency
    ).where(
        Target.is_active,
        targets.visible(actor.shape),
        Target.measure == measure,
        Target.period_on >= date(year, 1, 1),
        Target.period_on <= date(year, 12, 31),
        Target.product_id.is_(None) if product_id is None else Target.product_id == product_id,
    )
    return list(connection.execute(query, dict(actor.binds)))


def _year(connection: Connection, actor: Actor, year: int, stored: list[Any]) -> _Year:
    teams = connection.execute(select(Team.id, Team.name, Team.parent_id).where(Team.is_active).order_by(Team.sort_key))
    people = connection.execute(select(User.id, User.name, User.team_id, User.is_active).order_by(User.sort_key))
    own: dict[tuple[str, int], Own] = defaultdict(dict)
    for target in stored:
        whom = ("user", target.user_id) if target.user_id is not None else ("team", target.team_id)
        own[whom][Span(PeriodKind(target.period), target.period_on).key] = target.value
    seen = [one for one in people if "all" in actor.tokens or one.id == actor.user_id or may_set(actor, one.team_id)]
    return _Year(year, list(teams), seen, own)


class _Tree:
    """The teams with their people as rows, in the order of the tree."""

    def __init__(self, actor: Actor, found: _Year, currency: str | None) -> None:
        self.actor, self.found, self.currency = actor, found, currency
        self.spans = spans_of(found.year)
        self.sets = actor.may(Permission.TARGET_WRITE)
        known = {team.id for team in found.teams}
        self.below: dict[int | None, list[Any]] = defaultdict(list)
        for team in found.teams:
            self.below[team.parent_id if team.parent_id in known else None].append(team)
        self.members: dict[int | None, list[Any]] = defaultdict(list)
        for person in found.people:
            self.members[person.team_id if person.team_id in known else None].append(person)
        # Everything about a team is worked out once, from the leaves up.
        self.targets: dict[int, Own] = {}
        self.actuals: dict[int, dict[int, Decimal]] = {}
        for team in self.below[None]:
            self._work_out(team)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each team, its people, the teams below it; at the end the people of no team."""
        for team in self.below[None]:
            yield from self._rows_of(team, 0)
        for person in self.members[None]:
            yield from self._person(person, 0)

    def _work_out(self, team: Any) -> None:
        actual = dict(self.found.by_team.get(team.id, {}))
        parts = [self._target_of(person) for person in self.members[team.id]]
        for child in self.below[team.id]:
            self._work_out(child)
            parts.append(self.targets[child.id])
            for month, figure in self.actuals[child.id].items():
                actual[month] = actual.get(month, Decimal(0)) + figure
        own = self.found.own.get(("team", team.id))
        summed: Own = defaultdict(Decimal)
        for part in [] if own else parts:
            for key, figure in part.items():
                summed[key] += figure
        self.targets[team.id] = rolled_up(own, self.found.year) if own else dict(summed)
        self.actuals[team.id] = actual

    def _target_of(self, person: Any) -> Own:
        return rolled_up(self.found.own.get(("user", person.id), {}), self.found.year)

    def _rows_of(self, team: Any, depth: int) -> Iterator[dict[str, Any]]:
        own = self.found.own.get(("team", team.id), {})
        sees_all = may_set(self.actor, team.id)
        inner = depth
        # The own team's figure is seen by its people too; a sum of colleagues whom one does not see is not.
        if sees_all or own:
            inner = depth + 1
            yield {
                "key": f"team:{team.id}",
                "user_id": None,
                "team_id": team.id,
                "name": team.name,
                "parent_team_id": team.parent_id,
                "depth": depth,
                "mode": "own" if own else "sum",
                "can_write": self.sets and sees_all,
                "cells": self._cells(own, self.targets[team.id], self.actuals[team.id] if sees_all else None),
            }
        for person in self.members[team.id]:
            yield from self._person(person, inner)
        for child in self.below[team.id]:
            yield from self._rows_of(child, inner)

    def _person(self, person: Any, depth: int) -> Iterator[dict[str, Any]]:
        own, actual = self.found.own.get(("user", person.id), {}), self.found.by_user.get(person.id, {})
        # Who is in no team, or has left, stands here for what he or she was to reach or has reached.
        is_expected = person.is_active and (person.team_id is not None or person.id == self.actor.user_id)
        if is_expected or own or actual:
            yield {
                "key": f"user:{person.id}",
                "user_id": person.id,
                "team_id": None,
                "name": person.name,
                "parent_team_id": person.team_id,
                "depth": depth,
                "mode": None,
                "can_write": self.sets and bool(person.is_active) and may_set(self.actor, person.team_id),
                "cells": self._cells(own, self._target_of(person), actual),
            }

    def _cells(self, own: Own, figures: Own, months: Mapping[int, Decimal] | None) -> list[dict[str, Any]]:
        actuals = None if months is None else added_up(months, self.found.year)
        cells = []
        for span in self.spans:
            target = figures.get(span.key)
            actual = None if actuals is None else actuals[span.key]
            known = actual is not None and target is not None and target > 0
            cells.append(
                {
                    "key": span.key,
                    "period": span.kind,
                    "period_on": span.first,
                    "target": None if target is None else self._text(target),
                    "is_own": span.key in own,
                    "actual": None if actual is None else self._text(actual),
                    "attainment": round(float(actual / target), 4) if known and actual is not None and target else None,
                }
            )
        return cells

    def _text(self, figure: Decimal) -> str:
        return amount_text(int(figure.scaleb(4)), self.currency) if self.currency else decimal_text(figure)


def _within(row: Mapping[str, Any], team_id: int | None, found: _Year) -> bool:
    """Whether a row is a team's, or lies below it."""
    if team_id is None:
        return True
    parents = {team.id: team.parent_id for team in found.teams}
    at = row["team_id"] if row["team_id"] is not None else row["parent_team_id"]
    while at is not None and at != team_id:
        at = parents.get(at)
    return at is not None


__all__ = ["attainment"]
