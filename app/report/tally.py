"""From grouped rows to figures: counts are added, money is converted by the rate of each group, then added."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from operator import attrgetter
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
    parts: dict[tuple[str, str | None, str | None], dict[str, int]] = field(default_factory=dict)
    apart: dict[str, dict[str, Any]] = field(default_factory=dict)
    known: dict[str, Decimal] = field(default_factory=dict)

    def add(self, row: Any) -> None:
        """Take one group."""
        self.add_counts(row, self.counts)
        self.known.clear()
        key = row.currency, row.rate, row.target_rate
        if self.conversion.converts(*key):
            _add(self.parts.setdefault(key, {}), self.money, row)
        else:
            other = self.apart.setdefault(row.currency, {})
            _add(other, self.money, row)
            _add(other, self.counts, row)

    def add_counts(self, row: Any, names: Collection[str]) -> None:
        """Take what a group without money counts."""
        _add(self.count, names, row)

    def number(self, name: str) -> Any:
        """A count."""
        return self.count.get(name, 0)

    def total(self, name: str) -> Decimal:
        """A sum of money in the currency of the report, exact: what shares a rate is added before it is converted."""
        if name in self.known:
            return self.known[name]
        total, places = Decimal(0), self.money[name]
        for key, part in self.parts.items():
            if units := part.get(name):
                converted = self.conversion.converted(Decimal(units).scaleb(-places), *key)
                assert converted is not None
                total += converted
        self.known[name] = total
        return total

    def amount(self, name: str) -> str:
        """A sum of money as it stands on the wire."""
        if len(self.parts) == 1:
            ((currency, _, _), part) = next(iter(self.parts.items()))
            if currency == self.conversion.target:
                return amount_text(part.get(name), currency, self.money[name])
        return decimal_text(rounded(self.total(name), self.conversion.target))

    def mean_amount(self, name: str, of: str, apart: str = "") -> str | None:
        """A sum of money divided by the number of deals that it is made of.

        Args:
            name: the sum.
            of: the count of all deals; those whose money stands apart are taken off.
        """
        count = self.number(of)
        for other in self.apart.values():
            count -= other.get(of, 0)
        if not count:
            return None
        return decimal_text(rounded(self.total(name) / count, self.conversion.target))

    def mean_days(self, name: str, of: str) -> float | None:
        """Days in two decimals; null where nothing has them."""
        return days(self.number(name), self.number(of))

    def rate(self, name: str, *of: str) -> float | None:
        """A share in 0..1 in four decimals; null where there is nothing to divide by."""
        whole = 0
        for part in of:
            whole += self.count.get(part, 0)
        return round(self.count.get(name, 0) / whole, 4) if whole else None

    def others(self, counts: dict[str, str], money: dict[str, str]) -> list[dict[str, Any]]:
        """What stands in currencies that could not be converted, per currency.

        Args:
            counts: names on the wire to names of counts.
            money: names on the wire to names of sums.
        """
        if not self.apart:
            return []
        return [
            {
                "currency": currency,
                **{shown: found.get(name, 0) for shown, name in counts.items()},
                **{shown: amount_text(found.get(name, 0), currency, self.money[name]) for shown, name in money.items()},
            }
            for currency, found in sorted(self.apart.items())
        ]


@cache
def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Reads several attributes at once: large reports have many groups."""
    return attrgetter(*names) if len(names) > 1 else lambda row: (getattr(row, names[0]),)


def _add(to: dict[str, Any], names: Collection[str], row: Any) -> None:
    names = tuple(names)
    for name, value in zip(names, _reader(names)(row), strict=True):
        if value:
            to[name] = to.get(name, 0) + value


def days(total: float, count: int) -> float | None:
    """A mean of days in two decimals."""
    # Adding zero makes the negative zero of a deal that is younger than a second a plain one.
    return round(float(total) / count, 2) + 0.0 if count else None


def chosen(base: str, asked: str | None, rows: Iterable[Any], count: str) -> Conversion:
    """The conversion of a report, from its grouped rows and the name of their number of deals."""
    counts: dict[tuple[str, str | None], int] = {}
    for row in rows:
        if row.currency is not None:
            key = (row.currency, row.rate)
            counts[key] = counts.get(key, 0) + (getattr(row, count) or 0)
    return Conversion.chosen(base, asked, counts)
