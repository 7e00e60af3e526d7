"""Customers, people at them, tags, option lists; with their policies."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ..access import Actor, Grant, Permission, Policy
from ..custom_columns import Custom
from ..custom_values import Definition
from ..database import Document, KeyText, Rate, db
from ..errors import unique_clash
from ..journal import Part
from ..money.rules import CURRENCIES
from ..record import Mergeable, Record
from ..transaction import in_unit


class CustomerKind(StrEnum):
    """A company or a private person."""

    COMPANY = "company"
    PERSON = "person"


class CustomerStatus(StrEnum):
    """How far we are with a customer."""

    LEAD = "lead"
    PROSPECT = "prospect"
    ACTIVE = "active"
    LOST = "lost"


def _live() -> dict[str, Any]:
    # SQLite takes such an index only for the very words of a query, and there a condition reads `is_active = 1`.
    return {"sqlite_where": text("is_active = 1"), "postgresql_where": text("is_active")}


class Customer(Mergeable, Custom):
    """A company or a private person that we sell to. Leads are customers with status lead.

    Attributes:
        qualified_at: when it ceased to be a lead by becoming a prospect or customer; null for what never was one.
        disqualified_at: when a lead was given up; null once it is taken up again. Whoever is a lead, or has one of the
            two moments, once was a lead.
        became_lead_at: when it was first a lead, at its creation for most; null for what never was one.
    """

    __tablename__ = "customer"
    __table_args__ = (
        Index("uq_customer_email", "email_key", unique=True, **_live()),
        Index("ix_customer_created", "created_at", "id", **_live()),
        Index("ix_customer_became_lead", "became_lead_at", "id", **_live()),
        Index("ix_customer_name", "sort_key", "id", **_live()),
        Index("ix_customer_name_key", "name_key", **_live()),
        Index("ix_customer_tax_id", "tax_id", **_live()),
        Index("ix_customer_owner", "owner_id", "created_at", "id", **_live()),
        Index("ix_customer_team", "team_id", "created_at", "id", **_live()),
        # By these what resembles a customer is found, deleted ones too.
        Index("ix_customer_email_key", "email_key"),
        Index("ix_customer_sound", "sound_key"),
        Index("ix_customer_short_sound", "short_sound_key"),
        Index("ix_customer_domain", "domain_key"),
        Index("ix_customer_tax", "tax_key"),
        CheckConstraint("credit_rating IS NULL OR credit_rating BETWEEN 0 AND 100", name="credit_rating"),
        {"sqlite_autoincrement": True},
    )
    resource = "customer"
    unjournalled = frozenset(
        {
            "name_key",
            "sort_key",
            "search_key",
            "reach_key",
            "email_key",
            "phone_e164",
            "sound_key",
            "short_sound_key",
            "domain_key",
            "tax_key",
            "custom_keys",
        }
    )
    merged_columns = frozenset({"address", "custom"})
    derived_columns = frozenset({"last_contacted_at", "first_contacted_at", "became_lead_at", "team_id"})
    search_columns = ("search_key", "reach_key")
    title_column = "name_key"

    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200))
    short_name: Mapped[str | None] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(50))
    company: Mapped[str | None] = mapped_column(String(200))
    title: Mapped[str | None] = mapped_column(String(100))
    website: Mapped[str | None] = mapped_column(String(300))
    industry: Mapped[str | None] = mapped_column(String(60))
    source: Mapped[str | None] = mapped_column(String(60))
    source_detail: Mapped[str | None] = mapped_column(String(200))
    level: Mapped[str | None] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(10), default=CustomerStatus.LEAD)
    credit_rating: Mapped[int | None] = mapped_column(Integer)
    address: Mapped[dict[str, Any] | None] = mapped_column(Document)
    tax_id: Mapped[str | None] = mapped_column(String(40))
    employee_count: Mapped[int | None] = mapped_column(Integer)
    annual_revenue: Mapped[Decimal | None] = mapped_column()
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    description: Mapped[str | None] = mapped_column(Text)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    pool_id: Mapped[int | None] = mapped_column()
    last_contacted_at: Mapped[datetime | None] = mapped_column()
    first_contacted_at: Mapped[datetime | None] = mapped_column()
    next_follow_up_at: Mapped[datetime | None] = mapped_column()
    became_lead_at: Mapped[datetime | None] = mapped_column()
    qualified_at: Mapped[datetime | None] = mapped_column()
    qualified_by: Mapped[int | None] = mapped_column()
    disqualified_at: Mapped[datetime | None] = mapped_column()
    disqualified_by: Mapped[int | None] = mapped_column()
    disqualify_reason: Mapped[str | None] = mapped_column(String(60))
    disqualify_note: Mapped[str | None] = mapped_column(Text)

    name_key: Mapped[str] = mapped_column(KeyText())
    sort_key: Mapped[str] = mapped_column(KeyText())
    search_key: Mapped[str] = mapped_column(KeyText())
    reach_key: Mapped[str] = mapped_column(KeyText())
    email_key: Mapped[str | None] = mapped_column(KeyText())
    phone_e164: Mapped[str | None] = mapped_column(KeyText(), index=True)
    sound_key: Mapped[str | None] = mapped_column(KeyText())
    short_sound_key: Mapped[str | None] = mapped_column(KeyText())
    domain_key: Mapped[str | None] = mapped_column(KeyText())
    tax_key: Mapped[str | None] = mapped_column(KeyText())


class Tag(Record):
    """A word that customers are marked with; unique ignoring case and script."""

    __tablename__ = "tag"
    __table_args__ = (
        Index("uq_tag_name", "name_key", unique=True, **_live()),
        {"sqlite_autoincrement": True},
    )
    resource = "tag"
    unjournalled = frozenset({"name_key"})

    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(KeyText())
    colour: Mapped[str | None] = mapped_column(String(20))


class CustomerTag(Part):
    """One tag on one customer; journalled as the customer's `tags`."""

    __tablename__ = "customer_tag"
    __table_args__ = (Index("ix_customer_tag_tag", "tag_id", "customer_id"),)
    part_field = "tags"
    part_parent = Customer
    part_link = "customer_id"
    part_columns = ("tag_id",)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True, autoincrement=False)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"), primary_key=True, autoincrement=False)


class Person(Mergeable, Custom):
    """A human being at a customer. `email` and `phone` on the wire are the primary entries of the lists."""

    __tablename__ = "person"
    __table_args__ = (
        Index("ix_person_customer", "customer_id", "id", **_live()),
        Index("ix_person_created", "created_at", "id", **_live()),
        {"sqlite_autoincrement": True},
    )
    resource = "person"
    unjournalled = frozenset({"name_key", "sort_key", "search_key", "reach_key", "custom_keys"})
    merged_columns = frozenset({"address", "custom"})
    search_columns = ("search_key", "reach_key")
    title_column = "name_key"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    name: Mapped[str] = mapped_column(String(200))
    salutation: Mapped[str | None] = mapped_column(String(40))
    title: Mapped[str | None] = mapped_column(String(100))
    department: Mapped[str | None] = mapped_column(String(100))
    emails: Mapped[Any] = mapped_column(Document, default=list)
    phones: Mapped[Any] = mapped_column(Document, default=list)
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(50))
    wechat: Mapped[str | None] = mapped_column(String(60))
    qq: Mapped[str | None] = mapped_column(String(20))
    birthday: Mapped[date | None] = mapped_column()
    address: Mapped[dict[str, Any] | None] = mapped_column(Document)
    photo: Mapped[str | None] = mapped_column(String(500))
    decision_role: Mapped[str | None] = mapped_column(String(60))
    is_primary: Mapped[bool] = mapped_column(Boolean(), default=False)
    has_left: Mapped[bool] = mapped_column(Boolean(), default=False)
    do_not_call: Mapped[bool] = mapped_column(Boolean(), default=False)
    do_not_email: Mapped[bool] = mapped_column(Boolean(), default=False)
    description: Mapped[str | None] = mapped_column(Text)

    name_key: Mapped[str] = mapped_column(KeyText())
    sort_key: Mapped[str] = mapped_column(KeyText())
    search_key: Mapped[str] = mapped_column(KeyText())
    reach_key: Mapped[str] = mapped_column(KeyText())


class PersonCustomer(Part):
    """A further customer that a person has a role at; journalled as the person's `customers`."""

    __tablename__ = "person_customer"
    __table_args__ = (Index("ix_person_customer_customer", "customer_id"),)
    part_field = "customers"
    part_parent = Person
    part_link = "person_id"
    part_columns = ("customer_id", "role")

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True, autoincrement=False)
    role: Mapped[str | None] = mapped_column(String(60))


class Option(Record):
    """A value of an option list, with its labels. Retired values stay readable.

    Attributes:
        merged_into: the value of the same list that took this one's place: who still says this one means that one.
    """

    __tablename__ = "option"
    __table_args__ = (
        Index("uq_option_value", "list", "value", unique=True, **_live()),
        {"sqlite_autoincrement": True},
    )
    resource = "option"

    list: Mapped[str] = mapped_column(String(40))
    value: Mapped[str] = mapped_column(String(60))
    label_zh: Mapped[str] = mapped_column(String(100))
    label_en: Mapped[str] = mapped_column(String(100))
    colour: Mapped[str | None] = mapped_column(String(20))
    rank: Mapped[int] = mapped_column(Integer, default=0)
    is_retired: Mapped[bool] = mapped_column(Boolean(), default=False)
    merged_into: Mapped[str | None] = mapped_column(String(60))


class CustomField(Record):
    """A field that an admin has added to a kind of record. Retired ones take no values; those that there are stay.

    Attributes:
        of_resource: plural name of the records that have it, `resource` on the wire.
        key: stands for the field in `custom`; never changes and is never given again, not even after a deletion.
    """

    __tablename__ = "custom_field"
    __table_args__ = (
        Index("uq_custom_field_key", "of_resource", "key", unique=True),
        {"sqlite_autoincrement": True},
    )
    resource = "custom_field"

    of_resource: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(30))
    kind: Mapped[str] = mapped_column(String(20))
    label_zh: Mapped[str] = mapped_column(String(100))
    label_en: Mapped[str] = mapped_column(String(100))
    help: Mapped[str | None] = mapped_column(String(300))
    currency: Mapped[str | None] = mapped_column(String(3))
    is_required: Mapped[bool] = mapped_column(Boolean(), default=False)
    is_searchable: Mapped[bool] = mapped_column(Boolean(), default=False)
    is_retired: Mapped[bool] = mapped_column(Boolean(), default=False)
    rank: Mapped[int] = mapped_column(Integer, default=0)

    @property
    def definition(self) -> Definition:
        """The field as plain values."""
        return Definition(
            self.of_resource,
            self.key,
            self.kind,
            self.label_zh,
            self.label_en,
            self.help,
            self.currency,
            CURRENCIES.get(self.currency or "", 2),
            self.is_required,
            self.is_searchable,
            self.is_retired,
        )


class PairState(StrEnum):
    """What people have said about two records that resemble each other."""

    OPEN = "open"
    NOT_DUPLICATE = "not_duplicate"


class Pair(Record):
    """Two records that may be one. Found and forgotten by the finder; what people say of it is kept for ever.

    Attributes:
        sides: the columns that name the two, the one with the smaller id first.
        score: how likely they are one, from 0 to 1.
        reasons: what they share, and `against`, what speaks against it: codes of `likeness.py`.
    """

    __abstract__ = True

    sides: ClassVar[tuple[str, str]]

    score: Mapped[float] = mapped_column(Rate())
    reasons: Mapped[Any] = mapped_column(Document, default=list)
    against: Mapped[Any] = mapped_column(Document, default=list)
    state: Mapped[str] = mapped_column(String(15), default=PairState.OPEN)
    judged_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    judged_at: Mapped[datetime | None] = mapped_column()

    @classmethod
    def links(cls) -> tuple[Any, Any]:
        """The two columns."""
        return getattr(cls, cls.sides[0]), getattr(cls, cls.sides[1])


class DuplicatePair(Pair):
    """Two customers that may be one."""

    __tablename__ = "duplicate_pair"
    __table_args__ = (
        Index("uq_duplicate_pair", "customer_a_id", "customer_b_id", unique=True),
        Index("ix_duplicate_pair_b", "customer_b_id"),
        Index("ix_duplicate_pair_score", "state", "score", "id"),
        CheckConstraint("customer_a_id < customer_b_id", name="in_order"),
        CheckConstraint("state IN ('open', 'not_duplicate')", name="state"),
        {"sqlite_autoincrement": True},
    )
    resource = "duplicate"
    sides = ("customer_a_id", "customer_b_id")

    customer_a_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    customer_b_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))


class PersonPair(Pair):
    """Two people that may be one."""

    __tablename__ = "person_pair"
    __table_args__ = (
        Index("uq_person_pair", "person_a_id", "person_b_id", unique=True),
        Index("ix_person_pair_b", "person_b_id"),
        Index("ix_person_pair_score", "state", "score", "id"),
        CheckConstraint("person_a_id < person_b_id", name="in_order"),
        CheckConstraint("state IN ('open', 'not_duplicate')", name="state"),
        {"sqlite_autoincrement": True},
    )
    resource = "person_duplicate"
    sides = ("person_a_id", "person_b_id")

    person_a_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_b_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


class _PeoplePolicy(Policy):
    """A policy whose writers lock the customer before the person: which one is the primary person is about all."""

    def get(self, actor: Actor, record_id: int, *, deleted: bool = False) -> Any:
        """As `Policy.get`; in a unit of work the customer is locked too."""
        if in_unit():
            home = select(Person.customer_id).where(Person.id == record_id).scalar_subquery()
            db.session.execute(select(Customer.id).where(Customer.id == home).with_for_update())
        return super().get(actor, record_id, deleted=deleted)


customers = Policy(
    Customer,
    grants=(Grant("user", Customer.owner_id), Grant("team", Customer.team_id)),
    pool=Customer.owner_id,
    shared=True,
    write=Permission.CUSTOMER_WRITE,
    read=Permission.CUSTOMER_READ,
)
people = _PeoplePolicy(
    Person,
    parent=(customers, Person.customer_id),
    write=Permission.CUSTOMER_WRITE,
    read=Permission.CUSTOMER_READ,
)
tags = Policy(Tag, open_to_all=True, write=Permission.TAG_WRITE)
options = Policy(Option, open_to_all=True, write=Permission.OPTION_WRITE)
custom_fields = Policy(CustomField, open_to_all=True, write=Permission.CUSTOM_FIELD_WRITE)

unique_clash("uq_customer_email", "#/email")
unique_clash("uq_customer_origin", "#/external_id")
unique_clash("uq_person_origin", "#/external_id")
unique_clash("uq_tag_name", "#/name")
unique_clash("uq_tag_origin", "#/external_id")
unique_clash("uq_option_value", "#/value")
unique_clash("uq_option_origin", "#/external_id")
unique_clash("uq_custom_field_key", "#/key")
unique_clash("uq_custom_field_origin", "#/external_id")
