"""Totals over several currencies: what stands in another one is converted at the rate of its date.

Amounts stay in their own currency. SQL adds up what shares currency and rate (`rate_of`), exactly; Python multiplies
each such sum with its rate and rounds the total once. Currencies without any rate are never added: they are listed
apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, String, case, cast, func, literal, null, select

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

    def converted(self, amount: Decimal, currency: str, rate: str | None, target_rate: str | None) -> Decimal | None:
        """An exact amount in the currency of the total; None where a rate lacks."""
        if currency == self.target:
            return amount
        if currency != self.base:
            if rate is None:
                return None
            amount *= Decimal(rate)
        if self.target != self.base:
            if target_rate is None:
                return None
            amount /= Decimal(target_rate)
        return amount

    def added(self, found: Iterable[tuple[str, str | None, str | None]]) -> list[str]:
        """The currencies of a total, its own first, out of (currency, rate, rate of the total's currency)."""
        known = {currency for currency, rate, other in found if self.converted(Decimal(1), currency, rate, other)}
        return [self.target, *sorted(known - {self.target})]
