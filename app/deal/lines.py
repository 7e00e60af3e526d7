"""The lines of a deal and the amount that follows from them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, bindparam, select

from ..database import db
from ..errors import Issue, invalid
from ..money.rules import CURRENCIES, MOST, fits, line_amount
from ..routing import assign
from .models import Deal, DealLine, Product

_LINES = (
    select(DealLine)
    .where(DealLine.deal_id == bindparam("deal_id", type_=BigInteger()))
    .order_by(DealLine.position, DealLine.id)
)


def lines_of(deal: Deal) -> list[DealLine]:
    """The stored lines in their order."""
    return list(db.session.execute(_LINES, {"deal_id": deal.id}).scalars())


@dataclass
class Lines:
    """The lines that a deal will have.

    Attributes:
        stored: those that it has.
        rows: the stored line that stays, None for a new one, and the values that it takes.
    """

    stored: Sequence[DealLine]
    rows: Sequence[tuple[DealLine | None, dict[str, Any]]]

    def total(self) -> Decimal | None:
        """The sum of the lines; None without any.

        Raises:
            Problem: 422 for a sum beyond the largest amount.
        """
        total = sum((row["amount"] for _, row in self.rows), Decimal(0)) if self.rows else None
        if total is not None and total > MOST:
            raise invalid(Issue("#/lines", "out_of_range", {"min": 0, "max": MOST}))
        return total

    def write(self, deal: Deal) -> None:
        """Give a stored deal these lines."""
        kept = {line.id for line, _ in self.rows if line is not None}
        for former in self.stored:
            if former.id not in kept:
                db.session.delete(former)
        for line, row in self.rows:
            if line is None:
                db.session.add(DealLine(deal_id=deal.id, **row))
            else:
                assign(line, row)
        db.session.flush()


def kept_lines(stored: Sequence[DealLine], currency: str) -> Lines:
    """The lines of a deal as they are, in its currency."""
    amounts = [line_amount(line.quantity, line.unit_price, line.discount_percent, currency) for line in stored]
    return Lines(stored, [(line, {"amount": amount}) for line, amount in zip(stored, amounts, strict=True)])


def new_lines(
    stored: Sequence[DealLine],
    sent: Sequence[dict[str, Any]],
    currency: str,
    kept_products: Collection[int] = (),
) -> Lines:
    """The lines that replace those of a deal; those whose `id` is named stay the same rows.

    A line without `tax_percent` takes its product's. One without `id` that stands there already, at its place and with
    its values, stays too: an upsert that is sent twice changes nothing.

    Args:
        kept_products: that may be sold no more, such as those of a deal after which this one is made.

    Raises:
        Problem: 422 for lines that are not the deal's, unknown products, or amounts beyond the largest one.
    """
    present = {line.id: line for line in stored}
    known = _products(sent)
    issues: list[Issue] = []
    kept: set[int] = set()
    rows: list[tuple[DealLine | None, dict[str, Any]]] = []
    for number, values in enumerate(sent):
        line_id = values.get("id")
        line = None if line_id is None else present.get(line_id)
        if line_id is not None and (line is None or line_id in kept):
            issues.append(Issue(f"#/lines/{number}/id", "unknown_record"))
        if line_id is not None:
            kept.add(line_id)
        product_id = values["product_id"]
        stays = product_id in kept_products or (line is not None and line.product_id == product_id)
        if product_id not in known and not stays:
            issues.append(Issue(f"#/lines/{number}/product_id", "unknown_record"))
        amount = line_amount(values["quantity"], values["unit_price"], values.get("discount_percent"), currency)
        if amount > MOST:
            issues.append(Issue(f"#/lines/{number}", "out_of_range", {"min": 0, "max": MOST}))
        tax = values["tax_percent"] if "tax_percent" in values else known.get(product_id)
        rows.append(
            (
                line,
                {
                    "position": number,
                    "product_id": product_id,
                    "quantity": values["quantity"],
                    "unit_price": values["unit_price"],
                    "discount_percent": values.get("discount_percent"),
                    "tax_percent": tax,
                    "amount": amount,
                },
            )
        )
    if issues:
        raise invalid(*issues)
    for number, (line, row) in enumerate(rows):
        if line is None and (twin := _twin(row, present, kept)) is not None:
            kept.add(twin.id)
            rows[number] = (twin, row)
    return Lines(stored, rows)


def _twin(row: dict[str, Any], present: dict[int, DealLine], kept: set[int]) -> DealLine | None:
    """The stored line, not named by the input, that is exactly the one that was sent."""
    for line in present.values():
        if line.id not in kept and all(getattr(line, name) == value for name, value in row.items()):
            return line
    return None


def amount_of(deal: Deal | None, sent: dict[str, Any], lines: Lines, currency: str) -> tuple[Decimal | None, bool]:
    """The amount of a deal and whether it is set by hand: what was sent, else the sum of the lines.

    Args:
        deal: as it is stored; None for a new one.
        sent: `amount` null or `amount_is_manual` false has the amount follow from the lines again.
        lines: that the deal will have.
        currency: that it will be in.

    Raises:
        Problem: 422 for an amount that has more decimal places than the currency, is too large, or contradicts
            `amount_is_manual`.
    """
    manual = deal is not None and deal.amount_is_manual
    if "amount" in sent:
        manual = sent["amount"] is not None
    if "amount_is_manual" in sent:
        if not sent["amount_is_manual"] and sent.get("amount") is not None:
            raise invalid(Issue("#/amount", "amount_computed"))
        manual = sent["amount_is_manual"]
    if not manual:
        return lines.total(), False
    amount = sent.get("amount", None if deal is None else deal.amount)
    if amount is not None and not fits(amount, currency):
        raise invalid(Issue("#/amount", "too_precise", {"places": CURRENCIES[currency]}))
    return amount, True


def _products(sent: Sequence[dict[str, Any]]) -> dict[int, Decimal | None]:
    """Products on sale among those named, with their tax; lines that stay may keep a product that is sold no more."""
    wanted = {values["product_id"] for values in sent}
    if not wanted:
        return {}
    rows = db.session.execute(select(Product.id, Product.tax_percent).where(Product.id.in_(wanted), Product.is_active))
    return {row.id: row.tax_percent for row in rows}
