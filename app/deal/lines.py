"""The lines of a deal and the amount that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, bindparam, select

from ..database import db
from ..errors import Issue, invalid
from ..routing import assign
from .models import Deal, DealLine, Product
from .money import CURRENCIES, MOST, fits, line_amount

_LINES = (
    select(DealLine)
    .where(DealLine.deal_id == bindparam("deal_id", type_=BigInteger()))
    .order_by(DealLine.position, DealLine.id)
)


def lines_of(deal: Deal) -> list[DealLine]:
    """The stored lines in their order."""
    return list(db.session.execute(_LINES, {"deal_id": deal.id}).scalars())


def set_lines(deal: Deal, sent: Sequence[dict[str, Any]], after: Deal | None = None) -> None:
    """Replace the lines of a stored deal; those whose `id` is named stay the same rows.

    A line without `tax_percent` takes its product's. One without `id` that stands there already, at its place and with
    its values, stays too: an upsert that is sent twice changes nothing.

    Args:
        after: the deal after which this one is made: its products may be sold no more.

    Raises:
        Problem: 422 for lines that are not the deal's, unknown products, or amounts beyond the largest one.
    """
    present = {line.id: line for line in lines_of(deal)}
    known = _products(sent)
    kept_products = {line.product_id for line in lines_of(after)} if after is not None else set()
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
        amount = line_amount(values["quantity"], values["unit_price"], values.get("discount_percent"), deal.currency)
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
    for line_id in present.keys() - kept:
        db.session.delete(present[line_id])
    for line, row in rows:
        if line is None:
            db.session.add(DealLine(deal_id=deal.id, **row))
        else:
            assign(line, row)
    db.session.flush()


def _twin(row: dict[str, Any], present: dict[int, DealLine], kept: set[int]) -> DealLine | None:
    """The stored line, not named by the input, that is exactly the one that was sent."""
    for line in present.values():
        if line.id not in kept and all(getattr(line, name) == value for name, value in row.items()):
            return line
    return None


def settle_amount(deal: Deal, values: dict[str, Any]) -> None:
    """Set the amount of a stored deal: what was sent, else the sum of its lines in its currency.

    Args:
        values: as sent: `amount` null or `amount_is_manual` false has the amount follow from the lines again.

    Raises:
        Problem: 422 for an amount that has more decimal places than the currency, is too large, or contradicts
            `amount_is_manual`.
    """
    manual = deal.amount_is_manual
    if "amount" in values:
        manual = values["amount"] is not None
    if "amount_is_manual" in values:
        if not values["amount_is_manual"] and values.get("amount") is not None:
            raise invalid(Issue("#/amount", "amount_computed"))
        manual = values["amount_is_manual"]
    if manual:
        amount = values.get("amount", deal.amount)
        if amount is not None and not fits(amount, deal.currency):
            raise invalid(Issue("#/amount", "too_precise", {"places": CURRENCIES[deal.currency]}))
    else:
        lines = lines_of(deal)
        for line in lines:
            assign(
                line,
                {"amount": line_amount(line.quantity, line.unit_price, line.discount_percent, deal.currency)},
            )
        amount = sum((line.amount for line in lines), Decimal(0)) if lines else None
        if amount is not None and amount > MOST:
            raise invalid(Issue("#/lines", "out_of_range", {"min": 0, "max": MOST}))
    assign(deal, {"amount": amount, "amount_is_manual": manual})


def _products(sent: Sequence[dict[str, Any]]) -> dict[int, Decimal | None]:
    """Products on sale among those named, with their tax; lines that stay may keep a product that is sold no more."""
    wanted = {values["product_id"] for values in sent}
    if not wanted:
        return {}
    rows = db.session.execute(select(Product.id, Product.tax_percent).where(Product.id.in_(wanted), Product.is_active))
    return {row.id: row.tax_percent for row in rows}
