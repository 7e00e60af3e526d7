"""Use cases of quotes: create from a deal, edit, send, accept, refuse, revise, delete, restore."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import BigInteger, Select, bindparam, func, or_, select

from .. import routing
from ..access import Actor
from ..customer.models import Person, PersonCustomer, people
from ..database import db
from ..deal.models import Deal, DealPerson, deals
from ..errors import Faults, Issue, Problem, conflict, forbidden, invalid
from ..folding import fold
from ..journal import SETTLE, TAKEN_BACK, SetBack
from ..projection import Shape
from ..routing import assign
from ..transaction import now
from . import company_service
from .lines import CONTENT, lines_of, lines_of_deal, set_lines, settle
from .models import Quote, QuoteLine, QuoteStatus, SellingEntity, quotes
from .numbering import next_number
from .parties import buyer_of

VALID_DAYS = 30
"""How long a quote holds unless somebody says otherwise."""

_COPIED = (
    "deal_id",
    "person_id",
    "seller_id",
    "currency",
    "prices_include_tax",
    "discount_percent",
    "discount_amount",
    "terms",
)


def create(actor: Actor, values: dict[str, Any]) -> Quote:
    """A new quote for a deal that the caller may change; what is not said is copied from the deal.

    Raises:
        Problem: 403 for who may read no quotes; 422 with every fault.
    """
    if not quotes.is_readable(actor.shape):
        raise forbidden()
    faults = Faults()
    deal = _deal(actor, values["deal_id"])
    lines = values.pop("lines", None)
    values = {"currency": deal.currency, "valid_until": business_day() + timedelta(days=VALID_DAYS), **values}
    if "person_id" not in values:
        values["person_id"] = _first_person(actor, deal)
    else:
        _check_person(actor, deal.id, values["person_id"], faults)
    if "seller_id" not in values:
        entity = company_service.default_entity()
        values["seller_id"] = entity.id if entity is not None else None
    else:
        _check_seller(values["seller_id"], faults)
    _check_discount(values.get("discount_percent"), values.get("discount_amount"), faults)
    faults.settle()
    number = next_number(company_service.company().number_pattern, business_day())
    quote = Quote(**values, customer_id=deal.customer_id, number=number, number_key=fold(number))
    quote.expires_at = _end_of(quote.valid_until)
    # Amounts are computed by what is written here; a column's own default would come too late for that.
    quote.prices_include_tax = values.get("prices_include_tax", False)
    db.session.add(quote)
    db.session.flush()
    _set_content(quote, lines_of_deal(deal.id) if lines is None else lines)
    return quote


def edit(actor: Actor, quote: Quote, values: dict[str, Any]) -> Quote:
    """Change the fields of a draft that are present; `lines` are replaced whole.

    Raises:
        Problem: 409 at every field that would change once the quote is sent; 422 with every fault.
    """
    if quote.status != QuoteStatus.DRAFT:
        touched = [name for name, value in values.items() if name == "lines" or getattr(quote, name) != value]
        if touched:
            raise conflict("quote-frozen", *(Issue(f"#/{name}", "frozen") for name in touched))
        return quote
    faults = Faults()
    lines = values.pop("lines", None)
    if values.get("person_id", quote.person_id) != quote.person_id:
        _check_person(actor, quote.deal_id, values["person_id"], faults)
    if values.get("seller_id", quote.seller_id) != quote.seller_id:
        _check_seller(values["seller_id"], faults)
    lowered = {name: values.get(name, getattr(quote, name)) for name in ("discount_percent", "discount_amount")}
    _check_discount(lowered["discount_percent"], lowered["discount_amount"], faults)
    faults.settle()
    assign(quote, values)
    assign(quote, {"expires_at": _end_of(quote.valid_until), "customer_id": _customer_of(quote)})
    _set_content(quote, lines)
    return quote


def remove(actor: Actor, quote: Quote) -> None:
    """Delete softly; the revision before is the latest one again."""
    former = _former(quote)
    if former is not None:
        former.superseded_by_id = None
    routing.remove(actor, quote)


def restore(actor: Actor, quote: Quote) -> Quote:
    """Bring a deleted quote back.

    Raises:
        Problem: 409 when the quote has been revised anew meanwhile.
    """
    routing.restore(actor, quote)
    db.session.flush()
    latest = db.session.execute(
        select(func.max(Quote.revision)).where(Quote.number_key == quote.number_key, Quote.is_active)
    ).scalar_one()
    if latest > quote.revision and quote.superseded_by_id is None:
        raise conflict("quote-superseded")
    former = db.session.execute(
        select(Quote)
        .where(Quote.number_key == quote.number_key, Quote.revision < quote.revision, Quote.is_active)
        .order_by(Quote.revision.desc())
        .limit(1)
        .with_for_update()
    ).scalar_one_or_none()
    if former is not None:
        former.superseded_by_id = quote.id
    return quote


def send(_actor: Actor, quote: Quote) -> Quote:
    """Freeze a draft as it is offered, with its seller and buyer.

    Raises:
        Problem: 409 when it is no draft; 422 for all that an offer needs and that is missing.
    """
    if quote.status != QuoteStatus.DRAFT:
        raise conflict("quote-not-draft")
    assign(quote, {"customer_id": _customer_of(quote)})
    entity = db.session.get(SellingEntity, quote.seller_id) if quote.seller_id is not None else None
    issues = []
    if not lines_of(quote):
        issues.append(Issue("#/lines", "required"))
    if quote.customer_id is None:
        issues.append(Issue("#/customer_id", "required"))
    if entity is None or not entity.is_active:
        issues.append(Issue("#/seller_id", "required"))
    if quote.valid_until < business_day():
        issues.append(Issue("#/valid_until", "past"))
    if issues:
        raise invalid(*issues)
    assert entity is not None
    sent = {"status": QuoteStatus.SENT.value, "sent_at": now(), "expires_at": _end_of(quote.valid_until)}
    assign(quote, sent | {"seller": company_service.frozen(entity), "buyer": buyer_of(quote)})
    return quote


def accept(_actor: Actor, quote: Quote) -> Quote:
    """The buyer takes a sent quote.

    Raises:
        Problem: 409 unless it is sent, the latest revision and still valid.
    """
    _decide(quote, QuoteStatus.ACCEPTED)
    return quote


def refuse(_actor: Actor, quote: Quote) -> Quote:
    """The buyer does not take a sent quote; an expired one may be refused too.

    Raises:
        Problem: 409 unless it is sent and the latest revision.
    """
    _decide(quote, QuoteStatus.REFUSED)
    return quote


def revise(_actor: Actor, quote: Quote) -> Quote:
    """The next revision of a quote that was sent: a draft with the same number and content.

    Raises:
        Problem: 409 for a draft, which can simply be edited, and for a quote that was revised already.
    """
    if quote.status == QuoteStatus.DRAFT:
        raise conflict("quote-not-sent")
    if quote.superseded_by_id is not None:
        raise conflict("quote-superseded")
    highest = db.session.execute(
        select(func.max(Quote.revision)).where(Quote.number_key == quote.number_key)
    ).scalar_one()
    valid_until = quote.valid_until
    if valid_until < business_day():
        valid_until = business_day() + timedelta(days=VALID_DAYS)
    entity = db.session.get(SellingEntity, quote.seller_id) if quote.seller_id is not None else None
    copied = {name: getattr(quote, name) for name in _COPIED}
    if entity is None or not entity.is_active:
        entity = company_service.default_entity()
        copied["seller_id"] = entity.id if entity is not None else None
    draft = Quote(
        **copied,
        number=quote.number,
        number_key=quote.number_key,
        revision=highest + 1,
        customer_id=_customer_of(quote),
        valid_until=valid_until,
        expires_at=_end_of(valid_until),
    )
    db.session.add(draft)
    db.session.flush()
    for line in lines_of(quote):
        row = {name: getattr(line, name) for name in CONTENT}
        db.session.add(QuoteLine(quote_id=draft.id, position=line.position, amount=line.amount, **row))
    db.session.flush()
    settle(draft)
    quote.superseded_by_id = draft.id
    return draft


def business_day() -> date:
    """The date that it is where the business is."""
    return now().astimezone(_zone()).date()


def _zone() -> ZoneInfo:
    return ZoneInfo(current_app.config["LIANXI"].time_zone)


def _end_of(day: date) -> datetime:
    """The moment when a day is over where the business is."""
    return datetime.combine(day + timedelta(days=1), time(), _zone()).astimezone(UTC)


def _set_content(quote: Quote, lines: list[dict[str, Any]] | None) -> None:
    if lines is not None:
        set_lines(quote, lines)
    db.session.flush()
    settle(quote)


def _decide(quote: Quote, decision: QuoteStatus) -> None:
    if quote.status != QuoteStatus.SENT:
        raise conflict("quote-not-sent")
    if quote.superseded_by_id is not None:
        raise conflict("quote-superseded")
    if decision == QuoteStatus.ACCEPTED and quote.expires_at <= now():
        raise conflict("quote-expired")
    assign(quote, {"status": decision.value, "decided_at": now()})


def _former(quote: Quote) -> Quote | None:
    """The quote that this one is the next revision of."""
    query = select(Quote).where(Quote.superseded_by_id == quote.id).with_for_update()
    return db.session.execute(query).scalar_one_or_none()


def _deal(actor: Actor, deal_id: int) -> Deal:
    try:
        deal: Deal = deals.writable(actor, deal_id)
    except Problem as problem:
        raise invalid(Issue("#/deal_id", "unknown_record")) from problem
    return deal


def _customer_of(quote: Quote) -> int | None:
    return db.session.execute(select(Deal.customer_id).where(Deal.id == quote.deal_id)).scalar_one()


def _check_seller(seller_id: int | None, faults: Faults) -> None:
    if seller_id is not None and all(one.id != seller_id for one in company_service.entities()):
        faults.append(Issue("#/seller_id", "unknown_record"))


def _check_discount(percent: Any, amount: Any, faults: Faults) -> None:
    if percent is not None and amount is not None:
        faults.append(Issue("#/discount_amount", "one_discount"))


@cache
def _people_of(shape: Shape) -> Select[int]:
    """The people in sight who have to do with a deal: those named on it first, then those of its customer."""
    deal_id = bindparam("deal_id", type_=BigInteger())
    named = select(DealPerson.person_id).where(DealPerson.deal_id == deal_id)
    customer_id = select(Deal.customer_id).where(Deal.id == deal_id).scalar_subquery()
    linked = select(PersonCustomer.person_id).where(PersonCustomer.customer_id == customer_id)
    return (
        select(Person.id)
        .where(
            Person.is_active,
            people.visible(shape),
            or_(Person.id.in_(named), Person.customer_id == customer_id, Person.id.in_(linked)),
        )
        .order_by(Person.id.in_(named).desc(), Person.is_primary.desc(), Person.id)
    )


def _first_person(actor: Actor, deal: Deal) -> int | None:
    """Whom a quote is for: a person of the deal, else the primary person of its customer."""
    query = _people_of(actor.shape).limit(1)
    return db.session.execute(query, {**actor.binds, "deal_id": deal.id}).scalar()


def _check_person(actor: Actor, deal_id: int, person_id: int | None, faults: Faults) -> None:
    if person_id is None:
        return
    query = _people_of(actor.shape).where(Person.id == bindparam("person_id", type_=BigInteger()))
    binds = {**actor.binds, "deal_id": deal_id, "person_id": person_id}
    if db.session.execute(query, binds).first() is None:
        faults.append(Issue("#/person_id", "unknown_record"))


def _settle(quote: Quote, undone: SetBack) -> None:
    """Give a quote back to the customer that it was moved from, if it was and is still there."""
    if quote.customer_id == undone.after.get("customer_id", 0):
        assign(quote, {"customer_id": undone.before["customer_id"]})


SETTLE["quote"] = _settle
TAKEN_BACK["quote"] = frozenset({"customer_id", "person_id"})


__all__ = ["accept", "create", "edit", "refuse", "remove", "restore", "revise", "send"]
