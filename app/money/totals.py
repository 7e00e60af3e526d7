"""From grouped rows to totals: counts are added, money is converted by the rate of each group, then added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..database import EXACT, decimal_text
from .conversion import Conversion
from .rules import amount_text, rounded


@dataclass
class Totals:
    """The counts and sums of money of one row of figures.

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
            amount = Decimal(units).scaleb(-places, EXACT)
            converted = self.conversion.converted(amount, row.currency, row.rate, row.target_rate)
            if converted is not None:
                self.total[name] = EXACT.add(self.total.get(name, Decimal(0)), converted)
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

    def amount(self, name: str) -> str:
        """A sum of money as it stands on the wire."""
        return decimal_text(rounded(self.total.get(name, Decimal(0)), self.conversion.target))

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


def chosen(base: str, asked: str | None, rows: Iterable[Any], count: str) -> Conversion:
    """The conversion of a table of figures, from its grouped rows and the name of their number of deals."""
    counts: dict[tuple[str, str | None], int] = {}
    for row in rows:
        if row.currency is not None:
            key = (row.currency, row.rate)
            counts[key] = counts.get(key, 0) + (getattr(row, count) or 0)
    return Conversion.chosen(base, asked, counts)
