"""From a stored quote to its printed page, and images to their readers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app
from gevent import get_hub
from gevent.monkey import is_module_patched

from ..access import Actor
from ..customer.models import customers
from ..database import db, decimal_text
from ..errors import forbidden
from ..messages import catalogue, language
from ..money.rules import CURRENCIES
from .capitals import amount_in_capitals
from .document import Position, Printed, amount_text, document_of
from .lines import lines_of
from .models import CompanyLogo, Quote, QuoteLine, QuoteStatus
from .parties import buyer_of, seller_of
from .service import business_day

_one_at_a_time = Lock()
"""The library keeps the state of its fonts for the whole process."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def respond(quote: Quote, wanted: str | None) -> Response:
    """The PDF of a quote in the language asked for, else in the reader's."""
    printed = _printed(quote, wanted or language())
    answer = Response(_made(printed), 200, mimetype="application/pdf")
    name = f"{quote.number}-{quote.revision}.pdf"
    answer.headers.set("Content-Disposition", "inline", filename=name)
    return answer


def respond_logo(logo: CompanyLogo) -> Response:
    """An image for those who are signed in; its address is its hash, so nobody need ask again."""
    answer = Response(logo.content, 200, mimetype=logo.content_type)
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


def _made(printed: Printed) -> bytes:
    """Lay the pages out, off the event loop: it would stop every greenlet of a gevent worker meanwhile."""
    with _one_at_a_time:
        if is_module_patched("threading"):
            return bytes(get_hub().threadpool.apply(document_of, (printed,)))
        return document_of(printed)


def _date(day: date, tongue: str) -> str:
    if tongue == "zh-CN":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _plain(value: Decimal | None, ending: str = "") -> str:
    """A number without the zeros that nobody typed."""
    if value is None:
        return ""
    return f"{Decimal(decimal_text(value)).normalize():,f}{ending}"


def _price(value: Decimal, places: int) -> str:
    """A price of a unit, which may be finer than the currency's coins."""
    exponent = Decimal(decimal_text(value)).normalize().as_tuple().exponent
    return amount_text(value, max(places, -int(exponent)))


def check_buyer(actor: Actor, quote: Quote) -> None:
    """A deal may be shared without its customer, whom a printed quote names with address and tax id.

    Raises:
        Problem: 403 where the customer is out of sight.
    """
    if quote.customer_id is not None and not customers.sees(actor, quote.customer_id):
        raise forbidden()


def _printed(quote: Quote, tongue: str) -> Printed:
    texts = catalogue(tongue)

    def say(key: str, **params: Any) -> str:
        return texts[f"quote.{key}"].format(**params)

    lines = lines_of(quote)
    seller, buyer = seller_of(quote), buyer_of(quote)
    sent_on = (
        quote.sent_at.astimezone(ZoneInfo(current_app.config["LIANXI"].time_zone)).date() if quote.sent_at else None
    )
    number = quote.number if quote.revision == 1 else f"{quote.number} ({say('revision', revision=quote.revision)})"
    capitals = amount_in_capitals(quote.total, quote.currency) if tongue == "zh-CN" else None
    logo = db.session.get(CompanyLogo, seller["logo"]) if seller["logo"] else None
    notes = [(say("terms"), quote.terms or ""), (say("bank"), seller["bank_account"] or "")]
    return Printed(
        language=tongue,
        title=say("title"),
        number=number,
        stamp=say("draft") if quote.status == QuoteStatus.DRAFT else None,
        logo=logo.content if logo is not None else None,
        facts=[
            (say("number"), number),
            (say("date"), _date(sent_on or business_day(), tongue)),
            (say("valid_until"), _date(quote.valid_until, tongue)),
            (say("currency"), quote.currency),
        ],
        seller_label=say("seller"),
        seller=_seller(seller, tongue, say),
        buyer_label=say("buyer"),
        buyer=_buyer(buyer, tongue, say),
        headings=_headings(quote, lines, say),
        positions=[_position(line, CURRENCIES[quote.currency]) for line in lines],
        sums=_sums(quote, say),
        words=(say("in_words"), capitals) if capitals is not None else None,
        notes=[(heading, text) for heading, text in notes if text.strip()],
        page=lambda page, pages: say("page", page=page, pages=pages),
    )


Say = Callable[..., str]


def _labelled(values: dict[str, Any], names: tuple[str, ...], tongue: str, say: Say) -> list[str]:
    colon = "：" if tongue == "zh-CN" else ": "
    return [f"{say(name)}{colon}{values[name]}" for name in names if values.get(name)]


def _seller(seller: dict[str, Any], tongue: str, say: Say) -> list[str]:
    names = (seller["name_zh"], seller["name_en"])
    name = next((one for one in (names if tongue == "zh-CN" else reversed(names)) if one), "")
    return [name, *_labelled(seller, ("address", "tax_id", "phone", "email"), tongue, say)]


def _buyer(buyer: dict[str, Any], tongue: str, say: Say) -> list[str]:
    parts = buyer["address"]
    order = ("country", "province", "city", "district", "street")
    if tongue == "zh-CN":
        # A municipality is province and city in one.
        named = list(dict.fromkeys(parts[one] for one in order if one in parts))
        address = "".join(named) + (f" {parts['postal_code']}" if "postal_code" in parts else "")
    else:
        address = ", ".join(
            parts[one] for one in ("street", "district", "city", "province", "postal_code", "country") if one in parts
        )
    person = " ".join(one for one in (buyer["person"], buyer["title"]) if one)
    shown = {"address": address, "tax_id": buyer["tax_id"], "person": person}
    return [buyer["name"] or "", *_labelled(shown, ("person", "address", "tax_id"), tongue, say)]


def _headings(quote: Quote, lines: list[QuoteLine], say: Say) -> dict[str, str]:
    found = {name: say(f"column.{name}") for name in ("at", "name", "unit", "quantity", "unit_price")}
    if quote.prices_include_tax:
        found["unit_price"] = say("column.price_with_tax")
    if any(line.discount_percent for line in lines):
        found["discount"] = say("column.discount")
    return found | {"tax": say("column.tax"), "amount": say("column.amount")}


def _position(line: QuoteLine, places: int) -> Position:
    return Position(
        name=line.name,
        details=" · ".join(one for one in (line.code, line.specification) if one),
        unit=line.unit or "",
        quantity=_plain(line.quantity),
        unit_price=_price(line.unit_price, places),
        discount=_plain(line.discount_percent, "%") if line.discount_percent else "",
        tax=_plain(line.tax_percent, "%"),
        amount=amount_text(line.amount, places),
    )


def _sums(quote: Quote, say: Say) -> list[tuple[str, str]]:
    places = CURRENCIES[quote.currency]
    found: list[tuple[str, str]] = []
    if quote.discount:
        percent = f" ({_plain(quote.discount_percent, '%')})" if quote.discount_percent is not None else ""
        found.append((say("subtotal"), amount_text(quote.subtotal, places)))
        found.append((say("discount") + percent, f"-{amount_text(quote.discount, places)}"))
    found += [(say("net"), amount_text(quote.net, places)), (say("tax"), amount_text(quote.tax, places))]
    return [*found, (say("total", currency=quote.currency), amount_text(quote.total, places))]
