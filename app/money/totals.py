"""From grouped rows to totals: counts are added, money is converted by the rate of each group, then added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from operator import attrgetter
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
        """A sum of money in the currency of the total, exact: what shares a rate is added before it is converted."""
        if name in self.known:
            return self.known[name]
        total, places = Decimal(0), self.money[name]
        for key, part in self.parts.items():
            if units := part.get(name):
                converted = self.conversion.converted(Decimal(units).scaleb(-places, EXACT), *key)
                assert converted is not None
                total = EXACT.add(total, converted)
        self.known[name] = total
        return total

    def amount(self, name: str) -> str:
        """A sum of money as it stands on the wire."""
        if len(self.parts) == 1:
            ((currency, _, _), part) = next(iter(self.parts.items()))
            if currency == self.conversion.target:
                return amount_text(part.get(name), currency, self.money[name])
        return decimal_text(rounded(self.total(name), self.conversion.target))

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


def chosen(base: str, asked: str | None, rows: Iterable[Any], count: str, otherwise: Iterable[Any] = ()) -> Conversion:
    """The conversion of a table of figures, from its grouped rows and the name of their number of deals.

    Args:
        otherwise: rows that speak where no deal does.
    """
    counts: dict[tuple[str, str | None], int] = {}
    for row in rows:
        if row.currency is not None:
            key = (row.currency, row.rate)
            counts[key] = counts.get(key, 0) + (getattr(row, count) or 0)
    return Conversion.chosen(base, asked, counts or Counter((row.currency, row.rate) for row in otherwise))
