"""Totals over several currencies: what stands in another one is converted at the rate of its date.

Amounts stay in their own currency. SQL adds up what shares currency and rate (`rate_of`), exactly; Python multiplies
each such sum with its rate and rounds the total once. Currencies without any rate are never added: they are listed
apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, case, func, literal, select

from .models import ExchangeRate


@dataclass(frozen=True)
class Rate:
    """One stored rate: what a unit of the currency is worth in the base currency from a day on."""

    id: int
    currency: str
    valid_on: date
    rate: Decimal


@dataclass(frozen=True)
class Rates:
    """The rates of one base currency, and the currency that totals are wanted in.

    Attributes:
        target: the currency of totals; the base currency unless another one is asked for.
    """

    base: str
    target: str
    rates: Mapping[int, Rate] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: Connection, base: str, target: str | None = None) -> Rates:
        """All rates of a base currency."""
        rows = connection.execute(
            select(ExchangeRate.id, ExchangeRate.currency, ExchangeRate.valid_on, ExchangeRate.rate)
            .where(ExchangeRate.base_currency == base, ExchangeRate.is_active)
            .order_by(ExchangeRate.valid_on)
        )
        rates = {row.id: Rate(row.id, row.currency, row.valid_on, Decimal(row.rate)) for row in rows}
        return cls(base, target or base, rates)

    def newest(self) -> dict[str, Rate]:
        """The newest rate of each currency."""
        return {rate.currency: rate for rate in self.rates.values()}

    def known(self) -> frozenset[str]:
        """The currencies that can be converted into the target."""
        rated = {rate.currency for rate in self.rates.values()} | {self.base}
        return frozenset(rated if self.target in rated else ()) | {self.target}

    def rate_of(self, currency: ColumnElement[Any], day: ColumnElement[Any]) -> ColumnElement[Any]:
        """The id of the rate that holds for a currency on a day, to group by; null in the base currency or without one.

        Before its first rate a currency is worth what that one says.
        """
        if not self.rates:
            return literal(None, BigInteger())
        mine = ExchangeRate.currency == currency, ExchangeRate.base_currency == self.base, ExchangeRate.is_active
        by_day = (
            select(ExchangeRate.id)
            .where(*mine, ExchangeRate.valid_on <= day)
            .order_by(ExchangeRate.valid_on.desc())
            .limit(1)
            .scalar_subquery()
        )
        first = select(ExchangeRate.id).where(*mine).order_by(ExchangeRate.valid_on).limit(1).scalar_subquery()
        return case((currency == self.base, None), else_=func.coalesce(by_day, first))

    def target_rate_of(self, day: ColumnElement[Any]) -> ColumnElement[Any]:
        """The same for the target: null where totals are in the base currency."""
        if self.target == self.base:
            return literal(None, BigInteger())
        return self.rate_of(literal(self.target), day)

    def converted(
        self, amount: Decimal, currency: str, rate_id: int | None, target_rate_id: int | None
    ) -> Decimal | None:
        """An exact amount in the target currency; None where a rate lacks."""
        if currency == self.target:
            return amount
        if currency != self.base:
            if rate_id is None:
                return None
            amount *= self.rates[rate_id].rate
        if self.target != self.base:
            if target_rate_id is None:
                return None
            amount /= self.rates[target_rate_id].rate
        return amount

    def said(self, used: Iterable[str]) -> bool:
        """Whether a total over these currencies is a converted one, which it then says."""
        return bool((set(used) & self.known()) - {self.target})
