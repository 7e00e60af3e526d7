"""Quotes with their lines, the counter of their numbers, the selling company; with their policies."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    and_,
    case,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Permission, Policy, Shape
from ..database import Document, KeyText, Model, right_now
from ..deal.models import deals
from ..errors import unique_clash
from ..field_rights import is_plain
from ..journal import Part
from ..record import Record


class QuoteStatus(StrEnum):
    """How far a quote is. `expired` is never stored: a sent one whose last day has passed reads so."""

    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"


def _live() -> dict[str, Any]:
    # SQLite takes such an index only for the very words of a query, and there a condition reads `is_active = 1`.
    return {"sqlite_where": text("is_active = 1"), "postgresql_where": text("is_active")}


class Company(Record):
    """Who sells: one record for the installation, with its selling entities and the pattern of quote numbers."""

    __tablename__ = "company"
    resource = "company"

    number_pattern: Mapped[str] = mapped_column(String(40))


class CompanyLogo(Model):
    """An image by the hash of its bytes. It stays for ever: sent quotes print it."""

    __tablename__ = "company_logo"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    content_type: Mapped[str] = mapped_column(String(20))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class SellingEntity(Part):
    """A legal person that sells; journalled as the company's `entities`. A removed one stays for its quotes."""

    __tablename__ = "selling_entity"
    __table_args__ = (
        Index("ix_selling_entity_company", "company_id", "position"),
        {"sqlite_autoincrement": True},
    )
    part_field = "entities"
    part_parent = Company
    part_link = "company_id"
    part_columns = (
        "id",
        "position",
        "name_zh",
        "name_en",
        "address",
        "tax_id",
        "bank_account",
        "phone",
        "email",
        "logo",
        "is_default",
        "is_active",
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    position: Mapped[int] = mapped_column(Integer)
    name_zh: Mapped[str | None] = mapped_column(String(200))
    name_en: Mapped[str | None] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(300))
    tax_id: Mapped[str | None] = mapped_column(String(40))
    bank_account: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(String(50))
    email: Mapped[str | None] = mapped_column(String(254))
    logo: Mapped[str | None] = mapped_column(ForeignKey("company_logo.digest"))
    is_default: Mapped[bool] = mapped_column(Boolean(), default=False)
    is_active: Mapped[bool] = mapped_column(Boolean(), default=True)


class QuoteSequence(Model):
    """The last number given out in a period, such as `QT-202611-{seq}`."""

    __tablename__ = "quote_sequence"

    period: Mapped[str] = mapped_column(KeyText(), primary_key=True)
    last: Mapped[int] = mapped_column(Integer)


class Quote(Record):
    """A numbered offer made from a deal.

    Attributes:
        revision: 1 for the first; `superseded_by_id` names the next one.
        customer_id: the deal's, until the quote is sent.
        discount_percent: of the whole quote, or else `discount_amount`.
        expires_at: when `valid_until` has passed where the business is, so that every reader sees it at once.
        seller: what the selling entity was when the quote was sent; `buyer` likewise.
    """

    __tablename__ = "quote"
    __table_args__ = (
        Index("uq_quote_number", "number_key", "revision", unique=True),
        Index("ix_quote_superseded", "superseded_by_id"),
        Index("ix_quote_deal", "deal_id", "id", **_live()),
        Index("ix_quote_customer", "customer_id", "id", **_live()),
        Index("ix_quote_created", "created_at", "id", **_live()),
        CheckConstraint("status IN ('draft', 'sent', 'accepted', 'refused')", name="status"),
        CheckConstraint("discount_percent IS NULL OR discount_amount IS NULL", name="discount"),
        {"sqlite_autoincrement": True},
    )
    resource = "quote"
    unjournalled = frozenset({"number_key", "expires_at"})
    derived_columns = frozenset({"customer_id", "subtotal", "discount", "net", "tax", "total"})

    number: Mapped[str] = mapped_column(String(60))
    number_key: Mapped[str] = mapped_column(KeyText())
    revision: Mapped[int] = mapped_column(Integer, default=1)
    superseded_by_id: Mapped[int | None] = mapped_column(ForeignKey("quote.id", name="fk_quote_superseded_by_id"))
    status: Mapped[str] = mapped_column(String(10), default=QuoteStatus.DRAFT)
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    seller_id: Mapped[int | None] = mapped_column(ForeignKey("selling_entity.id"))
    valid_until: Mapped[date] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()
    currency: Mapped[str] = mapped_column(String(3))
    prices_include_tax: Mapped[bool] = mapped_column(Boolean(), default=False)
    discount_percent: Mapped[Decimal | None] = mapped_column()
    discount_amount: Mapped[Decimal | None] = mapped_column()
    subtotal: Mapped[Decimal] = mapped_column(default=Decimal(0))
    discount: Mapped[Decimal] = mapped_column(default=Decimal(0))
    net: Mapped[Decimal] = mapped_column(default=Decimal(0))
    tax: Mapped[Decimal] = mapped_column(default=Decimal(0))
    total: Mapped[Decimal] = mapped_column(default=Decimal(0))
    terms: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[datetime | None] = mapped_column()
    decided_at: Mapped[datetime | None] = mapped_column()
    seller: Mapped[dict[str, Any] | None] = mapped_column(Document)
    buyer: Mapped[dict[str, Any] | None] = mapped_column(Document)


class QuoteLine(Part):
    """One position of a quote, a copy that no later change of the product touches; journalled as `lines`."""

    __tablename__ = "quote_line"
    __table_args__ = (
        Index("ix_quote_line_quote", "quote_id", "position"),
        {"sqlite_autoincrement": True},
    )
    part_field = "lines"
    part_parent = Quote
    part_link = "quote_id"
    part_columns = (
        "id",
        "position",
        "product_id",
        "code",
        "name",
        "specification",
        "unit",
        "quantity",
        "unit_price",
        "discount_percent",
        "tax_percent",
        "amount",
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"))
    position: Mapped[int] = mapped_column(Integer)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    code: Mapped[str | None] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    specification: Mapped[str | None] = mapped_column(String(300))
    unit: Mapped[str | None] = mapped_column(String(20))
    quantity: Mapped[Decimal] = mapped_column()
    unit_price: Mapped[Decimal] = mapped_column()
    discount_percent: Mapped[Decimal | None] = mapped_column()
    tax_percent: Mapped[Decimal | None] = mapped_column()
    amount: Mapped[Decimal] = mapped_column()


STATUS: ColumnElement[str] = case(
    (and_(Quote.status == QuoteStatus.SENT, Quote.expires_at <= right_now()), QuoteStatus.EXPIRED.value),
    else_=Quote.status,
)
"""The status as everybody reads and filters it."""


class _QuotePolicy(Policy):
    """A quote is what is offered at which price to whom: who may not read one of that reads no quote."""

    def is_readable(self, shape: Shape) -> bool:
        """As `Policy.is_readable`."""
        return super().is_readable(shape) and all(is_plain(name, shape[1]) for name in _PRINTED)


_PRINTED = ("deal.amount", "customer.address", "customer.tax_id", "person.title")
"""What stands on a quote and may be kept from somebody."""

companies = Policy(Company, open_to_all=True, write=Permission.SETTING_WRITE)
quotes = _QuotePolicy(Quote, parent=(deals, Quote.deal_id), write=Permission.DEAL_WRITE, read=Permission.DEAL_READ)

unique_clash("uq_quote_number", "#/number")
