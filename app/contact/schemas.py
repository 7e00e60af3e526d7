"""What contact records look like on the wire, and their list."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import aliased

from ..auth.models import User, users
from ..customer.models import Customer, customers, people
from ..filtering import AnyOf, Flagged, Range, a_number, an_id
from ..listing import ListSpec
from ..projection import LinkTo
from ..schema import Choice, IdField, OptionField, RecordSchema, Whole, column
from .models import ContactDirection, ContactKind, ContactRecord, contacts


class ContactSchema(RecordSchema):
    """One logged interaction."""

    class Meta(RecordSchema.Meta):
        """Columns of `ContactRecord`."""

        model = ContactRecord

    id = column(dump_only=True)
    version = column(dump_only=True)
    customer_id = IdField(required=True)
    customer = LinkTo("customer_id", ContactRecord.customer_id, customers)
    person_id = IdField(allow_none=True)
    person = LinkTo("person_id", ContactRecord.person_id, people)
    deal_id = IdField(allow_none=True)
    deal = LinkTo("deal_id", ContactRecord.deal_id, "deal")
    user_id = IdField()
    user = LinkTo("user_id", ContactRecord.user_id, users)
    kind = Choice(ContactKind, required=True)
    direction = Choice(ContactDirection, allow_none=True)
    subject = column()
    content = column()
    outcome = OptionField("outcome", allow_none=True)
    occurred_at = column()
    duration_seconds = Whole(low=0, high=31_536_000, allow_none=True)
    next_step = column()
    next_follow_up_at = column()
    custom = fields.Dict(keys=fields.String(), allow_none=True)
    external_source = column(blank_is_null=True)
    external_id = column(blank_is_null=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


def answers_lead(contact: Any) -> ColumnElement[bool]:
    """Whether a contact record is the first that went out to somebody who was a lead by then."""
    lead: Any = aliased(Customer)
    earlier: Any = aliased(ContactRecord)
    was_lead = exists().where(lead.id == contact.customer_id, lead.became_lead_at <= contact.occurred_at)
    is_later = exists().where(
        earlier.customer_id == contact.customer_id,
        earlier.is_active,
        earlier.direction == ContactDirection.OUT,
        earlier.occurred_at <= contact.occurred_at,
        or_(
            earlier.occurred_at < contact.occurred_at,
            and_(earlier.occurred_at == contact.occurred_at, earlier.id < contact.id),
        ),
    )
    return and_(
        contact.direction.is_not(None),
        contact.direction == ContactDirection.OUT,
        was_lead.correlate(contact),
        ~is_later.correlate(contact),
    )


CONTACTS = ListSpec(
    policy=contacts,
    schema=ContactSchema,
    plural="contacts",
    filters={
        "id": AnyOf(ContactRecord.id, an_id),
        "customer_id": AnyOf(ContactRecord.customer_id, an_id),
        "person_id": AnyOf(ContactRecord.person_id, an_id),
        "deal_id": AnyOf(ContactRecord.deal_id, an_id),
        "user_id": AnyOf(ContactRecord.user_id, an_id),
        "team_id": AnyOf(
            select(User.team_id).where(User.id == ContactRecord.user_id).correlate(ContactRecord).scalar_subquery(),
            an_id,
            text="The author's team.",
        ),
        "created_by": AnyOf(ContactRecord.created_by, an_id),
        "kind": AnyOf(ContactRecord.kind),
        "direction": AnyOf(ContactRecord.direction),
        "first_answer": Flagged(answers_lead(ContactRecord), text="The first that went out to a lead."),
        "outcome": AnyOf(ContactRecord.outcome, option_list="outcome"),
        "occurred": Range(ContactRecord.occurred_at),
        "next_follow_up": Range(ContactRecord.next_follow_up_at),
        "duration_seconds": Range(ContactRecord.duration_seconds, a_number),
        "created": Range(ContactRecord.created_at),
        "updated": Range(ContactRecord.updated_at),
        "external_source": AnyOf(ContactRecord.external_source),
        "external_id": AnyOf(ContactRecord.external_id),
    },
    sort={
        "occurred_at": ContactRecord.occurred_at,
        "kind": ContactRecord.kind,
        "outcome": ContactRecord.outcome,
        "user_id": ContactRecord.user_id,
        "customer_id": ContactRecord.customer_id,
        "duration_seconds": ContactRecord.duration_seconds,
        "next_follow_up_at": ContactRecord.next_follow_up_at,
    },
    default_sort="-occurred_at",
    search=(ContactRecord.search_key,),
)
