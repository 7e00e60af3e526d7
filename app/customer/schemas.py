"""What customers, people, tags and options look like on the wire, and their lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import copy
from typing import Any

from marshmallow import fields
from sqlalchemy import BigInteger, ColumnElement, String, bindparam, exists, func, literal, or_, select, type_coerce
from sqlalchemy.orm import aliased

from ..access import POLICIES, Permission
from ..auth.models import teams, users
from ..custom_values import RESOURCES_WITH_CUSTOM, CustomKind
from ..database import IdList, json_object_rows, json_pair, json_rows, member_of
from ..field_rights import Guarded, mask_text, mask_texts
from ..filtering import (
    AnyOf,
    Contains,
    ContainsAddress,
    Filter,
    Flagged,
    InSight,
    Member,
    Range,
    Through,
    a_number,
    a_text,
    an_id,
)
from ..listing import ListSpec, Searched
from ..merged import is_any
from ..money.schemas import CurrencyField
from ..projection import LinkTo, Shape, json_text, rate, read_as
from ..record import Collaborator
from ..schema import (
    ByName,
    Choice,
    Email,
    Flag,
    IdField,
    Items,
    Line,
    Link,
    OptionField,
    Part,
    Prose,
    RecordSchema,
    Several,
    StrictSchema,
    Texts,
    Whole,
    column,
    max_length,
)
from .models import (
    Customer,
    CustomerKind,
    CustomerStatus,
    CustomerTag,
    CustomField,
    DuplicatePair,
    Option,
    Pair,
    PairState,
    Person,
    PersonCustomer,
    PersonPair,
    Tag,
    custom_fields,
    customers,
    options,
    people,
    tags,
)
from .pair_sight import PairPolicy, duplicates, left_of, person_duplicates


class AddressSchema(StrictSchema):
    """Where somebody is."""

    country = Line(allow_none=True, validate=max_length(80))
    province = Line(allow_none=True, validate=max_length(80))
    city = Line(allow_none=True, validate=max_length(80))
    district = Line(allow_none=True, validate=max_length(80))
    street = Line(allow_none=True, validate=max_length(300))
    postal_code = Line(allow_none=True, validate=max_length(20))


class CollaboratorSchema(StrictSchema):
    """Who else may read or write a record: a person or a team."""

    user_id = IdField(allow_none=True)
    team_id = IdField(allow_none=True)
    access = Choice(("read", "write"), load_default="read")


class PartySchema(StrictSchema):
    """A person or a team."""

    user_id = IdField(allow_none=True)
    team_id = IdField(allow_none=True)


class ShareSchema(PartySchema):
    """Who may see a record besides its owner, and whether he or she may change it."""

    access = Choice(("read", "write"), load_default="read")


def tag_names(_shape: Shape) -> ColumnElement[Any]:
    """The names of a customer's tags as JSON text, in order."""
    names = (
        select(Tag.name.label("item"))
        .join(CustomerTag, CustomerTag.tag_id == Tag.id)
        .where(CustomerTag.customer_id == Customer.id, Tag.is_active)
        .order_by(Tag.name_key)
        .correlate(Customer)
    )
    return json_rows(names.scalar_subquery())


def collaborators_of(model: Any) -> Items:
    """The field `collaborators` of a record that can be shared: written and read as a list of parties."""

    def expression(_shape: Shape) -> ColumnElement[Any]:
        party = json_pair(
            literal("user_id"),
            Collaborator.user_id,
            literal("team_id"),
            Collaborator.team_id,
            literal("access"),
            Collaborator.access,
        )
        found = (
            select(party.label("item"))
            .where(Collaborator.resource == model.resource, Collaborator.record_id == model.id)
            .order_by(Collaborator.id)
            .correlate(model)
        )
        return json_object_rows(found.scalar_subquery())

    return Items(CollaboratorSchema, allow_none=True, metadata=read_as(expression, json_text))


def mask_phone(text: str | None) -> str | None:
    """`13812345678` as `138****5678`: who calls can be recognised, nobody can be called."""
    if not text:
        return text
    shown = re.sub(r"\d", "*", text[3:-4]) if len(text) > 7 else "*" * len(text[:-2])
    return text[:3] + shown + text[-4:] if len(text) > 7 else shown + text[-2:]


def mask_email(text: str | None) -> str | None:
    """`zhang@example.com` as `z***@example.com`."""
    if not text or "@" not in text:
        return text
    return text[0] + "***@" + text.rpartition("@")[2]


def _mask_ways(entries: Any) -> Any:
    return [
        {
            **entry,
            **{
                key: (mask_email if key == "address" else mask_phone)(entry[key])
                for key in ("address", "raw", "e164")
                if entry.get(key)
            },
        }
        for entry in entries or []
    ]


class CustomerSchema(RecordSchema):
    """A customer."""

    class Meta(RecordSchema.Meta):
        """Columns of `Customer`."""

        model = Customer

    id = column(dump_only=True)
    version = column(dump_only=True)
    kind = Choice(CustomerKind)
    name = column(required=True)
    short_name = column()
    email = Email(allow_none=True, validate=max_length(254))
    phone = Line(allow_none=True, blank_is_null=True, validate=max_length(50))
    phone_e164 = column(dump_only=True)
    company = column()
    title = column()
    website = Link(allow_none=True, blank_is_null=True, validate=max_length(300))
    industry = OptionField("industry", allow_none=True)
    source = OptionField("source", allow_none=True)
    source_detail = column()
    level = OptionField("level", allow_none=True)
    status = Choice(CustomerStatus)
    credit_rating = Whole(low=0, high=100, allow_none=True)
    tags = Texts(
        commas=True,
        allow_none=True,
        metadata=read_as(tag_names, json_text, {"type": "array", "items": {"type": "string"}}),
    )
    address = Part(AddressSchema, allow_none=True)
    tax_id = Line(allow_none=True, blank_is_null=True, validate=max_length(40))
    employee_count = Whole(low=0, high=100_000_000, allow_none=True)
    annual_revenue = column()
    parent_id = IdField(allow_none=True)
    parent = LinkTo("parent_id", Customer.parent_id, customers)
    description = column()
    custom = fields.Dict(keys=fields.String(), allow_none=True)
    owner_id = IdField(allow_none=True)
    owner = LinkTo("owner_id", Customer.owner_id, users)
    team_id = column(dump_only=True)
    team = LinkTo("team_id", Customer.team_id, teams)
    pool_id = column(dump_only=True)
    collaborators = collaborators_of(Customer)
    last_contacted_at = column(dump_only=True)
    first_contacted_at = column(dump_only=True)
    next_follow_up_at = column()
    became_lead_at = column(dump_only=True)
    qualified_at = column(dump_only=True)
    qualified_by = column(dump_only=True)
    disqualified_at = column(dump_only=True)
    disqualified_by = column(dump_only=True)
    disqualify_reason = OptionField("disqualify_reason", dump_only=True, allow_none=True)
    disqualify_note = column(dump_only=True)
    external_source = column(blank_is_null=True)
    external_id = column(blank_is_null=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


class DisqualifySchema(StrictSchema):
    """Why a lead is given up."""

    reason = OptionField("disqualify_reason", required=True)
    note = Prose(allow_none=True, validate=max_length(20_000))


class GuardQuery(StrictSchema):
    """What becomes of a new customer that resembles another, instead of what an admin has decided."""

    duplicates = Choice(("refuse", "allow"))


class CheckSchema(StrictSchema):
    """What is known so far of a customer that is being entered."""

    kind = Choice(CustomerKind, allow_none=True)
    name = Line(allow_none=True, blank_is_null=True, validate=max_length(200))
    short_name = Line(allow_none=True, blank_is_null=True, validate=max_length(100))
    company = Line(allow_none=True, blank_is_null=True, validate=max_length(200))
    phone = Line(allow_none=True, blank_is_null=True, validate=max_length(50))
    email = Line(allow_none=True, blank_is_null=True, validate=max_length(254))
    tax_id = Line(allow_none=True, blank_is_null=True, validate=max_length(40))
    address = Part(AddressSchema, allow_none=True)
    exclude_id = IdField(allow_none=True)


class TwinOwnerSchema(StrictSchema):
    """Whom to ask."""

    id = fields.Integer()
    name = Line()


class TwinSchema(StrictSchema):
    """A customer that resembles another; `id` and `name` are null where the reader may not see it."""

    id = fields.Integer(allow_none=True)
    name = Line(allow_none=True)
    owner = fields.Nested(TwinOwnerSchema, allow_none=True)
    score = fields.Float()
    reasons = fields.List(fields.String())
    is_visible = Flag()
    is_deleted = Flag()


class FieldWarningSchema(StrictSchema):
    """What looks wrong and is taken nevertheless."""

    pointer = Line()
    code = Line()
    detail = Line()


class FieldSuggestionSchema(StrictSchema):
    """What follows for another field; nothing is filled in by itself."""

    field = Line()
    value = Line()
    origin = Choice(("tax_id", "phone"))


class ToldSchema(StrictSchema):
    """What answers to writes say besides the customer, where there is something to say."""

    possible_duplicates = Items(TwinSchema)
    warnings = Items(FieldWarningSchema)


class CheckedSchema(StrictSchema):
    """What resembles a customer, what looks wrong about it, and what follows for other fields."""

    matches = Items(TwinSchema)
    warnings = Items(FieldWarningSchema)
    suggestions = Items(FieldSuggestionSchema)


def _reasons(policy: PairPolicy, column: Any) -> fields.Field[Any]:
    """What speaks for or against a pair, as far as the reader may know of it."""
    return fields.List(
        fields.String(), dump_only=True, metadata=read_as(lambda shape: policy.told(column, shape), left_of)
    )


class PairSchema(RecordSchema):
    """Two customers that may be one, and what people have said of them."""

    class Meta(RecordSchema.Meta):
        """Columns of `DuplicatePair`."""

        model = DuplicatePair

    id = column(dump_only=True)
    version = column(dump_only=True)
    customer_a_id = column(dump_only=True)
    customer_a = LinkTo("customer_a_id", DuplicatePair.customer_a_id, customers)
    customer_b_id = column(dump_only=True)
    customer_b = LinkTo("customer_b_id", DuplicatePair.customer_b_id, customers)
    score = column(dump_only=True, metadata=read_as(duplicates.told_score, rate))
    reasons = _reasons(duplicates, DuplicatePair.reasons)
    against = _reasons(duplicates, DuplicatePair.against)
    state = Choice(PairState, dump_only=True)
    judged_by = column(dump_only=True)
    judged_at = column(dump_only=True)
    created_at = column(dump_only=True)
    updated_at = column(dump_only=True)


class PersonPairSchema(RecordSchema):
    """Two people that may be one, and what people have said of them."""

    class Meta(RecordSchema.Meta):
        """Columns of `PersonPair`."""

        model = PersonPair

    id = column(dump_only=True)
    version = column(dump_only=True)
    person_a_id = column(dump_only=True)
    person_a = LinkTo("person_a_id", PersonPair.person_a_id, people)
    person_b_id = column(dump_only=True)
    person_b = LinkTo("person_b_id", PersonPair.person_b_id, people)
    score = column(dump_only=True, metadata=read_as(person_duplicates.told_score, rate))
    reasons = _reasons(person_duplicates, PersonPair.reasons)
    against = _reasons(person_duplicates, PersonPair.against)
    state = Choice(PairState, dump_only=True)
    judged_by = column(dump_only=True)
    judged_at = column(dump_only=True)
    created_at = column(dump_only=True)
    updated_at = column(dump_only=True)


class MergeSchema(StrictSchema):
    """Which records become one, and whose value each field takes."""

    target_id = IdField(required=True)
    source_ids = Several(IdField(), required=True, metadata={"description": "At most 50."})
    values = ByName(
        IdField(),
        metadata={
            "description": "Field to the id of the record whose value it takes. A field that is not named is the"
            " target's, or that of the first source that has it where the target has none."
        },
    )


class TagSchema(RecordSchema):
    """A tag."""

    class Meta(RecordSchema.Meta):
        """Columns of `Tag`."""

        model = Tag

    id = column(dump_only=True)
    version = column(dump_only=True)
    name = column(required=True)
    colour = column()
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


class OptionSchema(RecordSchema):
    """A value of an option list."""

    class Meta(RecordSchema.Meta):
        """Columns of `Option`."""

        model = Option

    id = column(dump_only=True)
    version = column(dump_only=True)
    list = column(required=True)
    value = column(required=True)
    label_zh = Line(validate=max_length(100))
    label_en = Line(validate=max_length(100))
    colour = column()
    rank = Whole(low=0, high=1_000_000)
    is_retired = Flag()
    merged_into = column(dump_only=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


class OptionMergeSchema(StrictSchema):
    """The value that takes another one's place."""

    target_id = IdField(required=True)


class CustomFieldSchema(RecordSchema):
    """A field that an admin has added to a kind of record."""

    class Meta(RecordSchema.Meta):
        """Columns of `CustomField`."""

        model = CustomField

    id = column(dump_only=True)
    version = column(dump_only=True)
    resource = Choice(RESOURCES_WITH_CUSTOM, required=True, attribute="of_resource")
    key = Line(blank_is_null=True, validate=max_length(30))
    kind = Choice(CustomKind, required=True)
    label_zh = Line(validate=max_length(100))
    label_en = Line(validate=max_length(100))
    help = Line(allow_none=True, blank_is_null=True, validate=max_length(300))
    currency = CurrencyField(allow_none=True)
    is_required = Flag()
    is_searchable = Flag()
    is_retired = Flag()
    rank = Whole(low=0, high=1_000_000)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


class EmailEntrySchema(StrictSchema):
    """One e-mail address of a person."""

    kind = Line(allow_none=True, validate=max_length(30), load_default="work")
    address = Email(required=True, validate=max_length(254))
    is_primary = Flag(load_default=False)


class PhoneEntrySchema(StrictSchema):
    """One phone number of a person; `e164` follows from `raw`."""

    kind = Line(allow_none=True, validate=max_length(30), load_default="mobile")
    raw = Line(required=True, validate=max_length(50))
    e164 = Line(dump_only=True, allow_none=True)
    is_primary = Flag(load_default=False)


class PersonCustomerSchema(StrictSchema):
    """A further customer that a person has a role at."""

    customer_id = IdField(required=True)
    role = Line(allow_none=True, validate=max_length(60), load_default=None)
    name = Line(dump_only=True)


def _further_customers(shape: Shape) -> ColumnElement[Any]:
    other = aliased(Customer)
    found = (
        select(
            json_pair(
                literal("customer_id"),
                PersonCustomer.customer_id,
                literal("role"),
                PersonCustomer.role,
                literal("name"),
                other.name,
            ).label("item")
        )
        .join(other, other.id == PersonCustomer.customer_id)
        .where(PersonCustomer.person_id == Person.id, other.is_active, customers.visible(shape, other))
        .order_by(PersonCustomer.customer_id)
        .correlate(Person)
    )
    return json_object_rows(found.scalar_subquery())


class PersonSchema(RecordSchema):
    """A human being at a customer."""

    class Meta(RecordSchema.Meta):
        """Columns of `Person`."""

        model = Person

    id = column(dump_only=True)
    version = column(dump_only=True)
    customer_id = IdField(required=True)
    customer = LinkTo("customer_id", Person.customer_id, customers)
    customers = Items(
        PersonCustomerSchema,
        allow_none=True,
        metadata=read_as(_further_customers, json_text, names=(customers, "customer_id")),
    )
    name = column(required=True)
    salutation = column()
    title = column()
    department = column()
    emails = Items(EmailEntrySchema, allow_none=True)
    phones = Items(PhoneEntrySchema, allow_none=True)
    email = Email(allow_none=True, validate=max_length(254))
    phone = Line(allow_none=True, blank_is_null=True, validate=max_length(50))
    wechat = column()
    qq = column()
    birthday = column()
    address = Part(AddressSchema, allow_none=True)
    photo = Link(allow_none=True, blank_is_null=True, validate=max_length(500))
    decision_role = OptionField("decision_role", allow_none=True)
    is_primary = Flag()
    has_left = Flag()
    do_not_call = Flag()
    do_not_email = Flag()
    description = column()
    custom = fields.Dict(keys=fields.String(), allow_none=True)
    external_source = column(blank_is_null=True)
    external_id = column(blank_is_null=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


def _has_tag(name: Any) -> ColumnElement[bool]:
    return exists(
        select(CustomerTag.tag_id)
        .join(Tag, Tag.id == CustomerTag.tag_id)
        .where(CustomerTag.customer_id == Customer.id, Tag.is_active, Tag.name_key == name)
        .correlate(Customer)
    )


def _any_tag() -> ColumnElement[bool]:
    return exists(
        select(CustomerTag.tag_id)
        .join(Tag, Tag.id == CustomerTag.tag_id)
        .where(CustomerTag.customer_id == Customer.id, Tag.is_active)
        .correlate(Customer)
    )


def country_of(customer: Any) -> ColumnElement[Any]:
    """The country of a customer's address."""
    return type_coerce(customer.address["country"].as_string(), String())


def province_of(customer: Any) -> ColumnElement[Any]:
    """The province of a customer's address."""
    return type_coerce(customer.address["province"].as_string(), String())


class _HasDeal(Filter):
    """The customer has a deal in one of these states; `none` has no deal at all."""

    ops = ("eq", "ne", "in", "not_in", "is_null", "not_null")

    def __init__(self, *, text: str = "") -> None:
        self.parse, self.text = a_text, text

    def condition(self, op: str, bind: str) -> ColumnElement[bool]:
        """Whether there is such a deal, or any. Who sees the customer sees its deals."""
        # Deals stand above this package; their policy is known by name.
        deal: Any = aliased(POLICIES["deal"].model)
        found = select(deal.id).where(deal.customer_id == Customer.id, deal.is_active)
        if op in ("in", "not_in"):
            found = found.where(member_of(deal.state, bindparam(bind, type_=IdList(of_text=True))))
        elif op in ("eq", "ne"):
            found = found.where(deal.state == bindparam(bind, type_=String()))
        has = found.correlate(Customer).exists()
        return has if op in ("in", "eq", "not_null") else ~has


CUSTOMERS = ListSpec(
    policy=customers,
    schema=CustomerSchema,
    plural="customers",
    filters={
        "name": Contains(Customer.name_key),
        "kind": AnyOf(Customer.kind),
        "status": AnyOf(Customer.status),
        "source": AnyOf(Customer.source, option_list="source"),
        "industry": AnyOf(Customer.industry, option_list="industry"),
        "level": AnyOf(Customer.level, option_list="level"),
        "owner_id": AnyOf(Customer.owner_id, an_id),
        "team_id": AnyOf(Customer.team_id, an_id),
        "parent_id": AnyOf(Customer.parent_id, an_id),
        "created_by": AnyOf(Customer.created_by, an_id),
        "id": AnyOf(Customer.id, an_id),
        "email": ContainsAddress(Customer.email_key),
        "phone_e164": AnyOf(Customer.phone_e164),
        "tax_id": AnyOf(Customer.tax_id),
        "external_source": AnyOf(Customer.external_source),
        "external_id": AnyOf(Customer.external_id),
        "tag": Member(_has_tag, _any_tag),
        "credit_rating": Range(Customer.credit_rating, a_number),
        "employee_count": Range(Customer.employee_count, a_number),
        "annual_revenue": Range(Customer.annual_revenue),
        "created": Range(Customer.created_at),
        "updated": Range(Customer.updated_at),
        "first_contacted": Range(Customer.first_contacted_at),
        "last_contacted": Range(Customer.last_contacted_at),
        "deal_state": _HasDeal(text="Of one of its deals: open, won, lost."),
        "silent_since": Range(
            func.coalesce(Customer.last_contacted_at, Customer.created_at),
            text="The last contact record, or the creation where there is none.",
        ),
        "became_lead": Range(Customer.became_lead_at),
        "qualified": Range(Customer.qualified_at),
        "qualified_by": AnyOf(Customer.qualified_by, an_id),
        "disqualified": Range(Customer.disqualified_at),
        "disqualify_reason": AnyOf(Customer.disqualify_reason, option_list="disqualify_reason"),
        "next_follow_up": Range(Customer.next_follow_up_at),
        "country": AnyOf(country_of(Customer)),
        "province": AnyOf(province_of(Customer)),
        "city": AnyOf(type_coerce(Customer.address["city"].as_string(), String())),
    },
    sort={
        "name": Customer.sort_key,
        "status": Customer.status,
        "level": Customer.level,
        "credit_rating": Customer.credit_rating,
        "first_contacted_at": Customer.first_contacted_at,
        "last_contacted_at": Customer.last_contacted_at,
        "qualified_at": Customer.qualified_at,
        "disqualified_at": Customer.disqualified_at,
        "next_follow_up_at": Customer.next_follow_up_at,
        "annual_revenue": Customer.annual_revenue,
        "employee_count": Customer.employee_count,
        "owner_id": Customer.owner_id,
    },
    search=(
        Searched(Customer.search_key, ("custom",), Customer.name_key),
        Searched(Customer.reach_key, ("phone", "email")),
    ),
    guarded={
        "phone": Guarded(mask_phone, {"phone_e164": mask_phone}, is_pooled=True),
        "email": Guarded(mask_email, is_pooled=True),
        "website": Guarded(mask_text),
        "tax_id": Guarded(mask_text),
        "address": Guarded(mask_texts, dict.fromkeys(("country", "province", "city", "region"))),
        "industry": Guarded(),
        "source": Guarded(also={"source_detail": None}),
        "level": Guarded(),
        "credit_rating": Guarded(also={"rating_band": None}),
        "employee_count": Guarded(),
        "annual_revenue": Guarded(),
        "description": Guarded(mask_text),
    },
    masked=Customer.owner_id.is_(None),
    unmask=Permission.CUSTOMER_UNMASK,
    told=ToldSchema,
)


class _AtCustomer(InSight):
    """Works for the customer, or has a further role there."""

    def condition(self, op: str, bind: str) -> ColumnElement[bool]:
        """The person's own customer first, then the further ones."""
        if op not in ("in", "eq"):
            return super().condition(op, bind)
        wanted = bindparam(bind, type_=IdList() if op == "in" else BigInteger())
        other = aliased(Customer)
        asked = is_any(other.id, wanted)
        further = (
            select(PersonCustomer.person_id)
            .join(other, other.id == PersonCustomer.customer_id)
            .where(asked, other.is_active, customers.visible(self.shape, other))
        )
        own = is_any(Person.customer_id, wanted)
        return or_(own, Person.id.in_(further))


_HOME: Any = aliased(Customer)


def _at_home(found: ColumnElement[bool]) -> ColumnElement[bool]:
    return Person.customer_id.in_(select(_HOME.id).where(found))


PEOPLE = ListSpec(
    policy=people,
    schema=PersonSchema,
    plural="people",
    filters={
        "name": Contains(Person.name_key),
        "customer_id": AnyOf(Person.customer_id, an_id),
        "at_customer_id": _AtCustomer(Person.customer_id, an_id, text="At the customer, by a further role too."),
        "owner_id": Through(_HOME.owner_id, _at_home, an_id, text="The owner of the customer."),
        "id": AnyOf(Person.id, an_id),
        "is_primary": Flagged(Person.is_primary),
        "has_left": Flagged(Person.has_left),
        "do_not_call": Flagged(Person.do_not_call),
        "do_not_email": Flagged(Person.do_not_email),
        "decision_role": AnyOf(Person.decision_role, option_list="decision_role"),
        "external_source": AnyOf(Person.external_source),
        "external_id": AnyOf(Person.external_id),
        "created": Range(Person.created_at),
        "updated": Range(Person.updated_at),
    },
    sort={
        "name": Person.sort_key,
        "customer_id": Person.customer_id,
        "customer_name": select(_HOME.sort_key)
        .where(_HOME.id == Person.customer_id)
        .correlate(Person)
        .scalar_subquery(),
        "title": Person.title,
        "department": Person.department,
    },
    search=(
        Searched(Person.search_key, ("title", "department", "custom"), Person.name_key),
        Searched(Person.reach_key, ("phone", "email", "wechat", "qq")),
    ),
    guarded={
        "phone": Guarded(mask_phone, {"phones": _mask_ways}, is_pooled=True),
        "email": Guarded(mask_email, {"emails": _mask_ways}, is_pooled=True),
        "wechat": Guarded(mask_text, is_pooled=True),
        "qq": Guarded(mask_text, is_pooled=True),
        "title": Guarded(mask_text),
        "department": Guarded(mask_text),
        "birthday": Guarded(),
        "address": Guarded(mask_texts),
        "decision_role": Guarded(),
        "description": Guarded(mask_text),
    },
    masked=exists(
        select(Customer.id).where(Customer.id == Person.customer_id, Customer.owner_id.is_(None)).correlate(Person)
    ),
    unmask=Permission.CUSTOMER_UNMASK,
)


class _OfEither(Filter):
    """One of the two records of a pair is one of these."""

    ops = ("eq", "in")

    def __init__(self, pair: type[Pair], text: str) -> None:
        self.links = pair.links()
        super().__init__(self.links[0], an_id, text=text)

    def condition(self, op: str, bind: str) -> ColumnElement[bool]:
        """Of the one or the other."""
        wanted = bindparam(bind, type_=IdList() if op == "in" else BigInteger())
        return or_(*(member_of(one, wanted) if op == "in" else one == wanted for one in self.links))


class _Likely(Range):
    """How likely the two are one, as far as the reader may know it."""

    def __init__(self, policy: PairPolicy) -> None:
        self.policy = policy
        super().__init__(policy.pair.score)

    def for_shape(self, shape: Shape) -> Filter:
        """A copy that asks about what readers of a shape are told."""
        found = copy(self)
        found.column = self.policy.score(shape)
        return found


def _pairs(
    pair: type[Pair], policy: PairPolicy, schema: type[RecordSchema], plural: str, either: Mapping[str, Filter]
) -> ListSpec:
    """The work list of pairs of one kind of record."""
    return ListSpec(
        policy=policy,
        schema=schema,
        plural=plural,
        filters={
            "state": AnyOf(pair.state),
            **either,
            "id": AnyOf(pair.id, an_id),
            "score": _Likely(policy),
        },
        sort={"score": pair.score},
        sort_in_sight={"score": policy.score},
        default_sort="-score",
    )


DUPLICATES = _pairs(
    DuplicatePair,
    duplicates,
    PairSchema,
    "customers/duplicates",
    {"customer_id": _OfEither(DuplicatePair, "Of either customer.")},
)
PERSON_DUPLICATES = _pairs(
    PersonPair,
    person_duplicates,
    PersonPairSchema,
    "people/duplicates",
    {"person_id": _OfEither(PersonPair, "Of either person.")},
)

TAGS = ListSpec(
    policy=tags,
    schema=TagSchema,
    plural="tags",
    filters={"name": Contains(Tag.name_key), "id": AnyOf(Tag.id, an_id)},
    sort={"name": Tag.name_key},
    default_sort="name",
    search=(Tag.name_key,),
)

OPTIONS = ListSpec(
    policy=options,
    schema=OptionSchema,
    plural="options",
    filters={"list": AnyOf(Option.list), "value": AnyOf(Option.value), "is_retired": Flagged(Option.is_retired)},
    sort={"rank": Option.rank, "list": Option.list, "value": Option.value},
    default_sort="list,rank",
)

CUSTOM_FIELDS = ListSpec(
    policy=custom_fields,
    schema=CustomFieldSchema,
    plural="custom-fields",
    filters={
        "resource": AnyOf(CustomField.of_resource),
        "key": AnyOf(CustomField.key),
        "kind": AnyOf(CustomField.kind),
        "is_retired": Flagged(CustomField.is_retired),
    },
    sort={"rank": CustomField.rank, "resource": CustomField.of_resource, "key": CustomField.key},
    default_sort="resource,rank",
)
