"""Use cases of exchange rates, kept by an admin or loaded as a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask import current_app
from sqlalchemy import select

from ..access import Actor
from ..database import db, read_engine
from ..errors import Issue, invalid
from ..routing import assign, remove, restore
from .models import ExchangeRate
from .rules import CURRENCIES


def base_currency() -> str:
    """The currency that totals are in."""
    found: str = current_app.config["LIANXI"].base_currency
    return found


def rate_text(rate: Decimal) -> str:
    """A rate as it is stored: plain digits, no trailing zeros."""
    return format(rate.normalize(), "f")


def create(_actor: Actor, values: dict[str, Any]) -> ExchangeRate:
    """A new rate, in the present base currency.

    Raises:
        Problem: 422 for a rate of the base currency itself; 409 when the day has one.
    """
    base = base_currency()
    _check(values, base)
    rate = ExchangeRate(**{**values, "rate": rate_text(values["rate"])}, base_currency=base)
    db.session.add(rate)
    db.session.flush()
    return rate


def edit(_actor: Actor, rate: ExchangeRate, values: dict[str, Any]) -> ExchangeRate:
    """Correct a rate."""
    _check(values, rate.base_currency)
    if "rate" in values:
        values["rate"] = rate_text(values["rate"])
    assign(rate, values)
    return rate


def load_sheet(_actor: Actor, sent: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Set many rates at once; what is there already is replaced, what is equal stays.

    Raises:
        Problem: 422 for rates of the base currency, or two of one day.
    """
    base = base_currency()
    issues: list[Issue] = []
    wanted: dict[tuple[str, date], str] = {}
    for number, row in enumerate(sent):
        key = (row["currency"], row["valid_on"])
        if row["currency"] == base:
            issues.append(Issue(f"#/rates/{number}/currency", "base_currency"))
        if key in wanted:
            issues.append(Issue(f"#/rates/{number}", "repeated"))
        wanted[key] = rate_text(row["rate"])
    if issues:
        raise invalid(*issues)
    currencies = {currency for currency, _ in wanted}
    present = {
        (rate.currency, rate.valid_on): rate
        for rate in db.session.execute(
            select(ExchangeRate).where(
                ExchangeRate.base_currency == base, ExchangeRate.currency.in_(currencies), ExchangeRate.is_active
            )
        ).scalars()
    }
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    for (currency, valid_on), text in wanted.items():
        found = present.get((currency, valid_on))
        if found is None:
            db.session.add(ExchangeRate(currency=currency, base_currency=base, valid_on=valid_on, rate=text))
            counts["created"] += 1
        elif found.rate == text:
            counts["unchanged"] += 1
        else:
            found.rate = text
            counts["updated"] += 1
    db.session.flush()
    return counts


def currencies() -> dict[str, Any]:
    """All currencies with their newest rates, the base currency and those with a rate first."""
    base = base_currency()
    query = (
        select(ExchangeRate.id, ExchangeRate.currency, ExchangeRate.valid_on, ExchangeRate.rate)
        .where(ExchangeRate.base_currency == base, ExchangeRate.is_active)
        .order_by(ExchangeRate.valid_on)
    )
    with read_engine().connect() as connection:
        newest = {row.currency: row for row in connection.execute(query)}
    data = []
    for code in sorted(CURRENCIES, key=lambda code: (code != base, code not in newest, code)):
        rate = newest.get(code)
        data.append(
            {
                "code": code,
                "decimal_places": CURRENCIES[code],
                "is_base": code == base,
                "rate_id": None if rate is None else rate.id,
                "rate": None if rate is None else rate.rate,
                "valid_on": None if rate is None else rate.valid_on,
            }
        )
    return {"base_currency": base, "data": data}


def _check(values: Mapping[str, Any], base: str) -> None:
    if values.get("currency") == base:
        raise invalid(Issue("#/currency", "base_currency"))


__all__ = ["base_currency", "create", "currencies", "edit", "load_sheet", "remove", "restore"]
