"""What quotes and the selling company look like on the wire, and their lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError, fields
from sqlalchemy import bindparam, select

from ..customer.models import customers, people
from ..database import IdList, decimal_text, member_of
from ..deal.models import Deal, deals
from ..deal.schemas import Day
from ..filtering import AnyOf, Contains, Range, an_id
from ..listing import ListSpec
from ..money.schemas import CurrencyField
from ..projection import Gathered, LinkTo, read_as
from ..schema import Choice, DecimalText, Email, Flag, IdField, Items, Line, Prose, RecordSchema, StrictSchema, column
from ..schema import max_length as at_most
from .models import STATUS, Company, Quote, QuoteLine, QuoteStatus, SellingEntity, companies, quotes
from .pattern import is_pattern

# ---- the company ----------------------------------------------------------------------------------------------------


class PatternField(Line):
    """The pattern of quote numbers."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not is_pattern(text):
            raise ValidationError("number_pattern")
        return text


def _line(length: int) -> Line:
    return Line(allow_none=True, blank_is_null=True, validate=at_most(length), load_default=None)


class SellingEntitySchema(StrictSchema):
    """A legal person that sells; `id` keeps one that is there already.

    `logo` is the image's address below `/settings/company/logos`; `logo_data` sets it (PNG or JPEG, base64), null
    takes it away, absent leaves it.
    """

    id = IdField()
    name_zh = _line(200)
    name_en = _line(200)
    address = _line(300)
    tax_id = _line(40)
    bank_account = Prose(allow_none=True, validate=at_most(500), load_default=None)
    phone = _line(50)
    email = Email(allow_none=True, validate=at_most(254), load_default=None)
    is_default = Flag(load_default=False)
    logo = fields.String(dump_only=True, allow_none=True)
    logo_data = fields.String(
        load_only=True, allow_none=True, error_messages={"invalid": "wrong_type"}, validate=at_most(720_000)
    )


_ENTITY_NAMES = (
    "id",
    "name_zh",
    "name_en",
    "address",
    "tax_id",
    "bank_account",
    "phone",
    "email",
    "is_default",
    "logo",
)


def _entities() -> Any:
    return (
        select(SellingEntity.company_id, *(getattr(SellingEntity, name) for name in _ENTITY_NAMES))
        .where(member_of(SellingEntity.company_id, bindparam("ids", type_=IdList())), SellingEntity.is_active)
        .order_by(SellingEntity.company_id, SellingEntity.position, SellingEntity.id)
    )


def _entity(values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(_ENTITY_NAMES, values, strict=True))


class CompanySchema(RecordSchema):
    """Who sells, and how quotes are numbered."""

    class Meta(RecordSchema.Meta):
        """Columns of `Company`."""

        model = Company

    id = column(dump_only=True)
    version = column(dump_only=True)
    number_pattern = PatternField(required=True)
    entities = Items(SellingEntitySchema, most=20, required=True)
    updated_at = column(dump_only=True)


COMPANY = ListSpec(
    policy=companies,
    schema=CompanySchema,
    plural="settings/company",
    gathered={"entities": Gathered(_entities, _entity)},
)

# ---- quotes ---------------------------------------------------------------------------------------------------------


class QuoteLineSchema(StrictSchema):
    """One position; what is left out of code, name, specification, unit and tax is copied from the product."""

    id = IdField()
    product_id = IdField(allow_none=True)
    code = Line(allow_none=True, blank_is_null=True, validate=at_most(60))
    name = Line(validate=at_most(200))
    specification = Line(allow_none=True, blank_is_null=True, validate=at_most(300))
    unit = Line(allow_none=True, blank_is_null=True, validate=at_most(20))
    quantity = DecimalText(low="0.0001", high="9999999999.9999", required=True)
    unit_price = DecimalText(required=True)
    discount_percent = DecimalText(high="100", allow_none=True)
    tax_percent = DecimalText(high="100", allow_none=True)
    amount = DecimalText(dump_only=True)


_LINE_NAMES = (
    "id",
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
_LINE_DECIMALS = frozenset(_LINE_NAMES[6:])


def _lines() -> Any:
    return (
        select(QuoteLine.quote_id, *(getattr(QuoteLine, name) for name in _LINE_NAMES))
        .where(member_of(QuoteLine.quote_id, bindparam("ids", type_=IdList())))
        .order_by(QuoteLine.quote_id, QuoteLine.position, QuoteLine.id)
    )


def _line_item(values: Sequence[Any]) -> dict[str, Any]:
    return {
        name: decimal_text(value) if name in _LINE_DECIMALS and value is not None else value
        for name, value in zip(_LINE_NAMES, values, strict=True)
    }


_SELLER_DOCUMENT = {
    "type": ["object", "null"],
    "required": [*_ENTITY_NAMES[1:8], "logo"],
    "properties": {name: {"type": ["string", "null"]} for name in (*_ENTITY_NAMES[1:8], "logo")},
}


class QuoteSchema(RecordSchema):
    """A numbered offer. What is not said on creation is copied from the deal."""

    class Meta(RecordSchema.Meta):
        """Columns of `Quote`."""

        model = Quote

    id = column(dump_only=True)
    version = column(dump_only=True)
    number = column(dump_only=True)
    revision = column(dump_only=True)
    superseded_by_id = column(dump_only=True)
    status = Choice(QuoteStatus, dump_only=True, metadata=read_as(lambda _shape: STATUS))
    deal_id = IdField(required=True)
    deal = LinkTo("deal_id", Quote.deal_id, deals)
    customer_id = column(dump_only=True)
    customer = LinkTo("customer_id", Quote.customer_id, customers)
    person_id = IdField(allow_none=True)
    person = LinkTo("person_id", Quote.person_id, people)
    seller_id = IdField(allow_none=True)
    seller = fields.Raw(
        dump_only=True, metadata=read_as(lambda _shape: Quote.seller.expression, None, _SELLER_DOCUMENT)
    )
    valid_until = column()
    expires_at = column(dump_only=True)
    currency = CurrencyField()
    prices_include_tax = Flag()
    lines = Items(QuoteLineSchema)
    discount_percent = DecimalText(high="100", allow_none=True)
    discount_amount = DecimalText(allow_none=True)
    subtotal = column(dump_only=True)
    discount = column(dump_only=True)
    net = column(dump_only=True)
    tax = column(dump_only=True)
    total = column(dump_only=True)
    terms = column()
    sent_at = column(dump_only=True)
    decided_at = column(dump_only=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


class QuoteChangeSchema(QuoteSchema):
    """What a PATCH may change: a quote stays with its deal."""

    deal_id = IdField(dump_only=True)


class PdfQuery(StrictSchema):
    """The language of the printed page; the reader's unless said."""

    language = Choice(("zh-CN", "en"))


_deal = select(Deal.id).where(Deal.id == Quote.deal_id).correlate(Quote)

QUOTES = ListSpec(
    policy=quotes,
    schema=QuoteSchema,
    plural="quotes",
    filters={
        "id": AnyOf(Quote.id, an_id),
        "number": Contains(Quote.number_key),
        "status": AnyOf(STATUS),
        "deal_id": AnyOf(Quote.deal_id, an_id),
        "customer_id": AnyOf(Quote.customer_id, an_id),
        "person_id": AnyOf(Quote.person_id, an_id),
        "owner_id": AnyOf(
            _deal.with_only_columns(Deal.owner_id).scalar_subquery(), an_id, text="The owner of the deal."
        ),
        "created_by": AnyOf(Quote.created_by, an_id),
        "superseded_by_id": AnyOf(Quote.superseded_by_id, an_id, text="`none` for the latest revisions."),
        "currency": AnyOf(Quote.currency),
        "total": Range(Quote.total),
        "valid_until": Day(Quote.valid_until),
        "sent": Range(Quote.sent_at),
        "created": Range(Quote.created_at),
        "updated": Range(Quote.updated_at),
    },
    sort={
        "number": Quote.number_key,
        "revision": Quote.revision,
        "status": STATUS,
        "total": Quote.total,
        "valid_until": Quote.valid_until,
        "sent_at": Quote.sent_at,
    },
    search=(Quote.number_key, _deal.with_only_columns(Deal.search_key).scalar_subquery()),
    gathered={"lines": Gathered(_lines, _line_item)},
)
