"""What is answered about tasks besides records and lists: the agenda, and the timeline of a customer."""

from __future__ import annotations

from marshmallow import fields
from sqlalchemy import literal

from ..history.schemas import EntrySchema
from ..projection import Computed
from ..schema import Choice, DateField, IdField, InstantField, Items, Line, StrictSchema, Whole
from .due import Bucket


class ActorSchema(StrictSchema):
    """A person, by name."""

    id = fields.Integer()
    name = Line()


# ---- the agenda -----------------------------------------------------------------------------------------------------


AgendaQuery = StrictSchema.from_dict(
    {
        "from": DateField(metadata={"description": "Only what is due from this day on, in the caller's zone."}),
        "to": DateField(metadata={"description": "Only what is due until this day, inclusive."}),
        "assignee_id": IdField(metadata={"description": "Whose agenda; the caller's unless said."}),
        "per_page": Whole(low=1, high=200, load_default=50),
    },
    name="AgendaQuery",
)


class AgendaBucketSchema(StrictSchema):
    """The open tasks that are due at one time, seen from now: how many, the first of them, and the list of all."""

    key = Choice(Bucket)
    count = fields.Integer()
    filters = Line()
    data = Computed(
        lambda _shape: literal(""),
        document={"type": "array", "items": {"$ref": "#/components/schemas/TaskRecord"}},
    )


class AgendaSchema(StrictSchema):
    """What somebody is to do, from what is overdue to what has no date."""

    time_zone = Line()
    today = DateField()
    buckets = Items(AgendaBucketSchema)


# ---- the timeline of a customer -------------------------------------------------------------------------------------


_TYPES = ("contact", "deal", "task", "change")


class TimelineQuery(StrictSchema):
    """Which part of a timeline."""

    type = Choice(_TYPES)
    cursor = Line()
    per_page = Whole(low=1, high=200)


class TimelineEntrySchema(StrictSchema):
    """Something that happened with a customer: a contact record, deal or task as `record`, or a `change`."""

    type = Choice(_TYPES)
    at = InstantField()
    actor = fields.Nested(ActorSchema, allow_none=True)
    record = Computed(
        lambda _shape: literal(""),
        document={
            "anyOf": [
                {"$ref": "#/components/schemas/ContactRecord"},
                {"$ref": "#/components/schemas/DealRecord"},
                {"$ref": "#/components/schemas/TaskRecord"},
                {"type": "null"},
            ]
        },
    )
    change = fields.Nested(EntrySchema, allow_none=True)


class TimelineSchema(StrictSchema):
    """A part of a timeline, newest first."""

    data = Items(TimelineEntrySchema)
    meta = Computed(lambda _shape: literal(""), document={"$ref": "#/components/schemas/ListMeta"})


class OwnershipSchema(StrictSchema):
    """Whose a record was for a while: null where nobody owned it."""

    owner = fields.Nested(ActorSchema, allow_none=True)
    # `from` is a word of Python.
    since = InstantField(data_key="from", attribute="from")
    until = InstantField(allow_none=True)
    by = fields.Nested(ActorSchema, allow_none=True)
    action = fields.String()


class OwnersSchema(StrictSchema):
    """The owners of a record, the present one first."""

    data = Items(OwnershipSchema)
    meta = Computed(lambda _shape: literal(""), document={"$ref": "#/components/schemas/ListMeta"})
