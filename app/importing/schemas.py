"""What an import looks like on the wire."""

from __future__ import annotations

from marshmallow import fields

from ..schema import (
    Choice,
    Flag,
    IdField,
    InstantField,
    Items,
    Line,
    Part,
    Prose,
    StrictSchema,
    Texts,
    Whole,
    max_length,
)
from .charset import ENCODINGS
from .delimited import DELIMITERS
from .fields import IMPORTABLE, Kind
from .reading import Format

EXISTING = ("update", "skip", "create")
"""What becomes of a row that is about a record that is there: it changes it, is passed over, or makes another one."""


STATES = ("uploaded", "checking", "checked", "committing", "committed", "cancelled", "failed", "undone")
"""How far an import got; `cancelled` may have left changes, which its job's change set names."""


class UploadSchema(StrictSchema):
    """The fields of the form beside the `file`."""

    resource = Choice(IMPORTABLE, required=True)


class ColumnSchema(StrictSchema):
    """A column of the file, and the field that it becomes; null for none."""

    index = Whole(low=0, high=10_000, required=True)
    heading = Line(dump_only=True)
    samples = fields.List(fields.String(), dump_only=True)
    field = Line(allow_none=True, validate=max_length(80))
    format = Line(
        allow_none=True,
        validate=max_length(40),
        metadata={
            "description": "How dates or numbers of this column are written, null where that is not sure; the kind of "
            "a person's addresses and numbers."
        },
    )
    formats = fields.List(fields.String(), dump_only=True, metadata={"description": "Ways in which it may be read."})
    factor = Line(dump_only=True, metadata={"description": "What its numbers are multiplied by."})


class OptionsSchema(StrictSchema):
    """How rows find their records, and what is made of what they name.

    `values` says by field and text what a text stands for: an id, a value, null for nothing, or `{"create": true}`
    where it is to be made.
    """

    match = Texts(length=20, most=10)
    existing = Choice(EXISTING)
    duplicates = Choice(
        ("refuse", "allow"),
        allow_none=True,
        metadata={"description": "What becomes of new customers that resemble others; null: as an admin has decided."},
    )
    create = Texts(length=20, most=10)
    source = Line(validate=max_length(50))
    apostrophes = Flag(
        metadata={"description": "Whether texts have an apostrophe before what a spreadsheet would take for a formula."}
    )
    values = fields.Dict(keys=fields.String(), values=fields.Dict(keys=fields.String()))


class PreviewSchema(StrictSchema):
    """One of the first rows, as it is read; `row` is its number in the file."""

    row = fields.Integer()
    cells = fields.List(fields.String(allow_none=True))


class ImportSummarySchema(StrictSchema):
    """A file on its way in, and what came of it."""

    id = fields.Integer()
    resource = Choice(IMPORTABLE)
    name = Line()
    size = fields.Integer()
    format = Choice(Format)
    state = Choice(STATES)
    found = fields.Raw(allow_none=True)
    check_job_id = fields.Integer(allow_none=True)
    commit_job_id = fields.Integer(allow_none=True)
    changeset_id = fields.Integer(allow_none=True)
    created_at = InstantField()


class FieldSchema(StrictSchema):
    """A field that columns can fill."""

    name = Line()
    label = Line(metadata={"description": "In the caller's language."})
    kind = Choice(Kind)
    links_to = Line(allow_none=True, metadata={"description": "The resource whose records it names."})
    choices = fields.List(fields.String())
    option_list = Line(allow_none=True)
    repeats = Flag(metadata={"description": "Whether several columns may fill it."})
    is_required = Flag()


class ImportSchema(ImportSummarySchema):
    """A file on its way in: how it is read, and what its columns mean."""

    encoding = Line(allow_none=True)
    delimiter = Line(allow_none=True)
    quote = Line(allow_none=True)
    has_header = Flag()
    sheet = Line(allow_none=True)
    sheets = fields.List(fields.String())
    preview = Items(PreviewSchema, most=100)
    corrections = fields.Raw(
        metadata={"description": "By the number of a row and the index of a cell in it what is read there instead."}
    )
    remembered_from = fields.Integer(
        allow_none=True, metadata={"description": "The import of a file with the same headings that this one follows."}
    )
    columns = Items(ColumnSchema, most=10_000)
    ways = fields.List(
        fields.String(), metadata={"description": "By what rows can be matched, as their columns are mapped."}
    )
    fields_ = Items(FieldSchema, most=1_000, data_key="fields", attribute="fields")
    options = fields.Nested(OptionsSchema)


class ImportChangeSchema(StrictSchema):
    """What a person changes about how a file is read, and about what its columns mean."""

    encoding = Choice(ENCODINGS)
    delimiter = Choice(DELIMITERS)
    quote = Line(allow_none=True, validate=max_length(1))
    has_header = Flag()
    sheet = Line(validate=max_length(100))
    columns = Items(ColumnSchema, most=10_000)
    options = Part(OptionsSchema)
    corrections = fields.Dict(
        keys=fields.String(validate=max_length(10)),
        values=fields.Dict(
            keys=fields.String(validate=max_length(6)), values=Prose(allow_none=True, validate=max_length(20_000))
        ),
        metadata={"description": "By row and index of a cell what is read instead; null: what the file says."},
    )
    remembered_from = IdField(
        allow_none=True, metadata={"description": "Null: columns and decisions are recognised anew."}
    )


class ImportQuery(StrictSchema):
    """Which of one's own imports."""

    per_page = Whole(low=1, high=200)
    before = IdField()


class SampleQuery(StrictSchema):
    """For which resource."""

    resource = Choice(IMPORTABLE, required=True)


class ImportsSchema(StrictSchema):
    """One's own imports, newest first."""

    data = Items(ImportSummarySchema, most=200)
