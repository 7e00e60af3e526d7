"""From grouped rows to figures: counts are added, money is converted by the rate of each group, then added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from marshmallow import fields

from ..database import decimal_text
from ..money.conversion import Conversion
from ..money.rules import amount_text, rounded
from ..schema import DecimalText, Line, StrictSchema


class CurrencyAmountSchema(StrictSchema):
    """How much of a figure stands in a currency that could not be converted."""

    currency = Line()
    count = fields.Integer()
    amount = DecimalText(low=None)


@dataclass
class Tally:
    """The figures of one row of a report, or of its totals.

    Rows of the database carry `currency`, `rate` and `target_rate`, counts, and exact sums of money in units.

    Attributes:
        counts: names of what is added as it is.
        money: names of sums, with the decimal places of their units: 4 for amounts, 8 for weighted ones.
    """

    conversion: Conversion
    counts: Sequence[str]
    money: dict[str, int]
    count: dict[str, Any] = field(default_factory=dict)
    total: dict[str, Decimal] = field(default_factory=dict)
    apart: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, row: Any) -> None:
        """Take one group."""
        self.add_counts(row, self.counts)
        for name, places in self.money.items():
            units = getattr(row, name)
            if units is None:
                continue
            amount = Decimal(units).scaleb(-places)
            converted = self.conversion.converted(amount, row.currency, row.rate, row.target_rate)
            if converted is not None:
                self.total[name] = self.total.get(name, Decimal(0)) + converted
        if self.conversion.converted(Decimal(1), row.currency, row.rate, row.target_rate) is None:
            other = self.apart.setdefault(row.currency, {})
            for name in (*self.counts, *self.money):
                other[name] = other.get(name, 0) + (getattr(row, name) or 0)

    def add_counts(self, row: Any, names: Sequence[str]) -> None:
        """Take what a group without money counts."""
        for name in names:
            self.count[name] = self.count.get(name, 0) + (getattr(row, name) or 0)

    def number(self, name: str) -> Any:
        """A count."""
        return self.count.get(name, 0)

    def sum(self, name: str) -> Decimal:
        """A sum of money, exact."""
        return self.total.get(name, Decimal(0))

    def amount(self, name: str) -> str:
        """A sum of money as it stands on the wire."""
        return decimal_text(rounded(self.sum(name), self.conversion.target))

    def mean_amount(self, name: str, of: str, apart: str = "") -> str | None:
        """A sum of money divided by the number of deals that it is made of.

        Args:
            name: the sum.
            of: the count of all deals; those whose money stands apart are taken off.
        """
        count = self.number(of) - sum(other.get(of, 0) for other in self.apart.values())
        if not count:
            return None
        return decimal_text(rounded(self.sum(name) / count, self.conversion.target))

    def mean_days(self, name: str, of: str) -> float | None:
        """Days in two decimals; null where nothing has them."""
        return days(self.number(name), self.number(of))

    def rate(self, name: str, *of: str) -> float | None:
        """A share in 0..1 in four decimals; null where there is nothing to divide by."""
        whole = sum(self.number(part) for part in of)
        return round(self.number(name) / whole, 4) if whole else None

    def others(self, counts: dict[str, str], money: dict[str, str]) -> list[dict[str, Any]]:
        """What stands in currencies that could not be converted, per currency.

        Args:
            counts: names on the wire to names of counts.
            money: names on the wire to names of sums.
        """
        return [
            {
                "currency": currency,
                **{shown: found.get(name, 0) for shown, name in counts.items()},
                **{shown: amount_text(found.get(name, 0), currency, self.money[name]) for shown, name in money.items()},
            }
            for currency, found in sorted(self.apart.items())
        ]


def days(total: float, count: int) -> float | None:
    """A mean of days in two decimals."""
    # Adding zero makes the negative zero of a deal that is younger than a second a plain one.
    return round(float(total) / count, 2) + 0.0 if count else None


def chosen(base: str, asked: str | None, rows: Iterable[Any], count: str, otherwise: Iterable[Any] = ()) -> Conversion:
    """The conversion of a report, from its grouped rows and the name of their number of deals.

    Args:
        otherwise: rows that speak where no deal does.
    """
    counts: dict[tuple[str, str | None], int] = {}
    for row in rows:
        if row.currency is not None:
            key = (row.currency, row.rate)
            counts[key] = counts.get(key, 0) + (getattr(row, count) or 0)
    return Conversion.chosen(base, asked, counts or Counter((row.currency, row.rate) for row in otherwise))
