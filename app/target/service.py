"""Use cases of targets: create, edit, delete, restore one; save a year's grid at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, select

from ..access import Actor
from ..auth.models import Team, User
from ..database import IdList, db, member_of
from ..deal.models import Product
from ..errors import Issue, invalid
from ..journal import SETTLE
from ..money.rules import CURRENCIES, fits
from ..routing import assign, remove, restore
from ..transaction import hold
from .models import Measure, Target, may_set
from .periods import Span, begins

PER_PRODUCT = (Measure.WON_AMOUNT, Measure.WON_COUNT)
"""What can be counted of one product only."""

_SUBJECT = ("user_id", "team_id")
_FIXED = (*_SUBJECT, "period", "period_on", "measure", "product_id")


def create(actor: Actor, values: dict[str, Any]) -> Target:
    """A new target.

    Raises:
        Problem: 422 with every fault; 409 where there is one for the same subject, period, measure and product.
    """
    subject, issues = _subject(actor, _people(values), values, "#")
    issues += _counted_faults(values)
    if not begins(values["period"], values["period_on"]):
        issues.append(Issue("#/period_on", "first_day", {"period": values["period"]}))
    currency = _currency(values)
    issues += _value_faults("#/value", values["value"], currency)
    if issues:
        raise invalid(*issues)
    assert subject is not None
    return _add({**values, "currency": currency, "home_team_id": subject.home_team_id})


def edit(_actor: Actor, target: Target, values: dict[str, Any]) -> Target:
    """Set another figure, or another currency; everything else is another target.

    Raises:
        Problem: 422 with every fault.
    """
    issues = [
        Issue(f"#/{name}", "fixed")
        for name in _FIXED
        if values.get(name, getattr(target, name)) != getattr(target, name)
    ]
    after = {"measure": target.measure, "currency": target.currency, **values}
    if "currency" in values:
        issues += _currency_faults(after)
    currency = _currency(after)
    issues += _value_faults("#/value", values.get("value", target.value), currency)
    if issues:
        raise invalid(*issues)
    assign(target, {**values, "currency": currency})
    return target


def save_grid(actor: Actor, values: dict[str, Any]) -> dict[str, int]:
    """Set, change and take away targets of a year in one step; figures that are not named stay.

    Raises:
        Problem: 422 with every fault, by row and period.
    """
    year, rows, currency = values["year"], values["rows"], _currency(values)
    # Two grids of one year would else both find a figure missing and both add it.
    hold(f"targets of {year}")
    issues = _counted_faults(values)
    people = _people(*rows)
    wanted: dict[str, tuple[str, dict[str, Any], Decimal | None]] = {}
    seen: set[tuple[int | None, int | None]] = set()
    for number, row in enumerate(rows):
        at = f"#/rows/{number}"
        subject, faults = _subject(actor, people, row, at)
        issues += faults
        if subject is not None:
            if subject.ids in seen:
                issues.append(Issue(f"{at}/{subject.field}", "repeated_row"))
            seen.add(subject.ids)
        for span, figure in row["cells"].items():
            cell = f"{at}/cells/{span.key}"
            if span.first.year != year:
                issues.append(Issue(cell, "other_year", {"year": year}))
            if figure is not None:
                issues += _value_faults(cell, figure, currency)
            if subject is not None:
                slot = _slot(values, subject, span, currency)
                wanted[slot_key(slot)] = (cell, slot, figure)
    present = _present(wanted)
    issues += [
        Issue(cell, "other_currency", {"currency": present[key].currency})
        for key, (cell, _, _) in wanted.items()
        if key in present and present[key].currency != currency
    ]
    if issues:
        raise invalid(*issues)
    return _write(actor, wanted, present)


@dataclass(frozen=True)
class _Subject:
    """Whom a target is for, and whose managers set it."""

    field: str
    ids: tuple[int | None, int | None]
    home_team_id: int | None


class _People:
    """The active users and teams among those named."""

    def __init__(self, user_ids: Iterable[int], team_ids: Iterable[int]) -> None:
        users = select(User.id, User.team_id).where(User.is_active, User.id.in_(set(user_ids)))
        teams = select(Team.id).where(Team.is_active, Team.id.in_(set(team_ids)))
        self.users = {row.id: row.team_id for row in db.session.execute(users)}
        self.teams = set(db.session.execute(teams).scalars())


def _people(*named: Mapping[str, Any]) -> _People:
    return _People(*([row[name] for row in named if row.get(name) is not None] for name in _SUBJECT))


def _subject(actor: Actor, people: _People, named: Mapping[str, Any], at: str) -> tuple[_Subject | None, list[Issue]]:
    """Whom a target is for; with what is wrong about that."""
    user_id, team_id = named.get("user_id"), named.get("team_id")
    if (user_id is None) == (team_id is None):
        return None, [Issue(f"{at}/user_id", "one_subject")]
    field = "user_id" if user_id is not None else "team_id"
    if user_id is not None and user_id not in people.users:
        return None, [Issue(f"{at}/user_id", "unknown_user")]
    if team_id is not None and team_id not in people.teams:
        return None, [Issue(f"{at}/team_id", "unknown_record")]
    home = team_id if user_id is None else people.users[user_id]
    if not may_set(actor, home):
        return None, [Issue(f"{at}/{field}", "not_yours_to_set")]
    return _Subject(field, (user_id, team_id), home), []


def _counted_faults(values: Mapping[str, Any]) -> list[Issue]:
    """What is wrong about product and currency."""
    issues = _currency_faults(values)
    product_id = values.get("product_id")
    if product_id is None:
        return issues
    if values["measure"] not in PER_PRODUCT:
        return [*issues, Issue("#/product_id", "no_product")]
    known = select(Product.id).where(Product.id == product_id, Product.is_active)
    if db.session.execute(known).first() is None:
        issues.append(Issue("#/product_id", "unknown_record"))
    return issues


def _currency_faults(values: Mapping[str, Any]) -> list[Issue]:
    is_money = values["measure"] == Measure.WON_AMOUNT
    return [] if is_money or values.get("currency") is None else [Issue("#/currency", "no_currency")]


def _currency(values: Mapping[str, Any]) -> str | None:
    if values["measure"] != Measure.WON_AMOUNT:
        return None
    return values.get("currency") or str(current_app.config["LIANXI"].base_currency)


def _value_faults(at: str, value: Decimal, currency: str | None) -> list[Issue]:
    """An amount has the decimal places of its currency, a count has none."""
    if currency is None:
        return [] if value == int(value) else [Issue(at, "too_precise", {"places": 0})]
    return [] if fits(value, currency) else [Issue(at, "too_precise", {"places": CURRENCIES[currency]})]


def slot_key(values: Mapping[str, Any]) -> str:
    """Subject, period, measure and product of a target in one text."""
    whom = f"user {values['user_id']}" if values.get("user_id") is not None else f"team {values['team_id']}"
    return f"{whom} {values['period']} {values['period_on']} {values['measure']} {values.get('product_id') or '-'}"


def _slot(values: Mapping[str, Any], subject: _Subject, span: Span, currency: str | None) -> dict[str, Any]:
    user_id, team_id = subject.ids
    return {
        "user_id": user_id,
        "team_id": team_id,
        "home_team_id": subject.home_team_id,
        "period": span.kind,
        "period_on": span.first,
        "measure": values["measure"],
        "product_id": values.get("product_id"),
        "currency": currency,
    }


def _present(keys: Iterable[str]) -> dict[str, Target]:
    """The stored targets of these slots, locked."""
    query = (
        select(Target)
        .where(Target.is_active, member_of(Target.slot_key, bindparam("slots", type_=IdList(of_text=True))))
        .order_by(Target.id)
        .with_for_update()
    )
    return {target.slot_key: target for target in db.session.execute(query, {"slots": list(keys)}).scalars()}


def _write(
    actor: Actor,
    wanted: Mapping[str, tuple[str, dict[str, Any], Decimal | None]],
    present: Mapping[str, Target],
) -> dict[str, int]:
    done = dict.fromkeys(("created", "updated", "removed"), 0)
    for key, (_, slot, figure) in wanted.items():
        target = present.get(key)
        if figure is None:
            if target is not None:
                remove(actor, target)
                done["removed"] += 1
        elif target is None:
            db.session.add(Target(**slot, value=figure, slot_key=key))
            done["created"] += 1
        elif target.value != figure:
            target.value = figure
            done["updated"] += 1
    db.session.flush()
    return done


def _add(values: dict[str, Any]) -> Target:
    target = Target(**values, slot_key=slot_key(values))
    db.session.add(target)
    db.session.flush()
    return target


# Nothing that can be changed of a target has others follow it.
SETTLE["target"] = lambda _target, _undone: None


__all__ = ["create", "edit", "remove", "restore", "save_grid"]
