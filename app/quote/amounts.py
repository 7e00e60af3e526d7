"""What a quote amounts to: rounded half up for each line in the currency's smallest unit, then added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..money.rules import line_amount, rounded

_HUNDRED = Decimal(100)
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Priced:
    """What a line asks for; percents are 0 to 100, None means none."""

    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal | None = None
    tax_percent: Decimal | None = None


@dataclass(frozen=True)
class Amounts:
    """The amounts of a quote.

    Attributes:
        lines: of each line after its own discount, in the manner of its price: with tax or without.
        subtotal: their sum.
        discount: what the whole quote is lowered by, in the same manner.
        net: without tax.
        tax: of all lines.
        total: what the buyer pays, `net` and `tax` together.
    """

    lines: tuple[Decimal, ...]
    subtotal: Decimal
    discount: Decimal
    net: Decimal
    tax: Decimal
    total: Decimal


def amounts_of(
    lines: Sequence[Priced],
    currency: str,
    *,
    discount_percent: Decimal | None = None,
    discount_amount: Decimal | None = None,
    prices_include_tax: bool = False,
) -> Amounts:
    """Compute a quote.

    The discount of the whole quote is taken from each line before tax, because lines may be taxed differently.

    Args:
        lines: in their order.
        currency: decides the places.
        discount_percent: of the whole quote, rounded for each line.
        discount_amount: of the whole quote, instead of a percentage; spread over the lines without a rest.
        prices_include_tax: whether prices, and so the amounts of lines, hold the tax.
    """
    amounts = tuple(line_amount(one.quantity, one.unit_price, one.discount_percent, currency) for one in lines)
    subtotal = sum(amounts, _NOTHING)
    if discount_amount is not None:
        lowered = _spread(discount_amount, amounts, currency)
    else:
        lowered = [rounded(amount * (discount_percent or 0) / _HUNDRED, currency) for amount in amounts]
    net = tax = _NOTHING
    for line, amount, less in zip(lines, amounts, lowered, strict=True):
        percent = line.tax_percent or _NOTHING
        if prices_include_tax:
            without = rounded((amount - less) * _HUNDRED / (_HUNDRED + percent), currency)
            tax += amount - less - without
        else:
            without = amount - less
            tax += rounded(without * percent / _HUNDRED, currency)
        net += without
    return Amounts(amounts, subtotal, sum(lowered, _NOTHING), net, tax, net + tax)


def _spread(discount: Decimal, amounts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """An amount divided over lines in proportion to theirs: rounding what has added up leaves no rest."""
    whole = sum(amounts, _NOTHING)
    shares: list[Decimal] = []
    so_far = given = _NOTHING
    for amount in amounts:
        so_far += amount
        upto = rounded(discount * so_far / whole, currency) if whole else _NOTHING
        shares.append(upto - given)
        given = upto
    return shares
