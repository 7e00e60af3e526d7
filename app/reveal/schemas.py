"""What reveals look like on the wire, and their list."""

from __future__ import annotations

from marshmallow import fields

from ..auth.models import users
from ..filtering import AnyOf, Range, an_id
from ..listing import ListSpec
from ..projection import LinkTo
from ..schema import DateField, IdField, Items, Line, RecordSchema, StrictSchema, column, max_length
from .models import Reveal, reveals


class RevealSchema(RecordSchema):
    """A masked value that somebody had shown; the value itself is not kept."""

    class Meta(RecordSchema.Meta):
        """Columns of `Reveal`."""

        model = Reveal

    id = column(dump_only=True)
    version = column(dump_only=True)
    of_resource = column(dump_only=True)
    record_id = column(dump_only=True)
    field = column(dump_only=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    author = LinkTo("created_by", Reveal.created_by, users)


class RevealBodySchema(StrictSchema):
    """Which field of the record."""

    field = Line(required=True, validate=max_length(60))


class RevealedSchema(StrictSchema):
    """The value of a field as it is stored, in the form that the record has it in where it is not masked."""

    value = fields.Raw(metadata={"description": "A text, an object or a list, by the kind of the field."})


class RevealDaysQuery(StrictSchema):
    """Which days, at most 31; the last seven unless said."""

    from_on = DateField(data_key="from")
    to_on = DateField(data_key="to")
    user_id = IdField()


class RevealerSchema(StrictSchema):
    """Who had values shown."""

    id = fields.Integer()
    name = fields.String()


class RevealDaySchema(StrictSchema):
    """What one person had shown on one day in the caller's time zone."""

    on = DateField()
    user = fields.Nested(RevealerSchema)
    count = fields.Integer(metadata={"description": "Values shown."})
    records = fields.Integer(metadata={"description": "Records that they are of."})
    is_spent = fields.Boolean(metadata={"description": "Whether the day's quota was used up."})


class RevealMetaSchema(StrictSchema):
    """What the days are measured by."""

    quota = fields.Integer(metadata={"description": "Values that everybody may have shown in a day."})


class RevealDaysSchema(StrictSchema):
    """Who had how many masked values shown, newest days first, and of a day who had most."""

    data = Items(RevealDaySchema)
    meta = fields.Nested(RevealMetaSchema)


REVEALS = ListSpec(
    policy=reveals,
    schema=RevealSchema,
    plural="reveals",
    filters={
        "id": AnyOf(Reveal.id, an_id),
        "created_by": AnyOf(Reveal.created_by, an_id),
        "of_resource": AnyOf(Reveal.of_resource),
        "record_id": AnyOf(Reveal.record_id, an_id),
        "field": AnyOf(Reveal.field),
        "created": Range(Reveal.created_at),
    },
    default_sort="-id",
)
