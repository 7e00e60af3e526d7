"""The figures of a report: totals, with the means and shares made of them."""

from __future__ import annotations

from marshmallow import fields

from ..database import decimal_text
from ..money.rules import rounded
from ..money.totals import Totals
from ..schema import DecimalText, Line, StrictSchema


class CurrencyAmountSchema(StrictSchema):
    """How much of a figure stands in a currency that could not be converted."""

    currency = Line()
    count = fields.Integer()
    amount = DecimalText(low=None)


class Tally(Totals):
    """The figures of one row of a report, or of its totals."""

    def mean_amount(self, name: str, of: str, apart: str = "") -> str | None:
        """A sum of money divided by the number of deals that it is made of.

        Args:
            name: the sum.
            of: the count of all deals; those whose money stands apart are taken off.
        """
        count = self.number(of) - sum(other.get(of, 0) for other in self.apart.values())
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


def days(total: float, count: int) -> float | None:
    """A mean of days in two decimals."""
    # Adding zero makes the negative zero of a deal that is younger than a second a plain one.
    return round(float(total) / count, 2) + 0.0 if count else None
