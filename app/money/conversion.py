"""Totals over several currencies: what stands in another one is converted at the rate of its date.

Amounts stay in their own currency. SQL adds up what shares currency and rate (`rate_of`), exactly; Python multiplies
each such sum with its rate and rounds the total once. Currencies without any rate are never added: they are listed
apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, String, case, cast, func, literal, null, select
from sqlalchemy.orm import aliased

from ..database import EXACT
from .models import ExchangeRate
from .rules import reporting_currency


def rate_of(base: str, currency: SQLColumnExpression[Any], day: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    """The rate of a currency on a day as text, to group by; null for the base currency and for one without any rate.

    Before its first rate a currency is worth what that one says.
    """
    mine = ExchangeRate.currency == currency, ExchangeRate.base_currency == base, ExchangeRate.is_active
    by_day = (
        select(ExchangeRate.rate)
        .where(*mine, ExchangeRate.valid_on <= day)
        .order_by(ExchangeRate.valid_on.desc())
        .limit(1)
        .scalar_subquery()
    )
    first = select(ExchangeRate.rate).where(*mine).order_by(ExchangeRate.valid_on).limit(1).scalar_subquery()
    return case((currency == base, null()), else_=func.coalesce(by_day, first))


def rates_since(base: str, currencies: Collection[str], day: date) -> Select[str, date, str]:
    """(currency, from when on, rate) in order of dates: what `rate_of` can say of a day not before `day`."""
    earlier = aliased(ExchangeRate)
    in_force = (
        select(func.max(earlier.valid_on))
        .where(
            earlier.currency == ExchangeRate.currency,
            earlier.base_currency == base,
            earlier.is_active,
            earlier.valid_on <= day,
        )
        .correlate(ExchangeRate)
        .scalar_subquery()
    )
    return (
        select(ExchangeRate.currency, ExchangeRate.valid_on, ExchangeRate.rate)
        .where(
            ExchangeRate.base_currency == base,
            ExchangeRate.is_active,
            ExchangeRate.currency.in_(sorted(currencies)),
            ExchangeRate.valid_on >= func.coalesce(in_force, ExchangeRate.valid_on),
        )
        .order_by(ExchangeRate.currency, ExchangeRate.valid_on)
    )


@dataclass(frozen=True)
class Conversion:
    """From amounts in any currency to one total.

    Attributes:
        base: the currency that rates are in.
        target: the currency of the total.
    """

    base: str
    target: str

    @classmethod
    def chosen(cls, base: str, asked: str | None, counts: Mapping[tuple[str, str | None], int]) -> Conversion:
        """The conversion into what is asked for, else into the base currency.

        Where nothing stands in the base currency nor can be converted into it, the commonest currency speaks.

        Args:
            counts: (currency, its rate) to a number of deals.
        """
        per_currency: Counter[str] = Counter()
        for (currency, rate), count in counts.items():
            # What can be converted counts as if it stood in the base currency.
            per_currency[currency if rate is None else base] += count
        return cls(base, reporting_currency(asked, base, per_currency))

    def target_rate_of(self, day: SQLColumnExpression[Any]) -> ColumnElement[Any]:
        """The rate of the total's currency on a day, to group by; null where it is the base currency."""
        return (
            cast(null(), String())
            if self.target == self.base
            else rate_of(self.base, literal(self.target, String()), day)
        )

    def converts(self, currency: str, rate: str | None, target_rate: str | None) -> bool:
        """Whether an amount can be told in the currency of the total."""
        if currency == self.target:
            return True
        return (currency == self.base or rate is not None) and (self.target == self.base or target_rate is not None)

    def converted(self, amount: Decimal, currency: str, rate: str | None, target_rate: str | None) -> Decimal | None:
        """An exact amount in the currency of the total; None where a rate lacks."""
        if not self.converts(currency, rate, target_rate):
            return None
        if currency != self.target:
            # What is in the base currency has no rate, nor has a total in it.
            amount = EXACT.divide(EXACT.multiply(amount, Decimal(rate or 1)), Decimal(target_rate or 1))
        return amount

    def added(self, found: Iterable[tuple[str, str | None, str | None]]) -> list[str]:
        """The currencies of a total, its own first, out of (currency, rate, rate of the total's currency)."""
        known = {currency for currency, rate, other in found if self.converts(currency, rate, other)}
        return [self.target, *sorted(known - {self.target})]
