"""What a column of the board is worth: its exact sums by currency and rate, and the total that they are converted into.

The sums and rates stand in the answer, so that a reader who moves a card can reckon both columns anew to the last cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from ..database import decimal_text
from ..money.conversion import Conversion, rates_since
from ..money.rules import CURRENCIES
from ..money.totals import Totals

_MONEY = {"amount": 4, "weighted": 8}
"""The sums of money of a row, with the decimal places of their units."""


def worth(conversion: Conversion, rows: Iterable[Any], *, tells_amounts: bool) -> dict[str, Any]:
    """The totals of a column.

    Args:
        rows: groups of deals of one currency and rate each, with `currency`, `rate`, `target_rate`, `deal_count`,
            `amount` and `weighted`; several may share both.
        tells_amounts: whether the reader may read what deals are worth; who may not is told how many there are.
    """
    totals = Totals(conversion, ("deal_count",), _MONEY)
    sums: dict[tuple[str, str | None], list[int]] = {}
    for row in rows:
        totals.add(row)
        found = sums.setdefault((row.currency, row.rate), [0, 0, 0])
        for place, name in enumerate(("deal_count", *_MONEY)):
            found[place] += int(getattr(row, name) or 0)
    if not tells_amounts:
        untold: dict[str, Any] = {"amount": None, "weighted_amount": None, "other_amounts": [], "sums": []}
        return {"count": totals.number("deal_count"), **untold}
    return {
        "count": totals.number("deal_count"),
        "amount": totals.amount("amount"),
        "weighted_amount": totals.amount("weighted"),
        "other_amounts": totals.others({"count": "deal_count"}, {"amount": "amount", "weighted_amount": "weighted"}),
        "sums": [
            {
                "currency": currency,
                "rate": rate,
                "count": count,
                "amount": decimal_text(amount, _MONEY["amount"]),
                "weighted_amount": decimal_text(weighted, _MONEY["weighted"]),
            }
            for (currency, rate), (count, amount, weighted) in sorted(
                sums.items(), key=lambda item: (item[0][0], item[0][1] or "")
            )
        ],
    }


def currencies(
    connection: Connection, conversion: Conversion, rows: Sequence[Any], since: date
) -> list[dict[str, Any]]:
    """The currencies of a board with their rates of every day from `since` on."""
    codes = {conversion.base, conversion.target, *(row.currency for row in rows if row.currency is not None)}
    rates: dict[str, list[dict[str, Any]]] = {code: [] for code in sorted(codes)}
    foreign = codes - {conversion.base}
    if foreign:
        for rate in connection.execute(rates_since(conversion.base, foreign, since)):
            rates[rate.currency].append({"valid_on": rate.valid_on, "rate": rate.rate})
    return [{"code": code, "decimal_places": CURRENCIES[code], "rates": found} for code, found in rates.items()]
