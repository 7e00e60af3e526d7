"""The lines of a quote, and the amounts that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from ..database import db
from ..deal.models import DealLine, Product
from ..errors import Issue, invalid
from ..money.rules import CURRENCIES, MOST, fits
from ..routing import assign
from .amounts import Priced, amounts_of
from .models import Quote, QuoteLine

COPIED = ("code", "name", "specification", "unit")
"""What a line copies from its product."""

CONTENT = ("product_id", *COPIED, "quantity", "unit_price", "discount_percent", "tax_percent")


def lines_of(quote: Quote) -> list[QuoteLine]:
    """The stored lines in their order."""
    query = select(QuoteLine).where(QuoteLine.quote_id == quote.id)
    return list(db.session.execute(query.order_by(QuoteLine.position, QuoteLine.id)).scalars())


def lines_of_deal(deal_id: int) -> list[dict[str, Any]]:
    """The lines of a deal as those of a new quote."""
    query = (
        select(DealLine, Product)
        .join(Product, Product.id == DealLine.product_id)
        .where(DealLine.deal_id == deal_id)
        .order_by(DealLine.position, DealLine.id)
    )
    priced = ("product_id", "quantity", "unit_price", "discount_percent", "tax_percent")
    return [
        {name: getattr(line, name) for name in priced} | {name: getattr(product, name) for name in COPIED}
        for line, product in db.session.execute(query)
    ]


def set_lines(quote: Quote, sent: Sequence[dict[str, Any]]) -> None:
    """Replace the lines of a stored quote; those whose `id` is named stay the same rows.

    Raises:
        Problem: 422 for lines that are not the quote's, unknown products, or lines without a name.
    """
    present = {line.id: line for line in lines_of(quote)}
    products = _products(one.get("product_id") for one in sent)
    issues: list[Issue] = []
    kept: set[int] = set()
    rows: list[tuple[QuoteLine | None, dict[str, Any]]] = []
    for number, values in enumerate(sent):
        line_id = values.get("id")
        line = None if line_id is None else present.get(line_id)
        if line_id is not None and (line is None or line_id in kept):
            issues.append(Issue(f"#/lines/{number}/id", "unknown_record"))
        kept.add(line_id or 0)
        product_id = values.get("product_id")
        product = products.get(product_id or 0)
        stays = line is not None and line.product_id == product_id
        if product_id is not None and not stays and (product is None or not product.is_active):
            issues.append(Issue(f"#/lines/{number}/product_id", "unknown_record"))
        # What nobody names stays as it was copied once; a new line copies it now.
        source: Any = line if stays else product
        row = {name: getattr(source, name, None) for name in (*COPIED, "tax_percent")}
        row |= {"discount_percent": None, "product_id": None}
        row |= {name: values[name] for name in CONTENT if name in values}
        if row["name"] is None:
            issues.append(Issue(f"#/lines/{number}/name", "required"))
        rows.append((line, row | {"position": number}))
    if issues:
        raise invalid(*issues)
    for line_id in present.keys() - kept:
        db.session.delete(present[line_id])
    for line, row in rows:
        if line is None:
            db.session.add(QuoteLine(quote_id=quote.id, amount=0, **row))
        else:
            assign(line, row)
    db.session.flush()


def settle(quote: Quote) -> None:
    """Compute the amounts of a stored quote and of its lines.

    Raises:
        Problem: 422 for a discount that is finer than the currency or more than the lines, and amounts beyond the
            largest one.
    """
    lines = lines_of(quote)
    found = amounts_of(
        [Priced(one.quantity, one.unit_price, one.discount_percent, one.tax_percent) for one in lines],
        quote.currency,
        discount_percent=quote.discount_percent,
        discount_amount=quote.discount_amount,
        prices_include_tax=quote.prices_include_tax,
    )
    issues = [
        Issue(f"#/lines/{number}", "out_of_range", {"min": 0, "max": MOST})
        for number, amount in enumerate(found.lines)
        if amount > MOST
    ]
    if not issues and max(found.subtotal, found.total) > MOST:
        issues.append(Issue("#/lines", "out_of_range", {"min": 0, "max": MOST}))
    lowered = quote.discount_amount
    if lowered is not None and not fits(lowered, quote.currency):
        issues.append(Issue("#/discount_amount", "too_precise", {"places": CURRENCIES[quote.currency]}))
    elif lowered is not None and lowered > found.subtotal:
        issues.append(Issue("#/discount_amount", "out_of_range", {"min": 0, "max": found.subtotal}))
    if issues:
        raise invalid(*issues)
    for line, amount in zip(lines, found.lines, strict=True):
        assign(line, {"amount": amount})
    assign(quote, {name: getattr(found, name) for name in ("subtotal", "discount", "net", "tax", "total")})


def _products(ids: Iterable[int | None]) -> dict[int, Product]:
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    return {one.id: one for one in db.session.execute(select(Product).where(Product.id.in_(wanted))).scalars()}
