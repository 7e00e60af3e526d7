"""Who sells and who buys, as a printed quote names them: frozen once it is sent, as they are before."""

from __future__ import annotations

from typing import Any

from ..customer.models import Customer, Person
from ..database import db
from .company_service import FROZEN, frozen
from .models import Quote, SellingEntity

_ADDRESS = ("country", "province", "city", "district", "street", "postal_code")


def buyer_of(quote: Quote) -> dict[str, Any]:
    """The buyer as the quote names it: a sent one as it was then."""
    if quote.buyer is not None:
        return dict(quote.buyer)
    customer = db.session.get(Customer, quote.customer_id) if quote.customer_id is not None else None
    person = db.session.get(Person, quote.person_id) if quote.person_id is not None else None
    address = (customer.address or {}) if customer is not None else {}
    return {
        "name": (customer.company if customer.kind == "company" else None) or customer.name if customer else None,
        "address": {name: address[name] for name in _ADDRESS if address.get(name)},
        "tax_id": customer.tax_id if customer else None,
        "person": person.name if person else None,
        "title": person.title if person else None,
    }


def seller_of(quote: Quote) -> dict[str, Any]:
    """The seller as the quote names it: a sent one as it was then."""
    if quote.seller is not None:
        return dict(quote.seller)
    entity = db.session.get(SellingEntity, quote.seller_id) if quote.seller_id is not None else None
    return frozen(entity) if entity is not None else dict.fromkeys(FROZEN)
