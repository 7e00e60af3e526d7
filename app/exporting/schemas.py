"""What exports look like on the wire, and their list."""

from __future__ import annotations

from marshmallow import fields

from ..auth.models import users
from ..bulk.schemas import MOST_IDS
from ..filtering import AnyOf, Range, an_id
from ..listing import ListSpec
from ..projection import LinkTo
from ..schema import (
    Choice,
    Flag,
    IdField,
    InstantField,
    Items,
    Line,
    RecordSchema,
    Several,
    StrictSchema,
    column,
    max_length,
)
from .columns import EXPORTABLE
from .models import Export, ExportFormat, LabelKind, exports

EVERYTHING = "all"


class ExportSchema(RecordSchema):
    """A file that was exported; its content is at `/exports/{id}/content`."""

    class Meta(RecordSchema.Meta):
        """Columns of `Export`."""

        model = Export

    id = column(dump_only=True)
    version = column(dump_only=True)
    exported = column(dump_only=True)
    format = Choice(ExportFormat, dump_only=True)
    labels = Choice(LabelKind, dump_only=True)
    query = column(dump_only=True)
    ids = fields.Raw(dump_only=True, allow_none=True)
    columns = fields.Raw(dump_only=True, allow_none=True)
    row_count = column(dump_only=True)
    size = column(dump_only=True)
    name = column(dump_only=True)
    expires_at = column(dump_only=True)
    created_at = column(dump_only=True)
    created_by = column(dump_only=True)
    author = LinkTo("created_by", Export.created_by, users)
    updated_at = column(dump_only=True)
    is_active = column(dump_only=True)


EXPORTS = ListSpec(
    policy=exports,
    schema=ExportSchema,
    plural="exports",
    filters={
        "id": AnyOf(Export.id, an_id),
        "exported": AnyOf(Export.exported),
        "format": AnyOf(Export.format),
        "created_by": AnyOf(Export.created_by, an_id),
        "created": Range(Export.created_at),
    },
    sort={"row_count": Export.row_count, "size": Export.size},
)


class ExportRequestSchema(StrictSchema):
    """What is exported: the records named by `ids`, or those of the list that match `where`, `query` or both."""

    resource = Choice((*EXPORTABLE, EVERYTHING), required=True)
    format = Choice(ExportFormat, required=True)
    ids = Several(IdField(), metadata={"description": f"At most {MOST_IDS}."})
    where = fields.Dict(keys=fields.String(), metadata={"description": "The typed tree of a list; {} matches all."})
    query = Line(validate=max_length(4_000), metadata={"description": "As in the address of the list."})
    sort = Line(validate=max_length(200), metadata={"description": "As in the list."})
    fields_ = Several(
        Line(validate=max_length(80)),
        data_key="fields",
        attribute="fields",
        metadata={"description": "The columns in their order; all that an import takes by default."},
    )
    labels = Choice(LabelKind, load_default=LabelKind.API)


class ColumnsQuery(StrictSchema):
    """Of which resource."""

    resource = Choice(EXPORTABLE, required=True)


class ExportColumnSchema(StrictSchema):
    """A column that a file may have."""

    name = Line()
    label = Line(metadata={"description": "In the caller's language."})
    is_read_only = Flag(metadata={"description": "Whether an import has no use for it: left out unless it is named."})


class ExportColumnsSchema(StrictSchema):
    """The columns that the caller may export."""

    data = Items(ExportColumnSchema, most=500)


class TicketQuery(StrictSchema):
    """The ticket of a download."""

    ticket = Line(required=True, validate=max_length(100))


class TicketSchema(StrictSchema):
    """Where a browser fetches the file, once."""

    url = Line()
    expires_at = InstantField()
